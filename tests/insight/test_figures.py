import numpy as np
import pytest
from matplotlib.colors import to_rgba

from lab.insight import figures
from lab.insight.phases import CLOSED_BELOW, OPEN_ABOVE
from lab.insight.phases import gates as measure_gates
from lab.insight.step import GATES, before, follow, softmax
from tests.insight import looks
from tests.insight.counting import untrained

RNG = np.random.default_rng(0)
UNITS = RNG.uniform(-1, 1, (40, 4))
COLOUR = RNG.uniform(0, 4, 40)
START = np.array([0.1, 0.2, 0.3, 0.4])
SEQUENCE = np.array([0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 0, 1, 1, 2, 2, 2])


def test_a_pair_of_units_is_coloured_by_count_with_the_start_as_a_cross():
    figure = figures.pair(UNITS, COLOUR, 1, 3, 4, START)
    (axes,) = figure.axes
    (points,) = axes.collections
    np.testing.assert_array_equal(points.get_offsets(), UNITS[:, [1, 3]])
    np.testing.assert_array_equal(points.get_array(), COLOUR)
    assert points.get_clim() == (0, 4)
    assert points.get_cmap().name == 'jet'
    (cross,) = axes.lines
    assert cross.get_xydata().tolist() == [[0.2, 0.4]]
    assert (cross.get_marker(), cross.get_color()) == ('x', 'black')
    assert (axes.get_xlabel(), axes.get_ylabel()) == ('unit 1', 'unit 3')
    assert figures.pair(UNITS, COLOUR, 1, 3, 4, None).axes[0].lines[:] == []
    looks.check(figure)


def test_three_units_are_seen_in_space_from_three_angles():
    figure = figures.space(UNITS, COLOUR, 4, START)
    assert len({(axes.elev, axes.azim) for axes in figure.axes}) == 3
    for axes in figure.axes:
        (points,) = axes.collections
        np.testing.assert_array_equal(np.array(points._offsets3d).T, UNITS[:, :3])
        assert points.get_clim() == (0, 4)
        assert [float(each[0]) for each in axes.lines[0].get_data_3d()] == [0.1, 0.2, 0.3]
        assert [axis.get_label_text() for axis in (axes.xaxis, axes.yaxis, axes.zaxis)] == [
            'unit 0',
            'unit 1',
            'unit 2',
        ]
        assert len(axes.get_xticks()) <= 6
        width, height = axes.bbox.size / figure.bbox.size
        assert width > 0.25 and height > 0.9
        assert 0.75 < axes.bbox.width / axes.bbox.height < 1.25
    looks.check(figure)
    assert not any(axes.lines for axes in figures.space(UNITS, COLOUR, 4, None).axes)


@pytest.mark.parametrize(('kind', 'hid'), [('srn', 4), ('lstm', 3), ('lstm', 1)])
def test_over_time_each_panel_shows_what_is_inside_the_network(kind, hid):
    net = untrained(kind, hid)
    states = follow(net, SEQUENCE[None])[0]
    expected = {'hidden': states[:, :hid], 'output': softmax(net.logits(states))}
    if kind == 'lstm':
        opening = net.gates(before(net, SEQUENCE[None])[0], SEQUENCE)
        expected |= {'cell': states[:, hid:], 'new values': opening['new']}
        expected |= {f'{gate} gate': opening[gate] for gate in GATES[:3]}
    figure = figures.over_time(net, SEQUENCE)
    panels = [axes for axes in figure.axes if axes.get_ylabel()]
    assert {axes.get_ylabel() for axes in panels} == set(expected)
    for axes in panels:
        (image,) = axes.images
        values = expected[axes.get_ylabel()]
        np.testing.assert_array_equal(image.get_array(), values.T)
        low, high = image.get_clim()
        signed = axes.get_ylabel() in ('hidden', 'cell', 'new values')
        assert high == (np.abs(values).max() if axes.get_ylabel() == 'cell' else 1)
        assert low == (-high if signed else 0)
        names = 'ABC' if axes.get_ylabel() == 'output' else [str(unit) for unit in range(hid)]
        assert [tick.get_text() for tick in axes.get_yticklabels()] == list(names)
        (changes,) = axes.collections  # a line wherever the symbol changes, over the whole panel
        assert [line[0].tolist() for line in changes.get_segments()] == [
            [x, -0.5] for x in (1.5, 5.5, 11.5, 12.5, 14.5)
        ]
        assert [line[1][1] for line in changes.get_segments()] == 5 * [values.shape[1] - 0.5]
    symbols = panels[-1].get_xticklabels()
    assert ''.join(tick.get_text() for tick in symbols) == 'AABBBBCCCCCCABBCCC'
    assert [tick.get_color() for tick in symbols] == [figures.COLOURS[symbol] for symbol in SEQUENCE]
    assert panels[-1].get_xticks().tolist() == list(range(len(SEQUENCE)))
    looks.check(figure)
    left, right = min(axes.bbox.x0 for axes in panels), max(axes.bbox.x1 for axes in panels)
    assert right - left > 0.7 * figure.bbox.width
    for axes in panels:  # a row is high enough for its number and not much higher
        assert 0.15 < axes.bbox.height / figure.dpi / axes.images[0].get_array().shape[0] < 0.6
    assert all(axes.bbox.width < 0.2 * figure.dpi for axes in figure.axes if axes.get_label() == '<colorbar>')
    assert sum(axes.bbox.height for axes in panels) > 0.5 * figure.bbox.height


def test_a_longer_sequence_makes_a_wider_picture():
    net = untrained('srn', 4)
    figure = figures.over_time(net, np.tile(SEQUENCE, 6))
    assert 10 < figure.get_figwidth() < 20
    looks.check(figure)


def test_a_path_has_an_arrow_for_each_symbol_from_place_to_place():
    places = RNG.uniform(-1, 1, (len(SEQUENCE) + 1, 2))
    figure = figures.path(places, SEQUENCE, (2, 0))
    (axes,) = figure.axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ('unit 2', 'unit 0')
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
    table = measure_gates(untrained('lstm', hid), np.array([[*SEQUENCE, 0]]))
    figure = figures.gates(table)
    for axes, gate in zip(figure.axes, GATES, strict=True):
        assert axes.get_title().startswith('new values' if gate == 'new' else gate)
        assert [tick.get_text() for tick in axes.get_xticklabels()] == list(table)
        for unit, bars in enumerate(axes.containers):
            mean, least, largest = np.array([values[gate][:, unit] for values in table.values()]).T
            line, _, (ranges,) = bars.lines
            x, y = line.get_data()
            np.testing.assert_array_equal(y, mean)
            assert np.abs(x - np.arange(len(table))).max() < 0.5  # nearer to its own phase than to another
            np.testing.assert_allclose(
                [segment[:, 1] for segment in ranges.get_segments()], np.array([least, largest]).T
            )
        first = [bars.lines[0].get_xdata()[0] for bars in axes.containers]
        assert (np.diff(first) > 0.05).all()  # from left to right, about the middle
        assert first[0] == pytest.approx(-first[-1])
        low, high = axes.get_ylim()
        assert (low, high) == pytest.approx((-1 if gate == 'new' else 0, 1), abs=0.06)
        assert low < (-1 if gate == 'new' else 0) < 1 < high
        grey = sorted((patch.get_y(), patch.get_y() + patch.get_height()) for patch in axes.patches)
        expected = [] if gate == 'new' else [(0, CLOSED_BELOW), (OPEN_ABOVE, 1)]
        assert grey == [pytest.approx(band) for band in expected]
    assert [len(legend.get_texts()) for legend in figure.legends] == ([hid] if hid <= 10 else [])
    looks.check(figure)
    assert all(axes.bbox.width > 0.4 * figure.bbox.width for axes in figure.axes)


def test_reach_marks_each_n_by_whether_all_of_it_is_right():
    loss, right = np.array([0.1, 0.2, 0.15, 0.3, 0.4]), np.array([1, 1, 0.99, 1, 0])
    figure = figures.reach(loss, right, 2)
    (axes,) = figure.axes
    line, green, red = axes.lines
    np.testing.assert_array_equal(line.get_xydata(), np.column_stack([[1, 2, 3, 4, 5], loss]))
    assert green.get_xdata().tolist() == [1, 2, 4]
    assert red.get_xdata().tolist() == [3, 5]
    assert (green.get_color(), red.get_color()) == ('tab:green', 'tab:red')
    (trained,) = axes.patches
    assert (trained.get_x(), trained.get_width()) == (0.5, 2)
    assert axes.get_xlim() == (0.5, 5.5)
    assert axes.get_ylim()[0] == 0
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == ['trained on (n up to 2)', 'determined symbols right', 'determined symbols not all right']
    looks.check(figure)
    assert axes.bbox.width > 0.8 * figure.bbox.width
