"""Sentences that few networks show; every other one is held to a simulation, see test_words_claims.py."""

import pytest

from lab.insight.said import sentences
from seq_models import LSTM_model, SRN_model
from tests.insight.claims_inside import false_lines
from tests.insight.counting import drawn
from tests.seq.learned import LEARNED

FAR = drawn(SRN_model, 2, 2, 2.0)


@pytest.mark.parametrize('weights', [LEARNED, FAR, drawn(LSTM_model, 1, 2, 2.0)], ids=['learned', 'srn2', 'lstm1'])
def test_no_sentence_about_these_is_false(weights):
    assert false_lines(weights) == []


def test_of_long_lists_some_is_told():
    assert sentences.numbers(range(12)).endswith(' 11.00]')
    assert sentences.numbers(range(13)).endswith(' 11.00 ..]')
