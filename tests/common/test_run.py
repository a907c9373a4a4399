"""run.py: an error of the user is one line, and Ctrl-C ends a script at the right place."""

import errno
import os
import re
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from lab.common import run

HOUSE = Path(__file__).parents[2]
ENVIRONMENT = os.environ | {'PYTHONPATH': str(HOUSE), 'PYTHONUNBUFFERED': ''}  # what is printed is kept till the end


def script(body: str, tmp_path, stdout=subprocess.PIPE):
    """Run a script that imports run.py first; return the finished process."""
    file = tmp_path / 'script.py'
    file.write_text('from lab.common import errors, run\n' + textwrap.dedent(body))
    return subprocess.run([sys.executable, file], stdout=stdout, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)


@pytest.mark.parametrize(
    ('body', 'line'),
    [
        ('raise errors.UserError("no\\nsuch net")', 'script.py: error: no such net\n'),
        ('open("/nowhere/file")', 'script.py: error: No such file or directory: /nowhere/file\n'),
        ('raise OSError("told so")', 'script.py: error: told so\n'),
        ('open("")', 'script.py: error: No such file or directory: an empty name\n'),
        ('import no_such_package', "script.py: error: the package 'no_such_package' is not installed: pip install -r "),
        ('raise MemoryError', 'script.py: error: out of memory: try a smaller network or batch\n'),
        (
            'raise OSError(28, "No space left on device")',
            'script.py: error: No space left on device: standard output\n',
        ),
    ],
)
def test_errors_of_the_user_end_in_one_line_and_exit_code_2(body, line, tmp_path):
    process = script(body, tmp_path)
    assert process.returncode == 2
    assert process.stderr.startswith(line) and process.stderr.count('\n') == 1


def test_too_little_memory_is_told_as_such():
    import torch

    with pytest.raises(RuntimeError) as caught:
        torch.empty(10**15)
    library = ImportError('libtorch_cuda.so: failed to map segment from shared object')
    system = OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))
    for error in caught.value, torch.cuda.OutOfMemoryError(), library, system:
        assert run.describe(error) == 'out of memory: try a smaller network or batch'


def test_a_gpu_that_fails_is_told_with_the_flag_that_does_without_it():
    error = RuntimeError('CUDA error: unspecified launch failure\nCUDA kernel errors might be reported later')
    assert run.describe(error) == 'the GPU cannot be used (CUDA error: unspecified launch failure): add --no_cuda'
    assert run.describe(RuntimeError('mat1 and mat2 shapes cannot be multiplied')) is None


def test_the_traceback_of_an_error_is_shown_above_its_line_for_those_who_ask(tmp_path, monkeypatch):
    body = """
        import sys
        from lab.common import cli
        cli.Parser('about').parse_args(sys.argv[1:] or ARGUMENTS)
        raise errors.UserError('no such net') from KeyError('net')
    """
    for arguments in ([], ['--traceback']):
        process = script(body.replace('ARGUMENTS', repr(arguments)), tmp_path)
        *report, last = process.stderr.splitlines()
        assert (process.returncode, last) == (2, 'script.py: error: no such net')
        assert ("KeyError: 'net'" in report) is bool(arguments) is bool(report)
    monkeypatch.setitem(ENVIRONMENT, 'LAB_TRACEBACK', '1')
    process = script(body.replace('ARGUMENTS', '[]'), tmp_path)
    assert process.returncode == 2 and 'Traceback' in process.stderr


def test_a_fault_of_ours_keeps_its_traceback(tmp_path):
    process = script('1 / 0', tmp_path)
    assert process.returncode == 1 and 'Traceback' in process.stderr


@pytest.mark.parametrize('body', ['print("kept till the end")', 'print("told at once", flush=True)'])
def test_a_full_disk_behind_standard_output_is_one_line(body, tmp_path):
    with open('/dev/full', 'w') as full:
        process = script(body, tmp_path, stdout=full)
    assert process.returncode == 2
    assert process.stderr == 'script.py: error: No space left on device: standard output\n'


@pytest.mark.parametrize('body', ['print("kept till the end")', 'for i in range(100_000): print(i)'])
def test_a_reader_that_leaves_is_no_error(body, tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    process = script(body, tmp_path, stdout=writing)
    os.close(writing)
    assert (process.returncode, process.stderr) == (141, '')  # as other programs that SIGPIPE ends


TELL = """
    errors.note('a note')
    print('the transcript')
    if len(sys.argv) > 1:
        raise errors.UserError('no')
"""


@pytest.mark.parametrize(('flag', 'code'), [('', 0), ('--wrong', 2)])
def test_a_standard_error_that_is_closed_changes_nothing_else(flag, code, tmp_path):
    (tmp_path / 'script.py').write_text(f'import sys\nfrom lab.common import errors, run\n{textwrap.dedent(TELL)}')
    command = f'{sys.executable} script.py {flag} 2>&-'
    done = subprocess.run(command, shell=True, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (code, 'the transcript\n', '')


def test_a_terminal_without_a_character_gets_it_with_a_backslash(tmp_path, monkeypatch):
    monkeypatch.setitem(ENVIRONMENT, 'PYTHONIOENCODING', 'ascii')
    assert script('print("net\\xdf")', tmp_path).stdout == 'net\\xdf\n'


def test_ctrl_c_on_windows_is_left_to_python():
    assert os.environ['FOR_DISABLE_CONSOLE_CTRL_HANDLER'] == '1'


def interrupted(body, tmp_path, times):
    """Send Ctrl-C to a script `times` times, each when it has answered the last; returns (exit code, output)."""
    file = tmp_path / 'script.py'
    file.write_text('import time, signal\nfrom lab.common import errors, run\n' + textwrap.dedent(body))
    pipes = {'stdout': subprocess.PIPE, 'stderr': subprocess.PIPE, 'text': True}
    process = subprocess.Popen([sys.executable, file], env=ENVIRONMENT, **pipes)
    assert process.stdout.readline() == 'ready\n'
    process.send_signal(signal.SIGINT)
    for _ in range(times - 1):
        while 'stopping' not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert 'Traceback' not in err
    return process.returncode, out


def test_ctrl_c_ends_the_loop_and_what_follows_is_done(tmp_path):
    body = """
        with run.Interrupt() as stop:
            print('ready', flush=True)
            while not stop:
                time.sleep(0.01)
        print('kept', flush=True)
        stop.leave()
    """
    assert interrupted(body, tmp_path, 1) == (130, 'kept\n')


def test_a_second_ctrl_c_ends_at_once(tmp_path):
    body = """
        from concurrent.futures import ThreadPoolExecutor
        with run.Interrupt() as stop, ThreadPoolExecutor(1) as pool:
            print('ready', flush=True)
            pool.submit(time.sleep, 600).result()  # a step that takes long, in a thread of its own
        print('kept', flush=True)
    """
    assert interrupted(body, tmp_path, 2) == (130, '')


def test_ctrl_c_again_while_python_ends_changes_nothing(tmp_path):
    body = """
        import atexit, os
        atexit.register(lambda: [os.kill(os.getpid(), signal.SIGINT), time.sleep(0.1)])
        print('ready', flush=True)
        time.sleep(60)
    """
    assert interrupted(body, tmp_path, 1) == (130, '')


def test_ctrl_c_outside_a_loop_ends_without_a_traceback(tmp_path):
    assert interrupted('print("ready", flush=True)\ntime.sleep(60)', tmp_path, 1) == (130, '')


def test_garbage_is_searched_for_once_the_packages_are_loaded_and_not_among_them(tmp_path):
    body = """
    import gc
    def main():
        print(gc.isenabled(), gc.get_freeze_count())
        run.loaded()
        print(gc.isenabled(), gc.get_freeze_count() > 1000)
    run.run(main)
    """
    assert script(body, tmp_path).stdout == 'False 0\nTrue True\n'


ENDS = """
    import atexit
    def main():
        print('main')
        {}
    atexit.register(print, 'registered')
    {}
    print('what follows')
    """


@pytest.mark.parametrize(
    ('work', 'call', 'said'),
    [
        ('pass', 'run.run(main)', 'main registered'),
        ('pass', '(lambda: run.run(main))()', 'main what follows registered'),
        ('sys.exit(3)', 'import sys; run.run(main)', 'main registered'),
    ],
)
def test_after_main_a_script_ends_at_once_unless_somebody_waits_and_nothing_printed_is_lost(work, call, said, tmp_path):
    done = script(ENDS.format(work, call), tmp_path)
    assert (done.returncode, done.stderr) == (3 if 'exit' in work else 0, '')
    assert done.stdout.split('\n') == [*re.findall('main|what follows|registered', said), '']


@pytest.mark.skipif(not os.path.exists('/dev/full'), reason='/dev/full is a full disk')
def test_a_transcript_that_cannot_be_written_is_an_error_after_main_too(tmp_path):
    with open('/dev/full', 'w') as full:
        done = script('run.run(lambda: print("lost"))', tmp_path, full)
    assert (done.returncode, done.stderr) == (2, 'script.py: error: No space left on device: standard output\n')
