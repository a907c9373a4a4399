"""kill -9 at random moments, and two runs at once: every file is whole, and what follows ends with the right bytes."""

import functools
import os
import shutil
import time
from pathlib import Path

import pytest
from PIL import Image

from lab.common.files import read_tensors
from lab.kuzu import fetch, pictures
from tests.faults.forks import LIMIT, Fork
from tests.faults.tally import chance, files, sizes, standing, tally
from tests.kuzu import test_fetch
from tests.kuzu.server import COUNTS, serving

TRAIN = '--dataset digits --seed 1 --epochs'
KUZU = (
    f'kuzu_main --net lin {TRAIN} 12',
    f'kuzu_main --net full --hid 20 --optim adam --shuffle {TRAIN} 8',
    f'kuzu_main --net conv --channels 2 3 --fc 0 --recipe fast {TRAIN} 3',
)
SEQ = (
    'seq_train --epoch 20 --seed 1',
    'seq_train --lang anb2nc3n --model lstm --epoch 20 --seed 1',
    'seq_train --epoch 10 --seed 1 --restarts 3',
)
MOST = 1.2  # of the time that a run took alone: the latest that it is killed


def rows(path):
    lines = path.read_text().splitlines(keepends=True)
    assert all(line.endswith('\n') and line.count(',') == lines[0].count(',') for line in lines)


READERS = {
    '.pth': lambda path: read_tensors(str(path)),
    '.resume': lambda path: read_tensors(str(path)),
    '.csv': rows,
    '.jpg': lambda path: Image.open(path).load(),
    '': lambda path: test_fetch.FILES[path.name] == path.read_bytes() or 1 / 0,
}


def unreadable(folder) -> str:
    """Each file that cannot be read, and why; those that are being written or downloaded are nobody's yet."""
    found = []
    for path in files(folder):
        if '/.' not in str(path.relative_to(folder.parent)):
            try:
                READERS[path.suffix](path)
            except Exception as error:
                found.append(f'{path.name}: {error!r}')
    return ' '.join(found)


def kill(row, count: int, line, folder: Path, make, before=None, resumed=''):
    """Kill runs of a script at `count` random moments; after some, let one come to its end.

    What is then there has to be what a run makes that was left alone. So has every file of a killed run; or else, if
    there is a file `resumed`, the next goes on with --resume.
    """
    moments = chance(str(line))
    make(folder / 'alone')
    alone = Fork(line, folder / 'alone', before).end()
    assert alone.code == 0, alone
    expected = standing(folder / 'alone')
    done = row.tried + count
    while row.tried < done:
        here, kills, faults = folder / 'killed', 0, ''
        make(here)
        while True:
            resume = ['--resume'] if resumed and any(here.glob(f'net/{resumed}')) else []
            fork = Fork([*line.split(), *resume] if isinstance(line, str) else line, here, before)
            last = kills == 5 or row.tried + kills == done
            end = fork.wait(LIMIT if last else moments.uniform(0, MOST * alone.seconds))
            row.longest = max(row.longest, time.monotonic() - fork.start)
            if end:
                break
            fork.kill()
            kills += 1
            faults += unreadable(here)
            if not resumed:
                found = standing(here)
                faults += ' '.join(name for name in found if '/.' not in name and found[name] != expected[name])
        if end.code or standing(here) != expected:
            faults += f' in the end: {end} {[n for n, d in standing(here).items() if d != expected.get(n)]}'
        for _ in range(kills):
            row.count(faults or 'survived', str(line))
        shutil.rmtree(here)


def kill_each(name: str, count: int, lines, folder: Path, *how):
    """Kill runs of each of the lines, at `count` moments in all; see kill()."""
    with tally(name) as row:
        for index, line in enumerate(lines):
            part = count * (index + 1) // len(lines) - count * index // len(lines)
            if part:
                kill(row, part, line, folder / str(index), *how)


def folders(folder: Path):
    folder.mkdir(parents=True)


def without_pictures():
    pictures.draw_confusion = pictures.draw_mistakes = pictures.draw_curve = lambda *_: None


@sizes(1, 100)
def test_kuzu_training_that_is_killed_goes_on_to_the_same_bytes(count, tmp_path):
    kill_each('kill -9, kuzu training', count, KUZU, tmp_path, folders, without_pictures, '*.resume')


@sizes(1, 50)
def test_seq_training_that_is_killed_leaves_whole_files_and_starts_again(count, tmp_path):
    kill_each('kill -9, seq_train', count, SEQ, tmp_path, folders)


@pytest.fixture(scope='module')
def made(tmp_path_factory):
    """Makes a folder with what there is to plot; an empty one for those few that plot without."""

    @functools.cache
    def trained():
        folder = tmp_path_factory.mktemp('trained')
        for line in PLOTS[0], 'seq_train --epoch 1 --seed 1', f'seq_train {LSTM} --epoch 1 --seed 1':
            assert Fork(line, folder).end().code == 0
        shutil.rmtree(folder / 'plot')
        return folder

    return lambda folder, count: folders(folder) if count == 1 else shutil.copytree(trained(), folder)


LSTM = '--lang anb2nc3n --model lstm'
PLOTS = (
    f'kuzu_main --net lin {TRAIN} 2',  # finds all trained, and draws
    'seq_plot --epoch 0 --num_plot 2 --seed 1',
    f'seq_plot --epoch 0 --num_plot 2 --seed 1 {LSTM} --cell',
    'check_main --set_weights',
)


@sizes(1, 35)
def test_plotting_that_is_killed_leaves_whole_pictures(count, tmp_path, made):
    kill_each('kill -9, plotting, downloading', count, PLOTS, tmp_path, lambda folder: made(folder, count))


def download():
    fetch.fetch('.')


@sizes(0, 15)
def test_downloading_that_is_killed_leaves_whole_files_and_starts_again(count, tmp_path):
    if not count:
        pytest.skip('takes a minute; test_fetch.py has its moments')
    with tally('kill -9, plotting, downloading') as row, serving('good') as server:
        kill(row, count, download, tmp_path, folders, functools.partial(sweep, server.openml))


def sweep(address: str):
    """Give the downloads of killed runs the time to end, and do not wait for an hour before what they left is old."""
    official(address)
    time.sleep(0.3)


def official(address: str):
    """In a fork: the made set is the official one, and OpenML is at this address."""
    fetch.SOURCES = {'openml': ('openml', address, 30, 120)}
    for name, value in {'MD5_GZ': test_fetch.MD5_GZ, 'MD5': test_fetch.MD5, 'OFFICIAL': COUNTS}.items():
        setattr(fetch, name, value)
    for name in 'NO_PROXY', 'no_proxy':
        os.environ[name] = '127.0.0.1'


PAIRS = (
    (SEQ[0], SEQ[0].replace('--seed 1', '--seed 2')),
    (KUZU[0], KUZU[0]),
    (KUZU[1], KUZU[1].replace('--seed 1', '--seed 2')),
    (SEQ[2], SEQ[2]),
    (PLOTS[3], PLOTS[3]),
    (PLOTS[1], PLOTS[1].replace('--seed 1', '--seed 2')),
    (download, download),
)


@sizes(1, 28)
def test_two_runs_at_once_into_a_folder_leave_whole_files_of_one_or_the_other(count, tmp_path, made):
    with tally('two runs at once') as row, serving('good') as server:
        before, alone = functools.partial(official, server.openml), {}
        for index in range(count):
            pair = PAIRS[index % len(PAIRS)]
            for line in pair:
                if line not in alone:
                    folder = tmp_path / f'alone {len(alone)}'
                    made(folder, count)
                    assert Fork(line, folder, before).end().code == 0
                    alone[line] = standing(folder)
            here = tmp_path / f'both {index}'
            made(here, count)
            forks, ends, faults = [Fork(line, here, before) for line in pair], [], ''
            for fork in forks:
                while not (end := fork.wait(0)):
                    faults += unreadable(here)  # a third reads all the time
                    time.sleep(0.02)
                ends.append(end)
                row.longest = max(row.longest, end.seconds)
            found = standing(here)
            faults += ' '.join(str(end) for end in ends if end.code)
            faults += ' '.join(name for name in found if all(alone[line].get(name) != found[name] for line in pair))
            if found.keys() != alone[pair[0]].keys() | alone[pair[1]].keys():
                faults += f' files: {[*found]}'
            row.count(faults or 'survived', str(pair))
