"""What 'in short' says of networks whose mechanism is known; every other sentence: test_words_claims.py."""

import functools

import numpy as np
import pytest
import torch

from lab.insight.found.analysis import analyse, explain
from lab.insight.found.step import network
from lab.insight.said import story, tables
from lab.seq import verdict
from seq_models import LSTM_model, SRN_model
from tests.insight.counting import analysed


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """Fewer sequences than usual, by which the automaton is judged; n up to 100 is counted."""
    monkeypatch.setattr('lab.insight.found.analysis.FRESH', 100)
    monkeypatch.setattr(verdict, 'FAR', 100)


@functools.cache
def by_hand(kind, hid, classes):
    model = kind(classes, hid, classes)
    model.set_weights()
    return analyse(network(model.state_dict()), 4, 1)


@pytest.mark.parametrize(
    ('kind', 'hid', 'classes', 'said'),
    [
        (
            LSTM_model, 3, 3,
            [
                "At the last A cell 0 with its hidden unit carries n for the B's",
                "cell 1 carries n for the C's (100%",
                'One more A moves cell 0 by +1.00:',
                'One more B moves cell 0 by -0.50:',
                'one more C moves cell 1 by -0.25:',
                "Hidden unit 0 ends the B's",
                "hidden unit 1 ends the C's",
                '0 of 36 recurrent weights',
                f'It counts up to n = {max(n for n in verdict.TRIED if n <= 100)}, the largest that was tried.',
            ],
        ),
        (
            SRN_model, 2, 2,
            [
                "At the last A unit 0 carries n for the B's",
                "In the middle of the B's unit 0 carries the B's owed",
                "of unit 0's distance from 0.82: done by hand at the last A, 2 more B's follow in 100%",
                "One more B makes unit 0's distance from -0.6",
                "Unit 0 ends the B's, with a limit at -0.49",
            ],
        ),
        (
            SRN_model, 4, 3,
            [
                "At the last B unit 1 carries n for the C's",
                "unit 1 ends the C's, with a limit at 0.53",
                "One more A leaves 0.46 of unit 0's distance",
            ],
        ),
    ],
    ids=['lstm3', 'srn2', 'srn4'],
)  # fmt: skip
def test_the_story_of_the_networks_made_by_hand_is_that_of_docs_by_hand(kind, hid, classes, said):
    text = ' '.join(lines := story.in_short(by_hand(kind, hid, classes)))
    assert [each for each in said if each not in text] == []
    assert 5 <= len(lines) <= 10


def test_of_a_network_that_does_not_count_it_is_said_what_it_does():
    lines = story.in_short(analysed('srn1'))
    assert lines[0].startswith('It does not count: left to itself after the A') and len(lines) >= 2


def test_an_lstm_as_a_step_function_with_groups_is_found_to_do_the_same():
    """explain() sees neither gates nor weights, but each intervention in the state comes out as in the lab's LSTM."""
    lab = by_hand(LSTM_model, 3, 3)
    tell = {'groups': [[k, 3 + k] for k in range(3)], 'length': 4, 'seed': 1}
    found = explain(
        torch.zeros(6),
        lambda states, symbols: torch.as_tensor(lab.net.read(states.numpy(), symbols.numpy())),
        lambda states: torch.as_tensor(lab.net.logits(states.numpy())),
        3,
        **tell,
    ).shown
    np.testing.assert_array_equal(found.interchange.follows[0], lab.shown.interchange.follows[0])
    assert found.interchange.kinds == ['group'] and (found.holding, found.circuit) == (None, None)
    assert [each.added.tolist() for each in found.laws] == [each.added.tolist() for each in lab.shown.laws]


def test_the_table_has_a_row_for_each_set_and_of_many_those_that_carry_most():
    found = by_hand(LSTM_model, 3, 3).shown.interchange
    rows = tables.carried(found)[3:]
    assert rows[0].split()[:5] == ['0', '100%', '(0%)', '0%', '(100%)']
    assert len(rows) == 7
    many = found._replace(sets=[(k,) for k in range(40)], follows=np.linspace(0, 0.9, 40)[None, :, None].repeat(6, 2))
    assert tables.shown_sets(many) == [(k,) for k in range(25, 40)]
