import pytest
import torch
from torch.nn import functional

import anb2n
import seq_models
from lab.common.student import Fault
from lab.seq import student
from lab.seq.task import Task
from seq_models import LSTM_model, SRN_model


@pytest.mark.parametrize(
    'task, kind',
    [(Task('anb2nc3n', model='srn', hid=5), SRN_model), (Task('anb2nc3n', model='lstm', hid=5), LSTM_model)],
)
def test_weights_read_as_the_network_they_come_from(task, kind):
    model = student.new_network(task)
    assert type(model) is kind
    x = functional.one_hot(torch.randint(3, (4, 7)), 3).float()
    hidden, output = student.outputs_of(task, model.state_dict(), x)
    torch.testing.assert_close(hidden, model(x)[0])
    torch.testing.assert_close(output, model(x)[1])
    assert (hidden.shape, output.shape) == ((4, 7, 5), (4, 7, 3))
    assert not output.requires_grad


def test_the_network_is_told_how_many_sequences_it_reads(monkeypatch):
    sizes = []

    class Told(SRN_model):
        def __init__(self, *sizes_given):
            super().__init__(*sizes_given)
            sizes.append(self.batch_size)

    monkeypatch.setattr(seq_models, 'SRN_model', Told)
    state = student.new_network(Task()).state_dict()
    student.outputs_of(Task(), state, torch.zeros(6, 3, 2))
    assert (sizes[0], sizes[-1]) == (1, 6)


def test_the_language_is_the_tasks():
    lang = student.new_language(Task('anb2nc3n', length=7))
    assert (lang.num_class, lang.length) == (3, 7)


class Fixed(SRN_model):
    """It keeps its state from call to call, for one sequence; init_hidden() sets it back."""

    def __init__(self, num_input, num_hid, num_out):
        super().__init__(num_input, num_hid, num_out)

    def init_hidden(self):
        self.state = torch.tanh(self.H0)

    def forward(self, x):
        states = []
        for symbol in x[0]:
            self.state = torch.tanh(symbol @ self.W + self.state @ self.U + self.hid_bias)
            states.append(self.state)
        states = torch.stack(states)[None]
        return states, states @ self.V + self.out_bias


def test_a_network_for_one_sequence_reads_several_one_by_one(monkeypatch):
    torch.manual_seed(0)
    task, x = Task(), functional.one_hot(torch.randint(2, (4, 9)), 2).float()
    state = student.new_network(task).state_dict()
    expected = student.outputs_of(task, state, x)
    monkeypatch.setattr(seq_models, 'SRN_model', Fixed)
    for ours, theirs in zip(expected, student.outputs_of(task, state, x), strict=True):
        torch.testing.assert_close(theirs, ours)


class Mixing(SRN_model):
    """Read together, sequences have a little to do with each other."""

    def forward(self, x):
        hidden, output = super().forward(x)
        return hidden, output + 0.01 * (output - output.mean(0))


@pytest.mark.parametrize(('kind', 'batches'), [(SRN_model, True), (Mixing, False)])
def test_a_network_that_mixes_sequences_reads_them_one_by_one(kind, batches):
    assert student.known_network(kind, Task()).batches is batches


@pytest.mark.parametrize(
    ('made', 'says'),
    [
        (lambda a, b, c, d, e: None, 'has the arguments .* it should take'),
        (lambda *sizes: 3, 'SRN_model in seq_models.py should be an nn.Module'),
        (lambda *sizes: torch.nn.Identity(), 'SRN_model in seq_models.py has no parameters yet'),
        (lambda *sizes: torch.nn.Linear(2, 2), r'SRN_model in seq_models.py returns \(1, \d+, 2\) for a sequence'),
        (lambda *sizes: torch.nn.Linear(5, 2), r'Linear|test_student.py: <lambda>: RuntimeError: '),
    ],
)
def test_a_class_that_is_no_network_of_the_lab_is_told_in_one_line(made, says, monkeypatch):
    monkeypatch.setattr(seq_models, 'SRN_model', made)
    with pytest.raises(Fault, match=says) as error:
        student.new_network(Task())
    assert '\n' not in str(error.value)


def test_missing_classes_are_named(monkeypatch):
    monkeypatch.delattr(seq_models, 'LSTM_model')
    student.new_network(Task())
    with pytest.raises(Fault, match=r'^seq_models\.py has no class LSTM_model$'):
        student.new_network(Task(model='lstm'))
    monkeypatch.delattr(anb2n, 'lang_anb2n')
    with pytest.raises(Fault, match=r'^anb2n\.py has no class lang_anb2n$'):
        student.new_language(Task())


def test_trying_out_draws_no_random_number_and_prints_nothing(monkeypatch, capsys):
    class Loud(SRN_model):
        def forward(self, x):
            print(torch.rand(1))
            return super().forward(x)

    torch.manual_seed(0)
    SRN_model(2, 2, 2, 1)
    drawn = torch.rand(1)
    monkeypatch.setattr(seq_models, 'SRN_model', Loud)
    torch.manual_seed(0)
    student.new_network(Task())
    assert torch.rand(1) == drawn and capsys.readouterr().out == ''
