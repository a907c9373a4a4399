"""A full disk and folders that cannot be written: one line, and every file is the old one or the new one, whole."""

import functools
import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.forks import Fork
from tests.faults.tally import sizes, standing, tally
from tests.faults.test_runs import downloading
from tests.kuzu.server import WHOLE

needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which('mount'), reason='it takes root to mount a small disk'
)
TRAIN = '--dataset digits --seed {} --epochs 1'
LINES = (  # each writes over what it wrote with another seed
    'seq_train --epoch 10 --seed {}',
    f'kuzu_main --net lin {TRAIN}',
    'check_main --epoch 200 --seed {}',
    'seq_plot --set_weights --num_plot 1 --seed {}',
)
PAGE = 4096


@pytest.fixture(scope='module')
def before_and_after(tmp_path_factory):
    """For a line: a folder as its run with seed 1 left it, and what that with seed 2 makes of it."""

    @functools.cache
    def make(line):
        before = tmp_path_factory.mktemp('before')
        assert Fork(line.format(1), before).end().code == 0
        after = shutil.copytree(before, tmp_path_factory.mktemp('after') / 'it')
        assert Fork(line.format(2), after).end().code == 0
        return before, standing(after)

    return make


@contextmanager
def small_disk(folder: Path, source: Path):
    """A file system of its own with a copy of a folder, as long as it lasts."""
    folder.mkdir()
    subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', folder], check=True)
    try:
        yield shutil.copytree(source, folder, dirs_exist_ok=True)
    finally:
        subprocess.run(['umount', folder], check=True)
        folder.rmdir()


@contextmanager
def nearly_full(folder: Path, source: Path, free: int):
    """The same with so many bytes left."""
    with small_disk(folder, source) as disk:
        left = os.statvfs(disk)
        (disk / '.filler').write_bytes(bytes(max(0, left.f_bavail * left.f_frsize - free)))
        yield disk


@contextmanager
def read_only(folder: Path, source: Path):
    """The same, but nobody may write to it, not even root."""
    with small_disk(folder, source) as disk:
        subprocess.run(['mount', '-o', 'remount,ro', disk], check=True)
        yield disk


def outcome(end, expected: str, words: str, now: dict, before: dict, after: dict) -> str:
    """How a run ended; or how its end, or what it left, differs from what it should be."""
    changed = [name for name in now if now[name] not in (before.get(name), after.get(name))]
    lost, told = before.keys() - now.keys(), end.told()
    if told not in expected or (told == 'refused' and words not in end.err) or changed or lost:
        return f'{end} changed {changed} lost {lost}'
    return f'exit code 0, but not all is written: {[*now]}' if told == 'survived' and now != after else told


@needs_root
@sizes(1, 60)
def test_a_disk_that_fills_up_leaves_each_file_old_or_new(count, tmp_path, before_and_after):
    with tally('disk full') as row:
        for index in range(count):
            line = LINES[index % len(LINES)]
            source, after = before_and_after(line)
            need = sum(map(os.path.getsize, (path for path in source.rglob('*') if path.is_file())))
            free = need * (index // len(LINES)) // max(1, count // len(LINES)) // PAGE * PAGE
            with nearly_full(tmp_path / 'disk', source, free) as disk:
                end = Fork(line.format(2), disk).end()
                found = outcome(end, 'refused survived', 'No space', standing(disk), standing(source), after)
                parts = [path.name for path in disk.rglob('*.part')]
            row.count(f'left {parts}' if parts else found, f'{line}, {free} bytes free', end.seconds)


@sizes(1, 4)
def test_a_full_disk_behind_standard_output_is_one_line(count, tmp_path, before_and_after):
    with tally('disk full') as row:
        for line in LINES[:count]:
            here = shutil.copytree(before_and_after(line)[0], tmp_path / line[:5])
            end = Fork(line.format(2), here, out='/dev/full').end()
            row.count(end.told() if end.code else str(end), f'{line} > /dev/full', end.seconds)


@needs_root
@sizes(1, 6)
def test_a_disk_that_fills_up_during_a_download_leaves_whole_files(count, tmp_path):
    empty = tmp_path / 'empty'
    empty.mkdir()
    with tally('disk full') as row, downloading() as download:
        for index in range(count):
            with nearly_full(tmp_path / 'disk', empty, index * 25 * PAGE) as disk:
                end = Fork(download, disk).end()
                found = outcome(end, 'refused survived', '', standing(disk), {}, WHOLE)
            row.count(found, f'download, {index * 25} pages free', end.seconds)


@needs_root
@sizes(2, 40)
def test_read_only_folders_are_told_in_one_line(count, tmp_path, before_and_after):
    writes = {'seq_train': ['net'], 'kuzu_main': ['net', 'plot'], 'check_main': ['plot'], 'seq_plot': ['plot']}
    flags = {'net': '--out_path', 'plot': '--plot_path'}
    cases = [(line, '') for line in LINES]
    for line in LINES:
        for name in writes[line.split()[0]]:  # the folder that a flag names is there, or its parent
            cases += [(line, f' {flags[name]} {tmp_path}/disk/{folder}') for folder in (name, 'new')]
    with tally('read-only folders') as row:
        for index, (line, where) in enumerate(cases[:count]):
            source, _ = before_and_after(line)
            writable = shutil.copytree(source, tmp_path / f'writable{index}')
            with read_only(tmp_path / 'disk', source) as disk:
                end = Fork(f'{line.format(2)}{where}', writable if where else disk).end()
                told = end.told() if standing(disk) == standing(source) else f'changed: {[*standing(disk)]}'
            row.count(told if end.code else str(end), line + where, end.seconds)


@needs_root
def test_images_in_a_read_only_folder_are_read_and_missing_ones_are_told_in_one_line(tmp_path):
    source = tmp_path / 'source'
    source.mkdir()
    with read_only(tmp_path / 'disk', source) as disk:
        end = Fork(f'kuzu_main --net lin --epochs 1 --data_path {disk}', tmp_path).end()
        assert end.told() == 'refused' and str(disk) in end.err
    for name, data in WHOLE.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(data)
    with read_only(tmp_path / 'disk', source) as disk:
        assert Fork(f'kuzu_main --net lin --epochs 1 --data_path {disk}', tmp_path).end().told() == 'survived'
