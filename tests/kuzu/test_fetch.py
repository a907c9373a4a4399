"""fetch.py: both downloads, against a server on 127.0.0.1 that behaves well or badly."""

import gzip
import hashlib
import os
import signal
import subprocess
import time

import pytest

from lab.common import files
from lab.common.errors import UserError
from lab.kuzu import fetch
from tests.kuzu.server import COUNTS, made_files, serving

FILES = made_files()
MD5_GZ = {f'{name}.gz': hashlib.md5(gzip.compress(data, 1, mtime=0)).hexdigest() for name, data in FILES.items()}
MD5 = {name: hashlib.md5(data).hexdigest() for name, data in FILES.items() if name != 'train-images-idx3-ubyte'}
NOWHERE = 'http://127.0.0.1:9/'  # the port where nobody listens


@pytest.fixture(autouse=True)
def made_set(monkeypatch):
    """The made set is the official one, nothing outside this machine is asked, and no proxy stands before 127.0.0.1."""
    monkeypatch.setattr(fetch, 'MD5_GZ', MD5_GZ)
    monkeypatch.setattr(fetch, 'MD5', MD5)
    monkeypatch.setattr(fetch, 'OFFICIAL', COUNTS)
    monkeypatch.setattr(fetch, 'SOURCES', {})
    monkeypatch.setenv('NO_PROXY', '127.0.0.1')
    monkeypatch.setenv('no_proxy', '127.0.0.1')


def sources(monkeypatch, **asked):
    """Ask these servers: torchvision=address, openml=address, in this order."""
    table = {source: (source, address, 30, 120) for source, address in asked.items()}
    monkeypatch.setattr(fetch, 'SOURCES', table)


def broken_torchvision(tmp_path, monkeypatch):
    """A torchvision that was built for another torch."""
    package = tmp_path / 'packages' / 'torchvision'
    package.mkdir(parents=True)
    (package / '__init__.py').write_text('raise RuntimeError("operator torchvision::nms does not exist")')
    monkeypatch.setenv('PYTHONPATH', str(package.parent))


def standing(root) -> dict[str, bytes]:
    """Every file under a folder, hidden ones too."""
    return {
        os.path.relpath(os.path.join(where, name), root): open(os.path.join(where, name), 'rb').read()
        for where, _, names in os.walk(root)
        for name in names
    }


def openml_in_this_process(ask, server, monkeypatch):
    monkeypatch.setattr(fetch, 'SOURCES', {'openml': ('openml',)})
    monkeypatch.setattr(fetch, '_download', lambda source, folder: ask[source](folder, server))


WHOLE = {os.path.join('KMNIST', 'raw', name): data for name, data in FILES.items()}


def test_torchvisions_download_makes_the_four_files(tmp_path, monkeypatch):
    with serving('good') as server:
        sources(monkeypatch, torchvision=server.mirror, openml=server.openml)
        fetch.fetch(str(tmp_path / 'data'))
    assert standing(tmp_path / 'data') == WHOLE
    assert not [path for path in server.asked if 'openml' in path]


def test_openml_makes_the_same_files_where_torchvision_does_not_fit_torch_and_says_what_to_install(
    tmp_path, monkeypatch, capsys
):
    broken_torchvision(tmp_path, monkeypatch)
    with serving('good') as server:
        sources(monkeypatch, torchvision=server.mirror, openml=server.openml)
        fetch.fetch(str(tmp_path / 'data'))
    assert standing(tmp_path / 'data') == WHOLE
    lines = [line for line in capsys.readouterr().err.splitlines() if 'nms does not exist' in line]
    assert len(lines) == 1 and 'pip install --upgrade torch torchvision' in lines[0]


def test_only_what_is_missing_is_added(ask, tmp_path, monkeypatch):
    mine = tmp_path / 'KMNIST' / 'raw' / 'train-labels-idx1-ubyte'
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b'my own')
    with serving('good') as server:
        openml_in_this_process(ask, server, monkeypatch)
        fetch.fetch(str(tmp_path))
    assert standing(tmp_path) == {**WHOLE, os.path.relpath(mine, tmp_path): b'my own'}


def test_nothing_is_asked_when_the_files_are_there(tmp_path, monkeypatch):
    raw = tmp_path / 'KMNIST' / 'raw'
    raw.mkdir(parents=True)
    for name, data in FILES.items():
        (raw / f'{name}.gz').write_bytes(data)
    sources(monkeypatch, openml=NOWHERE)
    fetch.fetch(str(tmp_path))


def test_what_killed_downloads_left_is_swept_but_not_one_under_way(tmp_path):
    raw = tmp_path / 'KMNIST' / 'raw'
    for name, age in ('.download-old', files.STALE_SECONDS + 60), ('.download-new', 60):
        (raw / name / 'KMNIST').mkdir(parents=True)
        os.utime(raw / name, (time.time() - age,) * 2)
    with pytest.raises(UserError):
        fetch.fetch(str(tmp_path))
    assert os.listdir(raw) == ['.download-new']


def test_an_openml_of_other_rows_is_refused_and_leaves_nothing(ask, tmp_path, monkeypatch):
    other = made_files()
    name = 't10k-images-idx3-ubyte'
    other[name] = other[name][:-1] + bytes([other[name][-1] ^ 1])  # one bit of one pixel
    with serving('good', other) as server:
        openml_in_this_process(ask, server, monkeypatch)
        with pytest.raises(UserError, match=f'{name} is not the official file'):
            fetch.fetch(str(tmp_path))
    assert standing(tmp_path) == {}


def test_training_images_that_alone_are_not_on_record_are_told_and_used(ask, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(fetch, 'MD5', {**MD5, fetch.ONCE: '0' * 32})
    with serving('good') as server:
        openml_in_this_process(ask, server, monkeypatch)
        fetch.fetch(str(tmp_path))
        assert standing(tmp_path) == WHOLE
        real = hashlib.md5(FILES[fetch.ONCE]).hexdigest()
        told = f'{fetch.ONCE}: its MD5 is {real}, not {"0" * 32}, which is on record in one place only; it is used\n'
        assert capsys.readouterr().err == told
        other = 't10k-labels-idx1-ubyte'
        monkeypatch.setattr(fetch, 'MD5', {**fetch.MD5, other: '1' * 32})
        with pytest.raises(UserError, match=f'{other} is not the official file'):
            fetch.fetch(str(tmp_path / 'again'))


@pytest.mark.parametrize('there', ['', 'data', 'data/KMNIST', 'data/KMNIST/raw'])
def test_a_download_that_fails_leaves_no_folder_that_was_not_there(there, tmp_path):
    (tmp_path / there).mkdir(parents=True, exist_ok=True)
    before = sorted(tmp_path.rglob('*'))
    with pytest.raises(UserError, match='cannot be downloaded'):
        fetch.fetch(str(tmp_path / 'data'))
    assert sorted(tmp_path.rglob('*')) == before


def test_a_server_that_drips_is_given_up_after_the_limit_and_leaves_nothing(tmp_path, monkeypatch):
    broken_torchvision(tmp_path, monkeypatch)
    late = []
    now = time.monotonic
    monkeypatch.setattr(fetch.time, 'monotonic', lambda: now() + sum(late))
    with serving('drip') as server:
        server.when_stuck = lambda: late.append(120)
        sources(monkeypatch, torchvision=server.mirror, openml=server.openml)
        with pytest.raises(UserError) as refusal:
            fetch.fetch(str(tmp_path / 'data'))
    text = str(refusal.value)
    assert 'openml: not done after 120 s' in text and 'torchvision::nms' in text  # what was tried
    assert all(name in text for name in FILES) and str(tmp_path / 'data' / 'KMNIST' / 'raw') in text  # what goes where
    assert standing(tmp_path / 'data') == {}


def test_a_server_that_is_silent_is_given_up_long_before_the_limit(tmp_path, monkeypatch):
    with serving('silent') as server:
        monkeypatch.setattr(fetch, 'SOURCES', {'openml': ('openml', server.openml, 0.3, 120)})
        with pytest.raises(UserError, match='openml: timed out'):
            fetch.fetch(str(tmp_path))
    assert standing(tmp_path) == {}


def test_ctrl_c_ends_the_download_and_leaves_nothing(tmp_path, monkeypatch):
    children = []

    class Popen(subprocess.Popen):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            children.append(self)

    monkeypatch.setattr(fetch.subprocess, 'Popen', Popen)
    with serving('silent') as server:
        server.when_stuck = lambda: os.kill(os.getpid(), signal.SIGINT)
        sources(monkeypatch, openml=server.openml)
        with pytest.raises(KeyboardInterrupt):
            fetch.fetch(str(tmp_path))
    assert standing(tmp_path) == {}
    assert [child.poll() for child in children] == [-signal.SIGKILL]
