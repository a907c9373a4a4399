import numpy as np

from lab.insight.found import automaton as fsm
from lab.insight.found import phases, states
from lab.seq.verdict import spell
from tests.insight.counting import exact, untrained


def visits(net, length=4):
    """The points that a network visits on all sequences with n up to `length`."""
    language = fsm.minimise(fsm.language(net.num_class, length))
    return states.visit(net, language, states.histories(length, net.num_class, np.random.default_rng(0)))


def test_phases_of_a_block():
    """Points 1 to 19 are after A A B B B B C C C C C C A B B C C C A."""
    seen = states.visit(exact(3), fsm.language(3, 4), spell(np.array([[2, 1]]), 3))
    found = {name: points.tolist() for name, points in phases.phases(seen, 3).items()}
    assert found == {
        'A': [1, 2],
        'first B': [3, 14],
        'B': [4, 5, 6, 15],
        'first C': [7, 16],
        'C': [8, 9, 10, 11, 12, 17, 18],
        'restart': [13, 19],
    }


def test_the_gates_of_a_phase_are_those_of_its_steps():
    """In the phase 'first B' of A A B .. A B there are two steps."""
    net = untrained('lstm', 2, 3)
    seen = states.visit(net, fsm.language(3, 4), spell(np.array([[2, 1]]), 3))
    values = net.gates(seen.state[[2, 13]], np.array([1, 1]))['forget']
    found = phases.gates_by_phase(net, seen)['first B']['forget']
    np.testing.assert_allclose(found, [values.mean(axis=0), values.min(axis=0), values.max(axis=0)])
