import numpy as np
import pytest

from lab.insight.found import fixed
from lab.insight.found.step import follow, network


def srn(U, W=((0.0, 0.0), (0.0, 0.0))):
    U, W = np.array(U), np.array(W)
    zeros = np.zeros(len(U))
    return network({'H0': zeros, 'W': W, 'U': U, 'hid_bias': zeros, 'V': np.eye(len(U), 2), 'out_bias': np.zeros(2)})


VISITED = np.random.default_rng(0).uniform(-0.9, 0.9, (50, 2))
DOUBLE = srn(2 * np.eye(2))  # h -> tanh(2 h) in both units
ATTRACTING = 0.95750402407  # of tanh(2 h)


def points_of(net, symbol=0, visited=VISITED, period=None):
    found = fixed.fixed_points(net, symbol, visited, np.random.default_rng(1))
    return [point for point in found if period in (None, len(point.cycle))]


@pytest.mark.parametrize('reach', [1, 0.2])  # 0.2: the corners lie outside of what is visited
def test_all_fixed_points_of_two_units_that_hold_themselves(reach):
    """0 repels, the corners (+-0.9575, +-0.9575) attract, between them are saddles. The nearest comes first."""
    points = points_of(DOUBLE, visited=reach * VISITED, period=1)
    assert sorted(point.kind for point in points) == ['attracting'] * 4 + ['repelling'] + ['saddle'] * 4
    corner = [point.point for point in points if point.kind == 'attracting']
    np.testing.assert_allclose(np.abs(corner), ATTRACTING, atol=1e-10)
    far = [np.linalg.norm(reach * VISITED - point.point, axis=1).min() for point in points]
    assert [point.distance for point in points] == pytest.approx(far)
    assert far == sorted(far)


def test_residuals_are_below_the_bound_and_eigenvalues_belong_to_their_eigenvectors():
    net = srn([[1.9, -2.2], [1.4, -2.8]], [[0.1, 1.9], [0.0, -2.0]])
    for symbol in (0, 1):
        points = points_of(net, symbol, period=1)
        assert points
        for point in points:
            assert np.abs(net.read(point.point[None], np.array([symbol]))[0] - point.point).max() < fixed.RESIDUAL
            assert (np.diff(np.abs(point.eigenvalues)) <= 1e-12).all()
            jacobian = net.jacobian(point.point[None], symbol)[0]
            np.testing.assert_allclose(jacobian @ point.eigenvectors, point.eigenvectors * point.eigenvalues, atol=1e-9)


def test_points_that_attract_are_found_from_far_away_visits():
    """All visited states lie about one point; to the attracting corner leads the symbol itself."""
    visited = np.full((5, 2), 0.01) + np.random.default_rng(0).normal(0, 1e-9, (5, 2))
    assert any(np.allclose(point.point, ATTRACTING, atol=1e-4) for point in points_of(DOUBLE, visited=visited))


def test_cells_may_be_larger_than_one():
    """An LSTM whose gates are shut but for a constant inflow of a fifth: its cell comes to rest at 2."""
    bias = np.array([np.log(0.2 / 0.8), np.log(9), 100, 100])  # input 0.2, forget 0.9, new and output 1
    net = network(
        {'W': np.zeros((2, 4)), 'U': np.zeros((1, 4)), 'hid_bias': bias, 'V': np.eye(1, 2), 'out_bias': np.zeros(2)}
    )
    point = points_of(net, 1, follow(net, np.zeros((1, 40), dtype=int))[0])[0]
    assert point.point == pytest.approx([np.tanh(2), 2])
    assert point.kind == 'attracting'
    assert np.abs(point.eigenvalues) == pytest.approx([0.9, 0])


def test_a_repelling_point_in_a_narrow_place_is_found():
    """Large weights: nearly everywhere both units are saturated; the point between was missed by a plain Newton."""
    net = srn([[12.0, 14.0], [-13.0, 11.0]], [[0.3, -0.2], [0.0, 0.0]])
    [repelling] = [point for point in points_of(net, period=1) if point.kind == 'repelling']
    assert abs(repelling.eigenvalues[0].imag) > 5


def test_cycles_of_two_and_three_are_found_once():
    """h -> tanh(-2 h) goes to and fro between two places; a turn by 120 degrees needs three."""
    [cycle] = points_of(srn([[-2.0, 0.0], [0.0, 0.1]]), period=2)
    np.testing.assert_allclose(sorted(cycle.cycle[:, 0]), [-ATTRACTING, ATTRACTING], atol=1e-6)
    assert cycle.kind == 'attracting'
    net = srn(2 * np.roll(np.eye(3), 1, axis=1), np.zeros((2, 3)))  # each unit hands its value, times two, to the next
    threes = points_of(net, visited=np.random.default_rng(0).uniform(-0.9, 0.9, (50, 3)), period=3)
    assert threes
    for each in threes:
        np.testing.assert_allclose(net.read(each.cycle, 0), np.roll(each.cycle, -1, axis=0), atol=1e-6)


@pytest.mark.parametrize(('least', 'slow'), [(0.01, True), (0.1, False)])
def test_a_point_where_the_network_is_slow_counts_too(least, slow):
    """One unit moves by `least`, slowest at 0; far from it, it moves by 1."""
    net = srn(np.eye(2))._replace(read=lambda states, symbol: states + np.minimum(1, least + states**2))
    found = points_of(net)
    assert [point.kind for point in found] == ['slow'] * slow
    if slow:
        assert found[0].speed == pytest.approx(least * 2**0.5)
        np.testing.assert_allclose(found[0].point, 0, atol=1e-4)


@pytest.mark.parametrize('shut', [4, 20])  # 20: so tightly that rounding leaves no step at all
def test_where_a_gate_is_shut_there_is_no_fixed_point(shut):
    """h moves by sigmoid(-shut h) (0.5 - h): far above 0 the gate is so tightly shut that h hardly moves."""

    def read(states, symbol):
        return states + (0.5 - states) / (1 + np.exp(shut * states))

    net = srn(np.eye(2))._replace(read=read)
    assert np.abs(read(np.full((1, 2), 5.7), 0) - 5.7).max() < fixed.RESIDUAL
    visited = np.random.default_rng(0).uniform(-1, 3.5, (50, 2))  # so that it is within reach
    np.testing.assert_allclose([point.point for point in points_of(net, visited=visited)], [[0.5, 0.5]], atol=1e-6)


def test_a_point_out_of_reach_does_not_count():
    """h -> h + 0.1 h (3 - h) / 3: 0 repels, 3 attracts. States that begin below 0 never come near 3."""
    net = srn(np.eye(2))._replace(read=lambda states, symbol: np.maximum(states + states * (3 - states) / 30, -0.5))
    below = np.random.default_rng(0).uniform(-0.5, -0.1, (50, 2))
    assert not any(np.allclose(point.point, 3) for point in points_of(net, visited=below))
    assert any(np.allclose(point.point, 3) for point in points_of(net, visited=-below))


def test_a_near_cycle_comes_before_a_far_point():
    net = srn([[-2.0, 0.0], [0.0, 0.1]])
    near_the_cycle = np.array([[ATTRACTING, 0.0], [-ATTRACTING, 0.01]])
    assert [len(point.cycle) for point in points_of(net, visited=near_the_cycle)] == [2, 1]
