"""Names of an automaton's states: the phase, and the symbols read (A) or owed (B, C) on the language's path."""

from collections import Counter

import numpy as np

from lab.insight.automaton import SYMBOLS, Array, Automaton
from lab.insight.states import Visits


def spans(automaton: Automaton, state: Array, visits: Visits) -> Array:
    """The least and the largest count of the points in each state, (states, 2); -1, -1 where no point is."""
    low, high = np.full(len(automaton.output), visits.count.max()), np.full(len(automaton.output), -1)
    stands = state >= 0
    np.minimum.at(low, state[stands], visits.count[stands])
    np.maximum.at(high, state[stands], visits.count[stands])
    return np.column_stack([np.minimum(low, high), high])


def names(automaton: Automaton, span: Array, row: Array) -> list[str]:
    """B3: so many symbols are owed (A3: so many A's were read); B0-7: it is not always the same number.

    Where a phase has several rows, a letter says in which one the state stands. row: (states,), see layout().
    """
    found, used = [], Counter()
    for phase, (low, high), at in zip(automaton.phase, span, row, strict=True):
        others = row[automaton.phase == phase]
        count = '' if high < 0 else str(low) if low == high else f'{low}-{high}'
        letter = letters(at - others.min()) if others.max() > others.min() else ''
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
