import numpy as np
import pytest

from lab.insight import automaton as fsm
from lab.insight import states
from lab.insight.automaton import NONE, OPEN
from tests.insight.counting import exact


def draw(count, num_class, length=4, seed=0):
    return fsm.spell(np.random.default_rng(seed).integers(1, length + 1, (count, 5)), num_class)


def analyse(net, length=4, guesses=False, **most):
    language = fsm.minimise(fsm.language(net.num_class, length))[0]
    sequences = states.histories(length, net.num_class, np.random.default_rng(1))
    visits = states.visit(net, language, sequences)
    agreement = states.fidelity(net, language, draw(300, net.num_class, length), guesses)
    return visits, states.extract(visits, agreement, guesses, **most), language


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
