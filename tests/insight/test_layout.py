import numpy as np

from lab.insight.found import automaton as fsm
from lab.insight.found.automaton import NONE, Automaton
from tests.insight.counting import placed


def test_counting_is_seen_in_the_places():
    smallest = fsm.minimise(fsm.language(3, 4))
    place = placed(smallest)
    for here, there in enumerate(smallest.following[:, 2]):
        if there != NONE:  # each C is one to the left; the first stands below its last B
            assert place.x[there] == place.x[here] - (smallest.phase[here] == 2)
    for here, there in enumerate(smallest.following[:, 1]):
        if there != NONE:  # each B is one to the right; the first stands below its A
            assert place.x[there] == place.x[here] + (smallest.phase[here] == 1)
    for here, phase in enumerate(smallest.phase):  # states that follow each other in a phase share a row
        there = smallest.following[here, phase]
        assert there == NONE or place.row[there] == place.row[here]
    rows = [set(place.row[smallest.phase == phase]) for phase in range(3)]
    assert [len(row) for row in rows] == [1, 4, 1]
    assert max(rows[0]) < min(rows[1]) <= max(rows[1]) < min(rows[2])


def test_no_two_states_share_a_name_or_a_place_in_any_automaton():
    rng = np.random.default_rng(0)
    for _ in range(100):
        states, classes = rng.integers(2, 40), rng.integers(2, 4)
        phase = rng.integers(0, classes, states)
        following = np.full((states, classes), NONE)
        for symbol in range(classes):  # a symbol leads to a state of its own phase, or nowhere
            leads = np.flatnonzero(phase == symbol)
            if len(leads):
                following[:, symbol] = np.where(rng.random(states) < 0.7, rng.choice(leads, states), NONE)
        place = placed(Automaton(following, np.zeros(states, dtype=int), phase))
        assert len(set(place.names)) == len(set(zip(place.x, place.row, strict=True))) == states


def test_a_phase_without_states_takes_no_row():
    place = placed(Automaton(np.array([[NONE, 0]]), np.array([1]), np.array([1])))
    assert place.row.tolist() == [0]
