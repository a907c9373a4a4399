"""Places of an automaton's states in its picture: one row, or a few, per phase. And their names.

A name is the phase, and the symbols read (A) or owed (B, C) on the language's path.
"""

from collections import Counter, defaultdict
from typing import NamedTuple

import numpy as np

from lab.insight.found.automaton import NONE, SYMBOLS, Array, Automaton
from lab.insight.found.states import Visits


class Layout(NamedTuple):
    """Places of an automaton's states: each phase has rows of its own, and along a row its symbol repeats."""

    x: Array  # (states,)
    row: Array  # (states,)
    count: Array  # (states,): symbols read in the phase (A) or still owed in it (B, C)
    chain: Array  # (states,): states that follow each other in a row have the same number
    names: list[str]


def layout(automaton: Automaton, span: Array) -> Layout:
    """Places that show the counting. In the last phase x is the number of symbols still owed, so it runs to the left.

    The phase before it runs to the right, and begins below the A's that lead to it. In anb2n, where there is none, A's
    stand above the B's that they lead to.

    span: (states, 2), the counts that the states are named after, see spans().
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
    chain = _chains(automaton, x)
    return Layout(x, row, count, chain, names(automaton, span, chain))


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


def _chains(automaton: Automaton, x: Array) -> Array:
    """The number of the chain of each state, (states,): in a chain each state follows the one before.

    Chains begin at states that another phase leads to, those from the right first, and end at a state of another one.
    """
    own = automaton.following[np.arange(len(automaton.phase)), automaton.phase]
    chain = np.full(len(own), NONE)
    leads, symbol = np.nonzero(automaton.following != NONE)
    entered = np.zeros(len(own), dtype=bool)
    entered[automaton.following[leads, symbol][automaton.phase[leads] != symbol]] = True
    for number, state in enumerate(np.lexsort((-x, ~entered, automaton.phase))):
        while state != NONE and chain[state] == NONE:
            chain[state] = number
            state = own[state]
    return np.unique(chain, return_inverse=True)[1]


def spans(automaton: Automaton, state: Array, visits: Visits) -> Array:
    """The least and the largest count of the points in each state, (states, 2); -1, -1 where no point is."""
    low, high = np.full(len(automaton.output), visits.count.max()), np.full(len(automaton.output), -1)
    stands = state >= 0
    np.minimum.at(low, state[stands], visits.count[stands])
    np.maximum.at(high, state[stands], visits.count[stands])
    return np.column_stack([np.minimum(low, high), high])


def names(automaton: Automaton, span: Array, chain: Array) -> list[str]:
    """B3: so many symbols are owed (A3: so many A's were read); B0-7: it is not always the same number.

    Where a phase has several chains, a letter says in which one the state stands. chain: (states,), see layout().
    """
    found, used = [], Counter()
    for phase, (low, high), at in zip(automaton.phase, span, chain, strict=True):
        others = np.unique(chain[automaton.phase == phase])
        count = '' if high < 0 else str(low) if low == high else f'{low}-{high}'
        letter = letters(np.searchsorted(others, at)) if len(others) > 1 else ''
        name = f'{SYMBOLS[phase]}{count}{letter}'
        used[name] += 1
        found.append(name + "'" * (used[name] - 1))
    return found


def letters(number: int) -> str:
    """a, b, .. z, aa, ab, .."""
    return (letters(number // 26 - 1) if number >= 26 else '') + chr(ord('a') + number % 26)


def meaning(names: list[str]) -> str:
    """What these names of states mean, for who reads a picture."""
    says = "A2: two A's were read; B3: three B's are still to come"
    says += '; C likewise' if any(name.startswith('C') for name in names) else ''
    says += '; B0-7: sometimes 0, sometimes up to 7' if any('-' in name for name in names) else ''
    return says + ('; B3a, B3b: different states' if any(name[-1:].islower() for name in names) else '')
