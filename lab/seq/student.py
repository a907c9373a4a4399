"""The only place that loads seq_models.py and anb2n.py, which a student may replace by their own."""

import contextlib
import functools
from collections.abc import Callable
from types import SimpleNamespace

import torch
from torch import nn
from torch.nn import functional

from lab.common.student import Fault, call, faults, get, module, trial
from lab.seq import replies, sequences
from lab.seq.task import MODELS, Task

with module('seq_models'):
    import seq_models  # noqa: F401  get() reads it
with module('anb2n'):
    import anb2n  # noqa: F401

State = dict[str, torch.Tensor]  # a network's weights by name
USUAL_LENGTH = 4
TRIED = 3  # sequences that a network is tried with at once
LARGE = 3  # weights with which a network is tried: so large that only hidden units stay between -1 and 1


# --- networks


def network(task: Task, batch_size: int = 1) -> nn.Module:
    """A new network for the task, with the weights that its class draws; model(x) returns hidden units and outputs.

    Raises Fault where its class is missing, cannot be made or used, or returns something else.
    """
    made = get('seq_models', MODELS[task.model])
    form = known(made, task).form
    with sequences.ALONE:
        return _in_form(_new(made, task, batch_size), form)


def _new(made: Callable, task: Task, batch_size: int) -> nn.Module:
    model = call(made, task.classes, task.hid, task.classes, batch_size, least=3)
    if not isinstance(model, nn.Module):
        raise Fault(f'{MODELS[task.model]} in seq_models.py should be an nn.Module')
    return model


def _in_form(model: nn.Module, form: replies.Form) -> nn.Module:
    if not form.plain or not hasattr(model, 'init_hidden'):
        model.__class__ = _adapted(type(model), form)
    return model


@functools.cache  # the models of a batch must be of one class
def _adapted(kind: type, form: replies.Form) -> type:
    class Adapted(kind):
        def init_hidden(self, *batch_size):
            return super().init_hidden(*batch_size) if hasattr(kind, 'init_hidden') else None

        def forward(self, x):
            return replies.pick(super().forward(x), form, *x.shape[:2])

    Adapted.__name__, Adapted.__module__ = kind.__name__, kind.__module__
    return Adapted


@functools.cache
def known(made: Callable, task: Task) -> SimpleNamespace:
    """What was found out about a class: the `form` of its replies; whether it `batches`: reads several at once."""
    name, steps = f'{MODELS[task.model]} in seq_models.py', 6 * task.hid + 31  # more than numbers in any other axis
    with trial(), torch.no_grad(), faults(made):
        chance = torch.Generator().manual_seed(0)
        x = functional.one_hot(torch.randint(task.classes, (TRIED, steps), generator=chance), task.classes).float()
        model = _new(made, task, 1)
        if not list(model.parameters()):
            raise Fault(f'{name} has no parameters yet')
        for parameter in model.parameters():
            parameter.copy_(LARGE * torch.randn(parameter.shape, generator=chance))
        if hasattr(model, 'init_hidden'):
            model.init_hidden()
        form = replies.find(name, model(x[:1]), steps, task.hid, task.classes)
        state, batches = _in_form(model, form).state_dict(), False
        with contextlib.suppress(Exception):  # then it reads them one by one
            several = _in_form(_new(made, task, TRIED), form)
            several.load_state_dict(state)
            several.init_hidden()
            alone = torch.cat([_one(model, one[None])[1] for one in x])
            batches = torch.allclose(several(x)[1], alone, rtol=1e-3, atol=1e-3)
    return SimpleNamespace(form=form, batches=batches)


def _one(model, x):
    model.init_hidden()
    return model(x)


def read(task: Task, state: State, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Let the network with these weights read sequences x, one-hot (batch, T, classes).

    Returns hidden units (batch, T, hid) and outputs before softmax (batch, T, classes).
    """
    batches = known(get('seq_models', MODELS[task.model]), task).batches
    model = network(task, len(x) if batches else 1)
    model.load_state_dict(state)
    with torch.no_grad():
        if batches or len(x) == 1:
            return _one(model, x)
        return tuple(torch.cat(parts) for parts in zip(*(_one(model, one[None]) for one in x), strict=True))


def set_weights(model: nn.Module, design: str | None):
    """Set the network's hand-made weights, those of a design where one is named.

    Raises UserError where its class has no such method, or refuses the design.
    """
    if not hasattr(model, 'set_weights'):
        raise Fault(f'{type(model).__name__} of this seq_models.py has no set_weights()')
    with faults(type(model)):
        model.set_weights(*[design] if design else [])


# --- languages


def language(task: Task):
    """The task's language. The sequences that it draws follow from torch's seed.

    Raises Fault where its class is missing, cannot be made, or draws something else than sequences.
    """
    made = get('anb2n', 'lang_anb2n')
    lang = call(made, task.classes, task.length, least=1 if task.length == USUAL_LENGTH else 2)
    return sequences.adapt(lang, task, known(get('seq_models', MODELS[task.model]), task).form.cell is not None)
