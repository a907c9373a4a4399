import numpy as np
import pytest

from lab.insight.found import automaton as fsm
from lab.insight.found import layout, states
from lab.insight.found.automaton import NONE, OPEN, Automaton
from tests.insight.counting import exact


def visits(num_class, length=4):
    language = fsm.minimise(fsm.language(num_class, length))
    return language, states.visit(
        exact(num_class), language, states.histories(length, num_class, np.random.default_rng(0))
    )


def test_in_the_automaton_of_a_language_a_name_is_the_number_of_symbols_owed():
    language, seen = visits(3)
    span = layout.spans(language, states.where(language, seen), seen)
    assert (span[:, 0] == span[:, 1]).all()
    found = layout.layout(language, span).names
    assert sorted(found)[:5] == ['A1', 'A2', 'A3', 'A4', 'B0a']
    assert len(set(found)) == 36
    assert 'B7a' in found and 'C11' in found  # of eight B's one is read, of twelve C's one


def test_a_state_that_owes_now_this_now_that_says_so():
    """A's, then B's for ever: the state of the B's is not named after a number of states, or infinity."""
    _, seen = visits(2)
    machine = Automaton(np.array([[1, 2], [1, 2], [1, 2]]), np.array([0, OPEN, 1]), np.array([1, 0, 1]))
    span = layout.spans(machine, states.where(machine, seen), seen)
    assert layout.names(machine, span, np.array([1, 0, 1])) == ['B0', 'A1-4', 'B0-7']


def test_a_chain_of_states_has_one_letter():
    """B's: 1 leads to 2 to 3 to 4, and 5 to 3; the picture shows 3 and 4 in other rows than 1, as they are nearer."""
    following = np.full((7, 2), NONE)
    following[[0, 6, 1, 2, 3, 5], 1] = [1, 5, 2, 3, 4, 3]
    following[0, 0] = 6
    machine = Automaton(following, np.zeros(7, dtype=int), np.array([0, 1, 1, 1, 1, 1, 0]))
    span = np.tile([[0, 5]], (7, 1))
    place = layout.layout(machine, span)
    assert len({*place.chain[1:5]}) == 1 != len({*place.chain[[1, 5]]})
    assert len({name.rstrip("'")[-1] for name in place.names[1:5]}) == 1


def test_no_two_states_have_the_same_name_and_one_where_no_point_is_has_no_number():
    machine = Automaton(np.zeros((3, 2), dtype=int), np.array([0, 1, 1]), np.array([1, 1, 1]))
    span = np.array([[3, 3], [3, 3], [-1, -1]])
    assert layout.names(machine, span, np.array([4, 4, 4])) == ['B3', "B3'", 'B']
    assert layout.names(machine, span, np.array([4, 5, 5])) == ['B3a', 'B3b', 'Bb']


def test_letters_go_on_after_z():
    found = [layout.letters(number) for number in range(26 * 27)]
    assert found[:2] + found[25:28] + found[51:53] + found[-1:] == ['a', 'b', 'z', 'aa', 'ab', 'az', 'ba', 'zz']


@pytest.mark.parametrize(
    ('found', 'parts'),
    [(['A1', 'B2'], ''), (['A1', 'C2'], 'C likewise'), (['A1-4'], 'B0-7'), (['A1', 'B2a'], 'B3a, B3b')],
)
def test_the_key_of_a_picture_explains_the_names_that_are_in_it(found, parts):
    key = layout.meaning(found)
    assert key.startswith('A2: ') and 'B3: ' in key
    assert [part for part in ('C likewise', 'B0-7', 'B3a, B3b') if part in key] == [parts][: len(parts)]
