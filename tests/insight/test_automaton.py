import numpy as np
import pytest
import torch

from anb2n import lang_anb2n
from lab.insight.found import automaton as fsm
from lab.insight.found.automaton import NONE, OPEN, Automaton
from lab.seq.verdict import spell


@pytest.mark.parametrize(
    ('num_class', 'length', 'states', 'without_phases'), [(2, 4, 12, 12), (3, 4, 36, 33), (2, 10, 30, 30), (3, 1, 6, 6)]
)
def test_the_smallest_automaton_has_a_state_per_count(num_class, length, states, without_phases):
    """n A's; B's owed (with C's to come: for each n apart); C's owed. That 3 C's are owed after a C or after the only
    block's B's differs in the phase alone: the languages need 33, not 36, states if phases may be merged."""
    language = fsm.language(num_class, length)
    assert len(fsm.minimise(language).output) == states
    assert len(fsm.minimise(language._replace(phase=0 * language.phase)).output) == without_phases


@pytest.mark.parametrize(('num_class', 'length'), [(2, 4), (3, 7)])
def test_the_automaton_predicts_what_the_language_determines(num_class, length):
    torch.manual_seed(0)
    lang = lang_anb2n(num_class, length)
    smallest = fsm.minimise(fsm.language(num_class, length))
    for _ in range(30):
        seq, prob, _ = lang.get_one_example()
        state = 0
        for symbol, target in zip(seq, prob, strict=False):
            state = smallest.following[state, symbol]
            assert smallest.output[state] == (target.index(1) if 1 in target else OPEN)
            assert smallest.phase[state] == symbol


def test_spell_writes_blocks_and_the_a_after_them():
    spelt = spell(np.array([[1, 0], [1, 2]]), 3)
    texts = [''.join('ABC-'[symbol] for symbol in row) for row in spelt]
    assert texts == ['ABBCCCA' + 12 * '-', 'ABBCCC' + 'AABBBBCCCCCC' + 'A']


def test_different_sequences_are_counted_in_the_order_in_which_they_come():
    rows, often = fsm.distinct(np.array([[0, 1], [0, 0], [0, 1]]))
    assert (rows.tolist(), often.tolist()) == ([[0, 1], [0, 0]], [2, 1])


def test_every_symbol_has_its_number_in_its_run_and_what_is_left_of_it():
    nth, left = fsm.runs(np.array([[0, 1, 1, 0, 0, 0]]))
    assert (nth.tolist(), left.tolist()) == ([[1, 1, 2, 1, 2, 3]], [[0, 1, 0, 2, 1, 0]])


def test_minimising_merges_what_no_future_tells_apart_and_drops_what_is_not_reached():
    #   0 -A-> 1 -A-> 3 -A-> 0   and the same by way of 2; 4 is never reached
    following = np.array([[1, 2], [3, NONE], [3, NONE], [0, NONE], [0, NONE]])
    smallest = fsm.minimise(Automaton(following, np.array([0, 0, 0, 1, 1]), np.zeros(5, dtype=int)))
    assert smallest.following.tolist() == [[1, 1], [2, NONE], [0, NONE]]
    assert smallest.output.tolist() == [0, 0, 1]


def test_states_that_differ_only_far_ahead_are_kept_apart():
    chain = Automaton(np.array([[1], [2], [3], [4], [4]]), np.array([0, 0, 0, 0, 1]), np.zeros(5, dtype=int))
    assert len(fsm.minimise(chain).output) == 5


def test_minimised_automata_are_the_same_however_their_states_were_numbered():
    one = fsm.minimise(fsm.language(3, 3))
    order = np.append(0, np.random.default_rng(0).permutation(np.arange(1, len(one.output))))  # the start stays 0
    following = np.where(one.following[order] == NONE, NONE, np.argsort(order)[one.following[order]])
    shuffled = Automaton(following, one.output[order], one.phase[order])
    assert fsm.same(fsm.minimise(shuffled), one)
    shuffled.output[-1] = 0 if shuffled.output[-1] else 1
    assert not fsm.same(fsm.minimise(shuffled), one)


def test_a_walk_ends_where_there_is_no_transition():
    walk = fsm.walk(fsm.minimise(fsm.language(2, 4)), np.array([[0, 1, 1, 1, 0], [0, 1, 1, 0, NONE]]))
    assert (walk != NONE).tolist() == [[True, True, True, False, False], [True, True, True, True, False]]


def test_an_automaton_with_many_states_and_symbols_is_minimised():
    """So many that a state and what its symbols lead to, written as one number, would pass 2^63."""
    following = (np.arange(100)[:, None] + np.arange(1, 13)) % 100
    smallest = fsm.minimise(Automaton(following, np.arange(100), np.zeros(100, dtype=int)))
    number = np.argsort(smallest.output)  # each state predicts a symbol of its own
    np.testing.assert_array_equal(smallest.following[number], number[following])


def test_the_part_that_short_blocks_need_is_the_automaton_of_a_shorter_language():
    for classes in (2, 3):
        whole = fsm.minimise(fsm.language(classes, 9))
        part, kept = fsm.part(whole, 4)
        assert fsm.same(fsm.minimise(part), fsm.minimise(fsm.language(classes, 4)))
        assert len(kept) == len(part.output) and (whole.output[kept] == part.output).all()
