"""The command line, the same in every script: flags that are checked, the seed, the device."""

import argparse
import contextlib
import os
import random
import sys
import warnings
from collections.abc import Callable, Iterable

from lab.common import errors
from lab.common.errors import note, tell

SEEDS = 2**32  # numpy takes no other
DASHES = '-\u2010\u2011\u2012\u2013\u2014\u2212'  # a command copied from a PDF or a web page can have any of them


class _Help(argparse.ArgumentDefaultsHelpFormatter):
    """Adds the default to each flag's help, but no '(default: None)' or '(default: False)'."""

    def _get_help_string(self, action):
        return action.help if action.default is None or action.default is False else super()._get_help_string(action)


class Parser(argparse.ArgumentParser):
    """argparse, but an error is one line and names the nearest right word, and the help shows every default.

    - and _ are the same in flags. `lab` names the flags of the lab's own script: an abbreviation that was clear there
    is clear here, whatever flags are new (--e is --epoch in spite of --engine).
    """

    def __init__(self, doc: str | None, lab: str = ''):
        """doc: the script's docstring, whose first line describes it; None with python3 -OO."""
        super().__init__(description=(doc or '').partition('\n')[0], formatter_class=_Help)
        self.lab = ['help', *lab.split()]
        self.add_argument('--traceback', action='store_true', help="show Python's report of an error")

    def _flags(self) -> list[str]:
        return [name[2:] for action in self._actions for name in action.option_strings if name.startswith('--')]

    def _in_full(self, word: str) -> str:
        """A flag as it is called here, if `word` is one (as `--no-cuda`) or is short for one of the lab's."""
        flag, equals, value = word.partition('=')
        name, flags = flag[2:].replace('-', '_'), self._flags()
        meant = [each for each in self.lab if each.startswith(name)]
        if name not in flags and len(meant) == 1:
            name = meant[0]
        known = name and flag.startswith('--') and any(each.startswith(name) for each in flags)
        return f'--{name}{equals}{value}' if known else word

    def parse_args(self, argv=None, namespace=None):
        argv = sys.argv[1:] if argv is None else argv
        found, unknown = self.parse_known_args([self._in_full(word) for word in argv], namespace)
        if unknown:
            typed = [word for word in unknown if word.startswith(tuple(DASHES))]
            near = [f'--{name}' for word in typed for name in nearest(word, self._flags())]
            self.error(f'unrecognized arguments: {" ".join(unknown)}{_question(near)}')
        errors.TRACEBACK |= found.traceback
        return found

    def _check_value(self, action, value):
        try:
            super()._check_value(action, value)
        except argparse.ArgumentError as error:
            raise argparse.ArgumentError(action, error.message + _question(nearest(value, action.choices))) from None

    def error(self, message: str):
        tell(f'{self.prog}: error: {" ".join(message.split())}\n')
        self.exit(2)


def nearest(typed: str, names: Iterable[str]) -> list[str]:
    """The one of `names` that `typed` was meant to be, or none: []."""
    import difflib  # only after a typing error

    word = typed.partition('=')[0].strip(DASHES).replace('-', '_').lower()
    initials = ''.join(part[:1] for part in word.split('_'))  # --learning_rate is --lr
    lower = {name.lower(): name for name in names}
    near = difflib.get_close_matches(word, lower, 1)
    near += [name for name in lower if word.startswith(name) or name == initials]
    return [lower[name] for name in near[:1]]


def _question(near: list[str]) -> str:
    return f': did you mean {", ".join(near)}?' if near else ''


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
    return _place(text, 'folder', os.path.isdir)


def file(text: str) -> str:
    """Flag type: a file to read or to write. It may be missing, but it may not be a folder or a device."""
    return _place(text, 'file', os.path.isfile)


def _place(text, kind, is_one):
    if not text or '\0' in text or (os.path.exists(text) and not is_one(text)):
        raise argparse.ArgumentTypeError(f'{text[:200]!r} is not a {kind}')
    return text


def add_seed(parser: argparse.ArgumentParser):
    """Add --seed, for seed_all()."""
    parser.add_argument('--seed', type=whole(0, SEEDS - 1), help='random seed (default: one is drawn and printed)')


def seed_all(seed: int | None, more: str = '') -> int:
    """Seed Python, NumPy and PyTorch, print the seed on standard error and return it. None: draw a seed first.

    more: what else decides the digits; it is printed in the same line.
    """
    import numpy
    import torch

    if seed is None:
        seed = draw_seed()
    note(f'seed: {seed}{more}')
    random.seed(seed)
    numpy.random.seed(seed)
    torch.manual_seed(seed)
    return seed


def draw_seed() -> int:
    """Draw a seed, 0 to 2^32 - 1, from the operating system."""
    return int.from_bytes(os.urandom(4), 'little')


def cores() -> int:
    """How many cores this process may use: taskset, slurm or a container may allow it fewer than there are."""
    with contextlib.suppress(AttributeError):  # Windows and macOS do not say
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def typed(words: list[str]) -> str:
    """A script and its flags as a user types them. cmd.exe on Windows does not know single quotes."""
    import shlex
    import subprocess

    return (subprocess.list2cmdline if os.name == 'nt' else shlex.join)(['python3', *words])


def device(no_cuda: bool):
    """The torch device to run on: CUDA where there is a GPU that works and `no_cuda` is false, else the CPU.

    Sets one CPU thread, as more split the sums of a gradient into parts: the numbers are then rounded in another way.
    Makes cuDNN use repeatable algorithms.
    """
    import torch

    torch.set_num_threads(1)
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False
    return torch.device('cuda' if not no_cuda and _gpu_works() else 'cpu')


def _gpu_works() -> bool:
    """Whether there is a GPU that computes. One that does not is told: it may be too old or too new for this torch."""
    import torch

    works, fault = False, ''
    with warnings.catch_warnings(record=True) as said:  # torch warns of a driver that is too old
        warnings.simplefilter('always')
        try:
            works = torch.cuda.is_available() and (torch.ones(2).to('cuda') + 1).sum().item() == 4
        except (RuntimeError, AssertionError) as error:
            fault = str(error)
    fault = fault or ''.join(str(each.message) for each in said[-1:])
    if fault and not works:
        note(f'the GPU cannot be used ({fault.splitlines()[0][:120]}): training on the CPU, as with --no_cuda')
    return works
