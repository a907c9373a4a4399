"""Which pictures there are of a network, each with the last part of its file's name; they are drawn one at a time."""

import itertools
from collections.abc import Iterator

import numpy as np
from matplotlib.figure import Figure

from lab.insight import figures, graph
from lab.insight.analysis import Analysis
from lab.insight.automaton import NONE
from lab.insight.step import before, follow
from lab.insight.transcript import Seen


def of_units(seen: Seen, length: int, start: np.ndarray | None) -> Iterator[tuple[str, Figure]]:
    """The lab's pictures, of the hidden units and, where they were seen, of the cells.

    length: the largest n, for the colours. start: (hid,), the hidden units before the first symbol, or None.
    """
    for units, name in ((seen.hidden, ''), (seen.cell, 'cell_')):
        if units is None:
            continue
        hid = units.shape[1]
        for j, k in itertools.combinations(range(hid), 2):
            yield f'{name}{j}{k}', figures.pair(units, seen.colour, j, k, length, start)
        if hid >= 3:
            yield f'{name}3d', figures.space(units, seen.colour, length, start)


def of_analysis(analysis: Analysis, cells: bool) -> Iterator[tuple[str, Figure]]:
    """The pictures of all that was found out; with `cells`, also of an LSTM's cell states."""
    net, sequences = analysis.net, analysis.sequences
    states, visits = analysis.found.states, analysis.found.visits
    yield 'reach', figures.reach(analysis.loss, analysis.right, analysis.length)
    if analysis.gates is not None:
        yield 'gates', figures.gates(analysis.gates)
    yield 'fsm', graph.machine(states.automaton, analysis.place)
    example = sequences[0][sequences[0] != NONE][:-1]  # a network does not read the last symbol
    for first, name in ((0, ''), (net.hid, 'cell_'))[: 1 + cells]:
        if net.hid > 1:
            units = visits.state[:, first : first + net.hid]
            pair = graph.best_pair(units, states.state)
            yield f'{name}states', graph.states(states, units, visits.following, analysis.place, pair)
            places = np.vstack([net.start, follow(net, example[None])[0]])[:, first + np.array(pair)]
            yield f'{name}path', figures.path(places, example, pair)
    yield 'time', figures.over_time(net, example)
    if net.gates is None and net.hid == 2:
        here, there = before(net, sequences), follow(net, sequences)
        steps = [(here[sequences == symbol], there[sequences == symbol]) for symbol in range(net.num_class)]
        yield 'flow', graph.flow(net, analysis.points, steps)
