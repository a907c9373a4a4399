"""The only place that loads seq_models.py and anb2n.py, which a student may replace by their own."""

import torch
from torch import nn

import seq_models
from anb2n import lang_anb2n
from lab.common.endings import UserError
from lab.seq.task import MODELS, Task

State = dict[str, torch.Tensor]  # a network's weights by name


def language(task: Task) -> lang_anb2n:
    """The task's language. The sequences that it draws follow from torch's seed."""
    return lang_anb2n(task.classes, task.length)


def network(task: Task, batch_size: int = 1) -> nn.Module:
    """A new network for the task, with the weights that its class draws."""
    return getattr(seq_models, MODELS[task.model])(task.classes, task.hid, task.classes, batch_size)


def read(task: Task, state: State, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Let the network with these weights read sequences x, one-hot (batch, T, classes).

    Returns hidden units (batch, T, hid) and outputs before softmax (batch, T, classes).
    """
    model = network(task, len(x))
    model.load_state_dict(state)
    with torch.no_grad():
        model.init_hidden()
        return model(x)


def set_weights(model: nn.Module, design: str | None):
    """Set the network's hand-made weights, those of a design where one is named.

    Raises UserError where its class has no such method, or refuses the design.
    """
    if not hasattr(model, 'set_weights'):
        raise UserError(f'{type(model).__name__} of this seq_models.py has no set_weights()')
    try:
        model.set_weights(*[design] if design else [])
    except ValueError as error:  # seq_models.py imports nothing of this package
        raise UserError(str(error)) from error
