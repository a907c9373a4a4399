"""stream.py: a network is read in parts."""

import pytest
import torch

from lab.seq import student
from lab.seq.stream import stream_of
from lab.seq.task import Task
from tests.seq.learned import LEARNED


@pytest.mark.parametrize('kind', ['srn', 'lstm'])
def test_a_network_is_read_in_parts_as_it_is_read_whole(kind):
    task = Task('anb2nc3n', 4, kind, 5)
    state = {name: 2 * value.detach() for name, value in student.new_network(task).state_dict().items()}
    x, before = torch.eye(3)[torch.randint(3, (4, 30))], torch.get_rng_state()
    read = stream_of(task, state)
    first, memory = read(x[:, :17], None)
    outputs = torch.cat([first, read(x[:, 17:], memory)[0]], dim=1)
    assert torch.allclose(outputs, student.outputs_of(task, state, x)[1], atol=1e-4)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_network_that_computes_something_else_is_not_read_in_parts(monkeypatch):
    task = Task('anb2n', 4, 'srn', 2)
    monkeypatch.setattr(student, 'outputs_of', lambda task, state, x: (None, x))
    assert stream_of(task, LEARNED) is None
    assert stream_of(task, {'other': LEARNED['V']}) is None
