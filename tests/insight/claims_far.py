"""What is said of LSTMs that count far, held to a simulation of one long block; imported for its claims."""

import itertools
import re

import numpy as np

from tests.insight.claims import KINDS, NUMBER, claim

BEFORE = len(KINDS)


def long_run(c, n):
    """(symbol, number in its run, left of it, state before, state after) for each symbol of a block after AABBBB.."""
    runs = vars(c).setdefault('long_runs', {})
    if n in runs:
        return runs[n]
    text = c.sim.spell([2, n, 1, n])
    state, found = c.sim.start, []
    for t, name in enumerate(text):
        symbol, nth = 'ABC'.index(name), t - len(text[:t].rstrip(name)) + 1
        left = len(text) - t - len(text[t + 1 :].lstrip(name)) - 1
        after = c.sim.step(state, symbol)
        found.append((symbol, nth, left, state, after))
        state = after
    runs[n] = found
    return found


def changes_of(c, symbol, cell, n):
    some = [each for each in long_run(c, n) if each[0] == symbol and each[1] > 8 and each[2]]
    return np.array([c.sim.units(after)[cell] - c.sim.units(before)[cell] for *_, before, after in some])


@claim(r'In a long run each ([ABC]) adds (.*)\.')
def _(c, name, text):
    true, cells = True, set()
    for levels, cell in re.findall(r'(\S+(?: or \S+| to \S+)*) to cell (\d+)', text):
        values = changes_of(c, 'ABC'.index(name), int(cell), 100)
        said = np.array([float(level) for level in re.split(' or | to ', levels)])
        if ' or ' in levels or len(said) == 1:
            off = np.abs(values[:, None] - said)
            true &= (off.min(axis=1) < 2e-3).all() and (off.min(axis=0) < 2e-3).all()
        cells.add(int(cell))
    still = [np.abs(changes_of(c, 'ABC'.index(name), k, 100)).max() < 2e-3 for k in range(c.sim.hid) if k not in cells]
    return bool(true) and all(still)


@claim(
    r'Within a block of n = (\d+) these numbers are (?:(the same to the last digit)'
    rf'|not quite the same: they differ by up to {NUMBER})\.'
)
def _(c, n, same, most):
    worst = 0
    for symbol in range(c.sim.classes):
        for cell in range(c.sim.hid):
            values = np.sort(changes_of(c, symbol, cell, int(n)))
            if np.abs(values).max() > 1e-3:
                worst = max(
                    worst, *(np.ptp(some) for some in np.split(values, 1 + np.flatnonzero(np.diff(values) > 1e-3)))
                )
    return worst < 2e-7 if same else abs(worst - float(most)) < 0.6 * float(most)


@claim(
    r'Of (\d+) gates and new values \(one for each cell and symbol\), (\d+) are 0, 1 or -1 at every step, to the last '
    r'digit(?:; the others are up to (\S+) away)?\.'
)
def _(c, count, exact, most):
    off = {}
    for symbol, *_, before, _ in long_run(c, 200):
        for name, values in c.sim.gates(before, symbol).items():
            for k, value in enumerate(values):
                distance = min(abs(value - 1), abs(value + (name == 'new')))
                off[symbol, name, k] = max(off.get((symbol, name, k), 0), distance)
    vague = [each for each in off.values() if each > 1e-7]
    return (
        len(off) == int(count)
        and len(off) - len(vague) == int(exact)
        and abs(max(vague, default=0) - float(most or 0)) < 0.1
    )


@claim(
    r'The right output leads the others by (\S+) or more at n = (\d+), by (\S+) at n = (\d+): '
    r'(?:it does not fall|at this rate the lead is gone near n = (\S+))\.'
)
def _(c, before, n, lead, more, end):
    for said, count in ((before, int(n)), (lead, int(more))):
        text, state, least = c.sim.spell([2, count]), c.sim.start, np.inf
        for name, due in itertools.pairwise(text):
            state = c.sim.step(state, 'ABC'.index(name))
            logits = c.sim.logits(state)
            if name != 'A':
                least = min(least, logits['ABC'.index(due)] - max(np.delete(logits, 'ABC'.index(due))))
        if abs(float(said) - least) > 0.006 * abs(least):
            return False
    falls = float(before) - float(lead)
    return (end is None) if falls <= 0 else True


FAR = KINDS[BEFORE:]
