import re

import numpy as np
import pytest

from lab.insight import automaton as fsm
from lab.insight import states
from lab.insight.automaton import NONE, OPEN
from tests.insight.counting import exact


def draw(count, num_class, length=4, seed=0):
    return fsm.spell(np.random.default_rng(seed).integers(1, length + 1, (count, 5)), num_class)


def analyse(net, length=4, guesses=False, most=states.CLUSTERS):
    language = fsm.minimise(fsm.language(net.num_class, length))[0]
    sequences = states.histories(length, net.num_class, np.random.default_rng(1))
    visits = states.visit(net, language, sequences)
    agreement = states.fidelity(net, language, draw(300, net.num_class, length), guesses)
    return visits, states.extract(visits, agreement, guesses, most, 1), language


@pytest.mark.parametrize(('num_class', 'noise'), [(2, 0.0), (2, 0.05), (3, 0.0), (3, 0.05)])
def test_a_network_that_counts_exactly_is_the_smallest_automaton(num_class, noise):
    _, found, language = analyse(exact(num_class, noise))
    assert fsm.same(found.automaton, language)


def test_nothing_in_the_analysis_knows_the_language_beyond_the_sequences():
    """A network that always predicts B is one state per phase, not twelve."""
    net = exact(2)._replace(logits=lambda states: np.broadcast_to([0.0, 1.0], (*states.shape[:-1], 2)))
    _, found, language = analyse(net)
    assert len(found.automaton.output) <= 3
    assert not fsm.same(found.automaton, language)
    sequences = draw(500, 2, seed=3)
    assert states.fidelity(net, language, sequences, False)(found.automaton)[0] == 1
    # two symbols in three are B's; of what it guesses after an A this automaton says nothing
    assert states.fidelity(net, language, sequences, True)(found.automaton) == (0, pytest.approx(2 / 3))


def test_fidelity_counts_whole_sequences_by_a_simulator_of_its_own():
    net, language = exact(3), fsm.minimise(fsm.language(3, 4))[0]
    wrong = language.output.copy()
    wrong[np.flatnonzero((language.phase == 1) & (language.output == 2))[0]] = 1  # after the B's of a block of 1
    broken = language._replace(output=wrong)
    sequences = draw(60, 3, seed=5)
    agree, steps, steps_agree = 0, 0, 0
    for sequence in sequences:
        sequence = [int(symbol) for symbol in sequence if symbol != NONE]
        state, hidden, good = 0, net.start[None], True
        for symbol in sequence[:-1]:
            state, hidden = broken.following[state, symbol], net.read(hidden, np.array([symbol]))
            if symbol > 0:
                steps += 1
                right = broken.output[state] == net.logits(hidden)[0].argmax()
                steps_agree += right
                good &= right
        agree += good
    assert 0 < agree < 60
    found = states.fidelity(net, language, sequences, False)(broken)
    assert found == pytest.approx((agree / 60, steps_agree / steps), abs=1e-12)


def test_guesses_after_an_a_count_only_if_asked_for():
    """After two A's this network bets on B if the block before had n = 4: one more thing to remember."""
    plain = exact(2, noise=1.0)

    def logits(states):
        bets = (states[..., 1] == 0) & (states[..., 2] == 2) & (states[..., 3] == 4)
        return np.where(bets[..., None], [0.0, 1.0], plain.logits(states))

    net = plain._replace(logits=logits)
    assert len(analyse(net)[1].automaton.output) == 12
    strict = analyse(net, guesses=True)[1].automaton
    assert len(strict.output) > 12
    language = fsm.minimise(fsm.language(2, 4))[0]
    assert states.fidelity(net, language, draw(1000, 2, seed=9), True)(strict)[0] == 1
    assert OPEN not in strict.output


def test_every_prefix_is_visited_once_and_leads_on_to_its_continuations():
    net, language = exact(2), fsm.minimise(fsm.language(2, 2))[0]
    visits = states.visit(net, language, fsm.spell(np.array([[1], [2]]), 2))
    # '', A, then AB ABB ABBA and AA AAB .. AABBBBA
    assert len(visits.state) == 1 + 1 + 3 + 6
    assert visits.often[:2].tolist() == [2, 2]
    at = 0
    for symbol in (0, 0, 1, 1, 1, 1, 0):
        at = visits.following[at, symbol]
        assert visits.read[at] == symbol
    assert (visits.following[at] == NONE).all()


def test_with_length_4_all_there_is_in_the_language_is_visited():
    sequences = states.histories(4, 2, np.random.default_rng(0))
    whole = {tuple(row[row != NONE]) for row in sequences}
    assert all(tuple(row[row != NONE]) in whole for row in draw(200, 2, seed=11))


def test_at_most_so_many_states_are_made_of_a_network_that_follows_no_automaton(monkeypatch):
    monkeypatch.setattr(states, 'CLUSTERS', 40)
    rng = np.random.default_rng(0)
    table = rng.integers(0, 2, 100_003)

    def logits(states):  # the prediction hangs on the whole past, by way of a hash of it
        return np.eye(2)[table[(np.abs(states[..., 3]) * 7919).astype(int) % 100_003]]

    plain = exact(2)

    def read(states, symbols):
        after = plain.read(states, symbols)
        after[:, 3] = (states[:, 3] * 31 + symbols + 1) % 9973
        return after

    _, found, _ = analyse(plain._replace(read=read, logits=logits), most=18)
    assert 1 <= len(found.automaton.output) <= 18


def test_a_cut_parts_two_groups_even_where_rounding_leaves_no_room_between_them():
    """Near a fixed point states differ in the last bit; a cut that parts nothing would be made again for ever."""
    for place in range(200):
        here = 0.9 + place * 2.0**-53
        state = np.array([[here, 0.1], [np.nextafter(here, 1), 0.1]])
        beyond = states._cut(state, np.arange(2), np.array([0]), np.array([1]))
        assert beyond.tolist() == [False, True]


@pytest.mark.parametrize(('num_class', 'length'), [(2, 10), (3, 30)])
def test_where_there_is_too_much_in_the_language_some_of_it_is_visited(num_class, length):
    sequences = states.histories(length, num_class, np.random.default_rng(0))
    spelt = [''.join('ABC'[symbol] for symbol in row[row != NONE]) for row in sequences]
    blocks = [[len(run) for run in re.findall('A+', text[:-1])] for text in spelt]
    assert [fsm.spell(np.array([each]), num_class)[0].tolist() for each in blocks[::50]] == [
        row[row != NONE].tolist() for row in sequences[::50]
    ]
    assert {len(each) for each in blocks} == {1, 2, 3, 4, 5}
    assert {n for each in blocks for n in each} == set(range(1, length + 1))
    shown = [tuple(each[:-1]) for each in blocks]
    assert all(shown.count(some) == length for some in set(shown))  # each n follows all that there is before
    number = np.bincount([len(each) for each in set(shown)], minlength=5)
    assert number[2:].min() > 0.5 * number[2:].max()  # any number of blocks before is as frequent


def test_about_so_many_points_are_visited_however_long_the_blocks():
    for num_class, length in ((2, 10), (3, 12), (2, 60)):
        language = fsm.minimise(fsm.language(num_class, length))[0]
        sequences = states.histories(length, num_class, np.random.default_rng(0))
        visits = states.visit(exact(num_class), language, sequences)
        assert 0.7 * states.POINTS < len(visits.state) < 2 * states.POINTS


def test_one_history_is_left_where_blocks_are_very_long(monkeypatch):
    monkeypatch.setattr(states, 'POINTS', 10)
    assert len(states.histories(8, 3, np.random.default_rng(0))) == 8


def test_visits_know_what_is_due_and_what_the_network_predicts():
    wrong = exact(2)._replace(logits=lambda states: np.broadcast_to([0.0, 1.0], (*states.shape[:-1], 2)))
    language = fsm.minimise(fsm.language(2, 2))[0]
    sequences = fsm.spell(np.array([[1], [2]]), 2)
    visits = states.visit(wrong, language, sequences)
    order = [0]
    for symbol in (0, 1, 1, 0):
        order.append(visits.following[order[-1], symbol])
    assert visits.due[order].tolist() == [0, OPEN, 1, 0, OPEN]
    assert visits.predicts[order].tolist() == [0, 1, 1, 1, 1]
    assert visits.read[order].tolist() == [1, 0, 1, 1, 0]
    assert visits.often[order].tolist() == [2, 2, 1, 1, 1]
    assert visits.state[order, 0].tolist() == [0, 1, 1, 0, 1]


def test_a_network_that_has_nearly_learned_is_seen_as_what_it_nearly_is():
    """It errs at the end of one block in many, by a trace that no state of the language has."""
    plain = exact(2, noise=1.0)

    def logits(states):
        errs = (states[..., 1] == 1) & (states[..., 0] == 0) & (states[..., 2] == 4) & (states[..., 3] == 1)
        return np.where(errs[..., None], [0.0, 1.0], plain.logits(states))

    _, found, language = analyse(plain._replace(logits=logits), most=12)
    assert fsm.same(found.automaton, language)


def test_points_of_one_cluster_are_in_one_state_and_predict_the_same():
    visits, found, _ = analyse(exact(2, 0.05))
    for cluster in range(found.cluster.max() + 1):
        members = found.cluster == cluster
        assert len({*found.state[members]}) == len({*visits.read[members]}) == 1
        predicts = np.where(visits.due == OPEN, OPEN, visits.predicts)[members]
        assert set(predicts) == {found.automaton.output[found.state[members][0]]}
    assert found.state[0] == 0
    leads = visits.following[:, 0] != NONE
    there = found.state[visits.following[leads, 0]]
    np.testing.assert_array_equal(there, found.automaton.following[found.state[leads], 0])


def test_a_cut_is_where_the_fewest_points_are_on_the_wrong_side():
    rng = np.random.default_rng(0)
    here, there = rng.normal(0, 1, (100, 2)), rng.normal([5, 3], 1, (60, 2))
    state = np.vstack([here, there, rng.normal([5, 3], 1, (20, 2))])
    beyond = states._cut(state, np.arange(180), np.arange(100), np.arange(100, 160))
    assert beyond[:100].sum() <= 1
    assert beyond[100:].sum() >= 78  # the last 20 were in neither group
    few = states._cut(state[:, :1], np.arange(50, 150), np.arange(100), np.arange(100, 160))
    assert few[:50].sum() <= 2
    assert few[50:].sum() >= 48


def test_a_cut_in_one_dimension_lies_in_the_middle_between_two_groups():
    state = np.array([[0.0], [1.0], [2.0], [4.0], [5.0], [6.0], [2.9], [3.1]])
    beyond = states._cut(state, np.arange(8), np.array([0, 1, 2]), np.array([3, 4, 5]))
    assert beyond.tolist() == [False, False, False, True, True, True, False, True]


def test_a_cut_leaves_the_fewest_points_on_the_wrong_side():
    here, there = [0.0, 1, 2, 3, 4, 5], [2.5, 2.6, 10, 11]
    state = np.array([*here, *there])[:, None]
    beyond = states._cut(state, np.arange(10), np.arange(6), np.arange(6, 10))
    assert beyond.tolist() == 8 * [False] + 2 * [True]


def test_a_point_stands_where_the_automaton_is_after_its_prefix():
    net, language = exact(3), fsm.minimise(fsm.language(3, 3))[0]
    sequences = states.histories(3, 3, np.random.default_rng(0))
    visits = states.visit(net, language, sequences)
    at = states.where(language, visits)
    for row in sequences[::7]:
        point = state = 0
        for symbol in row[row != NONE]:
            point, state = visits.following[point, symbol], language.following[state, symbol]
            assert at[point] == state


def test_transitions_that_no_sequence_takes_are_left_out():
    """As a cut between clusters may leave it: after the fourth A a fifth leads somewhere, which no block has."""
    net, language = exact(2), fsm.minimise(fsm.language(2, 4))[0]
    visits = states.visit(net, language, states.histories(4, 2, np.random.default_rng(0)))
    fourth = np.flatnonzero((language.phase == 0) & (language.following[:, 0] == NONE))[0]
    false = language.following.copy()
    false[fourth, 0] = language.following[0, 0]
    found = states.States(language._replace(following=false), np.zeros(len(visits.read), int), None)
    taken = states.taken(found.automaton, visits, draw(50, 2))
    assert not taken[fourth, 0]
    assert (taken == (language.following != NONE)).all()
    assert fsm.same(states.without(found, taken, visits).automaton, language)
    short = states.visit(net, language, fsm.spell(np.array([[1]]), 2))
    assert states.taken(language, short).sum() == 3  # A B B A; both A's are one
    assert (states.taken(language, short, draw(50, 2)) == (language.following != NONE)).all()


def test_counts_are_of_the_path_of_the_language():
    visits = states.visit(exact(2), fsm.language(2, 2), fsm.spell(np.array([[2, 1]]), 2))
    assert visits.count.tolist() == [0, 1, 2, 3, 2, 1, 0, 1, 1, 0, 1]
    assert visits.parent.tolist() == [NONE, *range(10)]
