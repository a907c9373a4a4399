"""Several processes for one run: those that torchrun starts, on one machine or on many.

    torchrun --nproc_per_node=2 kuzu_main.py

Each process runs the whole script and asks here for its share of the work. Without torchrun there is one process whose
share is everything, and torch.distributed is not even started.
"""

import argparse
import atexit
import datetime
import re
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager

import torch
import torch.distributed as dist

from lab.common import endings, processes_end
from lab.common.processes_end import AGAIN, LOCAL_RANK, LOCAL_SIZE, RANK, SIZE, TOGETHER

# How long a process waits for another that says nothing, not even that it has died (a machine without power)
STEP = datetime.timedelta(minutes=5)
CHORE = datetime.timedelta(minutes=30)  # while another downloads (20 minutes, see kuzu_fetch), compiles, or draws
TICK = 0.2  # seconds between two looks at each other where no step is taken together

_groups = {}  # 'gradients' and 'chore'; all else goes through the default group


def join(args: argparse.Namespace, device: torch.device):
    """Connect the processes, after processes_end.start(). Raises UserError where flags or devices do not agree."""
    if not TOGETHER:
        return
    if device.type == 'cuda':
        devices = torch.cuda.device_count()
        if devices < LOCAL_SIZE:
            raise endings.UserError(
                f'{LOCAL_SIZE} processes, but {devices} CUDA device(s) on this machine: '
                f'take torchrun --nproc_per_node={devices}, or --no_cuda'
            )
        torch.cuda.set_device(LOCAL_RANK)
    if SIZE > LOCAL_SIZE:
        processes_end.advise(f'{AGAIN}, with GLOO_SOCKET_IFNAME set to the network card that reaches the others')
    with _others():
        dist.init_process_group('gloo', timeout=STEP)
        atexit.register(_part)
        _groups['chore'] = dist.new_group(backend='gloo', timeout=CHORE)
    processes_end.advise(AGAIN)
    for flag, value in vars(args).items():
        if not flag.endswith('_path'):  # each machine may have its folders elsewhere
            check_alike(f'--{flag}', value)
    check_alike('the device to train on', device.type)
    with _others():
        _groups['gradients'] = dist.new_group(backend='nccl', timeout=STEP) if device.type == 'cuda' else None


def check_alike(what: str, value):
    """Raise UserError unless a value is the same in all processes: two machines are two commands, typed by hand."""
    first, *others = gather(value)
    for other in others:
        if other != first:
            raise endings.UserError(f'{what} should be the same on each machine: it is {first} and {other}')


def share(count: int, rank: int = RANK, size: int = SIZE) -> slice:
    """Which of `count` things that lie in a row are for this process: nearly as many for each, perhaps none."""
    return slice(count * rank // size, count * (rank + 1) // size)


def add_up(model: torch.nn.Module, part: float, loss: torch.Tensor, stop: endings.Interrupt) -> torch.Tensor:
    """Give the model the gradients of a whole batch, and return its loss; tell `stop` whether Ctrl-C was pressed.

    Each process brings the mean loss and gradients of its share, which is `part` (0..1) of the batch: their sum with
    these weights is the mean of the batch. All goes in one message.
    """
    if not TOGETHER:
        return loss
    slopes = []
    for parameter in model.parameters():
        if parameter.requires_grad:
            if parameter.grad is None:  # the share is empty
                parameter.grad = torch.zeros_like(parameter)
            slopes.append(parameter.grad)
    message = torch.cat([*(slope.reshape(-1) for slope in slopes), loss.reshape(1), loss.new_zeros(1)]).mul_(part)
    message[-1] = stop.pressed
    with _others():
        dist.all_reduce(message, group=_groups['gradients'])
        stop.agreed = message[-1].item() > 0
    pieces = message.split([*(slope.numel() for slope in slopes), 1, 1])
    for slope, piece in zip(slopes, pieces, strict=False):
        slope.copy_(piece.view(slope.shape))
    return pieces[-2][0]


def assemble(mine: torch.Tensor) -> torch.Tensor:
    """The rows of all processes, which have the same shape and are zero where they are another's."""
    if TOGETHER:
        with _others():
            dist.all_reduce(mine, group=_groups['gradients'])
    return mine


def same_weights(model: torch.nn.Module):
    """Give the model the weights (and running means, if it has any) that it has in the first process."""
    if TOGETHER:
        for value in model.state_dict().values():
            whole = value.contiguous()
            with _others():
                dist.broadcast(whole, 0, group=_groups['gradients'])
            value.copy_(whole)


def given(make: Callable[[], object], by: int = 0) -> object:
    """What make() returns in one process, in all of them; the others do not call it."""
    if not TOGETHER:
        return make()
    box = [make() if by == RANK else None]
    with _others():
        dist.broadcast_object_list(box, src=by)
    return box[0]


def gather(value: object, group: str | None = None) -> list:
    """The values of all processes, in their order."""
    if not TOGETHER:
        return [value]
    values = [None] * SIZE
    with _others():
        dist.all_gather_object(values, value, group=_groups.get(group))
    return values


@contextmanager
def in_turn() -> Iterator[None]:
    """Have one process on each machine do it before the others: they find downloaded, or compiled, what it leaves."""
    if LOCAL_RANK:
        gather(None, 'chore')
    yield
    if not LOCAL_RANK:
        gather(None, 'chore')


def meanwhile(work: Callable, hear: Callable[[object], None], stop: endings.Interrupt) -> object:
    """Do work(say) in a thread until all processes are done with theirs; return what it returns.

    hear() gets, in every process, what any of them gives to say(). Ctrl-C in one process stops all, and all soon
    notice when one dies.
    """
    said, done = deque(), False
    # each thread has to be told anew which GPU is its own
    device = {'initializer': torch.cuda.set_device, 'initargs': (LOCAL_RANK,)} if _groups['gradients'] else {}
    with ThreadPoolExecutor(1, **device) as pool:
        future = pool.submit(work, said.append)
        while not done:
            wait([future], TICK)
            ready = future.done()
            if ready:
                future.result()  # raises what work() has raised
            told = gather((ready, stop.pressed, [said.popleft() for _ in range(len(said))]))
            done = all(ready for ready, _, _ in told)
            stop.agreed = any(pressed for _, pressed, _ in told)
            for _, _, items in told:
                for item in items:
                    hear(item)
    return future.result()


class _Stop(endings.Interrupt):
    """Ctrl-C in any process, once all know of it: they stop after the same step."""

    agreed = False

    def __bool__(self):
        return self.agreed

    def leave(self):
        self.pressed = any(gather(self.pressed, 'chore'))  # waits for the first, which draws and writes
        if self.pressed:
            processes_end.interrupted()
        super().leave()


def interrupt() -> endings.Interrupt:
    """Ctrl-C as a question, see endings.Interrupt, to which all processes get the same answer."""
    return _Stop() if TOGETHER else endings.Interrupt()


def _part():
    """End the threads that torch.distributed has: one that is amid its work when Python ends takes the process down."""
    _groups.clear()
    dist.destroy_process_group()


@contextmanager
def _others() -> Iterator[None]:
    """What is done together with others, who may die."""
    try:
        yield
    except RuntimeError as error:  # gloo's, nccl's and the store's
        reason = re.sub(r'\[/[^]]*\] ', '', str(error).strip()).splitlines()[0].split('. ')[0][:150]
        processes_end.lost(f'one of the {SIZE} processes has died, or cannot be reached ({reason})')
