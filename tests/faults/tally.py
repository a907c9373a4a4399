"""What the tests of faults share: how much to try, the tally of it all, and what is measured.

Each test is there twice: a little of it by default, all of it in `python3 -m pytest -n 0 -m campaign -k faults`. The
chance in it follows from CAMPAIGN_SEED (default 1); of two runs alike, a kill still comes a little earlier or later.
"""

import os
import random
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch

from lab.common.files import read_tensors

SEED = int(os.environ.get('CAMPAIGN_SEED', 1))
NOISE = 16e6  # bytes that Python and its allocators take or not, whatever the size of a file


@dataclass
class Tally:
    """What became of the faults of one kind: tried = refused + survived + lost."""

    tried: int = 0
    refused: int = 0  # one line and exit code 2 (UserError or OSError inside), and nothing that was there has changed
    survived: int = 0  # went on as if nothing had happened: the right bytes, the right numbers
    lost: list[str] = field(default_factory=list)  # anything else
    longest: float = 0.0  # seconds
    memory: float = 0.0  # the most that was taken for a byte of the file, above NOISE
    means: str = ''

    def count(self, outcome: str, what: str = ''):
        """outcome: 'refused', 'survived', or the words that say how `what` was lost."""
        self.tried += 1
        if outcome in ('refused', 'survived'):
            setattr(self, outcome, getattr(self, outcome) + 1)
        else:
            self.lost.append(f'{what}: {outcome}')

    def add(self, other: 'Tally'):
        for name in 'tried', 'refused', 'survived', 'lost':
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.longest, self.memory = max(self.longest, other.longest), max(self.memory, other.memory)
        self.means = self.means or other.means


ROWS: dict[str, Tally] = {}  # for the table at the end


@contextmanager
def tally(name: str, means: str = ''):
    """A tally that goes into the table, and of which nothing may be lost."""
    here = Tally(means=means)
    try:
        yield here
    finally:
        ROWS.setdefault(name, Tally()).add(here)
    assert not here.lost, f'{len(here.lost)} lost:\n' + '\n'.join(here.lost[:20])


def table() -> list[str]:
    """The rows so far, as lines."""
    head = f'{"fault":32s} {"tried":>6s} {"refused":>8s} {"survived":>9s} {"lost":>5s} {"longest":>9s}'
    lines = [f'{head} {"memory/byte":>12s}']
    for name, row in ROWS.items():
        memory = f'{row.memory:12.1f}' if row.memory else ' ' * 12
        line = f'{name:32s} {row.tried:6d} {row.refused:8d} {row.survived:9d} {len(row.lost):5d} {row.longest:7.2f} s'
        lines.append(f'{line} {memory}  {row.means}'.rstrip())
    return [*lines, f'seed {SEED}: CAMPAIGN_SEED={SEED} repeats it']


def sizes(few: int, many: int):
    """Parametrize a test by how many faults it tries: a few by default, many in a campaign."""
    return pytest.mark.parametrize('count', [few, pytest.param(many, marks=pytest.mark.campaign)])


def chance(name: str) -> random.Random:
    return random.Random(f'{SEED} {name}')


# --- files


def files(folder) -> list[Path]:
    """Every file under a folder, in which other files come and go, but for the part files, which no one reads."""
    return sorted(Path(where, name) for where, _, names in os.walk(folder) for name in names if name[-5:] != '.part')


def standing(folder) -> dict[str, object]:
    """What every file under a folder holds."""
    return {str(path.relative_to(folder)): content(path) for path in files(folder)}


def content(path: Path) -> object:
    """The bytes; of a .resume the values, as equal strings in it may be one object or two, which the bytes tell."""
    if path.suffix != '.resume':
        return path.read_bytes()
    return plain(read_tensors(str(path)))


def plain(value: object) -> object:
    """Lists, dicts and numbers with each tensor by its type, shape and bytes, so that == compares them."""
    if isinstance(value, torch.Tensor):
        return str(value.dtype), tuple(value.shape), value.numpy().tobytes()
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    return [plain(part) for part in value] if isinstance(value, list | tuple) else value


# --- memory and file systems


def _status(name: str) -> int:
    return 1024 * int(re.search(rf'{name}:\s+(\d+)', Path('/proc/self/status').read_text())[1])


def peak(function: Callable[[], object]) -> tuple[object, float, int]:
    """What a function returns, the seconds it took, and the bytes that this process grew by at its highest."""
    Path('/proc/self/clear_refs').write_text('5')  # forget how high it was before
    before, start = _status('VmRSS'), time.perf_counter()
    result = function()
    return result, time.perf_counter() - start, max(0, _status('VmHWM') - before)


def can_mount() -> bool:
    return os.geteuid() == 0 and shutil.which('mount') is not None


@contextmanager
def small_disk(folder, size: int):
    """A file system of its own at `folder`, of `size` bytes, as long as it lasts."""
    os.makedirs(folder, exist_ok=True)
    subprocess.run(['mount', '-t', 'tmpfs', '-o', f'size={size}', 'tmpfs', folder], check=True)
    try:
        yield Path(folder)
    finally:
        subprocess.run(['umount', folder], check=True)
