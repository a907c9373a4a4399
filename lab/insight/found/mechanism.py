"""What can be seen in the states that a network visits: what a symbol adds, from which numbers counts can be read.

Units are an SRN's hidden units and an LSTM's cells, unless said otherwise: the part of a state that is carried on.
"""

from typing import NamedTuple

import numpy as np

from lab.insight.found.automaton import NONE, SYMBOLS, Array
from lab.insight.found.states import Visits
from lab.insight.found.step import Network

OPEN_ABOVE, CLOSED_BELOW = 0.8, 0.2  # a gate is called open or closed by its mean; between these it is partly open
READS = 0.99  # a count can be read back if the nearest mean gives it in this share of the steps
STILL = 1e-3  # of a regression: units that change less than this share of what others do are left out


class Steps(NamedTuple):
    """What one symbol does to each unit in one phase of a block; and in an LSTM, its gates."""

    mean: Array  # (units,): what it adds
    spread: Array  # (units,), standard deviation
    new: Array | None = None  # (units,): the mean of input gate x new value; the rest of `mean` is forgotten
    gates: dict[str, Array] | None = None  # for each of GATES: (3, units), the mean, the least and the largest value


class Reading(NamedTuple):
    """How well a count can be read back from one number: the count whose mean is nearest is the answer."""

    symbol: int  # counted are A's read, or B's or C's owed
    unit: int | None  # the number is this unit
    direction: Array | None  # or the regression on all units: the product with this, (units,), and a constant
    counts: Array  # (K,)
    means: Array  # (K,), of the number, for each count
    right: float  # share of the steps in which the nearest mean has the right count
    steps: int

    @property
    def ordered(self) -> bool:
        """Whether the means rise or fall with the count."""
        difference = np.diff(self.means)
        return bool((difference > 0).all() or (difference < 0).all())


def units(net: Network, states: Array) -> Array:
    """The part of states (N, size) that is carried on: (N, hid)."""
    return states[:, -net.hid :]


def phases(visits: Visits, num_class: int) -> dict[str, Array]:
    """For each phase of a block that is visited, the points to which a step in this phase leads.

    The phases are 'A', 'first B', 'B', 'first C', 'C', 'restart'. 'restart' is the first A after another block; the
    very first A belongs to 'A'.
    """
    read, parent = visits.read[1:], visits.parent[1:]
    first = (read != visits.read[parent]) & (parent > 0)
    masks = {'A': (read == 0) & ~first}
    for symbol, name in enumerate(SYMBOLS[1:num_class], 1):
        masks |= {f'first {name}': (read == symbol) & first, name: (read == symbol) & ~first}
    masks['restart'] = (read == 0) & first
    return {name: np.flatnonzero(mask) + 1 for name, mask in masks.items() if mask.any()}


def steps(net: Network, visits: Visits) -> dict[str, Steps]:
    """What one symbol adds to each unit in each phase, and the gates of an LSTM there."""
    found = {}
    for name, points in phases(visits, net.num_class).items():
        before, after = visits.state[visits.parent[points]], visits.state[points]
        change = units(net, after) - units(net, before)
        found[name] = Steps(change.mean(axis=0), change.std(axis=0))
        if net.gates:
            gates = net.gates(before, visits.read[points])
            new = (gates['input'] * gates['new']).mean(axis=0)
            of_units = {gate: np.array([v.mean(axis=0), v.min(axis=0), v.max(axis=0)]) for gate, v in gates.items()}
            found[name] = found[name]._replace(new=new, gates=of_units)
    return found


def word(mean: float) -> str:
    """What a gate with this mean is called."""
    return 'open' if mean >= OPEN_ABOVE else 'closed' if mean <= CLOSED_BELOW else 'partly'


def read_back(values: Array, counts: Array) -> tuple[Array, Array, float]:
    """The different counts, the mean value of each, and how often the count with the nearest mean is the right one."""
    different, which = np.unique(counts, return_inverse=True)
    means = np.bincount(which, values) / np.bincount(which)
    order = np.argsort(means, kind='stable')
    limits = (means[order][1:] + means[order][:-1]) / 2
    return different, means, float((order[np.searchsorted(limits, values)] == which).mean())


def readings(net: Network, symbol: int, visits: Visits) -> list[Reading]:
    """From which numbers the count of a symbol can be read: from the best unit, and along a direction."""
    here = np.flatnonzero((visits.read == symbol) & (visits.n > 0))
    count, value = visits.count[here].astype(float), units(net, visits.state[here])
    if len(np.unique(count)) < 2:
        return []
    best = _clearest(value, visits.count[here])
    found = [Reading(symbol, best, None, *read_back(value[:, best], visits.count[here]), len(here))]
    if net.hid > 1:
        slope = np.linalg.lstsq(value - value.mean(axis=0), count - count.mean(), rcond=STILL)[0]
        along = (value - value.mean(axis=0)) @ slope + count.mean()
        found.append(Reading(symbol, None, slope, *read_back(along, visits.count[here]), len(here)))
    return found


def _clearest(values: Array, counts: Array) -> int:
    """The unit (a column of values) that tells the counts best. Of those that do, the one with means farthest apart."""

    def clear(unit):
        _, means, right = read_back(values[:, unit], counts)
        return min(right, READS), np.diff(np.sort(means)).min()

    return max(range(values.shape[1]), key=clear)


def ends(visits: Visits, symbol: int) -> Array:
    """The visited points at which a run of a symbol ends, since another symbol follows."""
    others = np.delete(visits.following, symbol, axis=1)
    return np.flatnonzero((visits.read == symbol) & (visits.n > 0) & (others != NONE).any(axis=1))
