import itertools

import numpy as np
import pytest
from matplotlib.colors import to_rgba

from lab.insight import figures
from lab.insight.automaton import language
from lab.insight.phases import CLOSED_BELOW, OPEN_ABOVE
from lab.insight.phases import gates as measure_gates
from lab.insight.plane import Plane
from lab.insight.states import visit
from lab.insight.step import GATES, before, follow, network, softmax
from tests.insight import looks
from tests.insight.counting import analysed, untrained
from tests.seq.learned import LEARNED

TITLE = 'some language, some network, some epoch'
RNG = np.random.default_rng(0)
UNITS = RNG.uniform(-1, 1, (40, 4))
COLOUR = RNG.uniform(0, 4, 40)
START = np.array([0.1, 0.2, 0.3, 0.4])
SEQUENCE = np.array([0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 0, 1, 1, 2, 2, 2])


def test_a_pair_of_units_is_coloured_by_count_with_the_start_as_a_cross():
    figure = figures.pair(UNITS, COLOUR, 1, 3, 4, START, 'cell', TITLE)
    axes, bar = figure.axes
    (points,) = axes.collections
    np.testing.assert_array_equal(points.get_offsets(), UNITS[:, [1, 3]])
    np.testing.assert_array_equal(points.get_array(), COLOUR)
    assert points.get_clim() == (0, 4)
    assert points.get_cmap().name == 'jet'
    (cross,) = axes.lines
    assert cross.get_xydata().tolist() == [[0.2, 0.4]]
    assert (cross.get_marker(), cross.get_color()) == ('x', 'black')
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_title()) == ('cell 1', 'cell 3', TITLE)
    assert bar._colorbar.mappable is points
    assert "how many A's" in bar.get_ylabel()
    (start,) = axes.get_legend().get_texts()
    assert start.get_text() == 'start'
    assert figures.pair(UNITS, COLOUR, 1, 3, 4, None, 'cell', TITLE).axes[0].lines[:] == []
    looks.check(figure)


def seen_from(axes):
    """The direction from which a 3-D picture is seen."""
    elevation, azimuth = np.radians([axes.elev, axes.azim])
    return np.array([np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)])


@pytest.mark.parametrize('label', ['unit {}', 'linear discriminant {}: 0.50 unit 0 + 0.50 unit 1'])
def test_three_directions_are_seen_in_space_from_three_angles(label):
    turned = np.linalg.qr(RNG.normal(size=(4, 4)))[0][:, :3]
    plane = Plane(turned, [label.format(axis) for axis in range(3)])
    figure = figures.space(UNITS, COLOUR, plane, 4, START, TITLE)
    *views, bar = figure.axes
    views_from = [seen_from(axes) for axes in views]
    angles = [np.degrees(np.arccos(one @ other)) for one, other in itertools.combinations(views_from, 2)]
    assert len(views) == 3
    assert min(angles) > 50
    figure.draw_without_rendering()
    names = [axes.xaxis.label.get_text() for axes in views]
    assert names == 3 * [label.format(0).split(':')[0]]
    for axes in views:
        (points,) = axes.collections
        np.testing.assert_array_equal(np.array(points._offsets3d).T, UNITS @ turned)
        assert points.get_clim() == (0, 4)
        np.testing.assert_allclose([float(each[0]) for each in axes.lines[0].get_data_3d()], START @ turned)
        assert axes.get_title().startswith('from ')
        boxes = [axis.label.get_window_extent() for axis in (axes.xaxis, axes.yaxis, axes.zaxis)]
        for box in boxes:  # each beside its own view
            assert axes.bbox.x0 - 5 < box.x0 and box.x1 < axes.bbox.x1 + 5
            assert figure.bbox.y0 < box.y0
        assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))
    texts = [text.get_text() for text in figure.texts]
    assert TITLE in texts
    assert (plane.labels[0] in '; '.join(texts)) == (':' in label)
    assert bar._colorbar.mappable.get_clim() == (0, 4)
    looks.check(figure)
    assert not any(axes.lines for axes in figures.space(UNITS, COLOUR, plane, 4, None, TITLE).axes[:3])


@pytest.mark.parametrize(('kind', 'hid'), [('srn', 4), ('lstm', 3), ('lstm', 1)])
def test_over_time_each_panel_shows_what_is_inside_the_network(kind, hid):
    net = untrained(kind, hid)
    states = follow(net, SEQUENCE[None])[0]
    expected = {'hidden units': states[:, :hid], 'probability': softmax(net.logits(states))}
    if kind == 'lstm':
        opening = net.gates(before(net, SEQUENCE[None])[0], SEQUENCE)
        expected |= {'cells': states[:, hid:], 'new values': opening['new']}
        expected |= {f'{gate} gate': opening[gate] for gate in GATES[:3]}
    figure = figures.over_time(net, SEQUENCE, TITLE)
    panels = [axes for axes in figure.axes if axes.get_ylabel()]
    assert {axes.get_ylabel() for axes in panels} == set(expected)
    for axes in panels:
        image, bar = axes.images
        values = expected[axes.get_ylabel()]
        np.testing.assert_array_equal(image.get_array(), values.T)
        low, high = image.get_clim()
        signed = axes.get_ylabel() in ('hidden units', 'cells', 'new values')
        assert high == (np.abs(values).max() if axes.get_ylabel() == 'cells' else 1)
        assert low == (-high if signed else 0)
        names = 'ABC' if axes.get_ylabel() == 'probability' else [str(unit) for unit in range(hid)]
        assert [tick.get_text() for tick in axes.get_yticklabels()] == list(names)
        (changes,) = axes.collections  # a line wherever the symbol changes, over the whole panel
        assert [line[0].tolist() for line in changes.get_segments()] == [
            [x, -0.5] for x in (1.5, 5.5, 11.5, 12.5, 14.5)
        ]
        assert [line[1][1] for line in changes.get_segments()] == 5 * [values.shape[1] - 0.5]
    symbols = panels[-1].texts[2:]  # after the two of the bar
    assert ''.join(text.get_text() for text in symbols) == 'AABBBBCCCCCCABBCCC'
    assert [text.get_color() for text in symbols] == [figures.COLOURS[symbol] for symbol in SEQUENCE]
    assert [text.get_position()[0] for text in symbols] == list(range(len(SEQUENCE)))  # each below its column
    assert all(text.get_window_extent().y1 < panels[-1].bbox.y0 for text in symbols)
    looks.check(figure)
    left, right = min(axes.bbox.x0 for axes in panels), max(axes.bbox.x1 for axes in panels)
    assert right - left > 0.7 * figure.bbox.width
    for axes in panels:  # a row is high enough for its number and not much higher
        assert 0.15 < axes.bbox.height / figure.dpi / axes.images[0].get_array().shape[0] < 0.6
    for axes in panels:
        image, bar = axes.images
        assert bar.get_clim() == image.get_clim() and bar.get_cmap() == image.get_cmap()
        top, low = axes.texts[:2]
        assert [f'{value:.3g}' for value in image.get_clim()] == [low.get_text(), top.get_text()]
        assert bar.get_array()[0, 0] > bar.get_array()[-1, 0]
        place = bar.get_window_extent()
        assert axes.bbox.x1 < place.x0 < place.x1 < top.get_window_extent().x0
        assert place.width < 0.2 * figure.dpi and place.height == pytest.approx(axes.bbox.height)
    assert [text.get_text() for text in figure.texts] == [TITLE]
    assert sum(axes.bbox.height for axes in panels) > 0.5 * figure.bbox.height


def test_a_longer_sequence_makes_a_wider_picture():
    net = untrained('srn', 4)
    figure = figures.over_time(net, np.tile(SEQUENCE, 6), TITLE)
    assert 10 < figure.get_figwidth() < 20
    looks.check(figure)


def test_a_path_has_an_arrow_for_each_symbol_from_place_to_place():
    places = RNG.uniform(-1, 1, (len(SEQUENCE) + 1, 2))
    figure = figures.path(places, SEQUENCE, ['cell 2', 'cell 0'], TITLE)
    (axes,) = figure.axes
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_title()) == ('cell 2', 'cell 0', TITLE)
    for symbol, quiver in enumerate(axes.collections):
        here = np.flatnonzero(symbol == SEQUENCE)
        np.testing.assert_array_equal(quiver.get_offsets(), places[here])
        np.testing.assert_allclose(np.column_stack([quiver.U, quiver.V]), places[here + 1] - places[here])
        assert (quiver.angles, quiver.scale_units, quiver.scale) == ('xy', 'xy', 1)  # so it ends at the next place
        assert tuple(quiver.get_facecolor()[0][:3]) == to_rgba(figures.COLOURS[symbol])[:3]
        np.testing.assert_array_equal(axes.lines[symbol].get_xydata(), places[here + 1])
    assert axes.lines[-1].get_xydata().tolist() == [places[0].tolist()]
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == ['reads A', 'reads B', 'reads C', 'start']
    low, high = np.array([axes.get_xlim(), axes.get_ylim()]).T
    assert ((places > low) & (places < high)).all()
    assert (high - low < 1.3 * np.ptp(places, axis=0)).all()
    assert 0.9 < axes.bbox.width / axes.bbox.height < 1.1
    looks.check(figure)


@pytest.mark.parametrize('hid', [1, 3, 12])
def test_gates_are_points_at_their_means_with_bars_to_their_extremes(hid):
    net = untrained('lstm', hid)
    table = measure_gates(net, visit(net, language(3, 4), np.array([[*SEQUENCE, 0]])))
    figure = figures.gates(table, TITLE)
    for axes, gate in zip(figure.axes, GATES, strict=True):
        assert axes.get_title().startswith('new values' if gate == 'new' else gate)
        assert [tick.get_text() for tick in axes.get_xticklabels()] == list(table)
        for unit, (line, bars) in enumerate(zip(axes.lines, axes.collections, strict=True)):
            mean, least, largest = np.array([values[gate][:, unit] for values in table.values()]).T
            x, y = line.get_data()
            np.testing.assert_array_equal(y, mean)
            assert np.abs(x - np.arange(len(table))).max() < 0.5  # nearer to its own phase than to another
            segments = np.array(bars.get_segments())
            np.testing.assert_array_equal(segments[:, :, 0], np.column_stack([x, x]))
            np.testing.assert_array_equal(segments[:, :, 1], np.column_stack([least, largest]))
        first = [line.get_xdata()[0] for line in axes.lines]
        assert (np.diff(first) > 0.05).all()  # from left to right, about the middle
        assert first[0] == pytest.approx(-first[-1])
        low, high = axes.get_ylim()
        assert (low, high) == pytest.approx((-1 if gate == 'new' else 0, 1), abs=0.06)
        assert low < (-1 if gate == 'new' else 0) < 1 < high
        grey = sorted((patch.get_y(), patch.get_y() + patch.get_height()) for patch in axes.patches)
        expected = [] if gate == 'new' else [(0, CLOSED_BELOW), (OPEN_ABOVE, 1)]
        assert grey == [pytest.approx(band) for band in expected]
    assert [len(legend.get_texts()) for legend in figure.legends] == ([hid] if hid <= 20 else [])
    looks.check(figure)
    assert all(axes.bbox.width > 0.4 * figure.bbox.width for axes in figure.axes)


def test_reach_marks_each_n_by_whether_all_of_it_is_right():
    loss, right = np.array([0.1, 0.2, 0.15, 0.3, 0.4]), np.array([1, 1, 0.99, 1, 0])
    figure = figures.reach(loss, right, 2, TITLE)
    (axes,) = figure.axes
    line, green, red = axes.lines
    np.testing.assert_array_equal(line.get_xydata(), np.column_stack([[1, 2, 3, 4, 5], loss]))
    assert green.get_xdata().tolist() == [1, 2, 4]
    assert red.get_xdata().tolist() == [3, 5]
    assert green.get_color() != red.get_color()
    assert green.get_marker() != red.get_marker()  # also without colours
    (trained,) = axes.patches
    assert (trained.get_x(), trained.get_width()) == (0.5, 2)
    assert axes.get_xlim() == (0.5, 5.5)
    assert axes.get_ylim()[0] == 0
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == ['trained on (n up to 2)', 'determined symbols right', 'determined symbols not all right']
    looks.check(figure)
    assert axes.bbox.width > 0.8 * figure.bbox.width


def test_the_flow_shows_where_each_symbol_moves_states_and_its_fixed_points():
    found, net = analysed('learned'), network(LEARNED)
    here = np.random.default_rng(0).uniform(-1, 1, (2, 7, 2))
    steps = [(here[symbol], net.read(here[symbol], np.full(7, symbol))) for symbol in range(2)]
    figure = figures.flow(net, found.points, steps, TITLE)
    assert [axes.get_title() for axes in figure.axes] == ['reading A', 'reading B']
    assert [text.get_text() for text in figure.texts if text.get_text() == TITLE]
    for symbol, axes in enumerate(figure.axes):
        grid, visited = axes.collections
        places = np.array(grid.get_offsets())
        moved = net.read(places, np.full(len(places), symbol)) - places
        length = np.linalg.norm(moved, axis=1)
        np.testing.assert_allclose(np.column_stack([grid.U, grid.V]), moved / length[:, None], atol=1e-9)
        assert (places.min(), places.max()) == (-1, 1)
        assert {*map(tuple, visited.get_offsets())} == {*map(tuple, here[symbol])}
        ends = np.column_stack([visited.U, visited.V]) + visited.get_offsets()
        np.testing.assert_allclose(ends, net.read(np.array(visited.get_offsets()), symbol))
        assert (visited.angles, visited.scale_units, visited.scale) == ('xy', 'xy', 1)
        markers = [line for line in axes.lines if line.get_color() == 'gold']
        assert any(len(point.cycle) == 2 for point in found.points[symbol])
        for line, point in zip(markers, found.points[symbol], strict=True):  # a cycle comes back to its first point
            np.testing.assert_array_equal(line.get_xydata(), np.vstack([point.cycle, point.point]))
            assert line.get_linestyle() == ('--' if len(point.cycle) > 1 else 'None')
        assert [line.get_marker() for line in markers] == [
            figures.MARKERS[point.kind] for point in found.points[symbol]
        ]
        directions = [line for line in axes.lines if line.get_color() == 'black']
        real = [
            (point, value, vector)
            for point in found.points[symbol]
            for value, vector in zip(point.eigenvalues, point.eigenvectors.T, strict=True)
            if value.imag == 0 and len(point.cycle) == 1 and point.kind != 'slow'
        ]
        for line, (point, value, vector) in zip(directions, real, strict=True):
            begins, ends = line.get_xydata()
            np.testing.assert_allclose((begins + ends) / 2, point.point)
            assert abs(np.linalg.det([ends - begins, vector.real])) < 1e-12
            assert 0.2 < np.hypot(*(ends - begins)) < 1
            assert line.get_linestyle() == ('-' if abs(value) > 1 else ':')
        low, high = axes.get_xlim()
        assert (low, high) == axes.get_ylim()
        assert -1.2 < low < -1 and 1 < high < 1.2
    looks.check(figure)


def simulated(colour, missing):
    """What hue people without one kind of cone see: shares of red, green and blue (Vienot, Brettel, Mollon 1999)."""
    rgb = np.array(to_rgba(colour)[:3])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    to_cones = np.array([[17.8824, 43.5161, 4.11935], [3.45565, 27.1554, 3.86714], [0.0299566, 0.184309, 1.46709]])
    cones = to_cones @ linear
    if missing == 'long':
        cones[0] = 2.02344 * cones[1] - 2.52581 * cones[2]
    else:
        cones[1] = 0.494207 * cones[0] + 1.24827 * cones[2]
    seen = np.linalg.solve(to_cones, cones)
    return seen / seen.sum()


@pytest.mark.parametrize('missing', ['long', 'middle'])
def test_the_colour_blind_tell_the_symbols_apart(missing):
    for one, other in itertools.combinations(figures.COLOURS, 2):
        assert np.linalg.norm(simulated(one, missing) - simulated(other, missing)) > 0.2
    assert np.linalg.norm(simulated('tab:red', missing) - simulated('tab:green', missing)) < 0.2  # these would fail


def test_steps_that_lie_on_each_other_are_drawn_once():
    found = analysed('learned')
    here = np.array([[0.5, 0.5], [0.5001, 0.5], [0.1, 0.2]])
    figure = figures.flow(found.net, found.points, [(here, -here)] * 2, TITLE)
    assert len(figure.axes[0].collections[1].get_offsets()) == 2


def test_the_flow_holds_states_beyond_1():
    found, here = analysed('learned'), np.array([[3.0, 0.0]])
    figure = figures.flow(found.net, found.points, [(here, here)] * 2, TITLE)
    assert figure.axes[0].get_xlim()[1] == figure.axes[0].get_ylim()[1] > 3


def test_gates_that_never_change_have_a_picture_although_their_means_are_rounded():
    same = np.array([0.1])
    gate = np.array([[np.nextafter(0.1, 1)], same, same])
    looks.check(figures.gates({'A': dict.fromkeys(GATES, gate)}, TITLE))
