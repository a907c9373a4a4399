"""helper.py: functions are called in another process; where that fails, in this one."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from lab.common import helper
from lab.common.helper import Helper

HERE = 'tests.common.test_helper'


def get_ready():
    """Asked of every module that a helper loads."""


def write(path: str, text: str):
    """What the helper does in these tests: it leaves a text and the number of its process."""
    print('this is lost')
    Path(path).write_text(f'{text} {os.getpid()}')
    if text == 'die':
        os.kill(os.getpid(), signal.SIGKILL)
    if text == 'fail' and sys.argv[0].endswith('helper.py'):  # there, and not here
        raise ValueError


def told(path) -> tuple[str, bool]:
    """The text, and whether this process has written it."""
    text, number = path.read_text().split()
    return text, int(number) == os.getpid()


def test_functions_are_called_in_the_other_process_one_after_the_other(tmp_path, capfd):
    with Helper(HERE) as other:
        for text in 'one', 'two':
            other.call('write', str(tmp_path / 'file'), text)
            assert told(tmp_path / 'file') == (text, False)
    assert other.child.poll() is not None
    assert capfd.readouterr() == ('', '')


@pytest.mark.parametrize('ahead', [False, True])
def test_meanwhile_is_over_only_when_the_function_is(ahead, tmp_path):
    with Helper(HERE, ahead) as other:
        with other.meanwhile('write', str(tmp_path / 'file'), 'text'):
            (tmp_path / 'mine').write_text('')
        assert told(tmp_path / 'file') == ('text', not ahead)
        assert (tmp_path / 'mine').exists()


def test_an_error_meanwhile_is_raised_here(tmp_path):
    with (
        Helper(HERE) as other,
        pytest.raises(FileNotFoundError),
        other.meanwhile('write', str(tmp_path / 'no folder' / 'file'), 'text'),
    ):
        pass


@pytest.mark.parametrize('text', ['fail', 'die'])
def test_what_the_other_process_cannot_do_is_done_here(text, tmp_path, monkeypatch):
    monkeypatch.setattr(os, 'kill', lambda *_: None)  # in this process
    with Helper(HERE) as other:
        for _ in range(2):
            other.call('write', str(tmp_path / 'file'), text)
            assert told(tmp_path / 'file') == (text, True)


def test_an_error_is_raised_here(tmp_path):
    with Helper(HERE) as other, pytest.raises(FileNotFoundError):
        other.call('write', str(tmp_path / 'no folder' / 'file'), 'text')


@pytest.mark.parametrize('ahead', [False, True])
def test_where_there_is_no_other_process_this_one_does_it(ahead, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise BlockingIOError('no more processes')

    monkeypatch.setattr(helper.subprocess, 'Popen', refuse)
    with Helper(HERE, ahead) as other:
        other.call('write', str(tmp_path / 'file'), 'text')
    assert told(tmp_path / 'file') == ('text', True)


@pytest.mark.skipif(not os.path.isdir('/proc'), reason='/proc says which processes there are')
def test_ctrl_c_leaves_the_helper_and_kill_9_ends_it(tmp_path):
    body = f"""
        import time
        from lab.common.helper import Helper
        with Helper({HERE!r}) as other:
            other.call('write', {str(tmp_path / 'file')!r}, 'text')
            print('ready', flush=True)
            time.sleep(60)
    """
    house = str(Path(helper.__file__).parents[2])
    command = [sys.executable, '-c', textwrap.dedent(body)]
    first = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, 'PYTHONPATH': house})
    assert first.stdout.readline() == b'ready\n'
    number = int((tmp_path / 'file').read_text().split()[1])
    os.kill(number, signal.SIGINT)
    time.sleep(0.2)
    assert running(number)
    first.kill()
    first.communicate()
    end = time.monotonic() + 10
    while running(number) and time.monotonic() < end:
        time.sleep(0.05)
    assert not running(number)


def running(number: int) -> bool:
    try:
        return Path(f'/proc/{number}/stat').read_text().rpartition(')')[2].split()[0] != 'Z'
    except OSError:
        return False
