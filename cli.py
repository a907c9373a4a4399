"""The command line, alike in every script: checked flags, endings in one line, seed, device, Ctrl-C.

Import it first: from then on an error the user can mend ends the script with one line and exit code 2, and Ctrl-C with
exit code 130, also while the slow libraries are still loading.
"""

import argparse
import atexit
import os
import random
import signal
import sys
import traceback
from collections.abc import Callable


class UserError(Exception):
    """What the user can put right. Its text is the whole message: what is wrong, and what would be right."""


class Parser(argparse.ArgumentParser):
    """argparse whose errors are one line, and whose help shows every default."""

    def __init__(self, description: str):
        super().__init__(description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter)

    def error(self, message: str):
        tell(f'{self.prog}: error: {message}\n')
        self.exit(2)


def whole(low: int = 1, high: int = 1_000_000_000) -> Callable[[str], int]:
    """Flag type: a whole number from low to high."""
    return _number(int, 'a whole number', low, high)


def real(low: float = 0.0, high: float = 1e6) -> Callable[[str], float]:
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
    """Flag type: a folder to read or to write; it need not exist yet, but no file may stand in its place."""
    if not text or '\0' in text or (os.path.exists(text) and not os.path.isdir(text)):
        raise argparse.ArgumentTypeError(f'{text[:200]!r} is not a folder')
    return text


def add_seed(parser: argparse.ArgumentParser):
    """Add --seed, to be handed to seed_all()."""
    parser.add_argument('--seed', type=whole(0, 2**32 - 1), help='random seed (default: one is drawn and printed)')


def seed_all(seed: int | None) -> int:
    """Seed Python, NumPy and PyTorch with `seed`, or with one drawn from the system; print it on standard error."""
    import numpy
    import torch

    if seed is None:
        seed = draw_seed()
    note(f'seed: {seed}')
    random.seed(seed)
    numpy.random.seed(seed)
    torch.manual_seed(seed)
    return seed


def draw_seed() -> int:
    """A seed from the system's own source of chance."""
    return int.from_bytes(os.urandom(4), 'little')


def device(no_cuda: bool, threads: int = 1):
    """The torch device to run on: CUDA where there is one and it is not declined, with repeatable algorithms.

    More than one thread on the CPU split the sums of a gradient, which then round otherwise than on another machine.
    """
    import torch

    torch.set_num_threads(threads)
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False
    return torch.device('cuda' if torch.cuda.is_available() and not no_cuda else 'cpu')


def note(text: str):
    """Print a remark on standard error, where it does not disturb the transcript."""
    print(text, file=sys.stderr, flush=True)


def tell(text: str):
    """Print what a script ends with on standard error. processes.py puts another in its place, that tells it once."""
    sys.stderr.write(text)


class Interrupt:
    """Ctrl-C as a question that a loop asks between steps; pressed a second time it ends the script at once.

    with Interrupt() as stop:
        while not stop:
            step()
    keep_what_is_trained()
    stop.leave()    # exit code 130 if Ctrl-C was pressed
    """

    def __init__(self):
        self.pressed = False

    def __bool__(self):
        return self.pressed

    def __enter__(self):
        self.before = signal.signal(signal.SIGINT, self._press)
        return self

    def __exit__(self, *_):
        signal.signal(signal.SIGINT, self.before)

    def _press(self, *_):
        if self.pressed:
            raise KeyboardInterrupt
        self.pressed = True
        os.write(2, b'\nstopping after this step; Ctrl-C again stops at once\n')  # print() may not be re-entered

    def leave(self):
        if self.pressed:
            sys.exit(130)


def _ending(error: BaseException) -> str | None:
    """The one line that tells the user about this error, or None where it is a fault of ours."""
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, ModuleNotFoundError):
        return f'the package {error.name!r} is not installed: pip install -r requirements.txt'
    if isinstance(error, OSError):
        where = '' if error.filename is None else f': {error.filename or "an empty name"}'
        return f'{error.strerror or error}{where}'
    full = type(error).__name__ == 'OutOfMemoryError' or 'DefaultCPUAllocator' in str(error)  # torch's, on GPU and CPU
    if isinstance(error, MemoryError) or full:
        return 'out of memory: try a smaller network or batch'
    return None


def _end(kind, error, trace):
    """sys.excepthook: end with one line and exit code 2, 130 after Ctrl-C; with a traceback if it is our own fault."""
    if issubclass(kind, KeyboardInterrupt):
        raise SystemExit(130)
    if issubclass(kind, BrokenPipeError):  # the reader of our output has left, as in `... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(141)
    line = _ending(error)
    if line is None:
        return tell(''.join(traceback.format_exception(kind, error, trace)))
    _flush()  # ends here where it is standard output that cannot be written: that is told once
    tell(f'{script()}: error: {" ".join(line.split())}\n')
    raise SystemExit(2)


def script() -> str:
    """The name of the script that runs, with which its errors begin."""
    return os.path.basename(sys.argv[0])


def _flush():
    """Write out what is left of the transcript while an error can still be told in one line."""
    try:
        sys.stdout.flush()
    except OSError as error:
        gone = isinstance(error, BrokenPipeError)
        if not gone:
            os.write(2, f'{script()}: error: {error.strerror}: standard output\n'.encode())
        os._exit(141 if gone else 2)


sys.excepthook = _end
atexit.register(_flush)
