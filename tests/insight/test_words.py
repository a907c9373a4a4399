"""What few networks make the analysis say; every other line is held to a simulation, see test_words_claims.py."""

import itertools
from collections import Counter

import numpy as np
import pytest

from lab.insight.found import automaton as fsm
from lab.insight.found.automaton import NONE, OPEN, Automaton
from lab.insight.found.states import States
from lab.insight.said import words
from tests.insight.counting import analysed, placed

HEADINGS = ['has it learned?', 'in short', 'carried over', 'the finite automaton found']
DETAILS = ['how it was found', 'left to itself', 'how far it counts', 'when a symbol repeats']


@pytest.mark.parametrize(('name', 'some'), [('learned', ['the circuit']), ('lstm3', [])])
def test_the_verdict_what_is_shown_and_the_automaton_come_first_and_the_rest_with_details_only(name, some):
    def headings(lines):
        pairs = itertools.pairwise(lines)
        return [after.removeprefix('----- ') for before, after in pairs if before == '']

    short, found = (headings(words.lines(analysed(name), details=details)) for details in (False, True))
    assert found[: len(short)] == short
    assert [each for each in short if each not in some] == HEADINGS
    assert [each for each in found[len(short) :] if each not in some] == DETAILS
    assert len(words.lines(analysed(name), details=False)) < 60


def test_a_row_of_states_for_each_run_of_a_symbol():
    """Two chains of B's: the second one leads into the first, which ends in a state that leads to itself."""
    following = np.array([[NONE, 1], [NONE, 2], [0, 2], [NONE, 2], [4, 3]])
    machine = Automaton(following, np.array([OPEN, 1, 0, 1, OPEN]), np.array([0, 1, 1, 1, 0]))
    names = ['A1', 'B2a', 'B0-1a', 'B1b', 'A2']
    place = placed(machine)._replace(chain=np.array([0, 2, 2, 3, 1]), names=names)
    assert words.rows(machine, place) == [
        "  A's  A1; B: A1 to B2a",
        "  A's  A2 (A2); B: A2 to B1b",
        "  B's  B2a B0-1a (B0-1a); predicts A in B0-1a; A: B0-1a to A1",
        "  B's  B1b (B0-1a)",
    ]


def test_of_long_runs_and_many_rows_some_is_told():
    found = analysed('learned')
    machine = fsm.minimise(fsm.language(2, 13))
    found = found._replace(place=placed(machine), found=found.found._replace(states=States(machine, None, None)))
    assert "  B's  B25 B24 B23 .. B0; predicts A in B0; A: B0 to A1" in words.automaton(found)
    assert words.automaton(found, 1)[-1] == '  and 1 more rows (with --details)'


@pytest.mark.parametrize(('share', 'shown'), [(0.3, False), (0.6, True)])
def test_of_a_search_that_was_given_up_only_an_automaton_that_does_what_the_network_does_is_shown(share, shown):
    found = analysed('learned')
    given_up = found.found._replace(states=found.found.states._replace(given_up=600), shares=(share, 0.9))
    text = '\n'.join(words.automaton(found._replace(found=given_up)))
    assert ('given up at 600 clusters' in text) == (not shown) == ('A1 A2' not in text)
    assert ('Of at most 18 states' in text) == (not shown)
    assert ('given up at 600' in words.extraction(given_up)[0]) and 'at most 18' in words.extraction(given_up)[0]


def test_a_network_that_has_learned_but_for_rare_mistakes_and_one_that_was_not_read_to_the_end():
    found = analysed('learned')
    rare = found.search._replace(prefix=(0, 1, 1), instead=1, due=0, every=False)
    assert words.judgement(found._replace(search=rare))[0].endswith('n up to 4, but for rare mistakes.')
    some = found.search._replace(every=False, read=200, longest=9)
    assert '9 symbols of any sequence: all 200 ' in words.judgement(found._replace(search=some))[-1]


def ways(*said):
    """For n = 1, 2, ..: how often so many B's came; {}: never tried."""
    return analysed('learned')._replace(
        alone=[Counter({((1, count),): times for count, times in each.items()}) for each in said]
    )


@pytest.mark.parametrize(
    ('said', 'end'),
    [
        ([{2: 5}, {5: 5}, {7: 5}, {8: 5}], 'the answer to n = 2 is wrong.'),
        ([{2: 5}, {4: 5}, {6: 5}, {8: 5}], 'up to n = 4, the largest that was tried.'),
        ([{2: 5}, {4: 5}, {6: 5}, {8: 5}, {8: 5}, {8: 5}], "n = 4; more A's, up to 6, are answered as if they were 4."),
        ([{2: 5}, {4: 5}, {6: 5}, {8: 5}, {8: 5}, {8: 4, 7: 1}], 'it keeps to the language up to n = 4.'),
        ([{2: 5}, {}, {6: 5}, {8: 5}, {9: 1}], 'it keeps to the language up to n = 4.'),  # n = 2 is no failure
    ],
)
def test_what_language_it_speaks_by_itself(said, end):
    assert words.alone(ways(*said))[-1].endswith(end)


def test_what_was_not_followed_to_its_end_is_not_for_ever():
    said = words.alone(ways({2: 5}, {0: 5}, {-1003: 1, 6: 3}))
    assert said[2:4] == ["  n = 2: B's for ever", "  n = 3: 6 B's (75.0%); more than 1003 B's (25.0%)"]
    assert words.alone(ways(*({2 * n: 5} for n in range(1, 41))))[1] == '  n = 1 to 40: always the right answer'
    some = words.alone(ways(*({2 * n: 5} if n % 2 else {} for n in range(1, 40))))
    assert some[1] == '  n = 1 to 39 (20 of them were tried): always the right answer'
