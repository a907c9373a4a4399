from collections import Counter

import numpy as np
import pytest
import torch

from anb2n import lang_anb2n
from lab.insight.found import automaton as fsm
from lab.insight.found import behaviour, states
from lab.insight.found.step import follow
from tests.insight.counting import exact, untrained

LANGUAGE = fsm.minimise(fsm.language(2, 3))
HISTORIES = states.histories(3, 2, np.random.default_rng(0))


def wrong_where(column, value, net):
    """As `net`, but where this part of its state has this value it predicts B for ever."""
    logits = net.logits
    return net._replace(logits=lambda s: np.where((s[..., column] == value)[..., None], [0, 1], logits(s)))


def visits(net):
    return states.visit(net, LANGUAGE, HISTORIES)


def test_the_shortest_sequence_that_is_wrong():
    found = behaviour.shortest(wrong_where(2, 2, exact(2)), LANGUAGE)
    assert found.prefix == (0, 0, 1, 1, 1, 1)
    assert (found.instead, found.due, found.every) == (1, 0, False)


def test_a_mistake_in_the_fifth_block_is_found_and_one_in_a_sixth_does_not_count():
    net = exact(2)

    def read(states, symbols):  # the trace counts the blocks
        begins = (symbols == 0) & ((states[:, 1] != 0) | (states[:, 2] == 0))
        return np.column_stack([net.read(states, symbols)[:, :3], states[:, 3] + begins])

    late = net._replace(read=read)
    assert behaviour.shortest(wrong_where(3, 5, late), LANGUAGE).prefix == 5 * (0, 1, 1)
    assert behaviour.shortest(wrong_where(3, 6, late), LANGUAGE).every


def test_a_perfect_network_is_right_after_each_beginning_of_a_sequence():
    found = behaviour.shortest(exact(2), LANGUAGE)
    prefixes = {tuple(row[:t]) for row in HISTORIES for t in range(1, (row >= 0).sum())}
    assert (found.prefix, found.every, found.read) == ((), True, len(prefixes))


def test_where_there_are_too_many_beginnings_the_shorter_ones_are_read(monkeypatch):
    monkeypatch.setattr(behaviour, 'PREFIXES', 100)
    found = behaviour.shortest(exact(2), LANGUAGE)
    assert not found.every and found.read <= 100 and found.longest > 3


def test_a_network_that_knows_the_last_symbol_alone():
    net = exact(2)
    last = net._replace(logits=lambda states: np.eye(2)[states[..., 1].astype(int)])
    assert behaviour.by_last_symbol(last, visits(last)) == [0, 1]
    assert behaviour.by_last_symbol(net, visits(net)) is None


def test_left_to_itself_a_network_speaks_its_own_language():
    rng = np.random.default_rng(0)
    found = behaviour.alone(exact(3), 3, rng)
    assert [set(ways) for ways in found] == [{((1, 2 * n), (2, 3 * n))} for n in range(1, 10)]
    assert sum(ways.total() for ways in found[:3]) == 200 * 5
    assert all(ways.total() == 200 for ways in found[3:])
    found = behaviour.alone(wrong_where(2, 2, exact(2)), 3, rng)
    followed = 1 + behaviour.PATIENCE + 4 * 3
    assert (found[0].keys(), found[1].keys()) == ({((1, 2),)}, {((1, -followed),)})  # its state still changes


def test_a_network_that_counts_far_is_followed_to_the_end_and_every_n_has_its_turn():
    """It gives 102 B's after 51 A's, and so on: that was once told as "for ever"."""
    found = behaviour.alone(exact(2), 150, np.random.default_rng(0))
    assert [set(ways) for ways in found] == [{((1, 2 * n),)} for n in range(1, 157)]


def test_for_ever_is_where_a_state_comes_back_and_nothing_is_read_after_it():
    net = exact(2)._replace(
        read=lambda states, symbols: 0.5 * states + 1, logits=lambda states: np.eye(2)[np.ones(len(states), int)]
    )
    found = behaviour.alone(net, 2, np.random.default_rng(0))
    assert found[0].keys() == found[1].keys() == {((1, behaviour.ENDLESS),)}
    assert found[0].total() + found[1].total() == 200
    assert found[2:] == 6 * [Counter()]


def test_symbols_that_take_turns_are_runs_of_one():
    """After a B it predicts a C, after a C a B."""
    net = exact(3)._replace(
        read=lambda states, symbols: np.broadcast_to(symbols, len(states))[:, None] + np.zeros((len(states), 4)),
        logits=lambda states: np.eye(3)[np.where(states[..., 0] == 1, 2, 1)],
    )
    [way] = behaviour.alone(net, 1, np.random.default_rng(0))[0]
    assert way[:3] == ((1, 1), (2, 1), (1, 1)) and way[-1][1] == -1


def test_losses_are_those_of_the_lab():
    net = untrained('lstm', 3)
    loss, right = behaviour.losses(net)
    lang = lang_anb2n(3, 4)
    for n in (1, 2, 3):
        lang.random = type('Same', (), {'integers': lambda *_, size, n=n: np.full(size, n)})
        x, seq, target, _ = lang.get_sequence()
        logits = net.logits(follow(net, x.argmax(dim=2).numpy()))
        probabilities = torch.softmax(torch.from_numpy(logits), dim=2)
        assert loss[n - 1] == pytest.approx(float(((probabilities - target) ** 2).mean()), abs=1e-6)
        due = x.argmax(dim=2)[0].numpy() != 0
        assert right[n - 1] == pytest.approx((logits[0].argmax(axis=1) == seq[1:].numpy())[due].mean())
