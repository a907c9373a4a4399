import itertools

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgba
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.transforms import Bbox

from lab.insight import automaton as fsm
from lab.insight import regions
from lab.insight.automaton import NONE
from lab.insight.figures import COLOURS
from lab.insight.states import States
from tests.insight import looks
from tests.insight.counting import analysed

LABELS = ['unit 0', 'unit 1']


def draw(name='learned', change=None):
    """The picture of a network's states, its states, its points in inches and what follows each point."""
    found = analysed(name)
    states, visits = found.found.states, found.found.visits
    points = visits.state[:, :2].copy()
    if change:
        states, points = change(states, points)
    figure = regions.states(states, points, visits.following, found.place, LABELS, 'some network')
    return figure, states, inches(figure.axes[0], points), visits.following


def inches(axes, points):
    low, high = np.array([axes.get_xlim(), axes.get_ylim()]).T
    return (points - low) / (high - low) * regions.SIDE


def rims(figure):
    """Each boundary and its colour."""
    patches = [patch for patch in figure.axes[0].patches if isinstance(patch, PathPatch)]
    return [(rim, patch.get_edgecolor()) for patch in patches for rim in patch.get_path().to_polygons()]


def test_the_boundary_of_one_point_is_a_circle_round_it():
    (rim,) = regions.outlines(np.array([[1.0, 2.0]]))
    apart = np.hypot(*(rim - [1, 2]).T)
    assert 0.05 < apart.min() < apart.max() < 0.15


def test_points_far_apart_have_boundaries_of_their_own_and_near_ones_share_one():
    rng = np.random.default_rng(0)
    one, other = rng.normal((1, 1), 0.1, (200, 2)), rng.normal((3, 1), 0.1, (200, 2))
    points = np.vstack([one, other])
    found = regions.outlines(points)
    assert len(found) == 2
    inside = np.array([Path(rim).contains_points(points) for rim in found])
    assert inside.sum(axis=0).tolist() == 400 * [1]
    assert len(regions.outlines(np.array([[1.0, 1.0], [1.2, 1.0]]))) == 1


def test_a_boundary_does_not_span_an_empty_middle():
    angle = np.linspace(0, 1.5 * np.pi, 200)
    bow = 2 + np.column_stack([np.cos(angle), np.sin(angle)])
    found = regions.outlines(bow)
    assert sum(Path(rim).contains_points(bow) for rim in found).tolist() == 200 * [1]
    assert not any(Path(rim).contains_point((2, 2)) for rim in found)


@pytest.mark.parametrize('name', ['learned', 'srn2', 'srn3', 'lstm2'])
def test_every_point_is_inside_a_boundary_of_its_state_and_so_is_the_start(name):
    figure, states, points, _ = draw(name)
    within = [(Path(rim).contains_points(points), colour) for rim, colour in rims(figure)]
    for phase in np.unique(states.automaton.phase):
        mine = (states.state != NONE) & (states.automaton.phase[states.state] == phase)
        in_any = sum(inside for inside, colour in within if colour == to_rgba(COLOURS[phase]))
        assert (in_any[mine] > 0).all()
    assert states.state[0] == 0  # the start
    (cross,) = [line for line in figure.axes[0].lines if line.get_marker() == 'x']
    np.testing.assert_allclose(cross.get_xydata(), points[:1])


def test_a_start_that_lies_apart_has_a_boundary_of_its_own_and_a_line_to_the_name():
    def apart(states, points):
        points[0] = 3, 3
        return states, points

    figure, _, points, _ = draw(change=apart)
    around = [rim for rim, _ in rims(figure) if Path(rim).contains_point(points[0])]
    assert len(around) == 1
    assert np.ptp(around[0], axis=0).max() < 0.3
    name = np.array(next(text.get_position() for text in figure.axes[0].texts if text.get_text() == 'B0'))
    beside = np.hypot(*(around[0] - name).T).min() < 0.4
    led = [line for line in figure.axes[0].lines if line.get_linestyle() == ':']
    assert beside or any(np.hypot(*(around[0] - line.get_xydata()[0]).T).min() < 1e-9 for line in led)


@pytest.mark.parametrize('name', ['learned', 'srn2', 'lstm2'])
def test_each_state_has_its_name_once(name):
    figure, states, _, _ = draw(name)
    names = analysed(name).place.names
    shown = [text for text in figure.axes[0].texts if text.get_weight() == 'bold']
    assert sorted(text.get_text() for text in shown) == sorted(names)
    for text in shown:
        assert to_rgba(text.get_color()) == to_rgba(COLOURS[states.automaton.phase[names.index(text.get_text())]])


def test_names_cover_no_other_text_and_hardly_any_point():
    figure, _, points, _ = draw()
    figure.draw_without_rendering()
    to_inches = figure.axes[0].transAxes.inverted()
    boxes = [
        Bbox(text.get_window_extent().transformed(to_inches).get_points() * regions.SIDE).shrunk(0.8, 0.7)
        for text in figure.axes[0].texts
    ]
    assert not [pair for pair in itertools.combinations(boxes, 2) if pair[0].overlaps(pair[1])]
    covered = sum(((points > box.min) & (points < box.max)).all(axis=1).sum() for box in boxes)
    assert covered < 0.01 * len(points)
    looks.check(figure)


def test_every_boundary_is_beside_the_name_of_its_state_or_a_line_leads_there():
    figure, states, points, _ = draw()
    names = analysed('learned').place.names
    led = [line.get_xydata() for line in figure.axes[0].lines if line.get_linestyle() == ':']
    for state, name in enumerate(names):
        at = np.array(next(text.get_position() for text in figure.axes[0].texts if text.get_text() == name))
        for rim in regions.outlines(points[states.state == state]):
            near = np.hypot(*(rim - at).T).min() < 0.5
            assert near or any(
                np.hypot(*(rim - line[0]).T).min() < 1e-6 and np.hypot(*(line[1] - at)) < 0.5 for line in led
            )


def test_arrows_between_states_are_real_steps():
    figure, states, points, following = draw()
    arrows = looks.arrows(figure)
    assert len(arrows) == (states.automaton.following != NONE).sum()
    for way, colour in arrows:
        here = np.flatnonzero(np.hypot(*(points - way[0]).T) < 1e-6)[0]
        symbol = [to_rgba(each, 0.8) for each in COLOURS].index(tuple(colour))
        np.testing.assert_allclose(points[following[here, symbol]], way[-1], atol=1e-6)


def test_points_in_no_state_are_grey_and_have_no_boundary():
    def lose(states, points):
        return states._replace(state=np.where(states.state == states.state[-1], NONE, states.state)), points

    figure, states, points, _ = draw(change=lose)
    (cloud,) = figure.axes[0].collections
    grey = (cloud.get_facecolor()[:, :3] == to_rgba('0.6')[:3]).all(axis=1)
    assert grey.any()
    lost = points[states.state == NONE]
    for place in cloud.get_offsets()[grey]:
        assert np.hypot(*(lost - place).T).min() < 1e-9


def test_points_that_never_move_have_a_picture():
    def still(states, points):
        return states, np.zeros_like(points)

    looks.check(draw(change=still)[0])


def test_axes_and_key_say_what_is_shown():
    figure, _, points, _ = draw()
    (axes,) = figure.axes
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_title()) == (*LABELS, 'some network')
    free = regions.MARGIN * regions.SIDE
    np.testing.assert_allclose(np.ptp(points, axis=0), regions.SIDE - 2 * free)
    np.testing.assert_allclose(points.min(axis=0), free)
    shown = np.array(axes.collections[0].get_offsets())
    assert (
        max(np.hypot(*(shown - point).T).min() for point in points[::7]) < 0.03
    )  # of points in one place, one is drawn
    assert len(shown) < len(points)
    key = [text.get_text() for text in (*figure.legends[0].get_texts(), *figure.texts)]
    for word in ('reading A', 'reading B', 'start', 'boundary', 'names'):
        assert any(word in line for line in key), word


def test_many_states_are_coloured_by_count():
    automaton = fsm.minimise(fsm.language(3, 5))[0]
    rng = np.random.default_rng(0)
    count = rng.integers(0, 15, 1000)
    state = np.append(0, rng.integers(0, len(automaton.output), 999))
    state[5] = NONE
    points = rng.normal(size=(1000, 2))
    figure = regions.counts(States(automaton, state, state), points, count, LABELS, 'some network')
    panels = [axes for axes in figure.axes if axes not in looks.bars(figure)]
    assert [axes.get_title() for axes in panels] == [f'after reading {symbol}' for symbol in 'ABC']
    for phase, axes in enumerate(panels):
        others, cloud = axes.collections
        mine = (state != NONE) & (automaton.phase[state] == phase)
        np.testing.assert_array_equal(cloud.get_offsets(), points[mine])
        np.testing.assert_array_equal(cloud.get_array(), count[mine])
        assert len(others.get_offsets()) == (~mine).sum()
        assert axes.lines[0].get_xydata().tolist() == [points[0].tolist()]
        assert (axes.get_xlabel(), axes.get_ylabel()) == ('unit 0', '' if phase else 'unit 1')
    assert [bar.get_ylabel() for bar in looks.bars(figure)] == [
        "A's read in the block",
        "B's still to come",
        "C's still to come",
    ]
    looks.check(figure)


def test_a_hole_in_a_boundary_is_not_filled():
    def ring(states, points):
        angle = np.linspace(0, 2 * np.pi, len(points))
        return states._replace(state=0 * states.state), np.column_stack([np.cos(angle), np.sin(angle)])

    figure, _, points, _ = draw(change=ring)
    (axes,) = figure.axes
    (boundary,) = [patch for patch in axes.patches if isinstance(patch, PathPatch)]
    for artist in axes.get_children():
        artist.set_visible(artist is boundary)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[::-1]
    (x, y), (ring_x, ring_y) = boundary.get_transform().transform([[regions.SIDE / 2] * 2, points[7]]).astype(int)
    assert pixels[y, x].tolist() == 4 * [255]
    assert pixels[ring_y, ring_x].tolist() != 4 * [255]
