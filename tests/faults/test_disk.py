"""A full disk and folders that cannot be written: one line, and every file is the old one or the new one, whole."""

import errno
import functools
import io
import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.forks import Fork
from tests.faults.tally import can_mount, sizes, small_disk, standing, tally
from tests.faults.test_runs import download, official
from tests.kuzu import test_fetch
from tests.kuzu.server import serving

TRAIN = '--dataset digits --seed {} --epochs 1'
LINES = (  # each writes over what it wrote with another seed
    'seq_train --epoch 10 --seed {}',
    f'kuzu_main --net lin {TRAIN}',
    'check_main --epoch 200 --seed {}',
    'seq_plot --epoch 10 --num_plot 1 --seed {}',
)
PAGE = 4096


@pytest.fixture(scope='module')
def before_and_after(tmp_path_factory):
    """For a line: a folder as its run with seed 1 left it, and what that with seed 2 makes of it."""

    @functools.cache
    def trained():
        folder = tmp_path_factory.mktemp('trained')
        assert Fork(LINES[0].format(1), folder).end().code == 0
        return folder / 'net'

    @functools.cache
    def make(line):
        before = tmp_path_factory.mktemp('before')
        if line.startswith('seq_plot'):
            shutil.copytree(trained(), before / 'net')
        assert Fork(line.format(1), before).end().code == 0
        after = shutil.copytree(before, tmp_path_factory.mktemp('after') / 'it')
        assert Fork(line.format(2), after).end().code == 0
        return before, standing(after)

    return make


@contextmanager
def nearly_full(folder: Path, source: Path, free: int):
    """A copy of a folder on a disk with so many bytes left; without root, where no more than that can be written."""
    if not can_mount():
        shutil.copytree(source, folder)
        yield folder, functools.partial(write_no_more_than, free)
        return
    with small_disk(folder, 16 << 20) as disk:
        shutil.copytree(source, disk, dirs_exist_ok=True)
        left = os.statvfs(disk)
        (disk / 'filler').write_bytes(bytes(max(0, left.f_bavail * left.f_frsize - free)))
        yield disk, None
        (disk / 'filler').unlink()


def write_no_more_than(free: int):
    """In a fork: files for writing that raise what a full disk raises once `free` bytes are written."""
    left, opened = [free], open

    class Disk(io.FileIO):
        def write(self, data):
            left[0] -= len(data)
            if left[0] < 0:
                raise OSError(errno.ENOSPC, 'No space left on device', self.name)
            return super().write(data)

    def replacement(path, mode='r', *args, **kwargs):
        return Disk(path, 'w') if mode == 'wb' else opened(path, mode, *args, **kwargs)

    __builtins__['open'] = replacement


def wrong(end, expected: str, words: str, now: dict, before: dict, after: dict) -> str:
    """How a run's end, or what it left, differs from what it should be."""
    changed = [name for name in now if now[name] != before.get(name) and now[name] != after.get(name)]
    lost = before.keys() - now.keys()
    told = end.told()
    if told not in expected or (told == 'refused' and words not in end.err) or changed or lost:
        return f'{end} changed {changed} lost {lost}'
    return told


@sizes(1, 60)
def test_a_disk_that_fills_up_leaves_each_file_old_or_new(count, tmp_path, before_and_after):
    with tally('disk full', 'on a small tmpfs' if can_mount() else 'by writes that fail') as row:
        for index in range(count):
            line = LINES[index % len(LINES)]
            source, after = before_and_after(line)
            need = sum(map(os.path.getsize, (path for path in source.rglob('*') if path.is_file())))
            free = need * (index // len(LINES)) // max(1, count // len(LINES)) // PAGE * PAGE
            with nearly_full(tmp_path / 'disk', source, free) as (disk, before):
                end = Fork(line.format(2), disk, before).end()
                now = {name: data for name, data in standing(disk).items() if name != 'filler'}
                parts = [path.name for path in disk.rglob('*.part')]
                outcome = wrong(end, 'refused survived', 'No space', now, standing(source), after)
                if outcome == 'survived' and now != after:
                    outcome = f'exit code 0, but {[name for name in after if now.get(name) != after[name]]}'
                row.longest = max(row.longest, end.seconds)
                row.count(f'left {parts}' if parts else outcome, f'{line}, {free} bytes free')
            if not can_mount():
                shutil.rmtree(tmp_path / 'disk')


@sizes(1, 4)
def test_a_full_disk_behind_standard_output_is_one_line(count, tmp_path, before_and_after):
    with tally('disk full', 'on a small tmpfs' if can_mount() else 'by writes that fail') as row:
        for line in LINES[:count]:
            here = shutil.copytree(before_and_after(line)[0], tmp_path / line[:5])
            with open('/dev/full', 'w') as full:
                end = Fork(line.format(2), here, out=full).end()
            row.longest = max(row.longest, end.seconds)
            row.count(end.told() if end.told() == 'refused' else f'{end}', f'{line} > /dev/full')


@sizes(0, 6)
def test_a_disk_that_fills_up_during_a_download_leaves_whole_files(count, tmp_path):
    if not count or not can_mount():
        pytest.skip('takes a minute, and root')
    with tally('disk full', 'on a small tmpfs') as row, serving('good') as server:
        for index in range(count):
            with nearly_full(tmp_path / 'disk', tmp_path, index * 25 * PAGE) as (disk, _):
                end = Fork(download, disk, functools.partial(official, server.openml)).end()
                now = {name: data for name, data in standing(disk).items() if name != 'filler'}
                row.longest = max(row.longest, end.seconds)
                row.count(wrong(end, 'refused survived', '', now, {}, test_fetch.WHOLE), f'{index * 25} pages')


# --- read-only


@contextmanager
def read_only(folder: Path):
    """A folder that nobody may write to: root may, unless its file system is read-only."""
    if can_mount():
        with small_disk(folder.with_name('mounted'), 16 << 20) as disk:
            shutil.copytree(folder, disk, dirs_exist_ok=True)
            subprocess.run(['mount', '-o', 'remount,ro', disk], check=True)
            yield disk
    else:
        paths = [folder, *folder.rglob('*')]
        for path in paths:
            path.chmod(0o555 if path.is_dir() else 0o444)
        yield folder
        for path in paths:
            path.chmod(0o755)


@sizes(2, 40)
def test_read_only_folders_are_told_in_one_line(count, tmp_path, before_and_after):
    cases = [
        (line, made, flag, where)
        for where in ('stands', 'missing')
        for made in (True, False)
        for line in LINES
        for flag in ('both', '--out_path', '--plot_path')
    ]
    with tally('read-only folders', 'tmpfs mounted so' if can_mount() else 'by chmod') as row:
        for index, (line, made, flag, where) in enumerate(cases[:: max(1, len(cases) // count)]):
            if (line.startswith('check') and flag == '--out_path') or (line[:7] == 'seq_tra' and flag == '--plot_path'):
                continue
            source = tmp_path / f'source{index}'
            shutil.copytree(before_and_after(line)[0], source)
            writable = shutil.copytree(before_and_after(line)[0], tmp_path / f'writable{index}')
            if not made:
                shutil.rmtree(source / 'plot', ignore_errors=True)
            with read_only(source) as disk:
                before = standing(disk)
                folder = '' if where == 'stands' else '/new'
                if flag == 'both':
                    end = Fork(line.format(2), disk).end()
                else:
                    name = 'net' if flag == '--out_path' else 'plot'
                    end = Fork(f'{line.format(2)} {flag} {disk}/{name}{folder}', writable).end()
                reads = line.startswith('seq_plot') and flag == '--out_path' and where == 'stands'  # it only reads net
                expected = 'survived' if reads else 'refused'
                row.longest = max(row.longest, end.seconds)
                outcome = wrong(end, expected, '', standing(disk), before, {})
                row.count(outcome, f'{line} {flag} {where} {made}')


def test_images_in_a_read_only_folder_are_read(tmp_path):
    raw = tmp_path / 'data' / 'KMNIST' / 'raw'
    raw.mkdir(parents=True)
    for name, data in test_fetch.FILES.items():
        (raw / name).write_bytes(data)
    with tally('read-only folders') as row, read_only(tmp_path / 'data') as disk:
        end = Fork(f'kuzu_main --net lin --epochs 1 --data_path {disk}', tmp_path).end()
        row.count(end.told() if end.code == 0 else str(end), 'images')
        (tmp_path / 'empty').mkdir()
    with tally('read-only folders') as row, read_only(tmp_path / 'empty') as disk:
        end = Fork(f'kuzu_main --net lin --epochs 1 --data_path {disk}', tmp_path).end()
        row.count(end.told() if end.code == 2 else str(end), 'no images')
