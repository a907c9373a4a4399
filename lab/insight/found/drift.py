"""Why a network that counts far does not lose count, or where it will: what each symbol adds, to how many digits."""

from typing import NamedTuple

import numpy as np

from lab.insight.found.automaton import Array, runs
from lab.insight.found.step import GATES, Network, follow
from lab.seq.verdict import spell

LONG = 200  # n of the block in which changes are measured, or less where the network does not count so far
SETTLED = 8  # the first symbols of a run are left out: there something begins
APART = 1e-3  # two changes of a cell are two levels if they differ by more; a cell that changes less stands still
EXACT = 1e-7  # a gate nearer to 0 or 1 is so to the last digit of float32


class Change(NamedTuple):
    """What the symbols of a long run add to a cell."""

    symbol: int
    cell: int
    levels: list[float]  # the different changes, of which each comes again and again
    drift: float  # the largest difference between two changes of one level


class Drift(NamedTuple):
    """How exact an LSTM counts: in a block of n = `n`, after short ones."""

    n: int
    changes: list[Change]  # those of cells that move
    gates: int  # so many gates and new values there are, one for each unit and symbol,
    exact: int  # and so many are 0, 1 or -1 at each step, nearer than EXACT
    vague: float  # of the others: the largest distance from these numbers
    leads: tuple[tuple[int, float], tuple[int, float]]  # n, and the least lead of the right output over the others

    @property
    def fails(self) -> float | None:
        """The n at which the lead will be gone if it goes on falling as it does; None where it does not fall."""
        (n, before), (more, lead) = self.leads
        fall = (before - lead) / (more - n)
        return more + lead / fall if fall * more > APART * abs(lead) else None


def drift(net: Network, reach: int) -> Drift:
    """Measure it for an LSTM that counts up to `reach`."""
    n = min(LONG, reach)
    [symbols] = spell(np.array([[2, n, 1, n]]), net.num_class)
    [states] = follow(net, symbols[None])
    before = np.vstack([net.start, states[:-1]])
    changes = states[:, net.hid :] - before[:, net.hid :]
    [nth], [left] = runs(symbols[None])
    steady = (nth > SETTLED) & (left > 0)
    some = [
        _change(symbol, cell, changes[steady & (symbols == symbol), cell])
        for symbol in range(net.num_class)
        for cell in range(net.hid)
    ]
    values = net.gates(before, symbols)
    off = np.stack([_distance(values[gate], -1 if gate == 'new' else 0) for gate in GATES])
    worst = np.stack([off[:, symbols == symbol].max(axis=1) for symbol in range(net.num_class)])
    vague = worst[worst > EXACT]
    leads = tuple((k, _lead(net, k)) for k in (reach // 2, reach))
    moving = [each for each in some if max(map(abs, each.levels)) > APART]
    return Drift(n, moving, worst.size, worst.size - vague.size, float(vague.max(initial=0)), leads)


def _distance(values: Array, low: int) -> Array:
    return np.minimum(np.abs(values - low), np.abs(values - 1))


def _change(symbol: int, cell: int, some: Array) -> Change:
    some = np.sort(some)
    levels = np.split(some, 1 + np.flatnonzero(np.diff(some) > APART))
    return Change(symbol, cell, [float(level.mean()) for level in levels], float(max(map(np.ptp, levels))))


def _lead(net: Network, n: int) -> float:
    """The least lead of the right output over the best other one, where one symbol can follow, in a block of n."""
    [symbols] = spell(np.array([[2, n]]), net.num_class)
    logits = net.logits(follow(net, symbols[None, :-1])[0])
    rows = np.flatnonzero(symbols[:-1] > 0)
    due = symbols[1:][rows]
    right = logits[rows, due].copy()
    logits[rows, due] = -np.inf
    return float((right - logits[rows].max(axis=1)).min())
