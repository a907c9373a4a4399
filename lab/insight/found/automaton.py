"""Finite automata that predict the next symbol: those of the counting languages, minimising, running, comparing."""

from collections import Counter
from typing import NamedTuple

import numpy as np

from lab.seq.verdict import NONE  # here also: no such transition

Array = np.ndarray
SYMBOLS = 'ABC'  # what the symbols 0, 1, 2 are called
OPEN = -2  # a state that predicts nothing, since the language leaves the next symbol open


class Automaton(NamedTuple):
    """A Moore machine. Its states are numbered from 0, the start.

    Each state has a phase: the symbol read last. The phase of the start is that of a block's end.
    """

    following: Array  # (states, num_class): the state that a symbol leads to, or NONE
    output: Array  # (states,): the symbol predicted, or OPEN
    phase: Array  # (states,): the symbol read last


def language(num_class: int, length: int) -> Automaton:
    """The perfect predictor of anb2n (2 classes) or anb2nc3n (3) for n <= length, with one state per position.

    After an A the next symbol is open; elsewhere it is determined. The start predicts A, the first symbol of every
    sequence.
    """
    following, output, phase = [], [], []

    def state(predicts, read):
        following.append([NONE] * num_class)
        output.append(predicts)
        phase.append(read)
        return len(output) - 1

    start = last_a = state(0, num_class - 1)
    for n in range(1, length + 1):
        at = state(OPEN, 0)
        following[last_a][0] = at
        last_a = at
        for symbol in range(1, num_class):
            for left in reversed(range((symbol + 1) * n)):
                following[at][symbol] = at = state(symbol if left else (symbol + 1) % num_class, symbol)
        following[at][0] = following[start][0]
    return Automaton(np.array(following), np.array(output), np.array(phase))


def part(automaton: Automaton, length: int) -> tuple[Automaton, list[int]]:
    """What sequences of blocks of n <= length need of an automaton, and which of its states these are."""
    allowed = language(automaton.following.shape[1], length)
    pairs, taken = {(0, 0): None}, set()
    todo = [*pairs]
    for state, place in todo:
        for symbol, (there, then) in enumerate(zip(automaton.following[state], allowed.following[place], strict=True)):
            if NONE not in (there, then):
                taken.add((state, symbol))
                if (there, then) not in pairs:
                    pairs[there, then] = None
                    todo.append((there, then))
    kept = sorted({int(state) for state, _ in pairs})
    following = np.full_like(automaton.following, NONE)
    for state, symbol in taken:
        following[state, symbol] = kept.index(automaton.following[state, symbol])
    return Automaton(following[kept], automaton.output[kept], automaton.phase[kept]), kept


def distinct(sequences: Array) -> tuple[Array, Array]:
    """The different rows of sequences (N, T), in the order in which they first come, and how often each is there."""
    count = Counter(row.tobytes() for row in sequences.astype(np.int8))
    different = np.frombuffer(b''.join(count), dtype=np.int8).reshape(-1, sequences.shape[1])
    return different.astype(int), np.array([*count.values()])


def runs(sequences: Array) -> tuple[Array, Array]:
    """For every symbol of sequences (N, T): its number in its run, from 1, and how many of the run are left."""

    def place(symbols):
        t = np.arange(symbols.shape[1])
        begins = np.diff(symbols, axis=1, prepend=NONE) != 0
        return t - np.maximum.accumulate(np.where(begins, t, 0), axis=1) + 1

    return place(sequences), place(sequences[:, ::-1])[:, ::-1] - 1


def tell_apart(automaton: Automaton) -> Array:
    """A class for each state, (states,): two states have the same class if no future tells them apart.

    Partition refinement (Moore 1956): classes start as phase and output, and are refined by the classes that each
    symbol leads to, until nothing changes. No transition counts as a class of its own.
    """
    most = max(automaton.phase.max(), automaton.output.max(), len(automaton.output))
    classes, count = _number(most, automaton.phase, automaton.output)
    while True:
        leads = np.where(automaton.following == NONE, NONE, classes[automaton.following])
        finer, more = _number(most, classes, *leads.T)
        if more == count:
            return classes
        classes, count = finer, more


def _number(most: int, *columns: Array) -> tuple[Array, int]:
    """A number for each row of columns (whole numbers from -2 to `most`), from 0, and how many there are.

    Equal rows have equal numbers. They are those of np.unique(rows, axis=0), only faster.
    """
    key = columns[0].astype(int) + 2
    for column in columns[1:]:  # at most three more: the key stays far below 2^63
        key = key * (most + 3) + column + 2
    different, numbers = np.unique(key, return_inverse=True)
    return numbers, len(different)


def minimise(automaton: Automaton) -> Automaton:
    """The smallest automaton that does the same; states that cannot be reached are left out.

    States are numbered in the order in which a breadth-first walk from the start meets them. So two automata do the
    same if and only if their minimised arrays are equal.
    """
    classes = tell_apart(automaton)
    some = np.unique(classes, return_index=True)[1]  # one state of each class stands for all
    order = [classes[0]]
    for group in order:
        for state in automaton.following[some[group]]:
            if state != NONE and classes[state] not in order:
                order.append(classes[state])
    number = np.full(len(some), NONE)
    number[order] = np.arange(len(order))
    leads = automaton.following[some[order]]
    leads = np.where(leads == NONE, NONE, number[classes[leads]])
    return Automaton(leads, automaton.output[some[order]], automaton.phase[some[order]])


def same(one: Automaton, other: Automaton) -> bool:
    """Whether two minimised automata do the same."""
    return all(map(np.array_equal, one, other))


def walk(automaton: Automaton, sequences: Array) -> Array:
    """The state after each symbol of sequences (N, T), (N, T).

    It is NONE where no transition was left on the way, and after a sequence's end.
    """
    padded = np.vstack([automaton.following, np.full(automaton.following.shape[1], NONE)])  # [NONE] leads to NONE
    state = np.zeros(len(sequences), dtype=int)
    seen = np.empty(sequences.shape, dtype=int)
    for t, symbols in enumerate(sequences.T):
        seen[:, t] = state = np.where(symbols == NONE, NONE, padded[state, symbols])
    return seen
