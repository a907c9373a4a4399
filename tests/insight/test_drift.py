"""drift.py: how exact an LSTM counts, and where it will fail."""

import itertools

import pytest

from lab.insight.found.drift import drift
from lab.insight.found.step import network
from lab.insight.said import sentences
from lab.seq import student
from lab.seq.task import Task
from tests.insight.claims import Claims
from tests.insight.claims_far import FAR


def made_by_hand(lang, softer=1.0):
    """The weights of an LSTM that counts, the net inputs of its gates `softer` times smaller."""
    task = Task(lang, model='lstm')
    model = student.new_network(task)
    student.set_weights(model, task, None)
    weights = {name: value.detach().double().numpy() for name, value in model.state_dict().items()}
    return weights | {'W': weights['W'] / softer}


@pytest.mark.parametrize('lang', ['anb2n', 'anb2nc3n'])
@pytest.mark.parametrize('softer', [1, 8])
def test_what_is_said_of_a_network_that_counts_far_is_what_a_simulation_shows(lang, softer):
    weights = made_by_hand(lang, softer)
    lines = sentences.drifting(drift(network(weights), 100))
    held = Claims(weights, lines)
    for line in lines:
        [(check, found)] = [(check, pattern.fullmatch(line)) for pattern, check in FAR if pattern.fullmatch(line)]
        assert check(held, *found.groups()), line


def test_a_counter_made_by_hand_does_not_drift():
    found = drift(network(made_by_hand('anb2n')), 1000)
    assert [(each.symbol, each.cell, each.levels) for each in found.changes] == [(0, 0, [1]), (1, 0, [-0.5])]
    assert max(each.drift for each in found.changes) == 0
    # after a B cell 0 gets in half, and the new value of cell 1 is 0
    assert (found.gates, found.exact, found.vague) == (16, 14, 1.0)
    assert found.fails is None


def test_where_a_network_will_fail_is_foretold():
    weights = made_by_hand('anb2n')
    weights['W'][1, 0] = 0.004  # a B takes 0.501 away
    net = network(weights)
    fails = next(n for n in range(4, 2000) if wrong(net, n))
    assert drift(net, fails // 2).fails == pytest.approx(fails, rel=0.05)


def wrong(net, n):
    state, text = net.start[None], [0] * 2 + [1] * 4 + [0] * n + [1] * 2 * n + [0]
    for read, due in itertools.pairwise(text):
        state = net.read(state, read)
        if read and net.logits(state)[0].argmax() != due:
            return True
    return False
