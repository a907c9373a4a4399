"""run.py: an error of the user is one line, and Ctrl-C ends a script at the right place."""

import errno
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch

from lab.common import run

HOUSE = Path(__file__).parents[2]
ENVIRONMENT = os.environ | {'PYTHONPATH': str(HOUSE), 'PYTHONUNBUFFERED': ''}  # what is printed is kept till the end
NO_DISK = 'script.py: error: No space left on device: standard output\n'
MORE = 'may be started here: end other programs, or raise the limit (ulimit -u)'
needs_full_disk = pytest.mark.skipif(not os.path.exists('/dev/full'), reason='/dev/full is a full disk')


def script(body: str, folder, *flags: str, process=subprocess.run, **streams):
    """Run a script whose main() has this body, unless it calls run() itself; return what `process` makes of it."""
    file, body = folder / 'script.py', textwrap.dedent(body)
    if 'run.run(' not in body:
        body = f'def main():\n{textwrap.indent(body, " " * 4)}\nrun.run(main)'
    file.write_text(f'import signal, sys, time\nfrom lab.common import cli, errors, run\n{body}')
    pipes = {'stdout': subprocess.PIPE, 'stderr': subprocess.PIPE} | streams
    return process([sys.executable, file, *flags], **pipes, text=True, env=ENVIRONMENT)


@pytest.mark.parametrize(
    ('body', 'line'),
    [
        ('raise errors.UserError("no\\nsuch net")', 'no such net\n'),
        ('open("/nowhere/file")', 'No such file or directory: /nowhere/file\n'),
        ('open("")', 'No such file or directory: an empty name\n'),
        ('import no_such_package', "the package 'no_such_package' is not installed: pip install -r "),
    ],
)
def test_errors_of_the_user_end_in_one_line_and_exit_code_2(body, line, tmp_path):
    process = script(body, tmp_path)
    assert process.returncode == 2
    assert process.stderr.startswith(f'script.py: error: {line}') and process.stderr.count('\n') == 1


@pytest.mark.parametrize(
    ('error', 'line'),
    [
        (MemoryError(), 'out of memory: try a smaller network or batch'),
        (torch.cuda.OutOfMemoryError(), 'out of memory: try a smaller network or batch'),
        (RuntimeError('DefaultCPUAllocator: not enough memory'), 'out of memory: try a smaller network or batch'),
        (ImportError('libtorch_cuda.so: failed to map segment'), 'out of memory: try a smaller network or batch'),
        (OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)), 'out of memory: try a smaller network or batch'),
        (OSError(errno.ENOMEM, 'Not enough space'), 'out of memory: try a smaller network or batch'),
        (RuntimeError("can't start new thread"), f'no more threads {MORE}'),
        (RuntimeError('CUDA error: launch\nmore'), 'the GPU cannot be used (CUDA error: launch): add --no_cuda'),
        (RuntimeError('shapes that do not fit'), None),
        (OSError('told so'), 'told so'),
        (OSError(errno.ENOSPC, 'No space left on device'), 'No space left on device: standard output'),
    ],
)
def test_what_is_told_of_an_error_of_the_machine(error, line):
    assert run.fault_line(error) == line


def test_the_traceback_of_an_error_is_shown_above_its_line_for_those_who_ask(tmp_path, monkeypatch):
    body = "cli.Parser('about').parse_args()\nraise errors.UserError('no such net') from KeyError('net')"
    for flags, variable in ([], ''), (['--traceback'], ''), ([], '1'):
        monkeypatch.setitem(ENVIRONMENT, 'LAB_TRACEBACK', variable)
        process = script(body, tmp_path, *flags)
        *report, last = process.stderr.splitlines()
        assert (process.returncode, last) == (2, 'script.py: error: no such net')
        assert ("KeyError: 'net'" in report) is bool(flags or variable) is bool(report)


def test_a_fault_of_ours_keeps_its_traceback(tmp_path):
    process = script('1 / 0', tmp_path)
    assert process.returncode == 1 and 'Traceback' in process.stderr


@needs_full_disk
@pytest.mark.parametrize('body', ['print("kept")', 'print("at once", flush=True)', 'run.run(lambda: print("lost"))'])
def test_a_full_disk_behind_standard_output_is_one_line(body, tmp_path):
    with open('/dev/full', 'w') as full:
        process = script(body, tmp_path, stdout=full)
    assert (process.returncode, process.stderr) == (2, NO_DISK)


@needs_full_disk
def test_a_full_disk_behind_standard_error_ends_no_run(tmp_path):
    with open('/dev/full', 'w') as full:
        process = script('run.run(lambda: (errors.note("a note"), print("the transcript")))', tmp_path, stderr=full)
    assert (process.returncode, process.stdout) == (0, 'the transcript\n')


@pytest.mark.parametrize('body', ['print("kept till the end")', 'for i in range(100_000): print(i)'])
def test_a_reader_that_leaves_is_no_error(body, tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    process = script(body, tmp_path, stdout=writing)
    os.close(writing)
    assert (process.returncode, process.stderr) == (141, '')  # as other programs that SIGPIPE ends


def test_on_windows_such_a_reader_is_an_invalid_argument(monkeypatch):
    monkeypatch.setattr(run.os, 'name', 'nt')
    assert [run._left(OSError(errno.EINVAL, 'Invalid argument', *file)) for file in ([], ['file'])] == [True, False]


def test_a_terminal_without_a_character_gets_it_with_a_backslash(tmp_path, monkeypatch):
    monkeypatch.setitem(ENVIRONMENT, 'PYTHONIOENCODING', 'ascii')
    assert script('print("net\\xdf")', tmp_path).stdout == 'net\\xdf\n'


LOOP = """
    with run.Interrupt() as stop:
        print('ready', flush=True)
        while not stop:
            time.sleep(0.01)
    print('kept', flush=True)
    stop.leave()
"""
LONG_STEP = """
    from concurrent.futures import ThreadPoolExecutor
    with run.Interrupt() as stop, ThreadPoolExecutor(1) as pool:
        print('ready', flush=True)
        pool.submit(time.sleep, 600).result()  # in a thread of its own
    print('kept', flush=True)
"""
AT_THE_END = """
    import atexit, os
    atexit.register(lambda: [os.kill(os.getpid(), signal.SIGINT), time.sleep(0.1)])
    print('ready', flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize(
    ('body', 'times', 'printed'),
    [
        (LOOP, 1, 'kept\n'),
        (LONG_STEP, 2, ''),
        (AT_THE_END, 1, ''),
        ('print("ready", flush=True)\ntime.sleep(60)', 1, ''),
    ],
    ids=['what follows a loop is done', 'a second one ends at once', 'again while Python ends', 'outside a loop'],
)
def test_ctrl_c_is_exit_code_130_without_a_traceback(body, times, printed, tmp_path):
    """Sent `times` times, each when the script has answered the last."""
    process = script(body, tmp_path, process=subprocess.Popen)
    assert process.stdout.readline() == 'ready\n'
    process.send_signal(signal.SIGINT)
    for _ in range(times - 1):
        while 'stopping' not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, printed)
    assert 'Traceback' not in err


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


@pytest.mark.parametrize(
    ('work', 'call', 'said'),
    [
        ('pass', 'run.run(main)', ['main', 'registered']),
        ('pass', '(lambda: run.run(main))()', ['main', 'what follows', 'registered']),
        ('sys.exit(3)', 'run.run(main)', ['main', 'registered']),
    ],
)
def test_after_main_a_script_ends_at_once_unless_somebody_waits_and_nothing_printed_is_lost(work, call, said, tmp_path):
    body = f"""
    import atexit
    def main():
        print('main')
        {work}
    atexit.register(print, 'registered')
    {call}
    print('what follows')
    """
    done = script(body, tmp_path)
    assert (done.returncode, done.stderr) == (3 if 'exit' in work else 0, '')
    assert done.stdout.splitlines() == said
