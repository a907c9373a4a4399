"""Commands run beside each other; what one of them says of an error is told; Ctrl-C reaches them all."""

import signal
import threading
import time

import pytest

from lab.common.errors import UserError
from lab.common.run import Interrupt
from lab.page import commands
from lab.page.commands import Job


@pytest.fixture
def scripts(tmp_path, monkeypatch):
    """A folder for scripts that takes the place of the lab's."""
    monkeypatch.setattr(commands, 'HOUSE', tmp_path)
    return tmp_path


def test_what_a_command_prints_is_handed_on(scripts, capsys):
    (scripts / 'talk.py').write_text('import sys\nprint(*sys.argv[1:])\nprint(7, file=sys.stderr)')
    said = []
    commands.run([Job(['talk.py', '--seed', '1'], ['--resume'], lambda *texts: said.extend(texts))], Interrupt())
    assert said == ['--seed 1 --resume\n', '7\n']
    assert 'python3 talk.py --seed 1\n' in capsys.readouterr().err


def test_an_error_is_told_with_its_command(scripts):
    (scripts / 'fail.py').write_text('import sys\nsys.exit("fail.py: error: no images")')
    with pytest.raises(UserError, match='error: no images'):
        commands.run([Job(['fail.py'])], Interrupt())


def test_ctrl_c_ends_what_runs_and_starts_nothing_more(scripts):
    (scripts / 'wait.py').write_text(
        'import sys, time\nopen(sys.argv[1] + ".begun", "w")\n'
        'try:\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    open(sys.argv[1] + ".kept", "w")'
    )
    jobs = [Job(['wait.py', str(scripts / str(n))]) for n in range(200)]
    with Interrupt() as stop:

        def press():
            while not (scripts / '0.begun').exists():
                time.sleep(0.01)
            time.sleep(0.3)
            signal.pthread_kill(main, signal.SIGINT)

        main = threading.main_thread().ident
        threading.Thread(target=press).start()
        commands.run(jobs, stop)
    assert stop
    begun, kept = (sorted(path.stem for path in scripts.glob(f'*.{ending}')) for ending in ('begun', 'kept'))
    assert '0' in kept and kept == begun and len(begun) < 200


def test_a_command_is_shown_as_it_is_typed():
    assert commands.typed(['kuzu_main.py', '--data_path', 'my data']) == "python3 kuzu_main.py --data_path 'my data'"


def test_a_command_that_takes_all_cores_runs_alone(scripts, monkeypatch):
    monkeypatch.setattr('os.cpu_count', lambda: 4)
    (scripts / 'busy.py').write_text(
        'import os, sys, time\nname = sys.argv[1]\nopen(name, "w")\n'
        'time.sleep(0.4)\nprint(*os.listdir("."))\nos.remove(name)'
    )
    monkeypatch.chdir(scripts)
    saw = {}
    jobs = [
        Job(
            ['busy.py', name],
            done=lambda out, err, name=name: saw.update({name: {*out.split()} - {'busy.py'}}),
            alone=alone,
        )
        for name, alone in (('one', True), ('two', False), ('three', False), ('four', True))
    ]
    commands.run(jobs, Interrupt())
    assert saw['one'] == {'one'} and saw['four'] == {'four'}
    assert saw['two'] | saw['three'] == {'two', 'three'}
