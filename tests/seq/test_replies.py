"""replies.py: hidden units, outputs and cells are found among all that a network returns."""

import itertools

import pytest
import torch

from lab.common.student import Fault
from lab.seq.replies import Form, find_form, pick, shaped, tensors

STEPS = 50


def values(hid, classes, seed=0):
    """What an LSTM with large weights could return, by name."""
    chance = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return 3 * torch.randn(shape, generator=chance)

    cell, gate, before = normal(1, STEPS, hid), torch.sigmoid(normal(1, STEPS, hid)), normal(1, STEPS, hid)
    hidden = gate * cell.tanh()
    output = hidden @ normal(hid, classes) + normal(classes)
    last = hidden[:, -1]
    return {'hidden': hidden, 'output': output, 'cell': cell, 'gate': gate, 'before': before, 'last': last}


def found(given: dict, names, hid, classes):
    """The names of hidden units, outputs and cells that are found where these values are returned in this order."""
    form = find_form('LSTM_model', tuple(given[name] for name in names), STEPS, hid, classes)
    return [names[form.hidden], names[form.output], None if form.cell is None else names[form.cell]]


@pytest.mark.parametrize(('hid', 'classes'), [(3, 3), (2, 2), (3, 2), (7, 3), (1, 2)])
def test_they_are_found_in_any_order_also_if_all_have_the_same_shape(hid, classes):
    given = values(hid, classes)
    for names in itertools.permutations(['hidden', 'output', 'cell', 'gate']):
        assert found(given, names, hid, classes) == ['hidden', 'output', 'cell']


def test_a_value_and_its_opposite_are_not_taken_for_hidden_units_and_outputs():
    given = values(3, 3)
    given['open'] = 1 - given['cell']
    for names in itertools.permutations(['hidden', 'output', 'cell', 'open']):
        assert found(given, names, 3, 3) == ['hidden', 'output', 'cell']


@pytest.mark.parametrize('names', [('hidden', 'output'), ('output', 'hidden')])
@pytest.mark.parametrize(('hid', 'classes'), [(3, 3), (5, 3)])
def test_two_values_in_both_orders(names, hid, classes):
    assert found(values(hid, classes), names, hid, classes) == ['hidden', 'output', None]


def test_what_is_returned_twice_or_is_of_one_symbol_only_does_no_harm():
    given = values(3, 3)
    names = ('last', 'hidden', 'hidden', 'output', 'cell', 'cell', 'before')
    assert found(given, names, 3, 3) == ['hidden', 'output', 'cell']


def test_log_probabilities_are_outputs_too():
    given = values(3, 3)
    given['output'] = given['output'].log_softmax(2)
    assert found(given, ('cell', 'output', 'hidden'), 3, 3) == ['hidden', 'output', 'cell']


def test_the_labs_own_form_is_plain_and_no_other():
    given = values(5, 3)
    assert find_form('', (given['hidden'], given['output']), STEPS, 5, 3) == Form(0, 1, None, True)
    assert not find_form('', (given['output'], given['hidden']), STEPS, 5, 3).plain
    assert not find_form('', (given['hidden'][0], given['output'][0]), STEPS, 5, 3).plain
    assert not find_form('', (given['hidden'], given['output'], given['gate']), STEPS, 5, 3).plain


def test_an_output_of_a_further_layer_is_found_where_nothing_else_can_be_it():
    given = values(5, 3)
    given['output'] = given['output'].square()
    assert found(given, ('output', 'hidden', 'last'), 5, 3)[:2] == ['hidden', 'output']
    with pytest.raises(Fault, match=r'^LSTM_model returns 3 values, and it is not clear which are the hidden units'):
        found(given, ('output', 'hidden', 'cell'), 5, 3)


@pytest.mark.parametrize(
    ('returned', 'says'),
    [
        (None, r'returns nothing for a sequence: it should return hidden \(1, T, 5\) and output \(1, T, 3\)'),
        ((), 'returns nothing for a sequence'),
        (torch.zeros(1, STEPS, 3), r'returns \(1, 50, 3\) for a sequence'),
        ((torch.zeros(1, STEPS, 8), torch.zeros(1, STEPS, 3)), 'has 8 hidden units, not 5: --hid 8$'),
        ((torch.zeros(1, 5), torch.zeros(1, 3)), r'returns \(1, 5\), \(1, 3\) for a sequence'),
    ],
)
def test_what_cannot_be_right_is_told_by_its_shapes(returned, says):
    with pytest.raises(Fault, match=says):
        find_form('LSTM_model', returned, STEPS, 5, 3)


def test_all_tensors_are_seen_wherever_they_are():
    a, b, c, d = map(torch.full, [(1,)] * 4, range(4))
    assert tensors((a, (b, c), {'d': d}, 'text', None)) == [a, b, c, d]
    assert tensors(3) == []


def test_a_value_gets_the_labs_axes():
    value = torch.rand(4, 6, 2)
    assert shaped(value, 4, 6) is value
    assert torch.equal(shaped(value, 6, 4), value.transpose(0, 1))
    assert shaped(value[0], 1, 6).shape == (1, 6, 2)
    assert shaped(value[0], 2, 6) is None and shaped(value, 3, 6) is None and shaped(value[0, 0], 1, 2) is None


def test_cells_are_given_with_the_hidden_units():
    given = values(4, 3)
    hidden, output = pick(
        {'c': given['cell'], 'o': given['output'], 'h': given['hidden']}, Form(2, 1, 0, False), 1, STEPS
    )
    assert torch.equal(hidden, given['hidden']) and torch.equal(output, given['output'])
    assert torch.equal(hidden.cell, given['cell'])
