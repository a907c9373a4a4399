"""Which pictures there are of a network, each with the last part of its file's name; they are drawn one at a time."""

import itertools
from collections.abc import Iterator

import numpy as np
from matplotlib.figure import Figure

from lab.common.endings import note
from lab.insight import figures, machine, regions
from lab.insight.analysis import Analysis
from lab.insight.automaton import NONE
from lab.insight.plane import best_pairs, choose
from lab.insight.step import before, follow
from lab.insight.transcript import Seen

MOST_PAIRS = 6  # pictures of pairs: those of 4 units; where there are more, only the best
MOST_SYMBOLS = 120  # of a sequence that is drawn


def of_units(seen: Seen, length: int, start: np.ndarray | None, title: str) -> Iterator[tuple[str, Figure]]:
    """The lab's pictures, of the hidden units and, where they were seen, of the cells.

    length: the largest n, for the colours. start: (hid,), the hidden units before the first symbol, or None. title:
    the language, the network and how long it was trained.
    """
    group = np.unique(np.column_stack([seen.symbol, seen.colour]), axis=0, return_inverse=True)[1].ravel()
    for units, file, name in ((seen.hidden, '', 'unit'), (seen.cell, 'cell_', 'cell')):
        if units is None:
            continue
        hid = units.shape[1]
        pairs = list(itertools.combinations(range(hid), 2))
        if len(pairs) > MOST_PAIRS:
            best = best_pairs(units, group, MOST_PAIRS)
            some = f'{MOST_PAIRS} of the {len(pairs)} pairs of {name}s'
            shown = ', '.join(f'{j} and {k}' for j, k in best)
            note(f'drawing {some}, those that show the states farthest apart: {shown}')
            pairs = sorted(best)
        for j, k in pairs:
            yield f'{file}{j}{k}', figures.pair(units, seen.colour, j, k, length, start, name, title)
        if hid >= 3:
            yield f'{file}3d', figures.space(units, seen.colour, choose(units, group, 3, name), length, start, title)


def of_analysis(analysis: Analysis, cells: bool, title: str) -> Iterator[tuple[str, Figure]]:
    """The pictures of all that was found out; the states of an LSTM are seen in its `cells`, or in its hidden units."""
    net, sequences = analysis.net, analysis.sequences
    states, visits = analysis.found.states, analysis.found.visits
    yield 'reach', figures.reach(analysis.loss, analysis.right, analysis.length, f'loss by n: {title}')
    if analysis.gates is not None:
        yield 'gates', figures.gates(analysis.gates, f'gates by the symbol read: {title}')
    yield 'fsm', machine.machine(states.automaton, analysis.place, f'the automaton found: {title}')
    example = sequences[0][sequences[0] != NONE][:-1][:MOST_SYMBOLS]  # a network does not read the last symbol
    if net.hid > 1:
        shown = slice(net.hid, 2 * net.hid) if cells and net.gates else slice(net.hid)
        units, says = visits.state[:, shown], f'the states: {title}'
        plane = choose(units, states.state, 2, 'cell' if cells and net.gates else 'unit')
        if len(states.automaton.output) > regions.MOST_NAMES:
            yield 'states', regions.counts(states, units @ plane.matrix, visits.count, plane.labels, says)
        else:
            points = units @ plane.matrix
            yield 'states', regions.states(states, points, visits.following, analysis.place, plane.labels, says)
        places = np.vstack([net.start, follow(net, example[None])[0]])[:, shown] @ plane.matrix
        yield 'path', figures.path(places, example, plane.labels, f'one sequence: {title}')
    yield 'time', figures.over_time(net, example, f'one sequence: {title}')
    if net.gates is None and net.hid == 2:
        here, there = before(net, sequences), follow(net, sequences)
        steps = [(here[sequences == symbol], there[sequences == symbol]) for symbol in range(net.num_class)]
        yield 'flow', figures.flow(net, analysis.points, steps, f'where each symbol leads: {title}')
