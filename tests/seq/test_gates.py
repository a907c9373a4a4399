"""gates.py: the pressure on gates, and how they are rounded."""

import pytest
import torch

from lab.common.errors import UserError
from lab.seq import gates, plain, starts, student, verdict
from lab.seq.stream import stream_of
from lab.seq.task import Task, Training
from seq_models import LSTM_model

TASK = Task('anb2n', 4, 'lstm', 2)


def made_by_hand(**changed):
    """The weights of a network that counts, its gates far from rounded: net inputs are 10, not 100."""
    model = LSTM_model(2, 2, 2)
    model.set_weights()
    state = {name: value.detach().clone() for name, value in model.state_dict().items()}
    return state | {'W': state['W'] / 10} | changed


@pytest.fixture(autouse=True)
def few(monkeypatch):
    monkeypatch.setattr(verdict, 'TRIED', [2**k for k in range(11)])


def reach(state):
    return verdict.count(lambda x: student.outputs_of(TASK, state, x)[1], 2, 4, stream_of(TASK, state))


def test_the_pressure_is_0_where_gates_are_shut_and_new_values_full():
    model = LSTM_model(2, 2, 2)
    model.hid_bias.data = torch.tensor([50.0, -50, 50, -50, 50, -50, 50, -50])
    x = torch.eye(2)[[0, 1, 1]]
    assert gates.undecided(model, x, model(x[None])[0][0]).item() == pytest.approx(0, abs=1e-6)


def test_the_pressure_is_the_mean_over_steps_of_the_sum_over_units():
    model = LSTM_model(2, 2, 2)
    for parameter in model.parameters():
        parameter.data.zero_()
    x = torch.eye(2)[[0, 1, 1]]
    assert gates.undecided(model, x, model(x[None])[0][0]).item() == pytest.approx(2 * (3 / 4 + 1 / 2))


def test_the_pressure_sees_the_gates_that_the_model_has_at_each_step():
    torch.manual_seed(1)
    model, x, hidden = LSTM_model(3, 4, 3), torch.eye(3)[[0, 0, 1, 2, 2]], torch.zeros(1, 4)
    states, expected = model(x[None])[0][0], 0
    for symbol, after in zip(x, states, strict=True):
        enter, forget, new, out = (symbol @ model.W + hidden @ model.U + model.hid_bias).chunk(4, dim=1)
        expected += sum((gate.sigmoid() * (1 - gate.sigmoid())).sum() for gate in (enter, forget, out))
        expected += (1 - new.tanh() ** 2).sum() / 2
        hidden = after[None]
    assert gates.undecided(model, x, states).item() == pytest.approx(expected.item() / 5, rel=1e-5)


class Other(LSTM_model):
    def forward(self, x):
        hidden, output = super().forward(x)
        return hidden, output + hidden.sum()


def with_wrong_shape():
    model = LSTM_model(2, 2, 2)
    model.U = torch.nn.Parameter(torch.zeros(2, 4))
    return model


@pytest.mark.parametrize('made', [lambda: Other(2, 2, 2), with_wrong_shape])
def test_another_model_is_refused(made, monkeypatch):
    model = made()
    monkeypatch.setattr(student, 'new_network', lambda *_: model)
    monkeypatch.setattr(student, 'outputs_of', lambda task, state, x: model(x))
    with pytest.raises(UserError, match=r"^--saturate: the \w+ in seq_models\.py does not compute what the lab's does"):
        starts.begin(TASK, Training(saturate=1), 1)


def test_rounding_lets_no_model_of_a_student_read_as_it_is_done_in_threads(monkeypatch):
    monkeypatch.setattr(student, 'outputs_of', None)
    assert gates.rounded(TASK, made_by_hand())['W'].abs().max() == 10 * gates.LARGER


def test_a_network_with_rounded_gates_counts_on():
    state = made_by_hand()
    assert (reach(state), reach(gates.rounded(TASK, state))) == (16, 1024)


def test_a_gate_that_has_to_be_between_stays_as_it_is():
    # The input gate of cell 0 is open by 3/4 after an A, and by 3/8 after a B: rounded, both would be 1
    state = made_by_hand()
    state['W'][:, 0] = torch.tensor([3.0, 0.6]).log()
    ends = gates.rounded(TASK, state)
    factor = ends['W'] / state['W']
    assert torch.equal(factor[:, 0], torch.ones(2))
    assert factor[0, 1:][state['W'][0, 1:] != 0].unique().tolist() == [gates.LARGER]
    assert reach(ends) > reach(state)


def test_rounding_mends_a_network_that_drifts_within_what_it_was_taught():
    state = made_by_hand(W=made_by_hand()['W'] / 3)  # net inputs are 3.3
    before = verdict.judge(lambda x: student.outputs_of(TASK, state, x)[1], 2, 4)
    assert before.right < 1 and reach(gates.rounded(TASK, state)) == 1024


def test_the_last_network_of_a_start_is_rounded_and_no_other():
    start = starts.begin(TASK, Training(epoch=1, saturate=1), 1)
    start.model.load_state_dict(made_by_hand())
    trainer = plain.Trainer([start.model], start.training)
    sizes = [starts.take([start], trainer, epoch)[0].state['W'].abs().max() for epoch in (0, starts.REPORT)]
    assert sizes == [10, 10 * gates.LARGER]
