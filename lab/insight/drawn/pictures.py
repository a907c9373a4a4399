"""Which pictures there are of a network, each with the last part of its file's name; they are drawn one at a time."""

from collections.abc import Iterator, Mapping

import numpy as np
from matplotlib.figure import Figure

from lab.common import picture
from lab.insight.drawn import evidence, figures, machine, regions
from lab.insight.found import automaton as fsm
from lab.insight.found.analysis import Analysis
from lab.insight.found.automaton import NONE
from lab.insight.found.layout import layout
from lab.insight.found.plane import best_pairs, choose
from lab.insight.found.step import follow, network
from lab.insight.said.transcript import Seen

MOST_SYMBOLS = 120  # of a sequence that is drawn


def draw_units(stem: str, *values) -> list[str]:
    """Write the pictures of_units() as `stem`_<name>.jpg. Returns their names."""
    return _save(stem, of_units(*values))


def draw_analysis(
    stem: str, parameters: Mapping[str, np.ndarray], analysis: Analysis, cells: bool, title: str
) -> list[str]:
    """Write the pictures of_analysis() likewise. The network, a function, is made of its parameters."""
    return _save(stem, of_analysis(analysis._replace(net=network(parameters)), cells, title))


def _save(stem: str, figures: Iterator[tuple[str, Figure]]) -> list[str]:
    names = []
    for name, figure in figures:
        picture.save(figure, f'{stem}_{name}.jpg')
        names.append(name)
    return names


def of_units(seen: Seen, length: int, start: np.ndarray | None, title: str) -> Iterator[tuple[str, Figure]]:
    """The lab's pictures, of the hidden units and, where they were seen, of the cells.

    length: the largest n, for the colours. start: (hid,), the hidden units before the first symbol, or None. title:
    the language, the network and how long it was trained.
    """
    for units, file, name in ((seen.hidden, '', 'unit'), (seen.cell, 'cell_', 'cell')):
        if units is None:
            continue
        hid = units.shape[1]
        for j, k in sorted(best_pairs(units, seen.group)):
            both = {j: f'{name} {j}', k: f'{name} {k}'}
            yield f'{file}{j}{k}', figures.pair(units, seen.colour, both, length, start, title)
        if hid >= 3:
            best = choose(units, seen.group, 3, name)
            yield f'{file}3d', figures.space(units, seen.colour, best, length, start, title)


def of_analysis(analysis: Analysis, cells: bool, title: str) -> Iterator[tuple[str, Figure]]:
    """The pictures of all that was found out; the states of an LSTM are seen in its `cells`, or in its hidden units."""
    net, sequences = analysis.net, analysis.sequences
    states, visits = analysis.found.states, analysis.found.visits
    shown = analysis.shown
    if any(shown.interchange.pairs):
        yield 'interchange', evidence.interchange(shown.interchange, f'what carries n: {title}')
    if shown.circuit:
        yield 'circuit', evidence.circuit(net, shown.circuit, shown, f'the circuit: {title}')
    yield 'reach', figures.reach(analysis.loss, analysis.right, analysis.length, f'loss by n: {title}')
    if net.gates:
        yield 'gates', figures.gates(analysis.gates, f'gates by the symbol read: {title}')
    yield 'fsm', automaton(analysis, title)
    whole = sequences[0][sequences[0] != NONE][:-1]  # a network does not read the last symbol
    example = whole[:MOST_SYMBOLS]
    what = 'one sequence' if len(example) == len(whole) else f'the first {MOST_SYMBOLS} of {len(whole)} symbols'
    if net.hid > 1:
        shown = slice(net.hid, 2 * net.hid) if cells and net.gates else slice(net.hid)
        units, says = visits.state[:, shown], f'the states: {title}'
        group = states.state if analysis.found.shown else visits.count * net.num_class + visits.read
        plane = choose(units, group, 2, 'cell' if cells and net.gates else 'unit')
        points = units @ plane.matrix
        if len(states.automaton.output) > regions.MOST_NAMES or not analysis.found.shown:
            yield 'states', regions.counts(visits.read, points, visits.count, plane.labels, says)
        else:
            yield 'states', regions.states(states, points, visits.following, analysis.place, plane.labels, says)
        places = np.vstack([net.start, follow(net, example[None])[0]])[:, shown] @ plane.matrix
        yield 'path', figures.path(places, example, plane.labels, f'{what}: {title}')
    yield 'time', figures.over_time(net, example, f'{what}: {title}')
    if net.gates is None and net.hid == 2:
        there = follow(net, sequences)
        here = np.insert(there[:, :-1], 0, net.start, axis=1)
        steps = [(here[sequences == symbol], there[sequences == symbol]) for symbol in range(net.num_class)]
        yield 'flow', figures.flow(net, analysis.points, steps, f'where each symbol leads: {title}')


def automaton(analysis: Analysis, title: str) -> Figure:
    """The automaton that was found; of a large one the part that blocks of small n need. Or that none was found."""
    found, whole, most = analysis.found, analysis.found.states.automaton, analysis.length
    if not found.shown:
        says = f'None was found: the search was given up at {found.states.given_up} clusters of states.'
        return machine.nothing(f'the automaton: {title}', says)
    if found.shares[0] < 1:
        title = f'{title} (right about {found.shares[0]:.1%} of the sequences)'
    part, kept, place = whole, range(len(whole.output)), analysis.place
    while most > 1 and (len(kept) > machine.MOST or np.ptp(place.x) > machine.WIDEST):
        most = min(most - 1, machine.MOST // 3)  # a block of n needs at least 3 n states
        part, kept = fsm.part(whole, most)
        place = layout(part, np.zeros((len(kept), 2), dtype=int))
    if part is whole:
        return machine.machine(whole, place, f'the automaton found: {title}')
    place = place._replace(names=[analysis.place.names[state] for state in kept])
    some = f'{len(kept)} of the {len(whole.output)} states of the automaton found, all for blocks of n up to {most}'
    return machine.machine(part, place, f'{some}: {title}')
