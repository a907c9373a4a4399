import numpy as np

from lab.insight.found import trial
from lab.insight.found.automaton import NONE
from lab.seq.verdict import mixed
from tests.insight.counting import exact


def test_what_is_due_in_a_sequence_and_where():
    one = trial.exam(np.array([[2, 1]]), 2)
    assert one.symbols.tolist() == [[0, 0, 1, 1, 1, 1, 0, 1, 1]]
    assert one.due.tolist() == [[NONE, NONE, 1, 1, 1, 0, NONE, 1, 0]]
    assert one.nth.tolist() == [[1, 2, 1, 2, 3, 4, 1, 1, 2]]
    assert one.n[0, [2, 5, 7]].tolist() == [2, 2, 1]


def test_the_least_lead_of_what_is_due_tells_which_sequences_are_right():
    """This network counts up to 3: the fourth A is not seen."""
    net = exact(3)

    def read(states, symbols):
        after = net.read(states, symbols)
        after[:, 2] = np.minimum(after[:, 2], 3)
        return after

    few = trial.many_states(net._replace(read=read))
    blocks = np.array([[4, 1], [1, 2], [3, 3], [2, 4]])
    assert trial.margins(few, trial.exam(blocks, 3), 2).tolist() == 2 * [[-1, 1, 1, -1]]

    def patch(t, rows, states):
        states[1, rows == 1, 2] += t == 1  # of the second network, an A more in the second sequence's first block

    assert trial.margins(few, trial.exam(blocks, 3), 2, patch)[1].tolist() == [-1, -1, 1, -1]


def test_sequences_are_those_of_the_verdict_and_can_be_put_together():
    every, few = trial.of_verdict(2, 3), trial.of_verdict(2, 3, 2)
    assert every.symbols.shape[0] == 300 and few.symbols.shape[0] == 6
    np.testing.assert_array_equal(every.due[200:], trial.exam(mixed(3), 2).due)
    joined = trial.both(trial.some(few, np.array([0, 1])), few)
    assert joined.symbols.shape == (8, few.symbols.shape[1])
    assert len(trial.different(joined).symbols) == len(np.unique(few.symbols, axis=0))
