import pytest
import torch
from torch.nn import functional

import seq_models
from lab.seq import student
from lab.seq.task import Task
from seq_models import LSTM_model, SRN_model


@pytest.mark.parametrize(
    'task, kind',
    [(Task('anb2nc3n', model='srn', hid=5), SRN_model), (Task('anb2nc3n', model='lstm', hid=5), LSTM_model)],
)
def test_weights_read_as_the_network_they_come_from(task, kind):
    model = student.network(task)
    assert type(model) is kind
    x = functional.one_hot(torch.randint(3, (4, 7)), 3).float()
    hidden, output = student.read(task, model.state_dict(), x)
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
    state = student.network(Task()).state_dict()
    student.read(Task(), state, torch.zeros(6, 3, 2))
    assert sizes == [1, 6]


def test_the_language_is_the_tasks():
    lang = student.language(Task('anb2nc3n', length=7))
    assert (lang.num_class, lang.length) == (3, 7)
