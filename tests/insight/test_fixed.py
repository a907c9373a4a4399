import numpy as np
import pytest

from lab.insight import fixed
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
    points = [point for point in find(srn(2 * np.eye(2))) if len(point.cycle) == 1]
    kinds = sorted(point.kind for point in points)
    assert kinds == ['attracting'] * 4 + ['repelling'] + ['saddle'] * 4
    corner = [point.point for point in points if point.kind == 'attracting']
    np.testing.assert_allclose(np.abs(corner), 0.95750402407, atol=1e-10)


def test_residuals_are_below_the_bound():
    net = srn([[1.9, -2.2], [1.4, -2.8]], [[0.1, 1.9], [0.0, -2.0]])
    for symbol in (0, 1):
        points = find(net, symbol)
        assert points
        for point in (each for each in points if len(each.cycle) == 1):
            after = net.read(point.point[None], np.array([symbol]))[0]
            assert np.abs(after - point.point).max() < fixed.RESIDUAL


def test_eigenvalues_are_sorted_and_belong_to_their_eigenvectors():
    net = srn([[0.3, 1.2], [-0.4, 0.9]])
    for point in find(net):
        assert (np.diff(np.abs(point.eigenvalues)) <= 1e-12).all()
        jacobian = net.jacobian(point.point[None], 0)[0]
        np.testing.assert_allclose(jacobian @ point.eigenvectors, point.eigenvectors * point.eigenvalues, atol=1e-9)


def test_points_beyond_the_visited_states_are_found():
    """Visited are small states only; the four corners of h -> tanh(2 h) lie outside."""
    points = fixed.fixed_points(srn(2 * np.eye(2)), 0, 0.2 * VISITED, np.random.default_rng(1))
    assert len([point for point in points if len(point.cycle) == 1]) == 9
    far = [np.linalg.norm(0.2 * VISITED - point.point, axis=1).min() for point in points]
    assert [point.distance for point in points] == pytest.approx(far)
    assert far == sorted(far)


def test_points_that_attract_are_found_from_far_away_visits():
    """All visited states lie about one point; to the attracting corner leads the symbol itself."""
    visited = np.full((5, 2), 0.01) + np.random.default_rng(0).normal(0, 1e-9, (5, 2))
    points = fixed.fixed_points(srn(2 * np.eye(2)), 0, visited, np.random.default_rng(1))
    assert any(np.allclose(point.point, 0.9575, atol=1e-4) for point in points)


def test_cells_may_be_larger_than_one():
    """An LSTM whose gates are shut but for a constant inflow of a fifth: its cell comes to rest at 2."""
    bias = np.array([np.log(0.2 / 0.8), np.log(9), 100, 100])  # input 0.2, forget 0.9, new and output 1
    net = network(
        {'W': np.zeros((2, 4)), 'U': np.zeros((1, 4)), 'hid_bias': bias, 'V': np.eye(1, 2), 'out_bias': np.zeros(2)}
    )
    visited = follow(net, np.zeros((1, 40), dtype=int))[0]
    point = fixed.fixed_points(net, 1, visited, np.random.default_rng(0))[0]
    assert point.point == pytest.approx([np.tanh(2), 2])
    assert point.kind == 'attracting'
    assert np.abs(point.eigenvalues) == pytest.approx([0.9, 0])


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
    assert fixed.FixedPoint(0, np.zeros((1, 2)), 0.0, np.array(eigenvalues), np.eye(2), 0.0).kind == kind


def test_a_repelling_point_in_a_narrow_place_is_found():
    """Large weights: nearly everywhere both units are saturated; the point between was missed by a plain Newton."""
    net = srn([[12.0, 14.0], [-13.0, 11.0]], [[0.3, -0.2], [0.0, 0.0]])
    repelling = [point for point in find(net) if point.kind == 'repelling' and len(point.cycle) == 1]
    assert len(repelling) == 1
    assert abs(repelling[0].eigenvalues[0].imag) > 5


def test_cycles_of_two_and_three_are_found_once():
    """h -> tanh(-2 h) goes to and fro between two places; a turn by 120 degrees needs three."""
    [cycle] = [point for point in find(srn([[-2.0, 0.0], [0.0, 0.1]])) if len(point.cycle) == 2]
    np.testing.assert_allclose(sorted(cycle.cycle[:, 0]), [-0.957504, 0.957504], atol=1e-6)
    assert cycle.kind == 'attracting'
    zeros = np.zeros(3)  # each unit hands its value, times two, to the next one
    net = network({'H0': zeros, 'W': np.zeros((2, 3)), 'U': 2 * np.roll(np.eye(3), 1, axis=1), 'hid_bias': zeros,
                   'V': np.eye(3, 2), 'out_bias': np.zeros(2)})  # fmt: skip
    visited = np.random.default_rng(0).uniform(-0.9, 0.9, (50, 3))
    threes = [p for p in fixed.fixed_points(net, 0, visited, np.random.default_rng(1)) if len(p.cycle) == 3]
    assert threes
    for each in threes:
        np.testing.assert_allclose(net.read(each.cycle, 0), np.roll(each.cycle, -1, axis=0), atol=1e-6)


def test_a_point_where_the_network_is_slow_counts_too():
    """One unit moves by 0.01 at least, slowest at 0; far from it, it moves by 1."""
    net = srn(np.eye(2))._replace(read=lambda states, symbol: states + np.minimum(1, 0.01 + states**2))
    [slow] = fixed.fixed_points(net, 0, VISITED, np.random.default_rng(0))
    assert slow.kind == 'slow'
    assert slow.speed == pytest.approx(0.01 * 2**0.5)
    np.testing.assert_allclose(slow.point, 0, atol=1e-4)
    quick = net._replace(read=lambda states, symbol: states + np.minimum(1, 0.4 + states**2))
    assert fixed.fixed_points(quick, 0, VISITED, np.random.default_rng(0)) == []
