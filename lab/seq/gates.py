"""Gates that are open or shut: what --saturate adds to the loss of an LSTM, and how its gates are rounded in the end.

A cell counts without end only if each symbol adds the same to it, to the last digit: then its input and forget gates
are 0 or 1, and its new values -1 or 1. Training alone leaves them near that, and what is missing adds up.
"""

import numpy as np
import torch
from torch import nn

from lab.common.errors import UserError
from lab.seq import student, verdict
from lab.seq.stream import stream_of, unchecked
from lab.seq.task import Task

LARGER = 1000  # a net input so many times larger gives 0, 1 or -1 to the last digit of float32, if it was not near 0


def check(task: Task, model: nn.Module):
    """Raises UserError where a model does not compute what the lab's LSTM does."""
    if stream_of(task, model.state_dict()) is None:
        raise UserError(f"--saturate: the {type(model).__name__} in seq_models.py does not compute what the lab's does")


def undecided(model: nn.Module, x: torch.Tensor, hidden: torch.Tensor) -> torch.Tensor:
    """How far the gates y of an LSTM are from 0 and 1, and its new values g from -1 and 1.

    The mean over T steps of the sum over units of y (1 - y), for three gates, and (1 - g^2) / 2. x: symbols (T,
    classes), one-hot; hidden: hidden units (T, hid) after each.
    """
    before = torch.cat([torch.zeros_like(hidden[:1]), hidden[:-1]])
    enter, forget, new, out = (x @ model.W + before @ model.U + model.hid_bias).chunk(4, dim=1)
    opened = torch.sigmoid(torch.cat([enter, forget, out], dim=1))
    return ((opened - opened**2).sum() + (1 - torch.tanh(new) ** 2).sum() / 2) / len(x)


def rounded(task: Task, state: student.State) -> student.State:
    """The weights of an LSTM with its gates rounded: those into a gate are made LARGER, or stay as they are.

    They stay where fewer sequences of blocks as long as those that it was taught would then be read without a mistake.
    """
    blocks = np.random.default_rng(verdict.OTHER).integers(1, task.length + 1, (verdict.MIXED, verdict.BLOCKS))

    def scaled(factor: torch.Tensor) -> student.State:
        return state | {name: state[name] * factor for name in ('W', 'U', 'hid_bias')}

    def right(factor: torch.Tensor) -> int:
        return int((~verdict.stumbles(unchecked(task, scaled(factor)), blocks, task.classes)).sum())

    factor = torch.full((4 * task.hid,), float(LARGER))
    if right(factor) == len(blocks):
        return scaled(factor)
    factor[:] = 1
    best = right(factor)
    for gate in range(4 * task.hid):
        factor[gate] = LARGER
        if (now := right(factor)) < best:
            factor[gate] = 1
        else:
            best = now
    return scaled(factor)
