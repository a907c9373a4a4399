"""How a network counts, in sentences: they are true, and those that few networks show say what was measured."""

import numpy as np
import pytest

from lab.insight.found.fixed import FixedPoint, Movement
from lab.insight.found.mechanism import Reading, Steps
from lab.insight.said import sentences
from seq_models import LSTM_model, SRN_model
from tests.insight.claims_inside import false_lines
from tests.insight.counting import analysed, drawn
from tests.seq.learned import LEARNED

# Every other sentence is held to a simulation, see test_words_claims.py


def point(values, symbol=0, distance=0.125):
    values = np.array(values, dtype=complex)
    return FixedPoint(symbol, np.array([[0.25, -0.5]]), 0.0, values, np.eye(2, dtype=complex), distance)


FAR = drawn(SRN_model, 2, 2, 2.0)


@pytest.mark.parametrize('weights', [LEARNED, FAR, drawn(LSTM_model, 1, 2, 2.0)], ids=['learned', 'srn2', 'lstm1'])
def test_no_sentence_about_these_is_false(weights):
    assert false_lines(weights) == []


def test_a_unit_that_jumps_adds_nothing():
    """Each B adds 0.48 to unit 1 on average, but its standard deviation is twice as large."""
    steps = {'B': Steps(np.array([0.01, 0.48, 0.3]), np.array([0.05, 0.97, 0.1])), 'A': Steps(np.ones(3), np.zeros(3))}
    said = sentences.steps(analysed('srn3')._replace(steps=steps))[-1]
    assert said == 'The deviation is larger than the mean, so nothing is added, but the unit jumps: B: unit 1.'


def test_of_a_saddle_it_says_what_happens_along_the_direction_that_grows():
    moves = Movement(point([-2.84, 0.1]), 40, 40, 1.0, 0.58, 2.8, 0.75)
    said = sentences.movement(moves)
    assert 'seen from the saddle point [0.25 -0.50]: 100.0% end nearer to it' in said
    assert 'along its first eigenvector (eigenvalue -2.84) by 2.80; 75.0% end on its other side' in said


def reading(right, unit=None, direction=None, means=(1.0, 2.0, 3.0)):
    return Reading(1, unit, direction, np.arange(3), np.array(means), right, 50)


ALONE, WEIGHTS = reading(0.5, unit=3), np.array([1.0, 0.5])


@pytest.mark.parametrize(
    ('tried', 'begin'),
    [
        (
            [reading(0.991, unit=3)],
            "The B's owed can be read from unit 3: the nearest mean is right in 99.1% of 50 steps;",
        ),
        ([reading(0.989, unit=3)], "No single number that was tried tells the B's owed;"),
        (
            [ALONE, reading(1.0, direction=WEIGHTS)],
            "No unit alone tells the B's owed, but the units weighted by [1.00 0.50] do:",
        ),
    ],
)
def test_that_a_count_can_be_read_is_said_only_where_it_can(tried, begin):
    text = sentences.reading(tried, 'unit')
    assert text.startswith(begin)
    assert ('how often the nearest mean is right: unit 3' in text) == begin.startswith('No single')


def test_all_weights_are_told_and_of_other_long_lists_some():
    text = sentences.reading([ALONE, reading(1.0, direction=np.arange(20))], 'unit')
    assert '17.00 18.00 19.00]' in text
    assert sentences.numbers(range(12)).endswith(' 11.00]')
    assert sentences.numbers(range(13)).endswith(' 11.00 ..]')
