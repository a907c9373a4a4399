"""Short runs on the digits, for the tests of training and of resuming."""

import functools
from pathlib import Path

import torch

from kuzu import NetFull
from lab.common.run import Interrupt
from lab.kuzu import resume, train
from lab.kuzu.data import Dataset, load
from lab.kuzu.networks import to_device
from lab.kuzu.settings import Settings

CPU = torch.device('cpu')


@functools.cache
def digits() -> Dataset:
    return load('digits', '', CPU)


def settings(**changes) -> Settings:
    return Settings(**{'seed': 1, 'dataset': 'digits', 'images': len(digits().train_images)} | changes)


def outcome(path: Path, config: Settings, stop=False, go_on=False, network=NetFull) -> bytes:
    """Train on digits, from the beginning or from `path`.resume. Returns the bytes of the weights file."""
    torch.manual_seed(1)
    model = to_device(network(), digits().train_images)
    train.train(model, digits(), config, str(path), resume.load(str(path)) if go_on else None, stop)
    return (path.parent / f'{path.name}.pth').read_bytes()


class PressedAt(Interrupt):
    """Ctrl-C at the given number of times the loop asks."""

    def __init__(self, times):
        super().__init__()
        self.left = times

    def __bool__(self):
        self.left -= 1
        return self.left < 0
