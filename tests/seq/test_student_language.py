"""student.py: a language's sequences come as the lab's tensors; print_outputs() gets the arguments that it takes."""

import numpy as np
import pytest
import torch

import anb2n
from lab.common.student import Fault
from lab.seq import student
from lab.seq.student import LAB, Style, find_style, in_lab_form
from lab.seq.task import Task

SYMBOLS = [0, 1, 1, 0]
ROWS = [[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]
STATE = [0, 1, 0.5, 0]
SEQUENCE = torch.tensor([ROWS]), torch.tensor(SYMBOLS), torch.tensor([ROWS]), STATE


@pytest.mark.parametrize('kind', [list, np.array, torch.tensor, lambda v: np.array([v], np.int32), tuple])
def test_symbols_of_every_type_come_as_whole_numbers(kind):
    _, seq, _, _ = in_lab_form((torch.tensor([ROWS]), kind(SYMBOLS), torch.tensor([ROWS]), STATE), 2)
    assert seq.dtype == torch.int64 and seq.tolist() == SYMBOLS


@pytest.mark.parametrize('rows', [ROWS, [ROWS], np.array(ROWS), np.array([ROWS], np.int8), torch.tensor(ROWS).double()])
def test_inputs_and_targets_come_with_all_axes(rows):
    x, _, target, _ = in_lab_form((rows, SYMBOLS, rows, STATE, 'more'), 2)
    assert x.dtype == target.dtype == torch.float32
    assert x.tolist() == target.tolist() == [ROWS]


@pytest.mark.parametrize(
    ('values', 'says'),
    [
        ((ROWS, SYMBOLS), 'returns 2 values, not input, seq, target, state'),
        ((ROWS, SYMBOLS[:3], ROWS, STATE), 'returns 3 inputs and 3 targets for 3 symbols: one less is right'),
        ((ROWS[:2], SYMBOLS, ROWS, STATE), 'returns 2 inputs and 3 targets for 4 symbols'),
    ],
)
def test_what_is_no_sequence_is_one_line(values, says):
    with pytest.raises(Fault, match=says):
        in_lab_form(values, 2)


def styles():
    def lab(epoch, seq, state, hidden, target, output): ...
    def defaults(epoch, seq, state, hidden, target, output, file=None): ...
    def anything(*values): ...
    def other_names(e, s, st, h, t, o): ...
    def seventh(epoch, seq, state, hidden, target, output, context): ...
    def between(epoch, seq, state, hidden, cell, target, output): ...
    def fewer(epoch, seq, hidden, output): ...
    def other_seventh(e, s, st, h, t, o, c): ...

    yield from ((function, Style()) for function in (lab, defaults, anything, other_names))
    yield seventh, Style((*LAB, 'context'), ('context',))
    yield between, Style(('epoch', 'seq', 'state', 'hidden', 'cell', 'target', 'output'), ('cell',))
    yield fewer, Style(('epoch', 'seq', 'hidden', 'output'))
    yield other_seventh, Style((), ('c',))


@pytest.mark.parametrize(('function', 'style'), list(styles()))
def test_print_outputs_gets_what_it_takes(function, style):
    assert find_style(function, 2, SEQUENCE)._replace(flat=False) == style


def test_print_outputs_that_takes_something_else_is_named():
    with pytest.raises(Fault, match=r'^print_outputs\(a, b\) of anb2n.py should take \(epoch, seq, state, hidden, '):
        find_style(lambda a, b: None, 2, SEQUENCE)


def test_an_argument_named_after_cells_gets_the_cells_and_others_none():
    got = {}

    def print_outputs(epoch, seq, state, hidden, target, output, context, gates):
        got.update(locals())

    style = find_style(print_outputs, 2, SEQUENCE)
    style.call(print_outputs, (7, 'seq', 'state', 'hidden', 'target', 'output'), 'cells')
    assert got.pop('got') is got
    assert got == dict(zip(LAB, (7, *LAB[1:]), strict=True)) | {'context': 'cells', 'gates': None}


class Flat(anb2n.lang_anb2n):
    """Its print_outputs() takes hidden units as (T, hid)."""

    def print_outputs(self, epoch, seq, state, hidden, target, output):
        print(*(f'{number:.1f}' for row in hidden for number in [float(row[0])]), sep='\n')


def test_hidden_units_come_as_print_outputs_wants_them(monkeypatch, capsys):
    monkeypatch.setattr(anb2n, 'lang_anb2n', Flat)
    lang = student.new_language(Task())
    x, seq, target, state = lang.get_sequence()
    lang.print_outputs(0, seq, state, 0.5 * torch.ones(1, x.shape[1], 2), target, target)
    assert capsys.readouterr().out == '0.5\n' * x.shape[1]


def test_our_language_is_left_as_it_is():
    assert type(student.new_language(Task())) is anb2n.lang_anb2n


def test_a_language_that_is_adapted_draws_the_same(monkeypatch):
    class Lists(anb2n.lang_anb2n):
        def get_sequence(self):
            return [part.tolist() if isinstance(part, torch.Tensor) else part for part in super().get_sequence()]

    torch.manual_seed(0)
    x, seq, target, _ = student.new_language(Task()).get_sequence()
    monkeypatch.setattr(anb2n, 'lang_anb2n', Lists)
    torch.manual_seed(0)
    again = student.new_language(Task()).get_sequence()
    assert all(torch.equal(a, b) for a, b in zip((x, seq, target), again[:3], strict=True))
