"""Is a network still right when something in it is changed? Many changed networks read the same sequences at once."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from lab.insight.found.automaton import NONE, Array, runs
from lab.insight.found.step import Network
from lab.seq.verdict import mixed, spell

# changes states (M, rows, size) of some sequences in place, after their symbol number t was read
Patch = Callable[[int, Array, Array], None]


class Exam(NamedTuple):
    """Sequences, and what is determined in them."""

    symbols: Array  # (N, T): what is read; A where a sequence is over
    due: Array  # (N, T): the symbol that must come next; NONE where the language leaves it open, and past the end
    n: Array  # (N, T): the A's of the block, at every symbol but an A
    nth: Array  # (N, T): a symbol's number in its run


def exam(blocks: Array, classes: int) -> Exam:
    """The sequences with these blocks (N, B)."""
    text = spell(blocks, classes)
    nth, left = runs(text)
    read, following = text[:, :-1], text[:, 1:]
    due = np.where((read > 0) & (following != NONE), following, NONE)
    return Exam(np.maximum(read, 0), due, ((nth + left) // (np.maximum(text, 0) + 1))[:, :-1], nth[:, :-1])


def of_verdict(classes: int, most: int, each: int | None = None) -> Exam:
    """The sequences by which the verdict finds that a network counts up to `most`; of each n only `each`."""
    return exam(np.concatenate([mixed(n)[:each] for n in range(1, most + 1)]), classes)


def some(one: Exam, rows: Array) -> Exam:
    """Some of the sequences, as short as they are."""
    last = (one.due[rows] != NONE).any(axis=0).nonzero()[0].max() + 1
    return Exam(*(each[rows, :last] for each in one))


def different(one: Exam) -> Exam:
    """The sequences, each once."""
    return Exam(*(each[np.unique(one.symbols, axis=0, return_index=True)[1]] for each in one))


def both(one: Exam, other: Exam) -> Exam:
    """The sequences of two exams."""
    longest = max(one.due.shape[1], other.due.shape[1])

    def wide(part, fill):
        return np.pad(part, ((0, 0), (0, longest - part.shape[1])), constant_values=fill)

    fills = Exam(0, NONE, 0, 0)
    return Exam(*(np.vstack([wide(a, fill), wide(b, fill)]) for a, b, fill in zip(one, other, fills, strict=True)))


def many_states(net: Network) -> Network:
    """The same network, which reads states (M, N, size) with symbols (N,), too."""

    def read(states: Array, symbols: Array) -> Array:
        symbols = np.broadcast_to(symbols, states.shape[:-1]).ravel()
        return net.read(states.reshape(-1, states.shape[-1]), symbols).reshape(states.shape)

    return net._replace(read=read)


def margins(net: Network, one: Exam, many: int = 1, patch: Patch | None = None) -> Array:
    """Of `many` networks read at once: for each sequence the least lead of what is due, (many, N): above 0 if right.

    The lead is the output of the symbol that is due, less the largest other one.
    """
    steps = np.arange(one.due.shape[1])
    ends = np.where(one.due != NONE, steps, 0).max(axis=1)
    order = np.argsort(-ends, kind='stable')  # the longest first: those that are over are left out
    symbols, due_at, reading = one.symbols[order], one.due[order], np.searchsorted(-ends[order], -steps, side='right')
    states = np.broadcast_to(net.start, (many, len(symbols), len(net.start))).copy()
    least = np.full(states.shape[:2], np.inf)
    for t, going in zip(steps, reading, strict=True):
        states = net.read(states[:, :going], symbols[:going, t])
        if patch:
            patch(t, order[:going], states)
        rows = np.flatnonzero(due_at[:going, t] != NONE)
        if len(rows):
            output, due = net.logits(states)[:, rows], due_at[rows, t]
            others = np.where(np.arange(net.num_class) == due[:, None], -np.inf, output).max(axis=2)
            lead = output[:, np.arange(len(rows)), due] - others
            least[:, rows] = np.minimum(least[:, rows], lead)
    return least[:, np.argsort(order, kind='stable')]


def outputs(net: Network, one: Exam) -> Array:
    """The outputs of one network after every symbol, (N, T, num_class)."""
    states, found = np.repeat(net.start[None], len(one.symbols), axis=0), []
    for symbols in one.symbols.T:
        states = net.read(states, symbols)
        found.append(net.logits(states))
    return np.stack(found, axis=1)
