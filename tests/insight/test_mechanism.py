import numpy as np
import pytest

from lab.insight.found import automaton as fsm
from lab.insight.found import mechanism, states
from lab.seq.verdict import spell
from tests.insight.counting import exact, untrained


def visits(net, length=4):
    language = fsm.minimise(fsm.language(net.num_class, length))
    return states.visit(net, language, states.histories(length, net.num_class, np.random.default_rng(0)))


def test_phases_of_a_block():
    """Points 1 to 19 are after A A B B B B C C C C C C A B B C C C A."""
    seen = states.visit(exact(3), fsm.language(3, 4), spell(np.array([[2, 1]]), 3))
    found = {name: points.tolist() for name, points in mechanism.phases(seen, 3).items()}
    assert found == {
        'A': [1, 2],
        'first B': [3, 14],
        'B': [4, 5, 6, 15],
        'first C': [7, 16],
        'C': [8, 9, 10, 11, 12, 17, 18],
        'restart': [13, 19],
    }


@pytest.mark.parametrize(
    ('values', 'right'), [([0, 0.1, 1, 1.1, 2, 2.1], 1), ([0, 0, 1, 1, 0.4, 0], 5 / 6), ([0, 0, 0, 0, 0, 0], 1 / 3)]
)
def test_a_count_is_read_back_by_the_nearest_mean(values, right):
    counts, means, share = mechanism.read_back(np.array(values, float), np.array([0, 0, 1, 1, 2, 2]))
    assert share == pytest.approx(right)
    assert counts.tolist() == [0, 1, 2]
    assert means == pytest.approx(np.reshape(values, (3, 2)).mean(axis=1))


def test_of_units_that_count_the_one_with_the_means_farthest_apart_is_named():
    """Unit 0 saturates, unit 1 is a little noisy, but its means are far apart; unit 2 does not tell the count."""
    seen = visits(exact(2))
    here = np.flatnonzero(seen.read == 0)
    near = np.where(np.arange(len(seen.read)) == here[5], 0.4, seen.count)
    state = np.column_stack([1 - 0.01**seen.count, near, 9.0 * (seen.count > 1)])
    unit = mechanism.readings(untrained('srn', 3, 2), 0, seen._replace(state=state))[0]
    assert unit.unit == 1
    assert mechanism.READS < unit.right < 1


def test_a_count_along_a_direction_is_found():
    """Neither unit alone tells the A's read: one holds their sum with noise, the other the noise."""
    seen, net = visits(exact(2)), untrained('srn', 2, 2)
    noise = np.random.default_rng(1).uniform(-3, 3, len(seen.read))
    mixed = seen._replace(state=np.column_stack([seen.count + noise, noise]))
    unit, direction = mechanism.readings(net, 0, mixed)
    assert unit.right < 0.8 and direction.right == 1
    assert direction.means == pytest.approx([1, 2, 3, 4])
