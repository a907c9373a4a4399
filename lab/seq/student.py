"""The only place that loads seq_models.py and anb2n.py, which a student may replace by their own.

A network returns what the lab's does, whatever else it returns (see replies.py). A language gives its sequences as the
lab's tensors, and its print_outputs() gets the arguments that it takes.
"""

import contextlib
import copy
import functools
import inspect
from collections.abc import Callable
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from lab.common.errors import note
from lab.common.student import Fault, call, faults, file_of, get, module, signature, trial, weights_set, without_self
from lab.seq import replies
from lab.seq.task import MODELS, Task

with module('seq_models'):
    import seq_models  # noqa: F401  get() reads it
with module('anb2n'):
    import anb2n  # noqa: F401

State = dict[str, torch.Tensor]  # a network's weights by name
USUAL_LENGTH = 4
TRIAL_SEQUENCES = 3  # that a network is tried with at once
LARGE = 3  # weights with which a network is tried: so large that only hidden units stay between -1 and 1
DRAWN = 10  # sequences of a language; with blocks of different lengths, no ten are equally long
LAB = ('epoch', 'seq', 'state', 'hidden', 'target', 'output')  # the arguments of print_outputs()


# --- networks


def new_network(task: Task, batch_size: int = 1) -> nn.Module:
    """A new network for the task, with the weights that its class draws; model(x) returns hidden units and outputs.

    Raises Fault where its class is missing, cannot be made or used, or returns something else.
    """
    made = get('seq_models', MODELS[task.model])
    form = known_network(made, task).form
    return _in_form(_new(made, task, batch_size), form)


def _new(made: Callable, task: Task, batch_size: int) -> nn.Module:
    model = call(made, task.classes, task.hid, task.classes, batch_size, least=3)
    if not isinstance(model, nn.Module):
        raise Fault(f'{MODELS[task.model]} in seq_models.py should be an nn.Module')
    if not hasattr(model, 'init_hidden'):
        model.init_hidden = lambda: None
    return model


def _in_form(model: nn.Module, form: replies.Form) -> nn.Module:
    """From now on it returns hidden units and outputs alone."""
    if not form.plain:
        pick = replies.pick
        model.register_forward_hook(lambda _, inputs, returned: pick(returned, form, *inputs[0].shape[:2]))
    return model


@functools.cache
def known_network(made: Callable, task: Task) -> SimpleNamespace:
    """What was found out about a class: the `form` of its replies; whether it `batches`: reads several at once."""
    name, steps = f'{MODELS[task.model]} in seq_models.py', 6 * task.hid + 31  # more than numbers in any other axis
    with trial(), torch.no_grad(), faults(made):
        generator = torch.Generator().manual_seed(0)
        x = functional.one_hot(
            torch.randint(task.classes, (TRIAL_SEQUENCES, steps), generator=generator), task.classes
        ).float()
        model = _new(made, task, 1)
        if not list(model.parameters()):
            raise Fault(f'{name} has no parameters yet')
        for parameter in model.parameters():
            parameter.copy_(LARGE * torch.randn(parameter.shape, generator=generator))
        form = replies.find_form(name, _read_one(model, x[:1]), steps, task.hid, task.classes)
        state, batches = _in_form(model, form).state_dict(), False
        with contextlib.suppress(Exception):  # then it reads them one by one
            several = _in_form(_new(made, task, TRIAL_SEQUENCES), form)
            several.load_state_dict(state)
            several.init_hidden()
            alone = torch.cat([_read_one(model, one[None])[1] for one in x])
            batches = torch.allclose(several(x)[1], alone, rtol=1e-3, atol=1e-3)
    return SimpleNamespace(form=form, batches=batches)


def _read_one(model: nn.Module, x: torch.Tensor):
    model.init_hidden()
    return model(x)


def outputs_of(task: Task, state: State, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Let the network with these weights read sequences x, one-hot (batch, T, classes).

    Returns hidden units (batch, T, hid) and outputs before softmax (batch, T, classes).
    """
    batches = known_network(get('seq_models', MODELS[task.model]), task).batches
    with trial(), torch.no_grad():
        model = new_network(task, len(x) if batches else 1)
        model.load_state_dict(state)
        if batches or len(x) == 1:
            return _read_one(model, x)
        return tuple(torch.cat(parts) for parts in zip(*(_read_one(model, one[None]) for one in x), strict=True))


def set_weights(model: nn.Module, task: Task, design: str | None):
    """Set the network's hand-made weights, those of a design where one is named.

    Raises UserError where its class has no such method, or refuses the design.
    """
    if not hasattr(model, 'set_weights'):
        raise Fault(f'{type(model).__name__} of this seq_models.py has no set_weights()')
    with weights_set(model, 'seq_models.py'):
        model.set_weights(*[design] if design else [])
        with trial(), torch.no_grad():
            _read_one(model, torch.zeros(1, 2, task.classes))


# --- languages


def new_language(task: Task):
    """The task's language: the student's object, or a Language of it where it is not as the lab's.

    The sequences that it draws follow from torch's seed. Raises Fault where its class is missing, cannot be made, or
    draws something else than sequences.
    """
    made = get('anb2n', 'lang_anb2n')
    lang = call(made, task.classes, task.length, least=1 if task.length == USUAL_LENGTH else 2)
    cells = known_network(get('seq_models', MODELS[task.model]), task).form.cell is not None
    as_the_labs, style = _known_language(type(lang), task, cells)
    return lang if as_the_labs else Language(lang, task.classes, style)


class Language:
    """A student's language in the form of the lab's."""

    def __init__(self, lang, classes: int, style: 'Style'):
        self.lang, self.classes, self.style = lang, classes, style
        for name in 'get_one_example', 'get_symbols':  # the compiled engine asks for these
            if hasattr(lang, name):
                setattr(self, name, getattr(lang, name))

    @property
    def length(self) -> int:
        return self.lang.length

    @length.setter
    def length(self, longest: int):
        self.lang.length = longest

    def get_sequence(self) -> tuple:
        return in_lab_form(self.lang.get_sequence(), self.classes)

    def print_outputs(self, epoch, seq, state, hidden, target, output):
        values = epoch, seq, state, hidden, target, output
        return self.style.call(self.lang.print_outputs, values, getattr(hidden, 'cell', None))


@functools.cache
def _known_language(kind: type, task: Task, cells: bool) -> tuple[bool, 'Style']:
    """Whether a language is as the lab's, and the style of its print_outputs(). Raises Fault.

    cells: whether the network returns its cells.
    """
    with trial(), faults(kind):
        lang = call(kind, task.classes, task.length, least=1)
        given = lang.get_sequence()
        sequence = in_lab_form(given, task.classes)
        kept = [one is other for one, other in zip(given, sequence, strict=False)]  # no part had to be changed
        style = find_style(lang.print_outputs, task.hid, sequence)
        lost = ', '.join([] if cells else style.extra)
        counts = [_lines(lang.print_outputs, style, task.hid, sequence, given) for given in (False, True) if lost]
    if lost and counts[0] < 0 <= counts[1]:
        network = f'the {MODELS[task.model]} in seq_models.py'
        raise Fault(f'print_outputs() of {file_of(kind)} needs {lost}, which {network} does not return: leave it out')
    if lost:
        note(f'print_outputs() of {file_of(kind)} gets None for {lost}, which the network does not return')
    return len(kept) == len(given) and all(kept) and style == Style(), style


def grows(lang) -> bool:
    """Whether the longest block of a language follows its attribute `length`."""
    short = copy.deepcopy(lang)
    with contextlib.suppress(AttributeError):
        short.length = 1
    with trial():
        return len({len(short.get_sequence()[1]) for _ in range(DRAWN)}) == 1


def in_lab_form(values, num_class: int) -> tuple:
    """What get_sequence() returned as (input (1, T, num_class), seq (T + 1) int64, target (1, T, num_class), state)."""
    if len(values) < 4:
        raise Fault(f'get_sequence() of anb2n.py returns {len(values)} values, not input, seq, target, state')
    x, seq, target, state = values[:4]
    x, target = (_tensor(value, torch.float32, (1, -1, num_class)) for value in (x, target))
    seq = _tensor(seq, torch.int64, (-1,))
    if not x.shape == target.shape == (1, len(seq) - 1, num_class):
        raise Fault(
            f'get_sequence() of anb2n.py returns {x.shape[1]} inputs and {target.shape[1]} targets for {len(seq)} '
            'symbols: one less is right'
        )
    return x, seq, target, state


def _tensor(values, dtype: torch.dtype, shape: tuple) -> torch.Tensor:
    """The values in this form; the same tensor, where they are in it."""
    tensor = values if isinstance(values, torch.Tensor) else torch.from_numpy(np.asarray(values))
    return tensor.to(dtype) if tensor.dim() == len(shape) else tensor.to(dtype).reshape(shape)


class Style(NamedTuple):
    """How to call print_outputs()."""

    named: tuple[str, ...] = ()  # the arguments by name; none: the lab's, by place
    extra: tuple[str, ...] = ()  # arguments that the lab does not know
    flat: bool = False  # hidden units (T, hid) and not (1, T, hid)

    def call(self, function: Callable, values: tuple, cell):
        """Call it with the values of the lab's arguments. An extra one, named after cells or context, gets `cell`."""
        given = dict(zip(LAB, values, strict=True))
        given |= {name: cell if name.lower().startswith('c') or 'cell' in name else None for name in self.extra}
        if self.flat:
            given['hidden'] = given['hidden'][0]
        if self.named:
            return function(**{name: given[name] for name in self.named})
        return function(*given.values())


def find_style(function: Callable, hid: int, sequence: tuple) -> Style:
    """How to call a print_outputs(): by its signature, and by what it prints for a sequence in the lab's form."""
    takes = signature(function)
    if inspect.ismethod(function) and next(iter(inspect.signature(function.__func__).parameters)) in LAB:
        raise Fault(without_self(function.__func__))
    needed = tuple(name for name, value in takes.parameters.items() if _is_needed(value))
    extra = tuple(name for name in needed if name not in LAB)
    try:
        takes.bind(*LAB)
        style = Style()
    except TypeError:
        if not extra or set(LAB) <= set(needed):
            style = Style(needed, extra)
        elif len(needed) > len(LAB):
            style = Style((), needed[len(LAB) :])
        else:
            raise Fault(f'print_outputs({", ".join(needed)}) of anb2n.py should take ({", ".join(LAB)})') from None
    return style._replace(flat=_is_flat(function, style, hid, sequence))


def _is_needed(argument: inspect.Parameter) -> bool:
    """Whether a call has to give it: it has no default, and is not *args or **more."""
    return argument.default is argument.empty and argument.kind not in (argument.VAR_POSITIONAL, argument.VAR_KEYWORD)


def _is_flat(function, style, hid, sequence) -> bool:
    """Whether it prints a line per symbol, or works at all, only if hidden units are (T, hid)."""
    deep, flat = (_lines(function, style._replace(flat=flat), hid, sequence, True) for flat in (False, True))
    return deep < min(flat, sequence[2].shape[1])


def _lines(function, style, hid, sequence, cells: bool) -> int:
    """How many lines a print_outputs() prints for a sequence; -1 where it fails. cells: whether it gets some."""
    _, seq, target, state = sequence
    hidden = torch.zeros(1, target.shape[1], hid)
    with trial() as printed, contextlib.suppress(Exception):
        style.call(function, (0, seq, state, hidden, target, target), hidden if cells else None)
        return printed.getvalue().count('\n')
    return -1
