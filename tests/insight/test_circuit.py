import numpy as np
import pytest

from lab.insight.found import circuit, trial
from lab.insight.found.step import network
from seq_models import LSTM_model
from tests.insight.test_phases import visits
from tests.seq.learned import LEARNED


@pytest.mark.parametrize('one_by_one', [80, 0])
def test_with_the_circuit_there_is_no_mistake_and_with_a_weight_less_there_is(monkeypatch, one_by_one):
    monkeypatch.setattr(circuit, 'ONE_BY_ONE', one_by_one)
    net = network(LEARNED)
    found = circuit.circuit(net, visits(net), 4)
    every = trial.of_verdict(2, 4)
    kept = np.concatenate([found.recurrent.ravel(), found.output.ravel()])
    less = np.repeat(kept[None], kept.sum() + 1, axis=0)
    less[np.arange(1, len(less)), np.flatnonzero(kept)] = False
    right = (trial.margins(circuit.cut(net, less, found.mean), every, len(less)) > 0).all(axis=1)
    assert right.tolist() == [True] + [False] * kept.sum()
    assert found.output.sum() < 4


def test_of_the_lstm_made_by_hand_no_recurrent_weight_is_needed():
    model = LSTM_model(3, 3, 3)
    model.set_weights()
    net = network(model.state_dict())
    found = circuit.circuit(net, visits(net), 4)
    assert not found.recurrent.any() and 0 < found.output.sum() <= 4


def test_of_a_network_that_is_wrong_there_is_no_circuit():
    net = network(LEARNED)
    assert circuit.circuit(net, visits(net), 9) is None


def test_a_weight_that_is_cut_gives_its_mean():
    net = network(LEARNED)
    kept = np.ones((2, 8), dtype=bool)
    kept[1, 2] = False  # from unit 1 to unit 0
    mean, state = np.array([0.25, 0.5]), np.array([[0.1, -0.7]])
    after = circuit.cut(net, kept, mean).read(np.stack([state, state]), np.array([1]))
    np.testing.assert_array_equal(after[0], net.read(state, 1))
    given = net.parameters
    net_input = given['W'][1] + state[0] @ given['U'] + given['hid_bias']
    net_input[0] += given['U'][1, 0] * (0.5 - state[0, 1])
    np.testing.assert_allclose(after[1, 0], np.tanh(net_input))
