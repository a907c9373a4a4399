"""Pictures of a network at work show the numbers that they are given, and can be read."""

import numpy as np
import pytest

from lab.insight.drawn import figures
from lab.insight.found.automaton import language
from lab.insight.found.phases import gates_by_phase
from lab.insight.found.plane import Plane
from lab.insight.found.states import visit
from lab.insight.found.step import GATES, follow, network, softmax
from tests.insight import looks
from tests.insight.counting import analysed, untrained
from tests.seq.learned import LEARNED

TITLE = 'some language, some network, some epoch'
RNG = np.random.default_rng(0)
UNITS = RNG.uniform(-1, 1, (40, 4))
COLOUR = RNG.uniform(0, 4, 40)
START = np.array([0.1, 0.2, 0.3, 0.4])
SEQUENCE = np.array([0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 0, 1, 1, 2, 2, 2])
PLACES = RNG.uniform(-1, 1, (len(SEQUENCE) + 1, 2))
TURNED = np.linalg.qr(RNG.normal(size=(4, 4)))[0][:, :3]
LONG = 'linear discriminant {}: 0.50 unit 0 + 0.50 unit 1'
LOSS, RIGHT = np.array([0.1, 0.2, 0.15, 0.3, 0.4]), np.array([1, 1, 0.99, 1, 0])
STEPS = [
    (here, network(LEARNED).read(here, np.full(7, symbol))) for symbol, here in enumerate(PLACES[:14].reshape(2, 7, 2))
]


def space(label: str = 'unit {}'):
    return figures.space(UNITS, COLOUR, Plane(TURNED, [label.format(axis) for axis in range(3)]), 4, START, TITLE)


def table(hid: int) -> dict:
    net = untrained('lstm', hid)
    return gates_by_phase(net, visit(net, language(3, 4), np.array([[*SEQUENCE, 0]])))


def flow(steps=STEPS):
    return figures.flow(network(LEARNED), analysed('learned').points, steps, TITLE)


ROUNDED = np.array([[np.nextafter(0.1, 1)], [0.1], [0.1]])  # of gates that never change the mean is rounded
CONSTANT = dict.fromkeys(GATES, ROUNDED)
PICTURES = {
    'pair': lambda: figures.pair(UNITS, COLOUR, {1: 'cell 1', 3: 'cell 3'}, 4, START, TITLE),
    'space': space,
    'space of discriminants': lambda: space(LONG),
    'time of an SRN': lambda: figures.over_time(untrained('srn', 4), SEQUENCE, TITLE),
    'time of one cell': lambda: figures.over_time(untrained('lstm', 1), SEQUENCE, TITLE),
    'time, long': lambda: figures.over_time(untrained('lstm', 3), np.tile(SEQUENCE, 6), TITLE),
    'path': lambda: figures.path(PLACES, SEQUENCE, ['cell 2', 'cell 0'], TITLE),
    'gates of one cell': lambda: figures.gates(table(1), TITLE),
    'gates of many cells': lambda: figures.gates(table(12), TITLE),
    'gates that never change': lambda: figures.gates({'A': CONSTANT}, TITLE),
    'reach': lambda: figures.reach(LOSS, RIGHT, 2, TITLE),
    'flow': flow,
}


@pytest.mark.parametrize('name', PICTURES)
def test_every_picture_has_its_title_and_can_be_read(name):
    figure = PICTURES[name]()
    looks.check(figure)
    assert any(TITLE in text.get_text() for text in looks.texts(figure))


def test_a_pair_of_units_is_coloured_by_count_with_the_start_as_a_cross():
    axes, _ = PICTURES['pair']().axes
    (points,), (cross,) = axes.collections, axes.lines
    np.testing.assert_array_equal(points.get_offsets(), UNITS[:, [1, 3]])
    np.testing.assert_array_equal(points.get_array(), COLOUR)
    assert points.get_clim() == (0, 4)
    assert cross.get_xydata().tolist() == [[0.2, 0.4]]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ('cell 1', 'cell 3')
    assert figures.pair(UNITS, COLOUR, {1: 'cell 1', 3: 'cell 3'}, 4, None, TITLE).axes[0].lines[:] == []


@pytest.mark.parametrize(('kind', 'hid'), [('srn', 4), ('lstm', 3)])
def test_over_time_each_panel_shows_what_is_inside_the_network(kind, hid):
    net = untrained(kind, hid)
    states = follow(net, SEQUENCE[None])[0]
    expected = {'hidden units': states[:, :hid], 'probability': softmax(net.logits(states))}
    if kind == 'lstm':
        opening = net.gates(np.vstack([net.start, states[:-1]]), SEQUENCE)
        expected |= {'cells': states[:, hid:], 'new values': opening['new']}
        expected |= {f'{gate} gate': opening[gate] for gate in GATES[:3]}
    panels = [axes for axes in figures.over_time(net, SEQUENCE, TITLE).axes if axes.get_ylabel()]
    assert {axes.get_ylabel() for axes in panels} == set(expected)
    for axes in panels:
        image, bar = axes.images
        np.testing.assert_array_equal(image.get_array(), expected[axes.get_ylabel()].T)
        low, high = image.get_clim()
        cells = axes.get_ylabel() == 'cells'
        assert high == (np.abs(expected['cells']).max() if cells else 1)
        assert low == (-high if axes.get_ylabel() in ('hidden units', 'cells', 'new values') else 0)
        assert bar.get_clim() == image.get_clim()  # the bar beside it is its own
        (changes,) = axes.collections  # a line wherever the symbol changes
        assert [line[0][0] for line in changes.get_segments()] == [1.5, 5.5, 11.5, 12.5, 14.5]
    symbols = panels[-1].texts[2:]  # after the two of the bar
    assert ''.join(text.get_text() for text in symbols) == 'AABBBBCCCCCCABBCCC'
    assert [text.get_position()[0] for text in symbols] == list(range(len(SEQUENCE)))  # each below its column


def test_a_path_has_an_arrow_for_each_symbol_from_place_to_place():
    (axes,) = PICTURES['path']().axes
    for symbol, arrows in enumerate(axes.collections):
        here = np.flatnonzero(symbol == SEQUENCE)
        np.testing.assert_array_equal(arrows.get_offsets(), PLACES[here])
        np.testing.assert_allclose(np.column_stack([arrows.U, arrows.V]), PLACES[here + 1] - PLACES[here])
    assert axes.lines[-1].get_xydata().tolist() == [PLACES[0].tolist()]
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == ['reads A', 'reads B', 'reads C', 'start']


def test_the_flow_shows_where_each_symbol_moves_states_and_its_fixed_points():
    net, points = network(LEARNED), analysed('learned').points
    for symbol, axes in enumerate(flow().axes):
        grid, visited = axes.collections
        places = np.array(grid.get_offsets())
        moved = net.read(places, np.full(len(places), symbol)) - places
        length = np.linalg.norm(moved, axis=1, keepdims=True)
        np.testing.assert_allclose(np.column_stack([grid.U, grid.V]), moved / length, atol=1e-9)
        assert {*map(tuple, visited.get_offsets())} == {*map(tuple, STEPS[symbol][0])}
        ends = np.column_stack([visited.U, visited.V]) + visited.get_offsets()
        np.testing.assert_allclose(ends, net.read(np.array(visited.get_offsets()), symbol))
        markers = [line for line in axes.lines if line.get_color() == 'gold']
        for line, point in zip(markers, points[symbol], strict=True):
            assert {*map(tuple, line.get_xydata())} == {*map(tuple, point.cycle)}
            assert line.get_marker() == figures.MARKERS[point.kind]['marker']
            assert line.get_linestyle() == ('--' if len(point.cycle) > 1 else '-')
