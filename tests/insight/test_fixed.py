import numpy as np
import pytest

from lab.insight import fixed, words
from lab.insight.step import network


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
