"""Several processes that train one network together: torchrun --nproc_per_node=2 kuzu_main.py

Each takes its share of every batch. The gradients are averaged, so all take the same steps. Only the first process
prints and writes. Without torchrun there is one process, and torch.distributed is not loaded.
"""

import atexit
import os
import sys
from collections.abc import Callable

from lab.common.run import Interrupt

STARTED = all(map(os.environ.get, ('RANK', 'WORLD_SIZE', 'MASTER_ADDR')))  # else they are left over, or empty
RANK, SIZE = (int(os.environ['RANK']), int(os.environ['WORLD_SIZE'])) if STARTED else (0, 1)
if SIZE > 1:
    import torch.distributed


def start(device):
    """Connect the processes; from now on the first one alone prints. torchrun ends them all when one has failed."""
    if SIZE > 1:
        if device.type == 'cuda':
            torch.cuda.set_device(int(os.environ['LOCAL_RANK']))
        torch.distributed.init_process_group('nccl' if device.type == 'cuda' else 'gloo')
        atexit.register(torch.distributed.destroy_process_group)
        sys.stdout = open(os.devnull, 'w') if RANK else sys.stdout  # noqa: SIM115  it stays open to the end


def from_first(make: Callable[[], object]) -> object:
    """In all processes, what make() gives in the first of them."""
    values = [make() if RANK == 0 else None]
    if SIZE > 1:
        torch.distributed.broadcast_object_list(values)
    return values[0]


def share(batch):
    """This process's part of a batch, a tensor. A batch that is too small to divide is everybody's."""
    return batch if len(batch) < SIZE or SIZE == 1 else batch.tensor_split(SIZE)[RANK]


def average(model, loss, images: int, stop: Interrupt) -> tuple:
    """Give the model the gradients of the whole batch; return its loss, and whether Ctrl-C was pressed in any process.

    This process has had so many images of the batch.
    """
    if SIZE == 1:
        return loss, bool(stop)
    gradients = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
    message = torch.cat([*(each.flatten() for each in gradients), loss.new_tensor([loss, stop.pressed, 1])]) * images
    torch.distributed.all_reduce(message)
    *means, loss, pressed, _ = (message / message[-1]).split([*(each.numel() for each in gradients), 1, 1, 1])
    for gradient, mean in zip(gradients, means, strict=True):
        gradient.copy_(mean.view_as(gradient))
    stop.pressed |= bool(pressed)
    return loss[0], bool(pressed)
