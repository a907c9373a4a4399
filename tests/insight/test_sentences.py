import numpy as np
import pytest

from lab.insight import sentences
from lab.insight.fixed import FixedPoint
from lab.insight.mechanism import Decision, Reading, Steps, Store
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
            '100.0% end nearer to it; the median step multiplies the distance by 0.50.',
        ),
        (
            Movement(point([-1.5, 0]), 40, 30, 0.25, 1.5, 0.125, None),
            '30 begin farther from it than 0.001; of these 25.0% end nearer to it; the median step multiplies the '
            'distance by 1.50; 12.5% end on its other side, along its first eigenvector.',
        ),
        (
            Movement(point([1j, -1j]), 40, 40, 0.25, 1.5, None, TURN),
            '25.0% end nearer to it; the median step multiplies the distance by 1.50; its complex eigenvalues turn by '
            "121 degrees per A, visited states by 125 (standard deviation 6): one turn in 2.9 A's.",
        ),
        (Movement(NEAR, 40, 0, 0.0, 1.0, None, None), 'all of them begin within 0.001 of it.'),
    ],
)
def test_movement_says_what_visited_states_do(move, text):
    start = "While A's repeat (40 visited steps), seen from the point [0.25 -0.50]:"
    assert sentences.movement(move) == f'{start} {text}'


def test_a_turn_of_nearly_nothing_is_0_degrees():
    move = Movement(point([1 + 0.03j, 1 - 0.03j]), 40, 40, 0.25, 1.5, None, (1.7, -0.2, 5))
    assert sentences.movement(move).endswith(
        'its complex eigenvalues turn by 2 degrees per A, visited states by 0 (standard deviation 5).'
    )


def test_of_a_point_that_is_far_away_it_says_what_the_states_do_instead():
    found = analysed('learned')
    steps = Steps(40, np.array([0.01, -0.85]), np.array([0.5, 0.02]), None)
    text = sentences.far(found._replace(steps={'A': steps}), point([0.5, 0], distance=75.5), 9.0)
    assert text == (
        "While A's repeat, no visited state comes near [0.25 -0.50]: it is 75.50 away, and all visited states lie in a "
        'box with a diagonal of 9.00. Meanwhile unit 1 changes the most: by -0.85 for each A (standard deviation 0.02).'
    )
    far = Movement(point([0.5, 0], distance=75.5), 40, 40, 1.0, 0.99, None, None)
    assert [line for line in sentences.repeating(found._replace(moves=[far, None])) if 'Meanwhile' in line]


def test_where_a_symbol_leads():
    two = Ending(np.array([[1.0, 0], [0, 1]]), np.zeros(2), 0.5)
    assert sentences.ending(two, 'B', 2, 'unit') == (
        "If B's never end, 50% of up to 200 visited states come to a cycle of 2: [1.00 0.00] [0.00 1.00]."
    )
    one = Ending(np.array([[1.0, 0]]), np.zeros(2), 1.0)
    assert sentences.ending(one, 'B', 2, 'unit') == (
        "If B's never end, 100% of up to 200 visited states come to [1.00 0.00]."
    )
    adds = Ending(None, np.array([9.0, 0.5, 0.25]), 1.0)
    assert sentences.ending(adds, 'A', 2, 'cell').endswith(
        "visited states still change after 1000 A's, cell 0 the most, by 0.5000 for each A."
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
        "No single number that was tried tells the B's owed; how often the nearest mean of one is right: unit 3 50.0%, "
        'weighted by [1.00 0.50] 98.0%, distance from [0.25 -0.50] 25.0%, all units together 75.0%.'
    )
    every = [one._replace(together=1.0) for one in some]
    assert sentences.reading(every, 'unit').startswith(
        "No single number that was tried tells the B's owed, but the nearest mean of all units together does in 100.0% "
        'of 50 steps; how often the nearest mean of one is right: unit 3 50.0%, '
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
        "Cell 1 holds n at the end of the A's (the nearest mean tells it in 100.0% of 20 blocks), no longer at the end "
        "of the B's: means for n = 1 to 2 after the A's [1.00 2.00], after the B's [0.00 0.00]."
    )
    assert 'no longer' not in sentences.store(store._replace(emptied=None), 'cell')
    decision = Decision(2, 0, 1, 0, (0.5, 0.75), (-0.25, 0.125), 1.0)
    assert sentences.decision(decision, True) == (
        'After a C, hidden unit 1 tells what is predicted: C at 0.500 to 0.750, A at -0.250 to 0.125.'
    )
    assert sentences.decision(decision._replace(part=1, right=0.875), True) == (
        'After a C, no unit alone tells what is predicted; the best limit, on cell 1, is right in 87.5% of the steps: '
        'C at 0.500 to 0.750, A at -0.250 to 0.125.'
    )


def test_what_saturates_and_where_states_become_one():
    found = analysed('learned')
    means = np.zeros((30, 2))
    means[4] = 0.5, -0.97
    apart = np.array([1.0, 0.5, *(27 * [0.1])])
    spread = np.array([0.25, 0.125, *(27 * [0.2])])
    verdict = found.verdict._replace(counts=4)
    assert sentences.limits(found._replace(apart=(apart, spread, means), verdict=verdict)) == [
        "The mean states after 3 and after 4 A's are less apart than earlier blocks spread them.",
        'Saturated after n = 5 (mean beyond 0.95 or -0.95): hidden unit 1 (-0.97).',
    ]
    apart, spread = np.array([1.0, 1e-4, *(27 * [1.0])]), np.zeros(29)
    assert sentences.limits(found._replace(apart=(apart, spread, 0 * means), verdict=verdict)) == [
        "The mean states after 2 and after 3 A's are less apart than 0.001."
    ]


def test_long_lists_are_cut():
    assert sentences.numbers(range(12)).count('.00') == 12
    assert sentences.numbers(range(13)).endswith('11.00 ..]')
