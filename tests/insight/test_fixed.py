import numpy as np
import pytest

from lab.insight import fixed, words
from lab.insight.step import follow, network


def srn(U, W=((0.0, 0.0), (0.0, 0.0))):
    zeros = np.zeros(2)
    return network(
        {'H0': zeros, 'W': np.array(W), 'U': np.array(U), 'hid_bias': zeros, 'V': np.eye(2), 'out_bias': zeros}
    )


VISITED = np.random.default_rng(0).uniform(-0.9, 0.9, (50, 2))


def find(net, symbol=0):
    return fixed.fixed_points(net, symbol, VISITED, np.random.default_rng(1))


def test_all_fixed_points_of_two_units_that_hold_themselves():
    """h -> tanh(2 h) in both units: 0 repels, the corners (+-0.9575, +-0.9575) attract, between them are saddles."""
    points = find(srn(2 * np.eye(2)))
    kinds = sorted(point.kind for point in points)
    assert kinds == ['attracting'] * 4 + ['repelling'] + ['saddle'] * 4
    corner = [point.point for point in points if point.kind == 'attracting']
    np.testing.assert_allclose(np.abs(corner), 0.95750402407, atol=1e-10)


def test_residuals_are_below_the_bound():
    net = srn([[1.9, -2.2], [1.4, -2.8]], [[0.1, 1.9], [0.0, -2.0]])
    for symbol in (0, 1):
        points = find(net, symbol)
        assert points
        for point in points:
            after = net.read(point.point[None], np.array([symbol]))[0]
            assert np.abs(after - point.point).max() < fixed.RESIDUAL


def test_eigenvalues_are_sorted_and_belong_to_their_eigenvectors():
    net = srn([[0.3, 1.2], [-0.4, 0.9]])
    for point in find(net):
        assert (np.diff(np.abs(point.eigenvalues)) <= 1e-12).all()
        jacobian = net.jacobian(point.point[None], 0)[0]
        np.testing.assert_allclose(jacobian @ point.eigenvectors, point.eigenvectors * point.eigenvalues, atol=1e-9)


def test_movement_measures_the_contraction_towards_a_point():
    net = srn(0.62 * np.eye(2))  # near 0, each symbol leaves 0.62 of the distance
    net = net._replace(start=np.array([1e-4, 0.0]))
    points = find(net)
    moves = fixed.movement(net, points, np.array([[0, 0, 0, 0, 0]]))
    assert moves.fixed.kind == 'attracting'
    assert moves.factor == pytest.approx(0.62, abs=1e-4)
    assert 'towards an attracting point at [0.00 0.00]: each leaves 0.62' in words.movement(0, moves).replace('-0', '0')


def test_a_symbol_that_never_follows_itself_does_not_move():
    net = srn(0.62 * np.eye(2))
    assert fixed.movement(net, find(net), np.array([[0, 1, 1, 0]])) is None


def test_no_fixed_point_is_said_to_be_none():
    assert fixed.movement(srn(np.eye(2)), [], np.array([[0, 0]])) is None
    assert 'no fixed point' in words.movement(1, None)


def test_points_beyond_the_visited_states_are_found():
    """Visited are small states only; the four corners of h -> tanh(2 h) lie outside."""
    points = fixed.fixed_points(srn(2 * np.eye(2)), 0, 0.6 * VISITED, np.random.default_rng(1))
    assert len(points) == 9
    assert all(points[n].point[0] <= points[n + 1].point[0] + 1e-6 for n in range(8))


def test_points_that_attract_are_found_from_far_away_visits():
    """All visited states lie about one point; to the attracting corner leads the symbol itself."""
    visited = np.full((5, 2), 0.01) + np.random.default_rng(0).normal(0, 1e-9, (5, 2))
    points = fixed.fixed_points(srn(2 * np.eye(2)), 0, visited, np.random.default_rng(1))
    assert any(np.allclose(point.point, 0.9575, atol=1e-4) for point in points)


def test_newton_takes_the_shortest_step_where_the_slope_is_singular():
    """h -> tanh(h) has slope 1 at its fixed point 0; the other unit stands still at 0.6 there."""
    net = srn(np.diag([1.0, 0.5]))
    arrived = fixed.newton(net, 0, np.array([[0.0, 0.3], [0.0, 0.1]]))
    np.testing.assert_allclose(arrived, np.zeros((2, 2)), atol=1e-9)


def test_what_does_not_arrive_is_left_out():
    """h -> tanh(h + 1) and every step 0.01: no state of the second unit is fixed within reach."""
    net = srn(np.eye(2), ((1.0, 0.0), (0.0, 0.0)))
    wandering = net._replace(read=lambda states, symbols: states + 0.01)
    assert fixed.newton(wandering, 0, VISITED).shape == (0, 2)


def test_cells_may_be_larger_than_one():
    """An LSTM whose gates are shut but for a constant inflow of a fifth: its cell comes to rest at 2."""
    bias = np.array([np.log(0.2 / 0.8), np.log(9), 100, 100])  # input 0.2, forget 0.9, new and output 1
    net = network(
        {'W': np.zeros((2, 4)), 'U': np.zeros((1, 4)), 'hid_bias': bias, 'V': np.eye(1, 2), 'out_bias': np.zeros(2)}
    )
    visited = follow(net, np.zeros((1, 40), dtype=int))[0]
    (point,) = fixed.fixed_points(net, 1, visited, np.random.default_rng(0))
    assert point.point == pytest.approx([np.tanh(2), 2])
    assert point.kind == 'attracting'
    assert np.abs(point.eigenvalues) == pytest.approx([0.9, 0])


def test_movement_is_seen_from_the_nearest_point_and_counts_every_repeated_symbol():
    net = srn(2 * np.eye(2))._replace(start=np.array([0.9, 0.9]))
    points = find(net)
    sequences = np.array([[0, 0, 0, -1], [1, 0, 0, 0]])
    moves = fixed.movement(net, points, sequences)
    np.testing.assert_allclose(moves.fixed.point, [0.957504, 0.957504], atol=1e-5)
    states = follow(net, sequences)
    pairs = [(states[row, t - 1], states[row, t]) for row, t in ((0, 1), (0, 2), (1, 2), (1, 3))]
    distance = np.array([[np.linalg.norm(state - moves.fixed.point) for state in pair] for pair in pairs])
    assert moves.nearest == pytest.approx(distance[:, 0].min())
    assert moves.factor == pytest.approx(np.median(distance[:, 1] / distance[:, 0]))


@pytest.mark.parametrize(
    ('eigenvalues', 'kind'),
    [
        ([0.9, -0.5], 'attracting'),
        ([0.6 + 0.7j, 0.6 - 0.7j], 'attracting'),
        ([1.0, 0.5], 'saddle'),
        ([-1.5, 0.5], 'saddle'),
        ([1.5, -1.2], 'repelling'),
        ([0.8 + 0.7j, 0.8 - 0.7j], 'repelling'),
    ],
)
def test_the_kind_of_a_point_is_how_many_eigenvalues_are_inside_the_unit_circle(eigenvalues, kind):
    assert fixed.FixedPoint(0, np.zeros(2), np.array(eigenvalues), np.eye(2)).kind == kind


def test_hidden_units_are_not_looked_for_beyond_one():
    net = srn(np.zeros((2, 2)))
    linear = net._replace(read=lambda states, symbols: (states + np.array([1.5, 0.5])) / 2)
    assert fixed.newton(linear, 0, VISITED).shape == (0, 2)  # its only fixed point is (1.5, 0.5)


def test_newton_begins_at_visited_states_around_them_and_where_the_symbol_leads(monkeypatch):
    begun = []
    monkeypatch.setattr(fixed, 'newton', lambda net, symbol, states: begun.append(states) or states[:0])
    net = srn(0.5 * np.eye(2))
    assert fixed.fixed_points(net, 0, VISITED * [0.1, 0.2] + 0.5, np.random.default_rng(1)) == []
    some, around, led = np.split(begun[0], 3)
    assert {*map(tuple, some)} <= {*map(tuple, VISITED * [0.1, 0.2] + 0.5)}
    low, high = (VISITED * [0.1, 0.2] + 0.5).min(axis=0), (VISITED * [0.1, 0.2] + 0.5).max(axis=0)
    np.testing.assert_allclose(around.min(axis=0), 2 * low - high, atol=0.1 * np.max(high - low))
    np.testing.assert_allclose(around.max(axis=0), 2 * high - low, atol=0.1 * np.max(high - low))
    np.testing.assert_allclose(led, 0, atol=1e-20)


def test_points_that_differ_by_rounding_are_one_also_where_cells_are_large(monkeypatch):
    found = np.array([[0.1, 1000.0], [0.1, 1000.0005], [0.1, 1001.0], [0.1 + 1e-5, 1000.0]])
    monkeypatch.setattr(fixed, 'newton', lambda *_: found)
    assert [point.point[1] for point in find(srn(np.eye(2)))] == [1000, 1001]
    found = np.array([[0.1, 0.2], [0.1, 0.2 + 1e-7], [0.1, 0.2 + 1e-5]])
    assert len(find(srn(np.eye(2)))) == 2
