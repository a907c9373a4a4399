"""children.py: what other processes do comes back, their errors too; nothing is left running."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from lab.common import children, cli
from lab.common.children import Child, Command, on_all_cores, run_commands
from lab.common.errors import UserError
from lab.common.run import Interrupt

HERE = 'tests.common.test_children'


def squared(number: int) -> tuple[int, int]:
    print('this is lost')
    return number**2, os.getpid()


def refuse(number: int):
    raise UserError(f'{number} is refused')


def sleep():
    time.sleep(60)


def die():
    os._exit(3)


def running(number: int) -> bool:
    """Whether there is a process of this number."""
    try:
        return Path(f'/proc/{number}/stat').read_text().rpartition(')')[2].split()[0] != 'Z'
    except OSError:
        return False


# --- one process beside this one


def test_functions_are_called_there_one_after_the_other(capfd):
    with Child() as child:
        first, second = child.submit(HERE, 'squared', 3), child.submit(HERE, 'squared', 4)
        assert [first.result(), second.result()] == [(9, child.process.pid), (16, child.process.pid)]
    assert child.process.poll() is not None
    assert capfd.readouterr() == ('', '')


def test_an_error_is_raised_here_and_a_process_that_dies_is_told():
    with Child() as child:
        with pytest.raises(UserError, match='1 is refused'):
            child.submit(HERE, 'refuse', 1).result()
        assert child.submit(HERE, 'squared', 2).result()[0] == 4
        for _ in range(2):
            with pytest.raises(UserError, match='code 3'):
                child.submit(HERE, 'die').result()


def test_a_process_that_hangs_ends_with_the_block():
    with Child() as child:
        hanging = child.submit(HERE, 'sleep')
    with pytest.raises(UserError, match='has ended'):
        hanging.result(10)


@pytest.mark.skipif(not os.path.isdir('/proc'), reason='/proc says which processes there are')
def test_ctrl_c_does_not_reach_it_and_it_ends_when_this_process_is_killed():
    code = 'from lab.common.children import Child\nchild = Child()\n'
    code += f'print(child.submit({HERE!r}, "squared", 1).result()[1], flush=True)\ninput()'
    first = subprocess.Popen(
        [sys.executable, '-c', code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, 'PYTHONPATH': str(children.HOUSE)},
        start_new_session=True,
    )
    number = int(first.stdout.readline())
    assert running(number) and os.getpgid(number) != os.getpgid(first.pid)  # a terminal tells the group of the first
    first.kill()
    first.communicate()
    end = time.monotonic() + 10
    while running(number) and time.monotonic() < end:
        time.sleep(0.05)
    assert not running(number)


# --- one for each core


class Pressed:
    """Ctrl-C, at the second look."""

    looks = 0

    def __bool__(self):
        self.looks += 1
        return self.looks > 1


def test_results_come_in_order_from_as_many_processes_as_cores(monkeypatch):
    monkeypatch.setattr(cli, 'cores', lambda: 2)
    found = on_all_cores(squared, [(3,), (1,), (2,)], False)
    assert [number for number, _ in found] == [9, 1, 4]
    places = [place for _, place in found]
    assert places[0] == places[2] != places[1]


def test_an_error_in_one_of_them_is_raised(monkeypatch):
    monkeypatch.setattr(cli, 'cores', lambda: 1)
    with pytest.raises(UserError, match='1 is refused'):
        on_all_cores(refuse, [(1,), (2,)], False)


def test_ctrl_c_ends_them_at_once():
    began = time.monotonic()
    assert on_all_cores(sleep, [()], Pressed()) == []
    assert time.monotonic() - began < 30


# --- the lab's scripts


@pytest.fixture
def scripts(tmp_path, monkeypatch):
    """A folder for scripts that takes the place of the lab's."""
    monkeypatch.setattr(children, 'HOUSE', tmp_path)
    return tmp_path


def test_a_command_gets_all_its_flags_and_is_told_without_those_that_only_go_on(scripts, capsys):
    (scripts / 'talk.py').write_text('import sys\nprint(*sys.argv[1:], file=open(__file__ + ".said", "w"))')
    run_commands([Command(['talk.py', '--seed', '1'], ['--resume'])], Interrupt())
    assert (scripts / 'talk.py.said').read_text() == '--seed 1 --resume\n'
    assert 'python3 talk.py --seed 1\n' in capsys.readouterr().err


def test_an_error_is_told_with_its_command(scripts):
    (scripts / 'fail.py').write_text('import sys\nsys.exit("fail.py: error: no images")')
    with pytest.raises(UserError, match=r"^python3 fail\.py 'a b' failed: fail\.py: error: no images$"):
        run_commands([Command(['fail.py', 'a b'])], Interrupt())


def test_ctrl_c_ends_what_runs_and_starts_nothing_more(scripts):
    (scripts / 'wait.py').write_text(
        'import sys, time\nopen(sys.argv[1] + ".begun", "w")\n'
        'try:\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    open(sys.argv[1] + ".kept", "w")'
    )
    commands = [Command(['wait.py', str(scripts / str(n))]) for n in range(200)]
    with Interrupt() as stop:

        def press():
            while not (scripts / '0.begun').exists():
                time.sleep(0.01)
            time.sleep(0.3)
            signal.pthread_kill(main, signal.SIGINT)

        main = threading.main_thread().ident
        threading.Thread(target=press).start()
        run_commands(commands, stop)
    begun, kept = (sorted(path.stem for path in scripts.glob(f'*.{ending}')) for ending in ('begun', 'kept'))
    assert '0' in kept and kept == begun and len(begun) < 200


@pytest.mark.parametrize(('cores', 'at_once'), [(4, 2), (1, 1)])
def test_as_many_commands_run_at_once_as_there_are_cores_and_one_that_takes_all_alone(
    cores, at_once, scripts, monkeypatch
):
    monkeypatch.setattr(cli, 'cores', lambda: cores)
    (scripts / 'busy.py').write_text(
        'import os, sys, time\nname, seconds = sys.argv[1:]\nopen(name, "w")\nend = time.monotonic() + float(seconds)\n'
        'while time.monotonic() < end and len(os.listdir()) < 3:\n    time.sleep(0.01)\n'
        'print(*os.listdir(), file=open(f"../{name}.saw", "w"))\ntime.sleep(0.2)\nos.remove(name)'
    )
    monkeypatch.chdir(scripts)

    def busy(name, alone):
        return Command(['busy.py', name, '0.4' if alone or at_once == 1 else '10'], alone=alone)

    run_commands([busy('one', True), busy('two', False), busy('three', False), busy('four', True)], Interrupt())
    saw = {path.stem: {*path.read_text().split()} - {'busy.py'} for path in scripts.parent.glob('*.saw')}
    assert saw['one'] == {'one'} and saw['four'] == {'four'}
    assert saw['two'] | saw['three'] == {'two', 'three'}
    assert len(saw['two']) == len(saw['three']) == at_once
