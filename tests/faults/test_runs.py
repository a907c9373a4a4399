"""kill -9 at random moments, and two runs at once: every file is whole, and what follows ends with the right bytes."""

import functools
import io
import json
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from PIL import Image

from lab.kuzu import fetch
from tests.faults.forks import LIMIT, Fork
from tests.faults.tally import random_numbers, sizes, standing, tally
from tests.kuzu.server import FILES, official, serving

TRAIN = '--dataset digits --seed 1 --epochs'
KUZU = (
    f'kuzu_main --net lin {TRAIN} 12',
    f'kuzu_main --net full --hid 20 --optim adam --shuffle {TRAIN} 8',
    f'kuzu_main --net conv --channels 2 3 --fc 0 --recipe fast {TRAIN} 3',
)
SEQ = (
    'seq_train --epoch 20 --seed 1 --restarts 1',
    'seq_train --lang anb2nc3n --model lstm --epoch 20 --seed 1 --restarts 1',
    'seq_train --epoch 10 --seed 1 --restarts 3',
)
PLOTS = (
    'check_main --set_weights',
    'seq_plot --set_weights --num_plot 2 --seed 1',
    'seq_plot --set_weights --num_plot 2 --seed 1 --lang anb2nc3n --model lstm --cell',
)
RUNS = {'kuzu_main': KUZU, 'seq_train': SEQ, 'plots': PLOTS, 'download': ['download']}
MOST = 1.2  # of the time that a run took alone: the latest that it is killed


def download(mirror: str, openml: str):
    """In a fork: download the made set from OpenML, at this address."""
    official(mirror, openml)
    fetch.SOURCES = {'openml': (fetch.from_openml, 30)}
    fetch.fetch('.')


@contextmanager
def downloading():
    """A server, and the download from it, for Fork."""
    with serving('good') as server:
        yield functools.partial(download, server.mirror, server.openml)


def rows(data: bytes):
    lines = data.decode().splitlines(keepends=True)
    assert all(line.endswith('\n') and line.count(',') == lines[0].count(',') for line in lines)


READERS = {
    '.pth': lambda data: torch.load(io.BytesIO(data)),
    '.resume': lambda values: None,  # standing() has read it
    '.csv': rows,
    '.json': json.loads,
    '.jpg': lambda data: Image.open(io.BytesIO(data)).load(),
    '': lambda data: [*FILES.values()].index(data),
}


def unreadable(found: dict[str, object]) -> str:
    """Each file that cannot be read, and why."""
    faults = []
    for name, data in found.items():
        try:
            READERS[Path(name).suffix](data)
        except Exception as error:
            faults.append(f'{name}: {error!r}')
    return ' '.join(faults)


def alone(line, folder: Path) -> tuple[dict[str, object], float]:
    """What a run leaves that nobody disturbs, and the seconds that it takes."""
    folder.mkdir(parents=True)
    end = Fork(line, folder).end()
    assert end.code == 0, end
    return standing(folder), end.seconds


def kill(row, count: int, line, folder: Path):
    """Kill runs of a script at `count` random moments; after some, let one come to its end.

    What is then there has to be what a run makes that was left alone. So has every file of a killed run; but where
    there is a .resume, the next run goes on from there.
    """
    moments = random_numbers(line if isinstance(line, str) else 'download')
    expected, seconds = alone(line, folder / 'alone')
    done = row.tried + count
    while row.tried < done:
        here, kills, faults, end = folder / f'killed {len([*folder.iterdir()])}', 0, '', None
        here.mkdir()
        while not end:
            goes_on = any(here.glob('net/*.resume'))
            fork = Fork([*line.split(), *(['--resume'] * goes_on)] if isinstance(line, str) else line, here)
            last = kills == 5 or row.tried + kills == done
            end = fork.wait(LIMIT if last else moments.uniform(0, MOST * seconds))
            if not end:
                fork.kill()
                kills += 1
                found = standing(here)
                faults += unreadable(found)
                if line not in KUZU:
                    faults += ' '.join(name for name in found if found[name] != expected[name])
        found = standing(here)
        if end.code or found != expected:
            faults += f' in the end: {end} {[name for name in found if found[name] != expected.get(name)]}'
        for _ in range(kills):
            row.count(faults or 'survived', str(line), end.seconds)


@sizes(1, 45)
@pytest.mark.parametrize('name', RUNS)
def test_runs_that_are_killed_leave_whole_files_and_come_to_the_same_bytes(name, count, tmp_path):
    lines = RUNS[name][:count]
    with tally(f'kill -9, {name}') as row, downloading() as function:
        for index, line in enumerate(lines):
            line = function if line == 'download' else line
            kill(row, count // len(lines), line, tmp_path / str(index))


PAIRS = (
    (SEQ[0], SEQ[0].replace('--seed 1', '--seed 2')),
    (KUZU[0], KUZU[0]),
    (KUZU[1], KUZU[1].replace('--seed 1', '--seed 2')),
    (SEQ[2], SEQ[2]),
    (PLOTS[0], PLOTS[0]),
    (PLOTS[1], PLOTS[1].replace('--seed 1', '--seed 2')),
    ('download', 'download'),
)


@sizes(1, 28)
def test_two_runs_at_once_into_a_folder_leave_whole_files_of_one_or_the_other(count, tmp_path):
    with tally('two runs at once') as row, downloading() as function:
        left = functools.cache(lambda line: alone(line, tmp_path / f'{hash(line)}')[0])
        for index in range(count):
            pair = [function if line == 'download' else line for line in PAIRS[index % len(PAIRS)]]
            one, other = map(left, pair)
            here, faults = tmp_path / f'both {index}', ''
            here.mkdir()
            forks = [Fork(line, here) for line in pair]
            ends = [fork.wait(0) for fork in forks]
            while not all(ends):
                faults += unreadable(standing(here))  # a third reads all the time
                time.sleep(0.02)
                ends = [end or fork.wait(0) for end, fork in zip(ends, forks, strict=True)]
            found = standing(here)
            faults += ' '.join(str(end) for end in ends if end.code)
            faults += ' '.join(name for name in found if found[name] not in (one.get(name), other.get(name)))
            if found.keys() != one.keys() | other.keys():
                faults += f' files: {[*found]}'
            row.count(faults or 'survived', str(pair), max(end.seconds for end in ends))
