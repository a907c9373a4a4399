"""The picture of the states: every point is inside a boundary of its state, and every state has its name beside it."""

import itertools

import numpy as np
import pytest
from matplotlib.colors import to_rgba
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.transforms import Bbox

from lab.insight.drawn import regions
from lab.insight.drawn.figures import COLOURS
from lab.insight.found.automaton import NONE
from tests.insight import looks
from tests.insight.counting import analysed

LABELS, TITLE = ['unit 0', 'unit 1'], 'some network'


def draw(name='learned', change=None):
    """The picture of a network's states, its states, and its points in inches."""
    found = analysed(name)
    states, visits = found.found.states, found.found.visits
    points = visits.state[:, :2].copy()
    if change:
        states, points = change(states, points)
    figure = regions.states(states, points, visits.following, found.place, LABELS, TITLE)
    low, high = np.array([figure.axes[0].get_xlim(), figure.axes[0].get_ylim()]).T
    return figure, states, (points - low) / (high - low) * regions.SIDE


def rims(figure):
    """Each boundary and its colour."""
    patches = [patch for patch in figure.axes[0].patches if isinstance(patch, PathPatch)]
    return [(rim, patch.get_edgecolor()) for patch in patches for rim in patch.get_path().to_polygons()]


def test_a_boundary_does_not_span_an_empty_middle():
    angle = np.linspace(0, 1.5 * np.pi, 200)
    bow = 2 + np.column_stack([np.cos(angle), np.sin(angle)])
    found = regions.outlines(bow)
    assert sum(Path(rim).contains_points(bow) for rim in found).tolist() == 200 * [1]
    assert not any(Path(rim).contains_point((2, 2)) for rim in found)


@pytest.mark.parametrize('name', ['learned', 'srn2', 'srn3', 'lstm2'])
def test_every_point_is_inside_a_boundary_of_its_state_and_each_state_has_its_name_once(name):
    figure, states, points = draw(name)
    within = [(Path(rim).contains_points(points), colour) for rim, colour in rims(figure)]
    for phase in np.unique(states.automaton.phase):
        mine = (states.state != NONE) & (states.automaton.phase[states.state] == phase)
        assert (sum(inside for inside, colour in within if colour == to_rgba(COLOURS[phase]))[mine] > 0).all()
    (cross,) = [line for line in figure.axes[0].lines if line.get_marker() == 'x']
    np.testing.assert_allclose(cross.get_xydata(), points[:1])  # the start
    names = analysed(name).place.names
    shown = {text.get_text(): text for text in figure.axes[0].texts if text.get_weight() == 'bold'}
    assert sorted(shown) == sorted(names)
    for state, each in enumerate(names):
        assert to_rgba(shown[each].get_color()) == to_rgba(COLOURS[states.automaton.phase[state]])


def test_names_cover_no_other_text_and_hardly_any_point():
    figure, _, points = draw()
    looks.check(figure)
    to_inches = figure.axes[0].transAxes.inverted()
    boxes = [
        text.get_window_extent().transformed(to_inches).get_points() * regions.SIDE for text in figure.axes[0].texts
    ]
    boxes = [Bbox(box).shrunk(0.8, 0.7) for box in boxes]
    covered = sum(((points > box.min) & (points < box.max)).all(axis=1).sum() for box in boxes)
    assert covered < 0.01 * len(points)
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))


def apart(states, points):
    points[0] = 3, 3
    return states, points


@pytest.mark.parametrize('change', [None, apart], ids=['as it is', 'the start lies apart'])
def test_every_boundary_is_beside_the_name_of_its_state_or_a_line_leads_there(change):
    figure, states, points = draw(change=change)
    led = [line.get_xydata() for line in figure.axes[0].lines if line.get_linestyle() == ':']
    at = {text.get_text(): np.array(text.get_position()) for text in figure.axes[0].texts}
    for state, name in enumerate(analysed('learned').place.names):
        for rim in regions.outlines(points[states.state == state]):
            ways = [line for line in led if np.hypot(*(rim - line[0]).T).min() < 1e-6]
            beside = np.hypot(*(rim - at[name]).T).min() < 0.5
            assert beside or any(np.hypot(*(line[1] - at[name])) < 0.5 for line in ways)
    around = [rim for rim, _ in rims(figure) if Path(rim).contains_point(points[0])]
    assert len(around) == 1
    assert (np.ptp(around[0], axis=0).max() < 0.3) == (change is apart)  # then it has a boundary of its own


def test_arrows_between_states_are_real_steps():
    figure, states, points = draw()
    arrows, following = looks.arrows(figure), analysed('learned').found.visits.following
    assert len(arrows) == (states.automaton.following != NONE).sum()
    for way, colour in arrows:
        here = np.flatnonzero(np.hypot(*(points - way[0]).T) < 1e-6)[0]
        symbol = [to_rgba(each, 0.8) for each in COLOURS].index(tuple(colour))
        np.testing.assert_allclose(points[following[here, symbol]], way[-1], atol=1e-6)


def test_points_that_never_move_have_a_picture():
    looks.check(draw(change=lambda states, points: (states, np.zeros_like(points)))[0])
