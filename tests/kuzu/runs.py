"""Short runs of kuzu_main.py on the digits, in this process and without its pictures."""

import contextlib
import functools
from pathlib import Path
from unittest import mock

import torch

import kuzu
import kuzu_main
from lab.common.run import Interrupt
from lab.kuzu.data import Dataset, load
from lab.kuzu.settings import Settings

CPU = torch.device('cpu')
DIGITS = '--dataset', 'digits', '--threads', '1'
NAMES = {'lin': 'NetLin', 'full': 'NetFull', 'conv': 'NetConv'}


@functools.cache
def digits() -> Dataset:
    return load('digits', '', CPU)


def settings(**changes) -> Settings:
    return Settings(**{'seed': 1, 'dataset': 'digits', 'images': len(digits().train_images)} | changes)


class Painter:
    """Takes what there is to draw, and draws nothing."""

    def __init__(self, module: str):
        self.calls = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def call(self, function: str, *values):
        self.calls.append((function, *values))


def play(folder: Path, line: str, network=None, stop=Interrupt) -> Painter:
    """Run kuzu_main.py with these flags on the digits; its files are in `folder`. Returns what there is to draw.

    network: a class in the place of that of kuzu.py. stop: in the place of Interrupt.
    """
    painter, flags = Painter(''), line.split()
    kind = flags[flags.index('--net') + 1] if '--net' in flags else 'full'
    where = '--out_path', str(folder), '--plot_path', str(folder)
    with contextlib.ExitStack() as changed:
        changed.enter_context(mock.patch.object(kuzu_main.picture, 'painter', lambda module: painter))
        changed.enter_context(mock.patch.object(kuzu_main, 'Interrupt', stop))
        if network:
            changed.enter_context(mock.patch.object(kuzu, NAMES[kind], network))
        changed.enter_context(contextlib.suppress(SystemExit))  # after Ctrl-C
        kuzu_main.main([*DIGITS, '--seed', '1', *where, *flags])
    return painter


def weights(folder: Path, line: str, network=None, stop=Interrupt) -> bytes:
    """Run kuzu_main.py likewise. Returns its weights file."""
    play(folder, line, network, stop)
    return next(folder.glob('*.pth')).read_bytes()


class Counted(Interrupt):
    """Ctrl-C at the given number of times that a loop asks for it."""

    def __init__(self, times: int):
        super().__init__()
        self.left = times

    def __bool__(self):
        self.left -= 1
        self.pressed |= self.left < 0
        return self.pressed
