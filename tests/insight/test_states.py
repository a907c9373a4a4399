"""An automaton is extracted from the points that a network visits, and its fidelity is counted."""

import re

import numpy as np
import pytest

from lab.insight.found import automaton as fsm
from lab.insight.found import states
from lab.insight.found.automaton import NONE, OPEN
from lab.seq.verdict import spell
from tests.insight.counting import exact, hashed


def smallest(num_class, length=4):
    return fsm.minimise(fsm.language(num_class, length))


def draw(count, num_class, length=4, seed=0):
    return spell(np.random.default_rng(seed).integers(1, length + 1, (count, 5)), num_class)


def visits_of(net, length=4):
    sequences = states.histories(length, net.num_class, np.random.default_rng(1))
    return states.visit(net, smallest(net.num_class, length), sequences)


def extracted(net, most=states.CLUSTERS):
    language, visits = smallest(net.num_class), visits_of(net)
    agreement = states.fidelity(net, language, draw(300, net.num_class))
    return visits, states.extract(visits, language, agreement, most, 1), language


def wrong_where(condition, classes=2):
    """A network that counts, but predicts B where a condition on its states holds."""
    plain = exact(classes, noise=1.0)
    wrong = np.eye(classes)[1]
    return plain._replace(logits=lambda s: np.where(condition(s)[..., None], wrong, plain.logits(s)))


ALWAYS_B = wrong_where(lambda s: s[..., 0] == s[..., 0])


@pytest.mark.parametrize(('num_class', 'noise'), [(2, 0.0), (2, 0.05), (3, 0.05)])
def test_a_network_that_counts_exactly_is_the_smallest_automaton(num_class, noise):
    visits, found, language = extracted(exact(num_class, noise))
    assert fsm.same(found.automaton, language)
    for cluster in range(found.cluster.max() + 1):  # its points are in one state and predict the same
        members = found.cluster == cluster
        assert len({*found.state[members]}) == len({*visits.read[members]}) == 1
        predicts = np.where(visits.due == OPEN, OPEN, visits.predicts)[members]
        assert set(predicts) == {found.automaton.output[found.state[members][0]]}
    assert found.state[0] == 0


def test_nothing_in_the_analysis_knows_the_language_beyond_the_sequences():
    """A network that always predicts B is one state per phase, not twelve."""
    _, found, language = extracted(ALWAYS_B)
    assert len(found.automaton.output) <= 3
    sequences = draw(500, 2, seed=3)
    assert states.fidelity(ALWAYS_B, language, sequences)(found.automaton)[0] == 1


def test_fidelity_counts_whole_sequences_by_a_simulator_of_its_own():
    net, language = exact(3), smallest(3)
    wrong = language.output.copy()
    wrong[np.flatnonzero((language.phase == 1) & (language.output == 2))[0]] = 1  # after the B's of a block of 1
    broken, sequences, right = language._replace(output=wrong), draw(60, 3, seed=5), []
    for sequence in sequences:
        state, hidden, steps = 0, net.start[None], []
        for symbol in sequence[sequence != NONE][:-1]:
            state, hidden = broken.following[state, symbol], net.read(hidden, np.array([symbol]))
            if symbol > 0:
                steps.append(broken.output[state] == net.logits(hidden)[0].argmax())
        right.append(steps)
    expected = np.mean([all(steps) for steps in right]), np.mean(np.concatenate(right))
    assert 0 < expected[0] < 1
    assert states.fidelity(net, language, sequences)(broken) == pytest.approx(expected, abs=1e-12)


def test_what_it_guesses_after_an_a_does_not_count():
    """After two A's this network bets on B if the block before had n = 4: the language leaves that open."""
    net = wrong_where(lambda s: (s[..., 1] == 0) & (s[..., 2] == 2) & (s[..., 3] == 4))
    assert len(extracted(net)[1].automaton.output) == 12


def test_a_network_that_has_nearly_learned_is_seen_as_what_it_nearly_is():
    """It errs at the end of one block in many, by a trace that no state of the language has."""
    net = wrong_where(lambda s: (s[..., 1] == 1) & (s[..., 0] == 0) & (s[..., 2] == 4) & (s[..., 3] == 1))
    _, found, language = extracted(net, most=12)
    assert fsm.same(found.automaton, language)


def test_at_most_so_many_states_are_made_of_a_network_that_follows_no_automaton(monkeypatch):
    monkeypatch.setattr(states, 'CLUSTERS', 40)
    found = extracted(hashed(), most=18)[1]
    assert 1 <= len(found.automaton.output) <= 18
    assert 0 < found.given_up <= 40


def test_where_the_search_is_given_up_the_automaton_of_the_language_is_tried(monkeypatch):
    """A network that is right everywhere needs 36 states; the search may make 20 clusters."""
    assert extracted(exact(3))[1].given_up == 0
    monkeypatch.setattr(states, 'CLUSTERS', 20)
    _, found, language = extracted(exact(3), most=54)
    assert fsm.same(found.automaton, language) and found.given_up == 20


def test_visits_are_every_prefix_once_with_what_is_due_and_what_the_network_predicts():
    visits = states.visit(ALWAYS_B, smallest(2, 2), spell(np.array([[1], [2]]), 2))
    assert len(visits.state) == 1 + 1 + 3 + 6  # '', A, then AB ABB ABBA and AA AAB .. AABBBBA
    order = [0]
    for symbol in (0, 1, 1, 0):
        order.append(visits.following[order[-1], symbol])
    assert (visits.following[order[-1]] == NONE).all()
    assert visits.read[order].tolist() == [1, 0, 1, 1, 0]
    assert visits.due[order].tolist() == [0, OPEN, 1, 0, OPEN]
    assert visits.predicts[order].tolist() == [0, 1, 1, 1, 1]
    assert visits.often[order].tolist() == [2, 2, 1, 1, 1]
    assert visits.state[order, 0].tolist() == [0, 1, 1, 0, 1]


@pytest.mark.parametrize(('num_class', 'length'), [(2, 10), (3, 20)])
def test_where_there_is_too_much_in_the_language_some_of_it_is_visited(num_class, length):
    sequences = states.histories(length, num_class, np.random.default_rng(0))
    spelt = [''.join('ABC'[symbol] for symbol in row[row != NONE]) for row in sequences]
    blocks = [[len(run) for run in re.findall('A+', text[:-1])] for text in spelt]
    for row, each in zip(sequences[::50], blocks[::50], strict=True):
        assert spell(np.array([each]), num_class)[0].tolist() == row[row != NONE].tolist()
    assert {len(each) for each in blocks} == {1, 2, 3, 4, 5}
    shown = [tuple(each[:-1]) for each in blocks]
    assert all(shown.count(some) == length for some in set(shown))  # each n follows all that there is before
    number = np.bincount([len(each) for each in set(shown)], minlength=5)
    assert number[2:].min() > 0.5 * number[2:].max()  # any number of blocks before is as frequent
    assert 0.7 * states.POINTS < len(visits_of(exact(num_class), length).state) < 2 * states.POINTS


@pytest.mark.parametrize(('num_class', 'length'), [(3, 30), (2, 100)])
def test_of_long_blocks_there_are_many_beginnings_and_every_n(num_class, length):
    """What is said of spreads and distances once rested on the trace of one beginning."""
    sequences = states.histories(length, num_class, np.random.default_rng(0))
    texts = [''.join('ABC'[symbol] for symbol in row[row != NONE]) for row in sequences]
    blocks = [[len(run) for run in re.findall('A+', text[:-1])] for text in texts]
    assert len({tuple(each[:-1]) for each in blocks}) >= 15
    assert {each[-1] for each in blocks} == {*range(1, length + 1)}
    assert len(states.visit(exact(num_class), smallest(num_class, length), sequences).state) < 2 * states.POINTS


LAST_BIT = np.nextafter(0.9, 1)  # as near a fixed point: rounding leaves no room between the two


@pytest.mark.parametrize(
    ('here', 'there', 'rest', 'beyond'),
    [
        ([0.0, 1, 2], [4.0, 5, 6], [2.9, 3.1], 'FFFTTTFT'),  # in the middle between two groups
        ([0.0, 1, 2, 3, 4, 5], [2.5, 2.6, 10, 11], [], 'FFFFFFFFTT'),  # the fewest points on the wrong side
        ([0.9], [LAST_BIT], [], 'FT'),  # a cut that parts nothing would be made again for ever
        ([LAST_BIT], [np.nextafter(LAST_BIT, 1)], [], 'FT'),
    ],
)
def test_where_a_cut_in_one_dimension_lies(here, there, rest, beyond):
    state, first, both = np.array([*here, *there, *rest])[:, None], len(here), len(here) + len(there)
    found = states._cut(state, np.arange(len(state)), np.arange(first), np.arange(first, both))
    assert ''.join('FT'[int(each)] for each in found) == beyond


def test_transitions_that_no_sequence_takes_are_left_out():
    """As a cut between clusters may leave it: after the fourth A a fifth leads somewhere, which no block has."""
    language, visits = smallest(2), visits_of(exact(2))
    fourth = np.flatnonzero((language.phase == 0) & (language.following[:, 0] == NONE))[0]
    false = language.following.copy()
    false[fourth, 0] = language.following[0, 0]
    found = states.States(language._replace(following=false), np.zeros(len(visits.read), int), None)
    assert fsm.same(states.trim(found, visits).automaton, language)
    short = states.visit(exact(2), language, spell(np.array([[1]]), 2))
    assert (states.trim(found, short).automaton.following != NONE).sum() == 3  # A B B A; both A's are one
    assert fsm.same(states.trim(found, short, draw(50, 2)).automaton, language)
