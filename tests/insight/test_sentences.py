import numpy as np
import pytest

from lab.insight import sentences
from lab.insight.fixed import FixedPoint
from lab.insight.mechanism import Decision, Reading, Store
from lab.insight.repeat import Ending, Movement
from tests.insight.counting import analysed


def point(values, cycle=((0.25, -0.5),), symbol=0, speed=0.0, distance=0.125):
    values = np.array(values, dtype=complex)
    return FixedPoint(symbol, np.array(cycle), speed, values, np.eye(2, dtype=complex), distance)


def test_fixed_points_cycles_and_slow_points():
    assert sentences.fixed_point(point([-0.5, 0.004j], symbol=2)) == (
        '  C: attracting at [0.25 -0.50], eigenvalues -0.50, 0.00; 0.12 away'
    )
    assert sentences.fixed_point(point([1.2 + 0.5j, 1.2 - 0.5j], ((1, 0), (0, 1)))) == (
        '  A: repelling cycle of 2 at [1.00 0.00] [0.00 1.00], eigenvalues 1.20+0.50i, 1.20-0.50i; 0.12 away'
    )
    assert sentences.fixed_point(point([1, 0.5], speed=0.0123)).endswith('0.12 away, where a step is 0.012 long')


NEAR, TURN = point([0.5, 0]), (121, 125, 6)


@pytest.mark.parametrize(
    ('move', 'text'),
    [
        (
            Movement(NEAR, 40, 40, 1.0, 0.5, None, None),
            '100.0% end nearer to it; the median leaves 0.50 of the distance.',
        ),
        (
            Movement(point([-1.5, 0]), 40, 30, 0.25, 1.5, 0.125, None),
            '30 begin off it; of these 25.0% end nearer to it; the median leaves 1.50 of the distance; '
            '12.5% change sides along its first eigenvector.',
        ),
        (
            Movement(point([1j, -1j]), 40, 40, 0.25, 1.5, None, TURN),
            '25.0% end nearer to it; the median leaves 1.50 of the distance; its complex eigenvalues turn by 121 '
            "degrees, visited states by 125 (standard deviation 6): one turn in 2.9 A's.",
        ),
        (Movement(NEAR, 40, 0, 0.0, 1.0, None, None), 'all of them begin on it.'),
        (
            Movement(point([0.5, 0], distance=75.5), 40, 40, 1.0, 0.99, None, None),
            "it is 75.50 away, and all that is visited lies in a box of diagonal 9.00: A's never come near it.",
        ),
    ],
)
def test_movement_says_what_visited_states_do(move, text):
    assert sentences.movement(move, 9.0) == f"While A's repeat (40 steps), seen from [0.25 -0.50]: {text}"


def test_where_a_symbol_leads():
    two = Ending(np.array([[1.0, 0], [0, 1]]), np.zeros(2), 0.5)
    assert sentences.ending(two, 'B', 2, 'unit') == (
        "B's without end lead to a cycle of 2 (from 50% of up to 200 visited states): [1.00 0.00] [0.00 1.00]."
    )
    one = Ending(np.array([[1.0, 0]]), np.zeros(2), 1.0)
    assert sentences.ending(one, 'B', 2, 'unit') == (
        "B's without end lead to [1.00 0.00] (from 100% of up to 200 visited states)."
    )
    adds = Ending(None, np.array([9.0, 0.5, 0.25]), 1.0)
    assert sentences.ending(adds, 'A', 2, 'cell').endswith(
        'after 1000 each still changes the state, cell 0 the most, by 0.5000.'
    )


def reading(right, unit=None, direction=None, means=(1.0, 2.0, 3.0), fixed=None):
    return Reading(1, unit, direction, fixed, np.arange(3), np.array(means), right, 50, 0.75)


def test_counts_is_said_only_where_the_count_can_be_read_back():
    said = sentences.reading([reading(0.991, unit=3)], 'cell')
    assert said == (
        "Cell 3 counts the B's owed: the nearest mean gives the count in 99.1% of 50 steps; "
        'means for 0 to 2 [1.00 2.00 3.00].'
    )
    assert 'means (not in order) for' in sentences.reading([reading(1, unit=3, means=(1, 3, 2))], 'cell')
    some = [reading(0.5, unit=3), reading(0.98, direction=np.array([1.0, 0.5])), reading(0.25, fixed=point([2, 0]))]
    assert sentences.reading(some, 'unit') == (
        "Nothing that was tried counts the B's owed by itself; the nearest mean is right so often: unit 3 50.0%, "
        'weighted by [1.00 0.50] 98.0%, distance from [0.25 -0.50] 25.0%, mean state of all units 75.0%.'
    )
    some[1] = reading(1.0, direction=np.array([1.0, 0.5]))
    assert sentences.reading(some, 'unit').startswith(
        "No unit alone counts, but together, weighted by [1.00 0.50], they count the B's owed: the nearest"
    )
    some = [reading(0.5, unit=3), reading(1.0, fixed=point([2, 0]))]
    assert 'the log of the distance from the saddle point at [0.25 -0.50] along' in sentences.reading(some, 'unit')


def test_stores_and_decisions():
    store = Store(1, 0, 1.0, 20, np.array([[1.0, 2.0], [0.0, 0.0]]), 1)
    assert sentences.store(store, 'cell') == (
        "Cell 1 holds n at the end of the A's (100.0% of 20 read back), no longer at the end of the B's: "
        "means for n = 1 to 2 after the A's [1.00 2.00], after the B's [0.00 0.00]."
    )
    assert 'no longer' not in sentences.store(store._replace(emptied=None), 'cell')
    decision = Decision(2, 0, 1, 0, (0.5, 0.75), (-0.25, 0.125), 1.0)
    assert sentences.decision(decision, True) == (
        'After a C, hidden unit 1 decides what is predicted: C at 0.500 to 0.750, A at -0.250 to 0.125.'
    )
    assert sentences.decision(decision._replace(part=1, right=0.875), True) == (
        'After a C, no unit alone decides; a limit on cell 1 is right in 87.5%: C at 0.500 to 0.750, '
        'A at -0.250 to 0.125.'
    )


def test_what_saturates_and_where_states_become_one():
    found = analysed('learned')
    means = np.zeros((30, 2))
    means[4] = 0.5, -0.97
    apart = np.array([1.0, 0.5, *(27 * [0.1])])
    spread = np.array([0.25, 0.125, *(27 * [0.2])])
    verdict = found.verdict._replace(counts=4)
    assert sentences.limits(found._replace(apart=(apart, spread, means), verdict=verdict)) == [
        'From n = 3 to 4, one A more makes less difference than the blocks before do.',
        'Saturated after n = 5, with a mean beyond 0.95: hidden unit 1 (-0.97).',
    ]
    apart, spread = np.array([1.0, 1e-4, *(27 * [1.0])]), np.zeros(29)
    assert sentences.limits(found._replace(apart=(apart, spread, 0 * means), verdict=verdict)) == [
        'From n = 2 to 3, one A more makes less difference than 0.001.'
    ]


def test_long_lists_are_cut():
    assert sentences.numbers(range(12)).count('.00') == 12
    assert sentences.numbers(range(13)).endswith('11.00 ..]')
