"""A student's language: its sequences as the lab's tensors; its print_outputs() with the arguments that it takes."""

import contextlib
import copy
import functools
import inspect
import pickle
import random
import threading
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import torch

from lab.common.errors import note
from lab.common.student import Fault, call, faults, file_of, trial

LAB = ('epoch', 'seq', 'state', 'hidden', 'target', 'output')  # the arguments of print_outputs()
TRIED = 10  # sequences; with blocks of different lengths, no ten are equally long
ALONE = threading.RLock()  # held by who draws random numbers that the whole program shares


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


def adapt(lang, task, cells: bool):
    """A student's language for the lab's scripts, the same object. cells: whether the network returns its cells."""
    plain, style, shares = _known(type(lang), task, cells)
    if shares:
        lang.chance = _get_chance()
    if shares or not plain or style != Style():
        lang.__class__ = _adapted(type(lang), task.classes, style, shares)
    return lang


@contextlib.contextmanager
def _chance_of(lang) -> Iterator[None]:
    """While a language draws: its own random numbers in the place of those that the whole program shares.

    So they follow from the seed, whatever else is drawn meanwhile, also in other threads.
    """
    with ALONE:
        shared = _get_chance()
        _set_chance(*lang.chance)
        try:
            yield
        finally:
            lang.chance = _get_chance()
            _set_chance(*shared)


def _get_chance() -> tuple:
    """Where the random numbers that the whole program shares stand: those of Python, NumPy and PyTorch."""
    return random.getstate(), np.random.get_state(), torch.get_rng_state().numpy().copy()


def _set_chance(python, numpy, pytorch):
    random.setstate(python)
    np.random.set_state(numpy)
    torch.set_rng_state(torch.from_numpy(pytorch))


def grows(lang) -> bool:
    """Whether the longest block of a language follows its attribute `length`."""
    short = copy.deepcopy(lang)
    with contextlib.suppress(AttributeError):
        short.length = 1
    with trial():
        return len({len(short.get_sequence()[1]) for _ in range(TRIED)}) == 1


@functools.cache
def _adapted(kind: type, num_class: int, style: Style, shares: bool) -> type:
    class Adapted(kind):
        def get_sequence(self):
            with _chance_of(self) if shares else contextlib.nullcontext():
                return in_lab_form(super().get_sequence(), num_class)

        def print_outputs(self, epoch, seq, state, hidden, target, output):
            values = epoch, seq, state, hidden, target, output
            return style.call(super().print_outputs, values, getattr(hidden, 'cell', None))

    Adapted.__name__, Adapted.__module__ = kind.__name__, kind.__module__
    return Adapted


@functools.cache
def _known(kind: type, task, cells: bool) -> tuple[bool, Style, bool]:
    """What there is to know of a language. Raises Fault.

    Whether its sequences have the lab's types already; how to call its print_outputs(); whether it shares its random
    numbers with the whole program.
    """
    with trial(), faults(kind):
        lang = call(kind, task.classes, task.length, least=1)
        before = pickle.dumps(_get_chance())
        given = lang.get_sequence()
        shares = before != pickle.dumps(_get_chance())
        sequence = in_lab_form(given, task.classes)
        kept = [one is other for one, other in zip(given, sequence, strict=False)]  # no part had to be changed
        style = find_style(lang.print_outputs, task.hid, sequence)
    lost = [] if cells else style.extra
    if lost:
        note(f'print_outputs() of {file_of(kind)} gets None for {", ".join(lost)}, which the network does not return')
    return len(kept) == len(given) and all(kept), style, shares


def find_style(function: Callable, hid: int, sequence: tuple) -> Style:
    """How to call a print_outputs(): by its signature, and by what it prints for a sequence in the lab's form."""
    takes = inspect.signature(function)
    needed = tuple(
        name for name, value in takes.parameters.items() if value.default is value.empty and value.kind not in (2, 4)
    )
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


def _is_flat(function, style, hid, sequence) -> bool:
    """Whether it prints a line per symbol, or works at all, only if hidden units are (T, hid)."""
    _, seq, target, state = sequence
    steps, lines = target.shape[1], []
    for flat in False, True:
        hidden = torch.zeros(1, steps, hid)
        with trial() as printed, contextlib.suppress(Exception):
            style._replace(flat=flat).call(function, (0, seq, state, hidden, target, target), hidden)
            lines.append(printed.getvalue().count('\n'))
            continue
        lines.append(-1)
    return lines[0] < min(lines[1], steps)
