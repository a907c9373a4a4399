"""Several processes that train one network together, on one machine or on many: torchrun starts them.

    torchrun --nproc_per_node=2 kuzu_main.py

Each process runs the whole script, and computes the gradients of its share of every batch. Added up they are those of
the batch, so all processes take the same steps. The first process prints and writes. Without torchrun there is one
process, its share is everything, and torch.distributed is not loaded.
"""

import atexit
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from lab.common import errors
from lab.common.errors import UserError
from lab.common.run import Interrupt

STARTED = {'RANK', 'WORLD_SIZE', 'MASTER_ADDR'} <= os.environ.keys()  # torchrun has numbered this process
RANK, SIZE, LOCAL_RANK, LOCAL_SIZE = (
    int(os.environ.get(name, alone)) if STARTED else alone
    for name, alone in (('RANK', 0), ('WORLD_SIZE', 1), ('LOCAL_RANK', 0), ('LOCAL_WORLD_SIZE', 1))
)
STEP = timedelta(minutes=5)  # the longest wait in a step; a process that takes longer must have died
CHORE = timedelta(minutes=30)  # the longest wait while another process downloads or draws


def start():
    """Call this first. From now on only the first process prints, and only the first of each machine tells errors."""
    if SIZE > 1:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # torchrun sends it as soon as one process has failed
        nowhere = os.open(os.devnull, os.O_WRONLY)
        if RANK:
            os.dup2(nowhere, 1)
        if LOCAL_RANK:
            os.dup2(nowhere, 2)
            errors.tell = _tell_torchrun


def _tell_torchrun(text: str):
    """Write an error where torchrun looks for it: it prints a report at the end."""
    if os.environ.get('TORCHELASTIC_ERROR_FILE'):
        with open(os.environ['TORCHELASTIC_ERROR_FILE'], 'w') as file:
            json.dump({'message': text, 'timestamp': int(time.time())}, file)


@contextmanager
def _others() -> Iterator:
    """torch.distributed, for what the processes do together. If one of them has died, the others end here."""
    import torch.distributed

    try:
        yield torch.distributed
    except RuntimeError as error:  # of gloo, nccl or torchrun's store
        _end(str(error).splitlines()[0].split('] ', 1)[-1].split('. ')[0])


def _end(reason: str):
    if LOCAL_RANK:
        sys.exit(2)
    raise UserError(
        f'one of the {SIZE} processes has died or cannot be reached ({reason}): '
        'type the same command with --resume (without, if no epoch was finished)'
    )


def _gather(value: object) -> list:
    """The values of all processes, in their order."""
    values = [value] * SIZE
    if SIZE > 1:
        with _others() as dist:
            dist.all_gather_object(values, value)
    return values


def begin(device, prepare: Callable[[], object], load: Callable[[], object], alike: Callable[[object], dict]) -> tuple:
    """Connect the processes; return what prepare() gives in the first one, and what load() gives in this one.

    Only the first process calls prepare(), and from now on it alone writes files. The first process of each machine
    loads first, so the others find on disk what it has downloaded. alike(what load() gave) names what must be the same:
    on two machines a user types two commands. Raises UserError if it is not, or if a GPU is missing.
    """
    if SIZE > 1:
        _join(device)
    prepared = prepare() if RANK == 0 else None
    loaded = load() if LOCAL_RANK == 0 else None
    prepared = _gather(prepared)[0]
    if LOCAL_RANK:
        loaded = load()
    values = alike(loaded)
    for others in _gather(values):
        for name, value in values.items():
            if others[name] != value:
                raise UserError(f'{name} must be the same in all processes, not {value} and {others[name]}')
    return prepared, loaded


def _join(device):
    global _steps
    if device.type == 'cuda':
        import torch

        gpus = torch.cuda.device_count()
        if gpus < LOCAL_SIZE:
            raise UserError(f'{LOCAL_SIZE} processes, but {gpus} GPUs: --nproc_per_node={gpus}, or --no_cuda')
        torch.cuda.set_device(LOCAL_RANK)
    signal.signal(signal.SIGTERM, lambda *_: _end('torchrun ended the run'))
    hook = sys.excepthook
    with _others() as dist:
        dist.init_process_group('gloo', timeout=CHORE)
        _steps = dist.new_group(backend='nccl' if device.type == 'cuda' else 'gloo', timeout=STEP)
    sys.excepthook = hook  # init_process_group() has put another in its place, which loses our messages
    atexit.register(dist.destroy_process_group)
    atexit.register(signal.signal, signal.SIGTERM, signal.SIG_IGN)  # called first: this process is ending already


def share(count: int, rank: int = RANK, size: int = SIZE) -> slice:
    """This process's part of the `count` images of a batch. The parts are nearly equal; some may be empty."""
    return slice(count * rank // size, count * (rank + 1) // size)


def add_up(model, part: float, loss, stop: Interrupt):
    """Give the model the gradients of the whole batch, and return its loss, a tensor of shape ().

    Each process brings the mean loss and the gradients of its share, which is `part` (0..1) of the batch. The same
    message tells `stop` whether Ctrl-C was pressed in any process.
    """
    if SIZE == 1:
        return loss
    import torch

    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    for parameter in parameters:
        if parameter.grad is None:  # the share is empty
            parameter.grad = torch.zeros_like(parameter)
    gradients = [parameter.grad for parameter in parameters]
    message = torch.cat([*(gradient.flatten() for gradient in gradients), loss.view(1), loss.new_zeros(1)]) * part
    message[-1] = stop.pressed
    with _others() as dist:
        dist.all_reduce(message, group=_steps)
    *sums, loss, pressed = message.split([*(gradient.numel() for gradient in gradients), 1, 1])
    for gradient, total in zip(gradients, sums, strict=True):
        gradient.copy_(total.view_as(gradient))
    stop.agreed = bool(pressed)
    return loss[0]


class _Stop(Interrupt):
    """True once all processes know that Ctrl-C was pressed in one of them. So they stop after the same step."""

    agreed = False

    def __bool__(self):
        return self.agreed

    def leave(self):
        _gather(None)  # wait for the first, which draws and writes
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # torchrun sends it when another has ended with exit code 130
        self.pressed = self.agreed
        super().leave()


def interrupt() -> Interrupt:
    """Like Interrupt, with the same answer in all processes."""
    return _Stop() if SIZE > 1 else Interrupt()
