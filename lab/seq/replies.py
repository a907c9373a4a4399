"""What a student's recurrent network returns: which value holds hidden units, which outputs, which cells."""

from typing import NamedTuple

import numpy as np
import torch

from lab.common.student import Fault, tensors

CLOSE = 1e-3  # relative: rounding is a thousandth of this


class Form(NamedTuple):
    """The places of hidden units, outputs and cells among the tensors returned; plain: the lab's two, and no others."""

    hidden: int
    output: int
    cell: int | None
    plain: bool


def shaped(value: torch.Tensor, batch: int, steps: int) -> torch.Tensor | None:
    """A returned tensor as (batch, T, k); None where it holds no numbers for every symbol."""
    if value.dim() == 2 and batch == 1:
        value = value[None]
    if value.dim() == 3 and value.shape[:2] == (steps, batch) != (batch, steps):
        value = value.transpose(0, 1)
    return value if value.dim() == 3 and value.shape[:2] == (batch, steps) else None


def pick(returned, form: Form, batch: int, steps: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Hidden units (batch, T, hid) and outputs (batch, T, classes). Cells, if there are any, are the first's `cell`."""
    found = [shaped(value, batch, steps) for value in tensors(returned)]
    hidden, output = found[form.hidden], found[form.output]
    if form.cell is not None:
        hidden.cell = found[form.cell]
    return hidden, output


def find_form(name: str, returned, steps: int, hid: int, classes: int) -> Form:
    """Find the form of what a network returned for a sequence of `steps` symbols, when its weights were large.

    By shape first. Where several values have the right shape, by what they mean: outputs are an affine function of
    hidden units, which lie between -1 and 1; a hidden unit is a part of the tanh of its cell.
    Raises Fault, which begins with the `name` of the class, where it cannot be told.
    """
    values = tensors(returned)
    found = [shaped(value.detach().double(), 1, steps) for value in values]
    sized = {place: value[0].numpy() for place, value in enumerate(found) if value is not None}
    hidden = [place for place, value in sized.items() if value.shape[1] == hid]
    output = [place for place, value in sized.items() if value.shape[1] == classes]
    pairs = [(h, o) for h in hidden for o in output if h != o and not np.array_equal(sized[h], sized[o])]
    if not pairs:
        raise Fault(_no_pair(name, values, sized, hid, classes))
    fitting = [(h, o) for h, o in pairs if _affine(sized[h], sized[o])]
    cells = {h: [place for place in hidden if place != h and _cell_of(sized[place], sized[h])] for h in hidden}

    def doubt(pair):
        return not _bounded(sized[pair[0]]), not cells[pair[0]], _bounded(sized[pair[1]]), *pair

    if fitting:
        best = min(fitting, key=doubt)
    elif len(pairs) == 1 or (len(values) == 2 and (0, 1) in pairs):
        best = (0, 1) if (0, 1) in pairs else pairs[0]
    else:
        raise Fault(
            f'{name} returns {len(values)} values, and it is not clear which are the hidden units and the outputs: '
            'return hidden, output, and then the others'
        )
    cell = next((place for place in cells[best[0]] if place != best[1]), None)
    plain = isinstance(returned, tuple | list) and len(returned) == 2 and best == (0, 1)
    plain = plain and all(value.dim() == 3 and len(value) == 1 for value in values)
    return Form(*best, cell, plain)


def _no_pair(name, values, sized, hid, classes) -> str:
    others = {value.shape[1] for value in sized.values()} - {classes}
    if len(others) == 1 and hid not in others:
        size = others.pop()
        return f'{name} has {size} hidden unit{"s" * (size != 1)}, not {hid}: --hid {size}'
    shapes = ', '.join(str(tuple(value.shape)) for value in values) or 'nothing'
    return f'{name} returns {shapes} for a sequence: it should return hidden (1, T, {hid}) and output (1, T, {classes})'


def _affine(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether the log-odds of b (T, k) are an affine function of a (T, h)."""
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return False
    b = b - b.mean(axis=1, keepdims=True)  # the same for log-probabilities as for outputs before softmax
    inputs = np.column_stack([a, np.ones(len(a))])
    rest = b - inputs @ np.linalg.lstsq(inputs, b, rcond=None)[0]
    spread = np.linalg.norm(b - b.mean(axis=0))
    return bool(spread > 0 and np.linalg.norm(rest) < CLOSE * spread)


def _bounded(a: np.ndarray) -> bool:
    return bool(np.abs(a).max() <= 1 + CLOSE)


def _cell_of(cell: np.ndarray, hidden: np.ndarray) -> bool:
    """Whether these can be the cells of hidden units: hidden = gate times tanh(cell), with a gate from 0 to 1."""
    return bool((cell * hidden >= 0).all() and (np.abs(hidden) <= np.abs(np.tanh(cell)) + CLOSE).all())
