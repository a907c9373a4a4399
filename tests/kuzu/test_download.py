"""download.py: each source alone, against a server on 127.0.0.1 that behaves well or badly."""

import json
import os
import re
import socket
import subprocess
import sys

import pytest

from lab.kuzu import download
from tests.kuzu.server import COUNTS, arff, made_files, serving

FILES = made_files()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv('NO_PROXY', '127.0.0.1')
    monkeypatch.setenv('no_proxy', '127.0.0.1')


@pytest.mark.parametrize('source', ['torchvision', 'openml'])
def test_each_source_gives_the_four_files(ask, source, tmp_path):
    with serving('good') as server:
        ask[source](tmp_path, server)
    found = {path.name: path.read_bytes() for path in (tmp_path / 'KMNIST' / 'raw').iterdir() if path.suffix != '.gz'}
    assert found == FILES


@pytest.mark.parametrize('rows', [69, 71])
def test_another_number_of_rows_is_refused(rows, tmp_path, ask):
    with (
        serving('good', made_files((50, rows - 50))) as server,
        pytest.raises(ValueError, match='70 rows of 784 pixels'),
    ):
        ask['openml'](tmp_path, server)


def run(source, folder, server, limit):
    """The script, as fetch.py starts it."""
    settings = {'address': server.openml, 'timeout': limit, 'md5': {}, 'counts': COUNTS}
    script = os.path.abspath(download.__file__)
    command = [sys.executable, script, source, str(folder), json.dumps(settings)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_a_silent_server_is_told_in_one_line_and_exit_code_1(tmp_path):
    with serving('silent') as server, run('openml', tmp_path, server, 0.2) as child:
        assert re.fullmatch(r'.*timed out.*\n', child.stdout.read())
    assert child.returncode == 1


def test_the_downloading_process_ends_and_cleans_up_when_its_parent_is_gone(tmp_path):
    folder = tmp_path / 'download'
    folder.mkdir()
    with serving('silent') as server:
        child = run('openml', folder, server, 60)
        child.stdin.close()  # as the end of the parent would
        assert child.wait(30) == 1
    assert not folder.exists()


BAD = {
    'cut': 'corrupt|ended before',
    'wrong': 'corrupt|checksum',
    'missing': '404|Error downloading',
    'silent': 'timed out',
}


@pytest.mark.parametrize('kind', BAD)
@pytest.mark.parametrize('source', ['torchvision', 'openml'])
@pytest.mark.filterwarnings('ignore')  # scikit-learn warns of every repeated try
def test_a_bad_server_is_told_from_a_good_one(ask, source, kind, tmp_path):
    socket.setdefaulttimeout(0.2 if kind == 'silent' else 30)
    with serving(kind) as server, pytest.raises(Exception, match=BAD[kind]):
        ask[source](tmp_path, server)


@pytest.mark.parametrize(
    'row, word',
    [(b',256,', 'whole numbers from 0 to 255'), (b',-1,', 'whole numbers from 0 to 255'), (b',,', '')],
)
@pytest.mark.filterwarnings('ignore')
def test_rows_that_are_not_pixels_are_refused(ask, row, word, tmp_path):
    head, data = arff(FILES).split(b'@DATA\n')
    values = data.split(b',', 2)
    table = head + b'@DATA\n' + values[0] + row + values[2]
    with serving('good', table=table) as server, pytest.raises(ValueError, match=word):
        ask['openml'](tmp_path, server)
    assert not (tmp_path / 'KMNIST').exists()
