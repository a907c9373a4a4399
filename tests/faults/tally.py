"""What the tests of faults share: how much to try, the tally of it all, and what stands in a folder.

Each test is there twice: a little of it by default, all of it in `python3 -m pytest -n 0 -m campaign -k faults`. Its
random numbers follow from CAMPAIGN_SEED (default 1); of two runs alike, a kill still comes a little earlier or later.
"""

import os
import random
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch

from lab.common.files import read_tensors

SEED = int(os.environ.get('CAMPAIGN_SEED', 1))


@dataclass
class Tally:
    """What became of the faults of one kind: tried = refused + survived + lost."""

    tried: int = 0
    refused: int = 0  # one line and exit code 2 (UserError or OSError inside), and nothing that was there has changed
    survived: int = 0  # went on as if nothing had happened: the right bytes, the right numbers
    lost: list[str] = field(default_factory=list)  # anything else
    longest: float = 0.0  # seconds

    def count(self, outcome: str, what: str, seconds: float = 0.0):
        """outcome: 'refused', 'survived', or the words that say how `what` was lost."""
        self.tried += 1
        self.refused += outcome == 'refused'
        self.survived += outcome == 'survived'
        if outcome not in ('refused', 'survived'):
            self.lost.append(f'{what}: {outcome}')
        self.longest = max(self.longest, seconds)


ROWS: dict[str, Tally] = {}  # for the table at the end


@contextmanager
def tally(name: str):
    """A tally that goes into the table, and of which nothing may be lost."""
    row = ROWS.setdefault(name, Tally())
    before = len(row.lost)
    yield row
    lost = row.lost[before:]
    assert not lost, f'{len(lost)} lost:\n' + '\n'.join(lost[:20])


def table() -> list[str]:
    """The rows so far, as lines."""
    lines = [f'{"fault":32s} {"tried":>6s} {"refused":>8s} {"survived":>9s} {"lost":>5s} {"longest":>9s}']
    for name, row in ROWS.items():
        counts = f'{row.tried:6d} {row.refused:8d} {row.survived:9d} {len(row.lost):5d}'
        lines.append(f'{name:32s} {counts} {row.longest:7.2f} s')
    return [*lines, f'seed {SEED}: CAMPAIGN_SEED={SEED} repeats it']


def sizes(few: int, many: int):
    """Parametrize a test by how many faults it tries: a few by default, many in a campaign."""
    return pytest.mark.parametrize('count', [few, pytest.param(many, marks=pytest.mark.campaign)])


def random_numbers(name: str) -> random.Random:
    return random.Random(f'{SEED} {name}')


def standing(folder) -> dict[str, object]:
    """What every file under a folder holds, but for hidden ones: what a killed run was writing, which no one reads."""
    found = {}
    for where, folders, names in os.walk(folder):  # in which files may come and go
        folders[:] = [name for name in folders if name[0] != '.']
        for name in names:
            if name[0] != '.':
                path = Path(where, name)
                found[str(path.relative_to(folder))] = content(path)
    return found


def content(path: Path) -> object:
    """The bytes; of a .resume the values, as equal strings in it may be one object or two, which the bytes tell."""
    return plain(read_tensors(str(path))) if path.suffix == '.resume' else path.read_bytes()


def plain(value: object) -> object:
    """Lists, dicts and numbers with each tensor by its type, shape and bytes, so that == compares them."""
    if isinstance(value, torch.Tensor):
        return str(value.dtype), tuple(value.shape), value.numpy().tobytes()
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    return [plain(part) for part in value] if isinstance(value, list | tuple) else value
