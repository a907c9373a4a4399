"""What few networks make the analysis say; every other line is held to a simulation, see test_words_claims.py."""

import itertools
from collections import Counter

import pytest

from lab.insight import words
from lab.insight.behaviour import Mistake
from tests.insight.counting import analysed


@pytest.mark.parametrize(
    ('name', 'some'),
    [('learned', ['how it counts', 'the circuit']), ('lstm3', ['gates by phase'])],
)
def test_the_verdict_comes_first_and_how_it_counts_is_told_of_networks_that_count_only(name, some):
    lines = words.lines(analysed(name))
    headings = [after.removeprefix('----- ') for before, after in itertools.pairwise(lines) if before == '']
    usual = ['has it learned?', 'in short', 'carried over', 'left to itself', 'how far it counts']
    usual += ['the finite automaton found', 'what each symbol adds', 'when a symbol repeats']
    assert [each for each in headings if each not in some] == usual
    assert len(headings) == len(usual) + len(some)


def test_of_many_mistakes_the_first_places_are_told():
    some = [Mistake(n=3, read=1, nth=2, due=1, instead=0, share=0.5)]
    assert len(words.wrong(8 * some, 300)) == 9
    assert words.wrong(11 * some, 300)[8:] == [words.wrong(some, 300)[1], '  and 3 more places']


def test_a_network_that_has_learned_but_for_rare_mistakes_and_one_that_was_not_read_to_the_end():
    found = analysed('learned')
    rare = found.search._replace(prefix=(0, 1, 1), instead=1, due=0, every=False)
    assert words.judgement(found._replace(search=rare))[0].endswith('n up to 4, but for rare mistakes.')
    some = found.search._replace(every=False, read=200, longest=9)
    assert '9 symbols of any sequence: all 200 ' in words.judgement(found._replace(search=some))[-1]


def ways(*said):
    """For n = 1, 2, ..: how often so many B's came."""
    return analysed('learned')._replace(
        alone=[Counter({((1, count),): times for count, times in each.items()}) for each in said]
    )


@pytest.mark.parametrize(
    ('said', 'end'),
    [
        ([{2: 5}, {5: 5}, {7: 5}, {8: 5}], 'the answer to n = 2 is wrong.'),
        ([{2: 5}, {4: 5}, {6: 5}, {8: 5}], 'it keeps to the language up to n = 4.'),
        ([{2: 5}, {4: 5}, {6: 5}, {8: 5}, {8: 5}, {8: 5}], "n = 4; more A's, up to 6, are answered as if they were 4."),
        ([{2: 5}, {4: 5}, {6: 5}, {8: 5}, {8: 5}, {8: 4, 7: 1}], 'it keeps to the language up to n = 4.'),
    ],
)
def test_what_language_it_speaks_by_itself(said, end):
    assert words.alone(ways(*said))[-1].endswith(end)
