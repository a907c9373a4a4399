"""Mutated files of points, images and labels: each is refused with one line or read right, and takes little memory."""

import contextlib
import csv
import gzip
import hashlib
import io
import struct
from pathlib import Path

import numpy as np
import torch
from hypothesis import strategies as st

from lab.check import points as check_data
from lab.check import settings
from lab.kuzu import fetch
from lab.kuzu.data import load
from tests.faults.mutations import OPERATIONS, mutate, survey
from tests.faults.tally import sizes
from tests.kuzu.server import made_files

# --- files of points


def points_read_right(path) -> bool:
    points, targets = check_data.read_points(str(path))
    with open(path, encoding='utf-8-sig', newline='') as file:
        lines = [*file][1:]  # Python 3.10's csv refuses a NUL, also in the header
        rows = [row for row in csv.reader(lines, quoting=csv.QUOTE_NONE) if ''.join(row).strip()]
    expected = np.array([[float(field) for field in row] for row in rows], np.float32)
    finite = bool((abs(expected) <= 1e6).all()) and '_' not in path.read_text('utf-8-sig').partition('\n')[2]
    return finite and set(targets) <= {0, 1} and np.array_equal(np.column_stack([points, targets]), expected)


NUMBERS = st.sampled_from(
    ['0', '1', '2', '-1', '1e400', 'nan', 'inf', '', 'x', '1_0', '0x1', '٣', '1.5', '.5', ' 1', '1e6', '9' * 400]
)
TABLES = st.lists(st.lists(NUMBERS, max_size=4), max_size=6).map(lambda rows: '\n'.join(map(','.join, rows)).encode())
LAB = Path(settings.CHECK_CSV).read_bytes()
CSV = st.one_of(
    st.lists(OPERATIONS, min_size=1, max_size=4).map(lambda made: (mutate(LAB, made), made)),
    TABLES.map(lambda rows: (b'X,Y,T\n' + rows, rows)),
    st.binary(max_size=80).map(lambda data: (data, data)),
)


def points():
    return CSV, points_read_right


@sizes(200, 2500)
def test_mutated_files_of_points(count, tmp_path):
    survey('mutated csv', count, tmp_path / 'check.csv', points)


# --- images and labels

SET = made_files((5, 3))
INTEGERS = st.sampled_from([0, -1, 1, 5, 27, 28, 29, 0x801, 0x803, 2**31 - 1, -(2**31), 2**30])
HEADS = st.lists(INTEGERS, min_size=1, max_size=4).map(lambda head: struct.pack(f'>{len(head)}i', *head))


def spliced(name_head_keep):
    name, head, keep = name_head_keep
    return name, head + SET[name][keep:]


IDX = st.one_of(
    st.tuples(st.sampled_from([*SET]), st.lists(OPERATIONS, min_size=1, max_size=3)).map(
        lambda made: (made[0], mutate(SET[made[0]], made[1]))
    ),
    st.tuples(st.sampled_from([*SET]), HEADS, st.sampled_from([0, 4, 8, 12, 16])).map(spliced),
)


def images_read_right(raw: Path):
    """judge() for the file in which each example stands: it is put into the set under its name."""

    def judge(path) -> bool:
        name = judge.name
        for other, data in SET.items():
            (raw / other).write_bytes(data)
            (raw / f'{other}.gz').unlink(missing_ok=True)
        data = path.read_bytes()
        (raw / name).write_bytes(data)
        if name.endswith('.gz'):
            (raw / name.removesuffix('.gz')).unlink()
        with contextlib.redirect_stderr(io.StringIO()):
            found = load('kmnist', str(raw.parent.parent), torch.device('cpu'))
        if name.endswith('.gz'):
            data = gzip.decompress(data)
        half = 'train' if name.startswith('train') else 'test'
        read = getattr(found, f'{half}_images' if 'images' in name else f'{half}_labels')
        if 'labels' in name:
            return read.tolist() == [*data[8:]] and len(read) == int.from_bytes(data[4:8], 'big')
        pixels = np.frombuffer(data[16:], np.uint8).astype(np.float32).reshape(-1, 1, 28, 28)
        return torch.equal(read, torch.from_numpy((pixels / 255 - 0.5) / 0.5))

    raw.mkdir(parents=True)
    return judge


def images(strategy: str, folder: Path):
    """In a fork: the strategy of this name, and judge(); what is not in the set cannot be downloaded."""
    fetch.SOURCES = {}
    fetch.MD5_GZ = {name: hashlib.md5(data).hexdigest() for name, data in ZIPPED.items()}
    judge = images_read_right(folder / 'KMNIST' / 'raw')

    def named(made):
        judge.name, data = made
        return data, made[0]

    return globals()[strategy].map(named), judge


@sizes(100, 2000)
def test_mutated_images_and_labels(count, tmp_path):
    survey('mutated idx', count, tmp_path / 'file', images, 'IDX', tmp_path)


ZIPPED = {f'{name}.gz': gzip.compress(data, mtime=0) for name, data in SET.items()}
GZ = st.one_of(
    st.tuples(st.sampled_from([*ZIPPED]), st.lists(OPERATIONS, max_size=3)).map(
        lambda made: (made[0], mutate(ZIPPED[made[0]], made[1]))
    ),
    # a bomb: a thousand times larger unpacked
    st.tuples(st.sampled_from([*ZIPPED]), st.integers(1, 50)).map(
        lambda made: (made[0], gzip.compress(bytes(made[1] << 20), 9, mtime=0))
    ),
    st.sampled_from([*SET]).map(lambda name: (f'{name}.gz', ZIPPED[f'{name}.gz'] * 2)),
)


@sizes(30, 500)
def test_mutated_gz_files(count, tmp_path):
    survey('mutated gz', count, tmp_path / 'file', images, 'GZ', tmp_path)
