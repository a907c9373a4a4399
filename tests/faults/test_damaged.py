"""Damaged files: each is refused with one line, or read right. What people keep: points, images, weights, a run."""

import contextlib
import copy
import csv
import gzip
import io
import math
import os
import random
import reprlib
import time
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from kuzu import NetLin
from lab.check import points, settings
from lab.common import files
from lab.common.errors import UserError
from lab.kuzu import fetch, recipe, resume
from lab.kuzu.data import load
from lab.kuzu.settings import Settings
from tests.faults.forks import Fork, in_fork
from tests.faults.tally import plain, random_numbers, sizes, tally
from tests.kuzu.server import made_files

DAMAGES: dict[str, Callable[[bytes, int, bytes], bytes]] = {  # of data, at a place, with some new bytes
    'flip': lambda data, at, new: data[:at] + bytes([data[at] ^ 1 << len(new) % 8]) + data[at + 1 :],
    'cut': lambda data, at, new: data[:at],
    'drop': lambda data, at, new: data[:at] + data[at + len(new) :],
    'insert': lambda data, at, new: data[:at] + new + data[at:],
    'overwrite': lambda data, at, new: data[:at] + new + data[at + len(new) :],
    'head': lambda data, at, new: new + data[len(new) :],
    'swap': lambda data, at, new: data[at:] + data[:at],
}


def damaged(rng: random.Random, data: bytes) -> bytes:
    for _ in range(rng.randint(1, 3)):
        if data:
            data = DAMAGES[rng.choice([*DAMAGES])](data, rng.randrange(len(data)), rng.randbytes(rng.randint(1, 16)))
    return data


def survey(name: str, count: int, folder: Path, make, *args):
    """Write `count` damaged files into a folder, and have each read.

    make(folder, *args) returns draw() and judge(): draw(rng) gives the name of a file, its bytes, and what was done to
    it; judge(path) whether what it reads is what the bytes say. All is in a fork, as a file may crash PyTorch itself.
    """
    with tally(f'damaged {name}') as row:
        for outcome in in_fork(_surveyed, name, count, folder, make, args):
            row.count(*outcome)


def _surveyed(name: str, count: int, folder: Path, make, args: tuple) -> list[tuple[str, str, float]]:
    os.chdir(folder)
    outcomes, rng = [], random_numbers(name)
    draw, judge = make(folder, *args)
    for _ in range(count):
        file, data, what = draw(rng)
        (folder / file).write_bytes(data)
        start = time.monotonic()
        with warnings.catch_warnings(record=True) as told, contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter('always')
            try:
                end = 'survived' if judge(folder / file) else 'not what the bytes say'
            except (UserError, OSError):
                end = 'refused'
            except BaseException as error:
                end = f'{type(error).__name__}: {" ".join(str(error).split())[:200]}'
        end += f', after more lines: {told[0].message}' if told else ''
        outcomes.append((end, what, time.monotonic() - start))
    return outcomes


# --- points

NUMBERS = ['0', '1', '2', '-1', '1e400', 'nan', 'inf', '', 'x', '0x1', '٣', '1.5', ' 1', '1e6', '9' * 400]


def damaged_points(folder: Path):
    lab = Path(settings.CHECK_CSV).read_bytes()

    def draw(rng):
        if rng.random() < 0.5:
            return 'check.csv', damaged(rng, lab), 'check.csv'
        lines = [','.join(rng.choices(NUMBERS, k=rng.randint(0, 4))) for _ in range(rng.randint(0, 6))]
        return 'check.csv', '\n'.join(['X,Y,T', *lines]).encode(), f'{lines}'

    return draw, points_read_right


def points_read_right(path: Path) -> bool:
    found = np.column_stack(points.read_points(str(path)))
    with open(path, encoding='utf-8-sig', newline='') as file:
        lines = [*file][1:]  # Python 3.10's csv refuses a NUL, also in the header
        rows = [row for row in csv.reader(lines, quoting=csv.QUOTE_NONE) if ''.join(row).strip()]
    expected = np.array([[float(field) for field in row] for row in rows], np.float32)
    return set(found[:, 2]) <= {0, 1} and np.array_equal(found, expected) and bool((abs(expected) <= 1e6).all())


# --- images and labels

SET = made_files((5, 3))
INTEGERS = 0, -1, 1, 5, 27, 28, 29, 0x801, 0x803, 2**31 - 1, -(2**31), 2**30


def damaged_images(folder: Path):
    """In a fork: one file of the set, damaged, with another head, or zipped; the others are whole."""
    raw = folder / fetch.RAW
    raw.mkdir(parents=True)
    fetch.SOURCES = {}

    def draw(rng):
        for path in raw.iterdir():
            path.unlink()
        for name, data in SET.items():
            (raw / name).write_bytes(data)
        name, kind = rng.choice([*SET]), rng.choice(['damaged', 'other head', 'zipped'])
        data = damaged(rng, SET[name])
        if kind == 'other head':
            head = np.array(rng.choices(INTEGERS, k=rng.randint(1, 4)), '>i4').tobytes()
            data = head + SET[name][rng.choice([0, 4, 8, 12, 16]) :]
        if kind == 'zipped':  # none of these is official
            (raw / name).unlink()
            name, data = f'{name}.gz', damaged(rng, gzip.compress(SET[name]))
        return os.path.join(fetch.RAW, name), data, f'{kind} {name}'

    def judge(path):
        found, data = load('kmnist', str(folder), torch.device('cpu')), path.read_bytes()
        half = 'train' if path.name.startswith('train') else 'test'
        if 'labels' in path.name:
            return getattr(found, f'{half}_labels').tolist() == [*data[8:]]
        pixels = np.frombuffer(data[16:], np.uint8).astype(np.float32).reshape(-1, 1, 28, 28)
        return torch.equal(getattr(found, f'{half}_images'), torch.from_numpy((pixels / 255 - 0.5) / 0.5))

    return draw, judge


# --- weights

WEIGHT = torch.arange(6.0).reshape(2, 3)
VALUES = [  # that should be refused, or read as what they are
    *map(WEIGHT.to, (torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int8, torch.bool)),
    *(WEIGHT + 1j, WEIGHT.to_sparse(), WEIGHT.to('meta'), WEIGHT.T.contiguous().T, torch.nn.Parameter(WEIGHT)),
    *(torch.full((2, 3), value, dtype=torch.float64) for value in (math.nan, math.inf, 1e300, 3e38)),
    *(torch.ones(shape) for shape in ((), (2,), (3, 2), (2, 3, 1), (0, 3))),
    *(torch.zeros(1).expand(2, 3), torch.zeros(1).expand(10**6, 10**6), None, True, -1, 0.5, 10**30, math.nan, 'x'),
    *([], [1.0], (WEIGHT, WEIGHT), {}, {'weight': WEIGHT}, {0: [WEIGHT, {'x': None}]}),
]


def saved(state: object, form: str = 'zip') -> bytes:
    buffer = io.BytesIO()
    torch.save(state, buffer, _use_new_zipfile_serialization=form == 'zip')
    return buffer.getvalue()


def resealed(rng: random.Random, data: bytes, ending: str) -> bytes:
    """A checkpoint with one of its entries damaged, and with the right checksums all the same."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, 'w') as new:
        for entry in old.infolist():
            part = old.read(entry)
            new.writestr(entry.filename, damaged(rng, part) if entry.filename.endswith(ending) else part)
    return buffer.getvalue()


def quietly_loaded(path: Path) -> object:
    """What torch itself finds in a file, without its warnings: those of the lab's own reading count."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        return torch.load(path, weights_only=True)


def damaged_weights(folder: Path):
    torch.manual_seed(1)
    model = torch.nn.Linear(3, 2)
    state = dict(copy.deepcopy(model.state_dict()))

    def draw(rng):
        kind, form = rng.choice(['damaged', 'resealed', 'other']), rng.choice(['zip', 'legacy'])
        if kind == 'damaged':
            return 'net.pth', damaged(rng, saved(state, form)), f'{kind} {form}'
        if kind == 'resealed':
            ending = rng.choice(['data.pkl', 'data.pkl', 'data/0', 'byteorder'])
            return 'net.pth', resealed(rng, saved(state), ending), f'{kind} {ending}'
        name, value = rng.choice(['weight', 'bias', 'more', '']), rng.choice(VALUES)
        other = {**state, name: value} if rng.random() < 0.8 else value
        return 'net.pth', saved(other, form), f'{kind} {reprlib.repr(other)}'

    def judge(path):
        files.load_into(model, str(path))
        found, expected = model.state_dict(), quietly_loaded(path)
        return found.keys() == expected.keys() and all(
            torch.equal(found[name], expected[name].to(torch.float32)) and bool(found[name].isfinite().all())
            for name in found
        )

    return draw, judge


# --- what --resume reads


def damaged_run(folder: Path, flags: str):
    """In a fork: the files of a run with these flags."""
    state = files.read_tensors('net/kuzu_lin.resume')

    def draw(rng):
        kind, changed = rng.choice(['damaged', 'replaced', 'dropped']), copy.deepcopy(state)
        if kind == 'damaged':
            return 'net.resume', damaged(rng, saved(state)), kind
        name = rng.choice([*changed])
        if kind == 'dropped':
            del changed[name]
        else:
            changed[name] = rng.choice(VALUES)
        return 'net.resume', saved(changed), f'{kind} {name}: {reprlib.repr(changed)}'

    def judge(path):
        torch.manual_seed(1)
        name, model, config = str(path.with_suffix('')), NetLin(), Settings(**state['settings'])
        way = recipe.choose(model, config)
        progress = resume.restore(resume.load(name), name, model, way.optimizer, config)
        expected = quietly_loaded(path)
        same = plain({part: getattr(progress, part) for part in expected['progress']}) == plain(expected['progress'])
        same &= plain(dict(model.state_dict())) == plain(dict(expected['weights']))
        same &= plain(way.optimizer.state_dict()['state']) == plain(expected['optimizer']['state'])
        random_state = torch.get_rng_state()
        torch.set_rng_state(expected['random'])  # only half of these bytes count
        same &= torch.equal(random_state, torch.get_rng_state())
        way.loss(model(torch.zeros(4, 1, 28, 28)), torch.arange(4)).backward()
        way.optimizer.step()  # the run goes on from there
        return same

    return draw, judge


# --- the tests


@sizes(150, 4000)
@pytest.mark.parametrize('make', [damaged_points, damaged_images, damaged_weights])
def test_a_damaged_file_is_refused_or_read_right(make, count, tmp_path):
    survey(make.__name__.removeprefix('damaged_'), count, tmp_path, make)


@sizes(30, 400)
@pytest.mark.parametrize('flags', ['', '--optim adam', '--recipe fast'])
def test_a_damaged_run_is_refused_or_goes_on_from_where_it_was(flags, count, tmp_path):
    assert Fork(f'kuzu_main --net lin --dataset digits --seed 1 --epochs 1 {flags}', tmp_path).end().code == 0
    survey(f'run {flags}', count, tmp_path, damaged_run, flags)
