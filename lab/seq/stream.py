"""A network read in parts by PyTorch's own LSTM or RNN: in a tenth of the time, however long a sequence is."""

import torch
from torch import nn
from torch.nn.functional import one_hot

from lab.seq import student
from lab.seq.task import Task
from lab.seq.verdict import Stream

COMPARED = 40  # symbols by which a student's model is compared with PyTorch's own


def stream_of(task: Task, state: student.State) -> Stream | None:
    """The network as a Stream; None where the student's model computes something else."""
    try:
        read = unchecked(task, state)
    except (KeyError, RuntimeError):
        return None
    x = one_hot(torch.arange(COMPARED) ** 2 // 3 % task.classes, task.classes)[None].float()
    return read if torch.allclose(read(x, None)[0], student.outputs_of(task, state, x)[1].float(), atol=1e-3) else None


def unchecked(task: Task, state: student.State) -> Stream:
    """A network of the lab as a Stream, in float32. Threads may use it at once."""
    kind, units = (nn.LSTM, 4) if task.model == 'lstm' else (nn.RNN, 1)
    with torch.random.fork_rng(devices=[]):  # it draws first weights, which are not used
        net = kind(task.classes, task.hid, batch_first=True, dtype=torch.float)
    given = [state['W'].T, state['U'].T, state['hid_bias'], torch.zeros(units * task.hid)]
    net.load_state_dict(dict(zip(net.state_dict(), given, strict=True)))
    V, out_bias = state['V'].float(), state['out_bias'].float()
    first = torch.tanh(state['H0']).float() if task.model == 'srn' else None

    def read(x: torch.Tensor, memory: object) -> tuple[torch.Tensor, object]:
        if memory is None and first is not None:
            memory = first.repeat(1, len(x), 1)
        with torch.no_grad():
            hidden, memory = net(x, memory)
        return hidden @ V + out_bias, memory

    return read
