"""cli.py: what is refused, and how a script ends."""

import importlib
import os
import re
import shlex
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from lab.common import cli

HOUSE = Path(__file__).parents[2]
ENVIRONMENT = os.environ | {'PYTHONPATH': str(HOUSE)}


def script(body: str, tmp_path, **options):
    """Run a script that imports cli; returns the finished process."""
    file = tmp_path / 'script.py'
    file.write_text('from lab.common import cli, endings\n' + textwrap.dedent(body))
    return subprocess.run([sys.executable, file], capture_output=True, text=True, env=ENVIRONMENT, **options)


@pytest.mark.parametrize('text', ['0', '-1', '11', '1.5', 'nan', 'inf', 'two', '', '9' * 5000])
def test_whole_numbers_out_of_range_or_not_whole_are_refused(text):
    with pytest.raises(cli.argparse.ArgumentTypeError, match='whole number from 1 to 10'):
        cli.whole(1, 10)(text)


@pytest.mark.parametrize('text', ['-0.1', '1.1', 'nan', 'inf', '-inf', '1e999', 'x', ''])
def test_numbers_out_of_range_are_refused(text):
    with pytest.raises(cli.argparse.ArgumentTypeError, match='number from 0 to 1'):
        cli.real(0, 1)(text)


def test_numbers_in_range_are_read():
    assert cli.whole(1, 10)('10') == 10 and cli.real(0, 1)('1e-3') == 0.001


def test_a_wrong_flag_is_one_line_and_exit_code_2(capsys):
    with pytest.raises(SystemExit) as end:
        cli.Parser('about').parse_args(['--what'])
    assert end.value.code == 2
    assert re.fullmatch(r'\S+: error: unrecognized arguments: --what\n', capsys.readouterr().err)


def test_a_file_in_the_place_of_a_folder_is_refused(tmp_path):
    (tmp_path / 'file').touch()
    with pytest.raises(cli.argparse.ArgumentTypeError, match='not a folder'):
        cli.folder(str(tmp_path / 'file'))


@pytest.mark.parametrize(
    ('body', 'line'),
    [
        ('raise endings.UserError("no\\nsuch net")', 'script.py: error: no such net\n'),
        ('open("/nowhere/file")', 'script.py: error: No such file or directory: /nowhere/file\n'),
        ('open("")', 'script.py: error: No such file or directory: an empty name\n'),
        ('import no_such_package', "script.py: error: the package 'no_such_package' is not installed: pip install -r "),
        ('import torch; torch.empty(10**15)', 'script.py: error: out of memory: try a smaller network or batch\n'),
        ('raise MemoryError', 'script.py: error: out of memory: try a smaller network or batch\n'),
    ],
)
def test_errors_of_the_user_end_in_one_line_and_exit_code_2(body, line, tmp_path):
    process = script(body, tmp_path)
    assert process.returncode == 2
    assert process.stderr.startswith(line) and process.stderr.count('\n') == 1


def test_a_fault_of_ours_keeps_its_traceback(tmp_path):
    process = script('1 / 0', tmp_path)
    assert process.returncode == 1 and 'Traceback' in process.stderr


@pytest.mark.parametrize('flush', [False, True])
def test_a_full_disk_behind_standard_output_is_one_line(flush, tmp_path):
    with open('/dev/full', 'w') as full:
        file = tmp_path / 'script.py'
        file.write_text(f'from lab.common import cli\nprint("transcript", flush={flush})')
        process = subprocess.run(
            [sys.executable, file], stdout=full, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT
        )
    assert process.returncode == 2
    assert re.fullmatch('script.py: error: No space left on device.*\n', process.stderr)


def test_a_reader_that_leaves_is_no_error(tmp_path):
    file = tmp_path / 'script.py'
    file.write_text('from lab.common import cli\nfor i in range(100000): print(i)')
    command = f'{sys.executable} {file} | head -n 1'
    process = subprocess.run(command, shell=True, capture_output=True, text=True, env=ENVIRONMENT)
    assert process.stdout == '0\n' and process.stderr == ''


def interrupted(body, tmp_path, times):
    """Send Ctrl-C to a script `times` times, each when it has answered the last; returns (exit code, output)."""
    file = tmp_path / 'script.py'
    file.write_text('import time, signal\nfrom lab.common import cli, endings\n' + textwrap.dedent(body))
    pipes = {'stdout': subprocess.PIPE, 'stderr': subprocess.PIPE, 'text': True}
    process = subprocess.Popen([sys.executable, file], env=ENVIRONMENT, **pipes)
    assert process.stdout.readline() == 'ready\n'
    process.send_signal(signal.SIGINT)
    for _ in range(times - 1):
        while 'stopping' not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert 'Traceback' not in err
    return process.returncode, out


LOOP = """
    with endings.Interrupt() as stop:
        print('ready', flush=True)
        while not stop:
            time.sleep({step})
    print('kept', flush=True)
    stop.leave()
"""


def test_ctrl_c_ends_the_loop_and_what_follows_is_done(tmp_path):
    assert interrupted(LOOP.format(step=0.01), tmp_path, 1) == (130, 'kept\n')


def test_a_second_ctrl_c_ends_at_once(tmp_path):
    assert interrupted(LOOP.format(step=60), tmp_path, 2) == (130, '')


def test_ctrl_c_outside_a_loop_ends_without_a_traceback(tmp_path):
    assert interrupted('print("ready", flush=True)\ntime.sleep(60)', tmp_path, 1) == (130, '')


def test_the_seed_is_printed_and_decides_every_source_of_chance(capsys):
    import numpy
    import torch

    def draws(seed):
        assert cli.seed_all(seed) == seed
        return cli.random.random(), numpy.random.rand(), torch.rand(1).item()

    assert draws(7) == draws(7) != draws(8)
    assert capsys.readouterr().err.splitlines() == ['seed: 7', 'seed: 7', 'seed: 8']


def test_a_seed_that_is_not_given_is_drawn_and_printed(capsys):
    assert cli.seed_all(None) != cli.seed_all(None)
    assert re.fullmatch(r'(seed: \d+\n){2}', capsys.readouterr().err)


def commands():
    """Each command line of the README that runs a script."""
    lines = re.findall(r'^(?:    )?python3 (\w+\.py.*)$', (HOUSE / 'README.md').read_text(), re.MULTILINE)
    return [shlex.split(line, comments=True) for line in lines]


def test_the_readme_names_every_command_of_the_lab():
    scripts = {words[0] for words in commands()}
    assert scripts >= {'kuzu_main.py', 'check_main.py', 'seq_train.py', 'seq_plot.py', 'bench.py'}


@pytest.mark.parametrize('words', commands(), ids=' '.join)
def test_every_command_of_the_readme_is_understood(words):
    script = importlib.import_module(words[0].removesuffix('.py'))
    script.parse(words[1:])
