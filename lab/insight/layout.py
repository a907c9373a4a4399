"""Places of an automaton's states in its picture: one row, or a few, per phase. And their names."""

from collections import defaultdict
from typing import NamedTuple

import numpy as np

from lab.insight.automaton import NONE, Array, Automaton
from lab.insight.names import names


class Layout(NamedTuple):
    """Places of an automaton's states: each phase has rows of its own, and along a row its symbol repeats."""

    x: Array  # (states,)
    row: Array  # (states,)
    count: Array  # (states,): symbols read in the phase (A) or still owed in it (B, C)
    names: list[str]


def layout(automaton: Automaton, span: Array) -> Layout:
    """Places that show the counting. In the last phase x is the number of symbols still owed, so it runs to the left.

    The phase before it runs to the right, and begins below the A's that lead to it. In anb2n, where there is none, A's
    stand above the B's that they lead to.

    span: (states, 2), the counts that the states are named after, see names.spans().
    """
    phase, last = automaton.phase, automaton.phase.max()
    owed, depth = _steps_left(automaton), _depth(automaton)
    read = _below(automaton, 0, np.zeros(len(phase), dtype=int)) + 1  # the fewest A's that lead to the state
    count = np.where(phase == 0, read, owed)
    x = np.where(phase == last, depth, read)
    if last == 1:
        leads = automaton.following[:, 1]
        above = (phase == 0) & (leads != NONE)
        regular = len(np.unique(depth[leads[above]])) == above.sum()
        x = np.where(above, depth[leads], x) if regular else np.where(phase == 0, 2 * read - 1, x)
    else:
        x = np.where(phase == 1, _below(automaton, 1, x), x)
    row, first = np.zeros(len(x), dtype=int), 0
    for symbol in range(last + 1):
        rows = _rows(automaton, symbol, x, count)
        for state, number in rows.items():
            row[state] = first + number
        first += max(rows.values(), default=-1) + 1
    return Layout(x, row, count, names(automaton, span, row))


def _steps_left(automaton: Automaton) -> Array:
    """The least number of symbols of its own phase that must come before another symbol may, for each state."""
    own = automaton.following[np.arange(len(automaton.phase)), automaton.phase]
    others = (automaton.following != NONE).sum(axis=1) > (own != NONE)  # whether another symbol may come
    left = np.where(others, 0, len(own))
    for _ in own:
        left = np.where(own == NONE, left, np.minimum(left, left[own] + 1))
    return left


def _depth(automaton: Automaton) -> Array:
    """How many more symbols of its phase a state can read before the phase ends, or goes round in a circle."""
    own = automaton.following[np.arange(len(automaton.phase)), automaton.phase]
    depth = np.full(len(own), NONE)
    for state in range(len(own)):
        way = []
        while state != NONE and depth[state] == NONE and state not in way:
            way.append(state)
            state = own[state]
        steps = NONE if state == NONE or state in way else depth[state]
        for before in reversed(way):
            steps += 1
            depth[before] = steps
    return depth


def _below(automaton: Automaton, phase: int, x: Array) -> Array:
    """Places in a phase: its first state is below the state that leads to it; each symbol goes one to the right."""
    x = np.where(automaton.phase == phase, len(x), x)
    leads = automaton.following[:, phase]
    comes = np.flatnonzero(leads != NONE)
    for _ in x:
        np.minimum.at(x, leads[comes], x[comes] + (automaton.phase[comes] == phase))
    return x


def _rows(automaton: Automaton, phase: int, x: Array, count: Array) -> dict[int, int]:
    """A row for each state of a phase. States that follow each other share a row.

    Rows are given first to the states that another phase leads to, from the right to the left. No two states of a
    row have the same place or the same count.
    """
    rows: dict[int, int] = {}
    taken = defaultdict(set)  # the places and counts in each row
    entered = set(automaton.following[automaton.phase != phase, phase]) - {NONE}
    states = np.flatnonzero(automaton.phase == phase)
    for state in sorted(states, key=lambda state: (state not in entered, -x[state])):
        chain, here = [], set()
        while state != NONE and state not in rows and not {('x', x[state]), ('count', count[state])} & here:
            chain.append(int(state))
            here |= {('x', x[state]), ('count', count[state])}
            state = automaton.following[state, phase]
        row = 0
        while here & taken[row]:
            row += 1
        rows |= dict.fromkeys(chain, row)
        taken[row] |= here
    return rows
