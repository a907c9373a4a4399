import numpy as np
import pytest

from lab.insight.found import automaton as fsm
from lab.insight.found import fixed, states
from lab.seq.verdict import spell
from tests.insight.test_fixed import srn


def visits(net, blocks=((3, 2),)):
    return states.visit(net, fsm.language(2, 4), spell(np.array(blocks), 2))


def moves(net, seen, symbol=0):
    before = seen.state[seen.parent[1:]][seen.read[1:] == symbol]
    return fixed.movement(fixed.fixed_points(net, symbol, before, np.random.default_rng(0)), seen)


def test_movement_is_measured_on_the_steps_in_which_the_symbol_follows_itself():
    net = srn(0.6 * np.eye(2))._replace(start=np.array([0.01, 0.0]))
    found = moves(net, visits(net))
    assert (found.steps, found.off) == (3, 2)  # of AAABBBBBBAABBBBA; the last A to A is nearer than 0.001 to the point
    assert found.nearer == 1
    assert found.factor == pytest.approx(0.6, abs=1e-3)
    assert found.sides is None and found.along is None


def test_states_that_change_sides_are_counted_and_not_inferred():
    """The eigenvalue is negative; of the visited steps every one changes sides, or none where that part is 0."""
    net = srn([[-0.8, 0.0], [0.0, 0.5]])
    assert moves(net, visits(net._replace(start=np.array([0.5, 0.5])))).sides == 1
    assert moves(net, visits(net._replace(start=np.array([0.0, 0.9])))).sides == 0


def test_nothing_moves_where_states_stand_on_the_point_or_there_is_no_point_or_no_repeated_symbol():
    net = srn(0.5 * np.eye(2))
    found = moves(net, visits(net))
    assert (found.off, found.steps) == (0, 3)
    assert fixed.movement([], visits(net)) is None
    points = fixed.fixed_points(net, 0, np.zeros((3, 2)), np.random.default_rng(0))
    assert fixed.movement(points, visits(net, [[1, 1]])) is None
    slow = points[0]._replace(speed=0.01)
    assert fixed.movement([slow], visits(net)) is None  # where a search finds it depends on where it begins


def test_of_a_saddle_the_distance_along_its_first_eigenvector_is_told():
    """One unit shrinks by 0.5, the other, much nearer to 0, grows by nearly 2; all states come nearer at first."""
    net = srn([[0.5, 0.0], [0.0, 2.0]])._replace(start=np.array([0.9, 0.001]))
    found = moves(net, visits(net, [[2, 1]]))
    assert found.fixed.kind == 'saddle' and found.nearer == 1
    assert found.factor < 0.6 and found.along == pytest.approx(2, abs=1e-3)


@pytest.mark.parametrize(
    ('U', 'symbol', 'ends'),
    [([[-2.0, 0.0], [0.0, 0.1]], 0, [[-0.957504, 0], [0.957504, 0]]), (2 * np.eye(2), 1, [[0.957504, 0.957504]])],
)
def test_where_a_symbol_leads_that_never_ends(U, symbol, ends):
    net = srn(U)._replace(start=np.array([0.3, 0.2]))
    [end] = fixed.endings(net, symbol, visits(net))
    assert end.share == 1
    np.testing.assert_allclose(sorted(end.cycle.tolist()), ends, atol=1e-5)


def test_a_state_that_only_adds_never_settles():
    net = srn(np.eye(2))._replace(read=lambda states, symbol: states + np.array([0.5, -0.25]))
    [end] = fixed.endings(net, 0, visits(net))
    assert end.cycle is None
    np.testing.assert_allclose(end.change, [0.5, 0.25])
