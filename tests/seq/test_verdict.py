import importlib.util
import itertools

import numpy as np
import pytest
import torch
from torch.nn import functional

from anb2n import lang_anb2n
from lab.seq import verdict
from lab.seq.verdict import count, floor, interval, judge, lines, mixed, threshold


def oracle(x, limit=1000, blur=0.0, longest=None):
    """A perfect predictor (log-probabilities) that loses count in blocks of more than `limit` A's.

    After an A it answers what `target` has, or what is true when n is uniform in 1..longest.
    """
    answers = torch.zeros(x.shape)
    classes = x.shape[2]
    for row, answer in zip(x, answers, strict=True):
        symbols, n, run = row.argmax(dim=1).tolist(), 0, 0
        for t, symbol in enumerate(symbols):
            run = run + 1 if t and symbol == symbols[t - 1] else 1
            if symbol == 0:
                n = run
                end = 1 / (longest + 1 - n) if longest and n <= longest else 0.2
                answer[t, :2] = torch.tensor([1 - end, end])
            else:
                full = min(n, limit) * (symbol + 1)
                answer[t, (symbol + 1) % classes if run == full else symbol] = 1
    return (answers * (1 - blur) + blur / classes).clamp(min=1e-9).log()


@pytest.fixture(autouse=True)
def few(monkeypatch):
    monkeypatch.setattr(verdict, 'SEQUENCES', 100)
    monkeypatch.setattr(verdict, 'MIXED', 10)
    monkeypatch.setattr(verdict, 'FEWER', 5)
    monkeypatch.setattr(verdict, 'TRIED', [*range(1, 11), 15])


def judge_oracle(classes=3, length=3, **settings):
    return judge(lambda x: oracle(x, **settings), classes, length)


def test_a_perfect_predictor_has_learned():
    found = judge_oracle()
    assert found.loss == pytest.approx(0, abs=1e-6)
    assert found[1:] == (1, 1, True, 15, True, 15)


@pytest.mark.parametrize(
    'classes, length, expected',
    [(2, 1, 0.2133), (2, 2, 0.0882), (2, 4, 0.0274), (3, 1, 0.0711), (3, 2, 0.0294), (3, 4, 0.0091)],
)
def test_the_floor_is_the_loss_of_who_knows_the_true_probabilities(classes, length, expected, monkeypatch):
    assert floor(classes, length) == pytest.approx(expected, abs=5e-5)
    monkeypatch.setattr(verdict, 'SEQUENCES', 400)
    found = judge_oracle(classes, length, limit=4, longest=length)
    assert found.loss == pytest.approx(expected, rel=0.05)
    assert found.learned


@pytest.mark.parametrize('length', [1, 2, 3, 5, 10, 100])
@pytest.mark.parametrize('classes, limit', [(2, 0.05), (3, 0.02)])
def test_the_limit_is_the_labs_at_length_4_and_as_far_above_the_floor_elsewhere(classes, limit, length):
    assert threshold(classes, 4) == limit
    assert threshold(classes, length) - floor(classes, length) == pytest.approx(limit - floor(classes, 4))


def test_one_wrong_symbol_in_long_blocks_is_not_learned():
    found = judge_oracle(limit=2)
    assert found.right < 1
    assert not found.learned
    assert found.counts == 2


def test_right_symbols_without_confidence_are_not_learned():
    found = judge_oracle(limit=3, blur=0.5)
    assert found.right == 1
    assert found.below == 0
    assert not found.learned


def test_a_mistake_that_only_counting_finds_is_not_learned(monkeypatch):
    assert judge_oracle().learned
    monkeypatch.setattr(verdict, 'count', lambda *_: 2)
    assert not judge_oracle().learned


def test_mean_loss_is_the_mean_of_the_labs_losses_of_sequences():
    found = judge(lambda x: x + 0.3, 3, 3)
    lang = lang_anb2n(3, 3)
    lang.random = np.random.default_rng(verdict.SEED)
    losses = []
    for _ in range(100):
        x, _, target, _ = lang.get_sequence()
        losses.append(functional.mse_loss(functional.softmax(x + 0.3, dim=2), target).item())
    assert found.loss == pytest.approx(sum(losses) / len(losses), rel=1e-5)
    limit = threshold(3, 3)
    assert found.below == pytest.approx(sum(loss < limit for loss in losses) / len(losses))


@pytest.mark.parametrize('limit, reach', [(0, 0), (3, 3), (4, 4), (9, 9), (14, 10), (15, 15)])
def test_counting_ends_before_the_first_n_tried_that_fails(limit, reach):
    assert count(lambda x: oracle(x, limit), 2) == reach


def test_who_counts_far_beyond_what_it_was_taught_has_learned_whatever_it_guesses(monkeypatch):
    monkeypatch.setattr(verdict, 'BEYOND', 4)
    found = [judge_oracle(length=3, limit=limit, blur=0.5) for limit in (10, 15)]
    assert [(each.counts, each.learned, each.guesses) for each in found] == [(10, False, False), (15, True, False)]
    assert lines(found[1], 3, 3)[-1] == " its guesses after A's are not near the true probabilities"


def streamed(limit):
    """The oracle as a Stream: its memory is what it has read."""

    def read(x, memory):
        whole = x if memory is None else torch.cat([memory, x], dim=1)
        return oracle(whole, limit)[:, -x.shape[1] :], whole

    return read


@pytest.mark.parametrize(('part', 'limit'), [(2000, 33), (3_000_000, 50)])
def test_counting_goes_on_in_parts_of_the_sequences(part, limit, monkeypatch):
    monkeypatch.setattr(verdict, 'TRIED', [*range(1, 31), 33, 36, 40])
    monkeypatch.setattr(verdict, 'FAR', 36)
    monkeypatch.setattr(verdict, 'PART', part)
    reach = [count(lambda x: oracle(x, limit), 2, stream=stream) for stream in (None, streamed(limit))]
    assert reach == [min(limit, 36), min(limit, 40)]


def test_the_length_of_training_is_always_tried():
    assert count(lambda x: oracle(x, 13), 2) == 10
    assert count(lambda x: oracle(x, 13), 2, 13) == 13


def test_who_counts_in_equal_blocks_alone_does_not_count():
    def same_again(x):
        """Right as long as each block has the n of the first one."""
        answers = oracle(x)
        for row, answer in zip(x, answers, strict=True):
            symbols = row.argmax(dim=1).tolist()
            n = symbols.index(1)
            if symbols != (n * [0] + 2 * n * [1]) * 5 + (len(symbols) - 15 * n) * [0]:
                answer[:] = row.roll(1, dims=1)
        return answers

    assert count(same_again, 2) == 1


def test_the_sequences_for_each_n_are_mixed_and_hold_that_n():
    for n, rows in (7, 10), (31, 5):
        blocks = mixed(n)
        assert blocks.shape == (rows, 5)
        assert (blocks.max(axis=1) == n).all()
        assert blocks[0].tolist() == [n] * 5
        assert blocks.min() < n / 2


def test_parts_that_are_read_at_once_do_not_change_the_verdict(monkeypatch):
    expected = judge_oracle(limit=2, blur=0.1)
    monkeypatch.setattr(verdict, 'PART', 200)
    found = judge_oracle(limit=2, blur=0.1)
    assert found[0] == pytest.approx(expected[0])
    assert found[1:] == expected[1:]


def test_wilsons_interval():
    assert interval(140, 200) == pytest.approx((0.6331, 0.7592), abs=1e-3)
    assert interval(200, 200) == pytest.approx((0.9812, 1), abs=1e-4)
    assert interval(0, 10) == pytest.approx((0, 0.2775), abs=1e-4)


def test_a_thousand_sequences_and_every_n_up_to_30_then_some_up_to_10000():
    original = importlib.util.find_spec('lab.seq.verdict')
    fresh = importlib.util.module_from_spec(original)
    original.loader.exec_module(fresh)
    assert (fresh.SEQUENCES, fresh.MIXED, fresh.FEWER) == (1000, 100, 20)
    assert fresh.TRIED[:30] == list(range(1, 31))
    assert (fresh.TRIED[66], fresh.TRIED[-1]) == (1000, 10_000)
    steps = [later / earlier for earlier, later in itertools.pairwise(fresh.TRIED[29:])]
    assert all(1 < step < 1.12 for step in steps[:37]) and all(1 < step < 1.3 for step in steps[37:])


def test_the_verdict_in_words():
    found = verdict.Verdict(loss=0.03, below=0.9, right=1.0, learned=True, counts=7, guesses=True)
    assert lines(found, 2, 4) == [
        'evaluation on 100 fresh sequences:',
        ' mean loss: 0.0300 (learned: under 0.05; with the true probabilities: 0.0274)',
        ' sequences under it: 90.0%',
        ' right where only one symbol can follow: 100.00%',
        ' counts up to n = 7 (trained on n up to 4)',
        ' that is: no mistake in 10 sequences of mixed blocks for each n',
    ]
    found = found._replace(counts=15, most=15)
    said = lines(found, 3, 2)
    assert said[1] == ' mean loss: 0.0300 (learned: under 0.0403; with the true probabilities: 0.0294)'
    assert said[4] == ' counts up to n = 15, the largest that was tried (trained on n up to 2)'
    by_hand = lines(found, 3, 2, trained=False)
    assert by_hand[1] == ' mean loss: 0.0300 (should be under 0.0403; with the true probabilities: 0.0294)'
    assert by_hand[4] == ' counts up to n = 15, the largest that was tried'


def test_beyond_30_the_verdict_says_how_few_n_were_tried(monkeypatch):
    monkeypatch.setattr(verdict, 'TRIED', [*range(1, 31), 33, 36, 40])
    found = verdict.Verdict(loss=0.03, below=0.9, right=1.0, learned=True, counts=36, guesses=True)
    says = {(n, length): lines(found._replace(counts=n), 2, length)[-1] for n, length in ((30, 4), (36, 4), (36, 35))}
    assert says[30, 4].endswith('for each n')
    assert says[36, 4].endswith('for each n; above 30 only some n were tried (2), with 5 each')
    assert says[36, 35].endswith('(3), with 5 each')  # the length of training is always tried
