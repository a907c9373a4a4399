"""The phases of a block, which steps belong to each, and the gates of an LSTM there."""

import numpy as np

from lab.insight.found.automaton import NONE, SYMBOLS, Array
from lab.insight.found.states import Visits
from lab.insight.found.step import Network


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


def gates_by_phase(net: Network, visits: Visits) -> dict[str, dict[str, Array]]:
    """For each phase and each of GATES (3, units): the mean, the least and the largest value over all visited steps."""
    found = {}
    for phase, points in phases(visits, net.num_class).items():
        values = net.gates(visits.state[visits.parent[points]], visits.read[points])
        found[phase] = {gate: np.array([v.mean(axis=0), v.min(axis=0), v.max(axis=0)]) for gate, v in values.items()}
    return found


def ends(visits: Visits, symbol: int) -> Array:
    """The visited points at which a run of a symbol ends, since another symbol follows."""
    others = np.delete(visits.following, symbol, axis=1)
    return np.flatnonzero((visits.read == symbol) & (visits.n > 0) & (others != NONE).any(axis=1))
