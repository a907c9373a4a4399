"""How a network counts, in sentences: they are true, and those that few networks show say what was measured."""

import numpy as np
import pytest

from lab.insight import sentences
from lab.insight.fixed import FixedPoint, Movement
from lab.insight.mechanism import Reading, Steps, Store
from seq_models import LSTM_model, SRN_model
from tests.insight.claims_inside import false_lines
from tests.insight.counting import analysed, drawn
from tests.seq.learned import LEARNED

# Every other sentence is held to a simulation, see test_words_claims.py


def point(values, symbol=0, distance=0.125):
    values = np.array(values, dtype=complex)
    return FixedPoint(symbol, np.array([[0.25, -0.5]]), 0.0, values, np.eye(2, dtype=complex), distance)


FAR = drawn(SRN_model, 2, 2, 2.0)  # fixed points that no sequence comes near to


@pytest.mark.parametrize('weights', [LEARNED, FAR, drawn(LSTM_model, 1, 2, 2.0)], ids=['learned', 'srn2', 'lstm1'])
def test_no_sentence_about_these_is_false(weights):
    assert false_lines(weights) == []


def test_of_a_point_that_is_far_away_it_says_what_the_states_do_instead():
    found = analysed('learned')
    steps = Steps(np.array([0.01, -0.85]), np.array([0.5, 0.02]))
    text = sentences.far(found._replace(steps={'A': steps}), point([0.5, 0], distance=75.5), 9.0)
    for part in ('[0.25 -0.50]: it is 75.50 away', 'diagonal of 9.00', 'unit 1', '-0.85 for each A', 'deviation 0.02'):
        assert part in text
    far = Movement(point([0.5, 0], distance=75.5), 40, 40, 1.0, 0.99, None, None)
    assert any('Meanwhile' in line for line in sentences.repeating(found._replace(moves=[far, None])))


def reading(right, unit=None, direction=None, means=(1.0, 2.0, 3.0), fixed=None):
    return Reading(1, unit, direction, fixed, np.arange(3), np.array(means), right, 50, 0.75)


ALONE, WEIGHTS = reading(0.5, unit=3), np.array([1.0, 0.5])


@pytest.mark.parametrize(
    ('tried', 'begin'),
    [
        (
            [reading(0.991, unit=3)],
            "Unit 3 counts the B's owed: the nearest mean gives the count in 99.1% of 50 steps;",
        ),
        ([reading(0.989, unit=3)], "No single number that was tried tells the B's owed;"),
        ([ALONE, reading(1.0, direction=WEIGHTS)], 'No unit alone counts, but together, weighted by [1.00 0.50], they'),
        (
            [ALONE, reading(1.0, fixed=point([2, 0]))],
            'No unit alone counts, but the log of the distance from the saddle',
        ),
        (
            [ALONE._replace(together=0.99)],
            "No single number that was tried tells the B's owed, but the nearest mean of",
        ),
    ],
)
def test_counts_is_said_only_where_the_count_can_be_read_back(tried, begin):
    text = sentences.reading(tried, 'unit')
    assert text.startswith(begin)
    assert ('how often the nearest mean of one is right: unit 3' in text) == begin.startswith('No single')


def test_of_many_units_that_hold_n_and_of_long_lists_some_are_shown():
    store = Store(1, 0, 1.0, 20, np.array([[1.0, 2.0], [0.0, 0.0]]), 1)
    found = analysed('learned')._replace(stores=8 * [store], readings=[], decisions=[])
    assert len(sentences.counting(found)) == 7
    assert sentences.counting(found)[-1] == '2 more units hold n in this way.'
    assert 'no longer' not in sentences.store(store._replace(emptied=None), 'cell')
    assert sentences.numbers(range(12)).endswith(' 11.00]')
    assert sentences.numbers(range(13)).endswith(' 11.00 ..]')
