import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import anb2n
from anb2n import lang_anb2n


def seeded(seed, *args):
    torch.manual_seed(seed)
    return lang_anb2n(*args)


def blocks(seq, num_class):
    """The n of every complete block, read off a sequence by a parser of its own; fails on a sequence that is none."""
    text = ''.join('ABC'[symbol] for symbol in seq)
    found = []
    while text != 'A':
        n = len(text) - len(text.lstrip('A'))
        block = n * 'A' + 2 * n * 'B' + (num_class == 3) * 3 * n * 'C'
        assert text.startswith(block)
        found.append(n)
        text = text[len(block) :]
    return found


@pytest.mark.parametrize('num_class', [2, 3])
@pytest.mark.parametrize('length', [1, 4, 100])
def test_a_sequence_is_five_blocks_and_an_a(num_class, length):
    lang = seeded(0, num_class, length)
    found = [blocks(lang.get_one_example()[0], num_class) for _ in range(50)]
    assert {len(each) for each in found} == {5}
    assert min(map(min, found)) >= 1
    assert max(map(max, found)) <= length


def test_n_is_uniform():
    lang = seeded(1, 2, 4)
    counts = np.bincount([n for _ in range(2000) for n in blocks(lang.get_one_example()[0], 2)])
    assert np.abs(counts[1:] - 2500).max() < 5 * np.sqrt(10000 * 0.25 * 0.75)


def fixed(num_class, n):
    """A language that always draws n."""
    lang = lang_anb2n(num_class)
    lang.random = type('Always', (), {'integers': staticmethod(lambda low, high, size: np.full(size, n))})
    return lang


def test_colours_of_anb2n():
    seq, _, state = fixed(2, 3).get_one_example()
    assert seq[:10] == [0, 0, 0, 1, 1, 1, 1, 1, 1, 0]
    assert state[:10] == [0, 1, 2, 3, 3, 2.5, 2, 1.5, 1, 0]
    assert state[-1] == 0


def test_colours_of_anb2nc3n():
    seq, _, state = fixed(3, 2).get_one_example()
    assert seq[:13] == [0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 0]
    expected = [0, 1, 2, 2, 1.5, 1, 0, 2, 5 / 3, 4 / 3, 1, 2 / 3, 0]
    assert state[:13] == pytest.approx(expected)


def test_probabilities_follow_what_was_read():
    seq, prob, _ = fixed(3, 1).get_one_example()
    assert seq[:7] == [0, 1, 1, 2, 2, 2, 0]
    assert prob[:6] == [[0.8, 0.2, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1], [0, 0, 1], [1, 0, 0]]
    assert len(prob) == len(seq) - 1


@pytest.mark.parametrize('num_class', [2, 3])
@pytest.mark.parametrize('length', [1, 4, 7, 100])
def test_symbols_drawn_at_once_are_those_drawn_one_by_one(num_class, length):
    once, single = seeded(2, num_class, length), seeded(2, num_class, length)
    for count in (1, 3, 40):  # odd counts: numpy's generator must not keep half a draw back
        symbols, ends = once.get_symbols(count)
        for sequence in np.split(symbols, ends[:-1]):
            assert sequence.tolist() == single.get_one_example()[0]


def test_seeding_torch_repeats_the_sequences():
    assert seeded(3, 2, 50).get_one_example() == seeded(3, 2, 50).get_one_example()
    assert seeded(3, 2, 50).get_one_example() != seeded(4, 2, 50).get_one_example()


def test_tensors_have_the_shapes_and_values_of_the_example():
    seq, prob, state = seeded(5, 3).get_one_example()
    x, tensor_seq, target, tensor_state = seeded(5, 3).get_sequence()
    assert x.shape == target.shape == (1, len(seq) - 1, 3)
    assert x[0].argmax(1).tolist() == seq[:-1]
    assert x.sum() == len(seq) - 1
    assert tensor_seq.tolist() == seq
    assert torch.equal(target, torch.tensor([prob]))
    assert tensor_state == state


def test_transcript_of_one_sequence(capsys):
    hidden = torch.tensor([[[0.834, -0.651], [-0.1, 0.0004]]])
    prob = torch.tensor([[[0.82, 0.18], [0.2, 0.8]]])
    target = torch.tensor([[[0.8, 0.2], [0.0, 1.0]]])
    with np.printoptions(precision=2, suppress=True, sign=' '):
        lang_anb2n().print_outputs(2000, torch.tensor([0, 1, 1]), [0, 1, 1], hidden, target, prob.log())
    assert capsys.readouterr().out.splitlines() == [
        '-----',
        'symbol= ABB',
        'hidden activations and output probabilities:',
        'A [ 0.83 -0.65] [ 0.82  0.18]',
        'B [-0.1  0. ] [ 0.2  0.8]',
        'epoch: 2000',
        ' loss: 0.0202',
    ]


LAB_OPTIONS = {'precision': 2, 'suppress': True}
ANY_OPTIONS = {'sign': ['-', ' ', '+'], 'precision': [1, 2, 8], 'suppress': [True, False], 'linewidth': [20, 75]}
ANY_OPTIONS |= {'threshold': [2, 1000], 'floatmode': ['maxprec', 'fixed'], 'legacy': [False, '1.13']}
HUNDREDTHS = st.integers(-2000, 2000).map(lambda n: n / 200)  # whole and half ones: ties, zeros at the end


@st.composite
def matrices(draw):
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    width = 32 if dtype == np.float32 else 64
    size = draw(st.sampled_from([1.0, 1.0, 20.0, None]))  # None: also nan, infinite, and so large that numpy writes 1e8
    limits = {} if size is None else {'min_value': -size, 'max_value': size}
    numbers = st.one_of(st.floats(width=width, **limits), HUNDREDTHS, st.sampled_from([0.0, -0.0, 0.125, -1e-9]))
    return draw(arrays(dtype, st.tuples(st.integers(1, 3), st.integers(0, 14)), elements=numbers.map(dtype)))


@settings(max_examples=500, deadline=None, derandomize=True)
@example(np.full((1, 12), -8.994), '-')
@example(np.full((1, 13), -8.994), '-')
@example(np.full((1, 12), -9.996), '-')
@given(matrices(), st.sampled_from('- +'))
def test_rows_are_text_as_numpys(values, sign):
    with np.printoptions(sign=sign, **LAB_OPTIONS):
        assert anb2n.rows(values) == [str(row) for row in values]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(matrices(), st.fixed_dictionaries({name: st.sampled_from(values) for name, values in ANY_OPTIONS.items()}))
def test_rows_are_text_as_numpys_in_any_print_format(values, options):
    with np.printoptions(**options):
        assert anb2n.rows(values) == [str(row) for row in values]


@pytest.mark.parametrize('args', [(1, 4), (4, 4), (2, 0)])
def test_other_languages_are_refused(args):
    with pytest.raises(ValueError, match='num_class is 2 or 3'):
        lang_anb2n(*args)
