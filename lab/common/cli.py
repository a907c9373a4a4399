"""The command line, the same in every script: flags that are checked, the seed, the device."""

import argparse
import os
import random
from collections.abc import Callable

from lab.common import endings


class _Help(argparse.ArgumentDefaultsHelpFormatter):
    """Adds the default to each flag's help, but no '(default: None)' or '(default: False)'."""

    def _get_help_string(self, action):
        return action.help if action.default is None or action.default is False else super()._get_help_string(action)


class Parser(argparse.ArgumentParser):
    """argparse, but an error is one line, and the help shows every default."""

    def __init__(self, description: str):
        super().__init__(description=description, formatter_class=_Help)

    def error(self, message: str):
        endings.tell(f'{self.prog}: error: {message}\n')
        self.exit(2)


def whole(low: int, high: int) -> Callable[[str], int]:
    """Flag type: a whole number from low to high."""
    return _number(int, 'a whole number', low, high)


def real(low: float, high: float) -> Callable[[str], float]:
    """Flag type: a number from low to high; NaN and infinity are refused."""
    return _number(float, 'a number', low, high)


def _number(convert, what, low, high):
    def parse(text):
        try:
            value = convert(text)
        except ValueError:
            value = None
        if value is None or not low <= value <= high:  # NaN fails every comparison
            raise argparse.ArgumentTypeError(f'{text[:40]!r} is not {what} from {low} to {high}')
        return value

    return parse


def folder(text: str) -> str:
    """Flag type: a folder to read from or to write to. It may be missing, but it may not be a file."""
    if not text or '\0' in text or (os.path.exists(text) and not os.path.isdir(text)):
        raise argparse.ArgumentTypeError(f'{text[:200]!r} is not a folder')
    return text


def add_seed(parser: argparse.ArgumentParser):
    """Add --seed, for seed_all()."""
    parser.add_argument('--seed', type=whole(0, 2**32 - 1), help='random seed (default: one is drawn and printed)')


def seed_all(seed: int | None) -> int:
    """Seed Python, NumPy and PyTorch, print the seed on standard error and return it. None: draw a seed first."""
    import numpy
    import torch

    if seed is None:
        seed = draw_seed()
    endings.note(f'seed: {seed}')
    random.seed(seed)
    numpy.random.seed(seed)
    torch.manual_seed(seed)
    return seed


def draw_seed() -> int:
    """Draw a seed, 0 to 2^32 - 1, from the operating system."""
    return int.from_bytes(os.urandom(4), 'little')


def device(no_cuda: bool, threads: int = 1):
    """The torch device to run on: CUDA where there is a GPU and `no_cuda` is false, else the CPU.

    Sets the number of CPU threads and makes cuDNN use repeatable algorithms. More threads split the sums of a gradient
    into more parts: the numbers are then rounded in another way.
    """
    import torch

    torch.set_num_threads(threads)
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False
    return torch.device('cuda' if torch.cuda.is_available() and not no_cuda else 'cpu')
