"""Where the states of an automaton stand in its picture, and what they are called: one row, or a few, per phase."""

from typing import NamedTuple

import numpy as np

from lab.insight.automaton import NONE, SYMBOLS, Automaton

Array = np.ndarray


class Layout(NamedTuple):
    """Places of an automaton's states. Down the rows the phases follow each other; along a row one symbol repeats."""

    x: Array  # (states,)
    row: Array  # (states,)
    names: list[str]


def layout(automaton: Automaton) -> Layout:
    """Counting is to be seen: the last phase runs down to 0 from right to left, x being the symbols still owed; A's
    stand above the B's that they lead to; a phase between runs from left to right, beginning below its A.

    A state is called after its phase and the symbols read in it (A) or still owed in it (B, C); a letter tells rows of
    a phase apart.
    """
    last = int(automaton.phase.max())
    owed = _steps_left(automaton)
    read = _steps_in(automaton, 0)
    x = np.where(automaton.phase == last, owed, read)
    if last == 1:
        leads = automaton.following[:, 1]
        x = np.where((automaton.phase == 0) & (leads != NONE), owed[leads], x)
    for phase in range(1, last):
        x = np.where(automaton.phase == phase, _below(automaton, phase, x), x)
    row, first = np.zeros(len(x), dtype=int), 0
    names = [''] * len(x)
    for phase in range(last + 1):
        rows = _rows(automaton, phase, x, read if phase == 0 else owed)
        several = len(set(rows.values())) > 1
        for state, its_row in rows.items():
            row[state] = first + its_row
            count = read[state] if phase == 0 else owed[state]
            names[state] = f'{SYMBOLS[phase]}{count}{letters(its_row) if several else ""}'
        first += max(rows.values(), default=-1) + 1
    return Layout(x, row, names)


def letters(number: int) -> str:
    """a, b, .. z, aa, ab, .."""
    return (letters(number // 26 - 1) if number >= 26 else '') + chr(ord('a') + number % 26)


def _steps_left(automaton: Automaton) -> Array:
    """How many more symbols of its own phase each state expects at least before another symbol may come."""
    phase, following = automaton.phase, automaton.following
    others = following.copy()
    others[np.arange(len(phase)), phase] = NONE
    left = np.where((others != NONE).any(axis=1), 0, len(phase))
    own = following[np.arange(len(phase)), phase]
    for _ in phase:
        left = np.where(own == NONE, left, np.minimum(left, left[own] + 1))
    return left


def _steps_in(automaton: Automaton, phase: int) -> Array:
    """The number of symbols of a phase read at least on arriving in each state of it, from 1."""
    return _below(automaton, phase, np.zeros(len(automaton.phase), dtype=int)) + 1


def _below(automaton: Automaton, phase: int, x: Array) -> Array:
    """Places in a phase: where the state that leads into it has its place, and one further with each symbol."""
    x = np.where(automaton.phase == phase, len(x), x)
    leads = automaton.following[:, phase]
    comes = np.flatnonzero(leads != NONE)
    for _ in x:
        np.minimum.at(x, leads[comes], x[comes] + (automaton.phase[comes] == phase))
    return x


def _rows(automaton: Automaton, phase: int, x: Array, count: Array) -> dict[int, int]:
    """A row for each state of a phase, so that states that follow each other share one: those furthest right begin.
    No two states of a row have the same place or the same count."""
    rows: dict[int, int] = {}
    taken: set[tuple[int, str, int]] = set()
    entered = set(automaton.following[automaton.phase != phase, phase]) - {NONE}
    states = np.flatnonzero(automaton.phase == phase)
    for state in sorted(states, key=lambda state: (state not in entered, -x[state])):
        chain = []
        while (
            state != NONE
            and state not in rows
            and not any(x[state] == x[other] or count[state] == count[other] for other in chain)
        ):
            chain.append(int(state))
            state = automaton.following[state, phase]
        row = 0
        while any({(row, 'x', x[state]), (row, 'count', count[state])} & taken for state in chain):
            row += 1
        rows |= dict.fromkeys(chain, row)
        taken |= {(row, 'x', x[state]) for state in chain} | {(row, 'count', count[state]) for state in chain}
    return {int(state): row for state, row in rows.items()}
