"""files.py: a file is whole or not there, whatever happens while it is written."""

import errno
import os
import resource
import signal
import time

import pytest

from lab.common import files
from tests.faults.forks import in_fork


def test_write_makes_the_folder_and_leaves_only_the_file(tmp_path):
    path = tmp_path / 'a' / 'b' / 'file'
    files.write(str(path), b'new')
    assert path.read_bytes() == b'new' and os.listdir(path.parent) == ['file']


def test_write_takes_a_path_without_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    files.write('file', b'new')
    assert (tmp_path / 'file').read_bytes() == b'new'


def test_a_write_that_fails_half_way_leaves_the_old_file_alone(tmp_path):
    path = tmp_path / 'file'
    path.write_bytes(b'old')
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))  # the disk is full after 1,000 bytes
    try:
        with pytest.raises(OSError, match='File too large') as caught:
            files.write(str(path), bytes(100_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == b'old' and os.listdir(tmp_path) == ['file']
    assert caught.value.filename == str(path)


def test_the_file_that_a_link_leads_to_is_written(tmp_path):
    (tmp_path / 'other').mkdir()
    (tmp_path / 'link').symlink_to(tmp_path / 'other' / 'file')
    for data in b'first', b'second':
        files.write(str(tmp_path / 'link'), data)
        assert (tmp_path / 'link').is_symlink() and (tmp_path / 'other' / 'file').read_bytes() == data


@pytest.mark.parametrize(('system', 'times', 'written'), [('nt', 3, True), ('nt', 1000, False), ('posix', 1, False)])
def test_a_file_that_windows_does_not_let_go_is_replaced_within_a_second(system, times, written, tmp_path, monkeypatch):
    refusals, replace, path = iter(range(times)), os.replace, tmp_path / 'file'

    def refusing(*paths):
        if next(refusals, None) is not None:
            raise PermissionError(errno.EACCES, 'another program reads it')
        replace(*paths)

    path.write_bytes(b'old')
    monkeypatch.setattr(files, 'BUSY_SECONDS', 0.2)
    monkeypatch.setattr(files.os, 'replace', refusing)
    monkeypatch.setattr(files.os, 'name', system)
    if written:
        files.write(str(path), b'new')
    else:
        with pytest.raises(PermissionError):
            files.write(str(path), b'new')
    assert path.read_bytes() == (b'new' if written else b'old') and os.listdir(tmp_path) == ['file']


@pytest.mark.skipif(os.geteuid() == 0, reason='root may write everywhere')
def test_a_folder_that_cannot_be_written_raises_oserror(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OSError):
        files.write(str(tmp_path / 'file'), b'new')


def test_a_file_where_the_folder_should_be_raises_oserror(tmp_path):
    (tmp_path / 'net').write_bytes(b'')
    with pytest.raises(OSError):
        files.write(str(tmp_path / 'net' / 'file'), b'new')


def test_ctrl_c_while_writing_leaves_the_old_file_alone(tmp_path, monkeypatch):
    path = tmp_path / 'file'
    path.write_bytes(b'old')

    def pressed(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, 'fsync', pressed)
    with pytest.raises(KeyboardInterrupt):
        files.write(str(path), b'new')
    assert path.read_bytes() == b'old' and os.listdir(tmp_path) == ['file']


def write_until(moment: str, path):
    """In a fork: write a file, and die by kill -9 when os.<moment> is called."""
    setattr(os, moment, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    files.write(str(path), b'new')


@pytest.mark.parametrize('moment, content', [('fsync', b'old'), ('replace', b'old'), ('scandir', b'new')])
def test_killed_at_any_moment_the_file_is_the_old_or_the_new_one(tmp_path, moment, content):
    path = tmp_path / 'file'
    path.write_bytes(b'old')
    with pytest.raises(RuntimeError, match='ended with code -9'):
        in_fork(write_until, moment, path)
    assert path.read_bytes() == content


def test_part_files_of_killed_runs_are_swept_after_an_hour_but_not_those_of_running_ones(tmp_path, monkeypatch):
    monkeypatch.setattr(time, 'time', lambda: 1e9)
    for name, age in ('.file.1.part', 3600.5), ('.file.2.part', 3600), ('.file.3.part', 60):
        (tmp_path / name).write_bytes(b'')
        os.utime(tmp_path / name, (1e9 - age,) * 2)
    files.write(str(tmp_path / 'file'), b'new')
    assert sorted(os.listdir(tmp_path)) == ['.file.2.part', '.file.3.part', 'file']


def test_a_folder_of_killed_downloads_is_swept_and_no_other(tmp_path):
    for name in ('.download-1', '.download-1.log', 'a.download-1', '.down'):
        (tmp_path / name / 'part').mkdir(parents=True)
        os.utime(tmp_path / name, (0, 0))
    files.sweep(str(tmp_path), '.download-', '1')
    assert sorted(os.listdir(tmp_path)) == ['.down', '.download-1.log', 'a.download-1']


def test_prepare_makes_the_folder_and_leaves_nothing_in_it(tmp_path):
    for _ in range(2):  # the second time it is there
        files.prepare(str(tmp_path / 'a' / 'b'))
    assert os.listdir(tmp_path / 'a' / 'b') == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    def full(**_):
        raise OSError(errno.ENOSPC, 'No space left on device', 'some temporary name')

    monkeypatch.setattr(files.tempfile, 'TemporaryFile', full)
    with pytest.raises(OSError) as caught:
        files.prepare(str(tmp_path))
    assert caught.value.filename == str(tmp_path)
    assert caught.value.strerror == 'cannot write into the folder (No space left on device)'
