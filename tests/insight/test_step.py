"""The step function of a network computes what the model in PyTorch computes."""

import numpy as np
import pytest
import torch

from lab.insight.found.step import GATES, follow, network, of_model, sigmoid, softmax
from seq_models import LSTM_model, SRN_model
from tests.seq.reference import cells

SYMBOLS = np.random.default_rng(0).integers(0, 3, (5, 20))
INPUTS = torch.nn.functional.one_hot(torch.tensor(SYMBOLS), 3).double()


def pair(kind):
    """A model with random weights, and its step function."""
    torch.manual_seed(0)
    model = kind(3, 3, 3).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0, 0.8)
    return model, network(model.state_dict())


@pytest.mark.parametrize('kind', [SRN_model, LSTM_model])
def test_the_step_function_is_the_model(kind):
    model, net = pair(kind)
    with torch.no_grad():
        hidden, output = model(INPUTS)
    states = follow(net, SYMBOLS)
    np.testing.assert_allclose(states[..., :3], hidden.numpy(), atol=1e-12)
    np.testing.assert_allclose(net.logits(states), output.numpy(), atol=1e-12)
    assert (net.hid, net.num_class, (net.gates is None)) == (3, 3, kind is SRN_model)


def test_cells_and_gates_are_those_of_the_model():
    model, net = pair(LSTM_model)
    states = follow(net, SYMBOLS)
    np.testing.assert_allclose(states[..., 3:], cells(model, INPUTS).numpy(), atol=1e-12)
    gates = net.gates(states[:, 6], SYMBOLS[:, 7])
    x = (model.W[SYMBOLS[:, 7]] + torch.tensor(states[:, 6, :3]) @ model.U + model.hid_bias).detach()
    into, forget, new, out = x.chunk(4, dim=1)
    expected = {'input': into.sigmoid(), 'forget': forget.sigmoid(), 'new': new.tanh(), 'output': out.sigmoid()}
    for name in GATES:
        np.testing.assert_allclose(gates[name], expected[name].numpy(), atol=1e-12)


@pytest.mark.parametrize('kind', [SRN_model, LSTM_model])
@pytest.mark.parametrize('symbol', [0, 2])
def test_jacobians_are_those_of_autograd(kind, symbol):
    model, net = pair(kind)

    def step(state):
        x = model.W[symbol] + state[:3] @ model.U + model.hid_bias
        if kind is SRN_model:
            return torch.tanh(x)
        into, forget, new, out = x.chunk(4)
        cell = torch.sigmoid(forget) * state[3:] + torch.sigmoid(into) * torch.tanh(new)
        return torch.cat([torch.sigmoid(out) * torch.tanh(cell), cell])

    states = np.random.default_rng(2).normal(size=(6, len(net.start)))
    for state, jacobian in zip(states, net.jacobian(states, symbol), strict=True):
        expected = torch.autograd.functional.jacobian(step, torch.tensor(state))
        np.testing.assert_allclose(jacobian, expected.numpy(), atol=1e-8)


def test_probabilities_and_gates_do_not_overflow():
    logits = np.array([[[1000.0, 999.0, -1000.0], [0.0, 1.0, 2.0]]])
    np.testing.assert_allclose(softmax(logits), torch.softmax(torch.tensor(logits), dim=2).numpy(), atol=1e-15)
    np.testing.assert_allclose(sigmoid(logits), torch.sigmoid(torch.tensor(logits)).numpy(), atol=1e-15)


@pytest.mark.parametrize('kind', [SRN_model, LSTM_model])
@pytest.mark.parametrize('spread', [0.1, 10])
def test_a_model_of_the_lab_is_known_however_large_its_weights(kind, spread):
    torch.manual_seed(0)
    model = kind(3, 10, 3)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0, spread)
    assert of_model(model, 3) is not None
    assert model.V.dtype == torch.float32


class Swapped(LSTM_model):
    """Its input and forget gates have changed places."""

    def forward(self, x):
        with torch.no_grad():
            i, f, *rest = self.hid_bias.chunk(4)
            self.hid_bias.copy_(torch.cat([f, i, *rest]))
        return super().forward(x)


class Ready(torch.nn.Module):
    """Layers of PyTorch."""

    def __init__(self, classes, hid, out):
        super().__init__()
        self.rnn, self.out = torch.nn.RNN(classes, hid, batch_first=True), torch.nn.Linear(hid, out)

    def init_hidden(self):
        pass

    def forward(self, x):
        hidden, _ = self.rnn(x)
        return hidden, self.out(hidden)


@pytest.mark.parametrize('kind', [Swapped, Ready])
def test_another_model_has_no_step_function_even_if_its_parameters_have_the_labs_names(kind):
    torch.manual_seed(0)
    assert of_model(kind(3, 4, 3), 3) is None
