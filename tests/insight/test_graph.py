import itertools

import numpy as np
import pytest
from matplotlib.colors import to_rgba
from matplotlib.path import Path
from scipy.spatial import ConvexHull

from lab.common import picture
from lab.insight import automaton as fsm
from lab.insight import graph
from lab.insight.automaton import NONE, Automaton
from lab.insight.figures import COLOURS
from lab.insight.layout import layout
from lab.insight.step import network
from tests.insight import looks
from tests.insight.counting import analysed
from tests.seq.learned import LEARNED


def cross(one, other):
    return one[..., 0] * other[..., 1] - one[..., 1] * other[..., 0]


def circles(figure):
    return {
        patch.get_center(): patch
        for patch in figure.axes[0].patches
        if hasattr(patch, 'get_center') and patch.get_fill()
    }


@pytest.mark.parametrize(('num_class', 'length'), [(2, 4), (3, 2), (2, 1), (3, 6)])
def test_the_machine_has_a_circle_per_state_and_an_arrow_per_transition(num_class, length):
    automaton = fsm.minimise(fsm.language(num_class, length))[0]
    place = layout(automaton)
    figure = graph.machine(automaton, place)
    (axes,) = figure.axes
    found = circles(figure)
    centres = np.array(list(found))
    assert len(centres) == len(automaton.output)
    assert [tuple(patch.get_edgecolor()) for patch in found.values()] == [
        to_rgba(COLOURS[phase]) for phase in automaton.phase
    ]
    radius = next(iter(found.values())).get_radius()
    gaps = [np.hypot(*(one - other)) for one, other in itertools.combinations(centres, 2)]
    assert min(gaps) > 2 * radius
    arrows = looks.arrows(figure)
    leads = [(here, symbol, there) for here, row in enumerate(automaton.following) for symbol, there in enumerate(row)]
    leads = [(here, symbol, there) for here, symbol, there in leads if there != NONE]
    for (here, symbol, there), ((begins, ends), colour) in zip(leads, arrows, strict=True):
        assert colour == to_rgba(COLOURS[symbol])
        for place_of, state in ((begins, here), (ends, there)):  # at the rim of its circle
            assert radius * 0.9 <= np.hypot(*(place_of - centres[state])) <= radius * 1.3
    names = [text for text in axes.texts if text.get_text() in place.names]
    assert [text.get_text() for text in names] == place.names
    below = [text.get_text() for text in axes.texts if text.get_color() == '0.35']
    assert below == ['A/B' if output < 0 else 'ABC'[output] for output in automaton.output]
    figure.draw_without_rendering()
    for text, circle in zip(names, found.values(), strict=True):
        box, around = text.get_window_extent(), circle.get_window_extent()
        assert around.x0 < box.x0 < box.x1 < around.x1
        assert around.y0 < box.y0 < box.y1 < around.y1
    labels = [text for text in axes.texts if text.get_text() in ('A', 'B', 'C') and text.get_color() != '0.35']
    assert len(labels) == len(leads)
    if length < 6:
        looks.check(figure, touching=3)
    for text in labels:  # outside of every circle, as far as its middle goes
        assert np.hypot(*(centres - text.get_position()).T).min() > radius * 0.8
    assert axes.axison is False
    (start,) = [text for text in axes.texts if text.get_text() == 'start']
    assert np.hypot(*(np.array(start.xy) - centres[0])) == pytest.approx(radius, abs=0.05)
    assert np.hypot(*(np.array(start.xyann) - centres[0])) > 2 * radius
    assert figure.get_size_inches().max() <= 40


def test_a_state_that_leads_to_itself_has_a_loop_beside_it():
    automaton = Automaton(np.array([[1, NONE], [1, 0]]), np.array([0, 1]), np.array([1, 0]))
    figure = graph.machine(automaton, layout(automaton))
    centres = np.array(list(circles(figure)))
    begins, ends = looks.arrows(figure)[1][0]
    assert begins[0] == ends[0] > centres[1, 0] + 0.2
    assert begins[1] < centres[1, 1] < ends[1]
    looks.check(figure)


def test_an_arrow_bends_around_a_circle_in_between():
    #  A1 -A-> A2 -A-> A3, and back from A3 to A1 past A2
    automaton = Automaton(
        np.array([[1, NONE], [2, NONE], [1, 3], [0, NONE]]), np.array([0, 0, 0, 0]), np.array([1, 0, 0, 1])
    )
    place = layout(automaton)._replace(x=np.arange(4), row=np.array([0, 0, 0, 0]))
    figure = graph.machine(automaton._replace(following=np.array([[3, 1], [NONE] * 2, [NONE] * 2, [NONE] * 2])), place)
    bends = [patch.get_connectionstyle().rad for patch in figure.axes[0].patches if hasattr(patch, '_posA_posB')]
    assert 0.1 < abs(bends[0]) < 0.5
    assert bends[1] == 0


@pytest.mark.parametrize('count', [3, 10, 200])
def test_the_hull_is_the_one_of_qhull(count):
    rng = np.random.default_rng(count)
    for points in (rng.normal(size=(count, 2)), rng.integers(0, 5, (count, 2)).astype(float)):
        corners = graph.hull(points)
        wanted = points[ConvexHull(points, qhull_options='Qt').vertices]
        assert {*map(tuple, corners)} == {*map(tuple, wanted)}
        edges = np.roll(corners, -1, axis=0) - corners
        turns = cross(edges, np.roll(edges, -1, axis=0))
        assert (turns > 0).all()


def test_the_hull_of_few_points_or_of_a_line_is_its_ends():
    assert graph.hull(np.array([[1.0, 2.0]])).tolist() == [[1, 2]]
    assert graph.hull(np.array([[1.0, 2.0], [1.0, 2.0], [3.0, 1.0]])).tolist() == [[1, 2], [3, 1]]
    assert graph.hull(np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]])).tolist() == [[0, 0], [2, 2]]


def test_the_two_units_that_part_the_states_are_found():
    rng = np.random.default_rng(0)
    state = np.repeat(np.arange(9), 20)
    units = rng.normal(0, 0.1, (180, 4))
    units[:, 1] += state // 3
    units[:, 3] += state % 3
    assert graph.best_pair(units, state) == (1, 3)
    assert graph.best_pair(units[:, [3, 0, 2, 1]], state) == (0, 3)
    assert graph.best_pair(units, np.append(np.zeros(179, dtype=int), NONE)) == (0, 1)  # one state: any pair does
    wide = units * [1, 1, 10, 1]  # a unit with a large spread parts nothing
    assert graph.best_pair(wide, state) == (1, 3)


def test_states_on_the_same_spot_and_states_of_one_point_have_a_score():
    units = np.repeat([[0.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]], 2, axis=0)
    assert graph.best_pair(units, np.repeat([0, 1, 2], 2)) == (1, 2)


def test_points_of_no_state_do_not_choose_the_units():
    state = np.repeat([0, 1, NONE], 20)
    units = np.random.default_rng(0).normal(0, 0.1, (60, 3))
    units[:, 1] += state == 1
    units[:, 2] += 0.5 * (state == 1)
    units[:, 0] += 50 * (state == NONE)
    assert graph.best_pair(units, state) == (1, 2)


def test_states_have_a_boundary_around_their_points_and_a_name_beside_it():
    found = analysed('learned')
    states, visits, place = found.found.states, found.found.visits, found.place
    figure = graph.states(states, visits.state, visits.following, place, (0, 1))
    (axes,) = figure.axes
    points = visits.state
    rims = [patch for patch in axes.patches if hasattr(patch, 'get_xy') and not patch.get_fill()]
    clusters = np.unique(states.cluster[1:])
    assert len(rims) == len(clusters)
    for rim, cluster in zip(rims, clusters, strict=True):
        members = np.flatnonzero(states.cluster == cluster)
        members = members[members > 0]
        assert Path(rim.get_xy()).contains_points(points[members]).all()
        around = np.ptp(rim.get_xy(), axis=0) - np.ptp(points[members], axis=0)
        assert (around < 0.05 * np.ptp(points, axis=0).max()).all()
        assert rim.get_edgecolor()[:3] == to_rgba(COLOURS[states.automaton.phase[states.state[members[0]]]])[:3]
    names = [text for text in axes.texts if text.get_text() in place.names]
    assert sorted(text.get_text() for text in names) == sorted(
        place.names[states.state[np.flatnonzero(states.cluster == cluster)[-1]]] for cluster in clusters
    )
    low, high = np.array([axes.get_xlim(), axes.get_ylim()]).T
    for text in names:
        here = np.array(text.get_position())
        assert (here > low).all() and (here < high).all()
        mine = [
            rim.get_xy().mean(axis=0)
            for rim, cluster in zip(rims, clusters, strict=True)
            if place.names[states.state[np.flatnonzero(states.cluster == cluster)[-1]]] == text.get_text()
        ]
        assert min(np.hypot(*(here - middle)) for middle in mine) < 0.35 * (high - low).max()
        phase = states.automaton.phase[place.names.index(text.get_text())]
        assert text.get_color() == COLOURS[phase]
    looks.check(figure, touching=6)
    assert 0.9 < axes.bbox.width / axes.bbox.height < 1.05
    (cross,) = [line for line in axes.lines if line.get_marker() == 'x']
    assert cross.get_xydata().tolist() == [points[0].tolist()]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ('unit 0', 'unit 1')
    (cloud,) = axes.collections
    assert len(cloud.get_offsets()) == min(graph.POINTS, len(points))


def test_arrows_between_states_are_real_steps():
    found = analysed('learned')
    states, visits = found.found.states, found.found.visits
    figure = graph.states(states, visits.state, visits.following, found.place, (1, 0))
    points = visits.state[:, [1, 0]]
    arrows = looks.arrows(figure)
    assert len(arrows) == (states.automaton.following != NONE).sum()
    for (begins, ends), colour in arrows:
        here = np.flatnonzero((points == begins).all(axis=1))[0]
        symbol = [to_rgba(each, 0.8) for each in COLOURS].index(tuple(colour))
        assert (points[visits.following[here, symbol]] == ends).all()
    labels = [text for text in figure.axes[0].texts if text.get_text() in ('A', 'B')]
    long = [arrow for arrow, _ in arrows if np.hypot(*(arrow[1] - arrow[0])) > 0.2]
    assert len(long) <= len(labels) <= len(arrows)
    for text in labels:  # beside the middle of an arrow of its colour
        mine = [arrow for arrow, colour in arrows if colour[:3] == to_rgba(text.get_color())[:3]]
        away = [
            np.hypot(*(arrow.mean(axis=0) - text.get_position())) / np.hypot(*(arrow[1] - arrow[0])) for arrow in mine
        ]
        assert min(away) < 0.08


def test_the_start_is_in_no_boundary_if_it_lies_apart():
    found = analysed('learned')
    points = found.found.visits.state.copy()
    points[0] = 3, 3
    figure = graph.states(found.found.states, points, found.found.visits.following, found.place, (0, 1))
    rims = [patch for patch in figure.axes[0].patches if hasattr(patch, 'get_xy') and not patch.get_fill()]
    assert all(rim.get_xy().max() < 2 for rim in rims)


def test_points_in_no_state_are_grey_and_have_no_boundary():
    found = analysed('learned')
    states, visits = found.found.states, found.found.visits
    lost = states.state == states.state[-1]
    following = states.automaton.following.copy()
    following[states.state[-1]] = NONE
    automaton = states.automaton._replace(following=following)
    without = states._replace(automaton=automaton, state=np.where(lost, NONE, states.state))
    figure = graph.states(without, visits.state, visits.following, found.place, (0, 1))
    (cloud,) = figure.axes[0].collections
    grey = (cloud.get_facecolor()[:, :3] == to_rgba('0.6')[:3]).all(axis=1).sum()
    assert grey == lost.sum()
    assert found.place.names[states.state[-1]] not in [text.get_text() for text in figure.axes[0].texts]


def test_the_flow_shows_where_each_symbol_moves_states_and_its_fixed_points():
    found, net = analysed('learned'), network(LEARNED)
    here = np.random.default_rng(0).uniform(-1, 1, (2, 7, 2))
    steps = [(here[symbol], net.read(here[symbol], np.full(7, symbol))) for symbol in range(2)]
    figure = graph.flow(net, found.points, steps)
    assert [axes.get_title() for axes in figure.axes] == ['A', 'B']
    for symbol, axes in enumerate(figure.axes):
        grid, visited = axes.collections
        places = np.array(grid.get_offsets())
        moved = net.read(places, np.full(len(places), symbol)) - places
        length = np.linalg.norm(moved, axis=1)
        np.testing.assert_allclose(np.column_stack([grid.U, grid.V]), moved / length[:, None], atol=1e-9)
        assert (places.min(), places.max()) == (-1, 1)
        np.testing.assert_array_equal(visited.get_offsets(), here[symbol])
        np.testing.assert_allclose(np.column_stack([visited.U, visited.V]), steps[symbol][1] - here[symbol])
        assert (visited.angles, visited.scale_units, visited.scale) == ('xy', 'xy', 1)
        markers = [line for line in axes.lines if line.get_color() == 'gold']
        assert [line.get_xydata()[0].tolist() for line in markers] == [
            point.point.tolist() for point in found.points[symbol]
        ]
        assert [line.get_marker() for line in markers] == [graph.MARKERS[point.kind] for point in found.points[symbol]]
        directions = [line for line in axes.lines if line.get_color() == 'black']
        real = [
            (point, value, vector)
            for point in found.points[symbol]
            for value, vector in zip(point.eigenvalues, point.eigenvectors.T, strict=True)
            if value.imag == 0
        ]
        for line, (point, value, vector) in zip(directions, real, strict=True):
            begins, ends = line.get_xydata()
            np.testing.assert_allclose((begins + ends) / 2, point.point)
            assert abs(cross(ends - begins, vector.real)) < 1e-12
            assert 0.2 < np.hypot(*(ends - begins)) < 1
            assert line.get_linestyle() == ('-' if abs(value) > 1 else ':')
        low, high = axes.get_xlim()
        assert (low, high) == axes.get_ylim()
        assert -1.2 < low < -1 and 1 < high < 1.2
    looks.check(figure)


def labelled(rims, points):
    """The names that are written beside boundaries in a picture from 0 to 1, with their places."""
    axes = picture.new(9, 9, window=False).add_axes((0, 0, 1, 1), xlim=(0, 1), ylim=(0, 1))
    names = [f'A{number}' for number in range(len(rims))]
    graph._labels(axes, list(enumerate(rims)), names, len(rims) * ['red'], points)
    return np.array([text.get_position() for text in axes.texts]), axes


def square(x, y):
    return np.array([x, y]) + 0.04 * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])


def test_a_name_stands_where_there_are_no_points():
    everywhere = np.random.default_rng(0).uniform(0, 1, (4000, 2))
    points = everywhere[(everywhere[:, 0] > 0.46) | (everywhere[:, 1] < 0.54)]
    ((x, y),), axes = labelled([square(0.5, 0.5)], points)
    assert 0.35 < x < 0.46
    assert 0.54 < y < 0.65
    (line,) = axes.lines  # from the boundary to the name
    assert np.hypot(*(line.get_xydata()[0] - [0.46, 0.54])) < 1e-9
    assert line.get_xydata()[1].tolist() == [x, y]


def test_names_of_boundaries_in_one_place_do_not_cover_each_other():
    places, axes = labelled(9 * [square(0.5, 0.5)], np.empty((0, 2)))
    axes.figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in axes.texts]
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))
    assert np.hypot(*(places - 0.5).T).max() < 0.25


def test_names_stay_inside_the_picture():
    corners = [square(x, y) for x in (0.04, 0.96) for y in (0.04, 0.96)]
    places, _ = labelled(corners, np.random.default_rng(0).uniform(0.1, 0.9, (1000, 2)))
    assert (places > 0.02).all() and (places < 0.98).all()
