"""distributed.py: several processes do what one does; what an earlier torchrun left behind starts nothing."""

import functools
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.forks import Fork

HOUSE = Path(__file__).parents[2]
TORCHRUN = '-m', 'torch.distributed.run', '--standalone', '--nproc_per_node=2'
DIGITS = '--dataset digits --seed 1'
LIMIT = 100  # seconds; nothing here takes a tenth of it on an idle machine


def start(folder, flags):
    """Start kuzu_main.py on the digits, in two processes."""
    folder.mkdir()
    command = [sys.executable, *TORCHRUN, str(HOUSE / 'kuzu_main.py'), *DIGITS.split(), *flags.split()]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def as_torchrun_has_it(rank, port):
    os.environ |= {'RANK': rank, 'WORLD_SIZE': '2', 'MASTER_ADDR': '127.0.0.1', 'MASTER_PORT': port}


def test_two_processes_print_the_transcript_of_one_and_write_one_set_of_files(tmp_path):
    one, two = tmp_path / 'one', tmp_path / 'two'
    one.mkdir()
    two.mkdir()
    line = f'kuzu_main {DIGITS} --net full --hid 9 --epochs 2 --lr 0.05'  # its loss is the same to all printed digits
    with socket.create_server(('127.0.0.1', 0)) as free:
        port = str(free.getsockname()[1])
    forks = [Fork(line, two, functools.partial(as_torchrun_has_it, rank, port)) for rank in '01']
    first, second = (fork.end(LIMIT) for fork in forks)
    assert (first.code, second.code, second.out) == (0, 0, '')
    assert first.out == Fork(line, one).end().out
    assert (first.err + second.err).count('pictures: ') == 1
    assert [sorted(os.listdir(two / name)) for name in ('net', 'plot')] == [
        sorted(os.listdir(one / name)) for name in ('net', 'plot')
    ]


@pytest.mark.skipif(os.name == 'nt', reason='sends a signal')
def test_ctrl_c_stops_both_after_the_same_step_and_keeps_what_is_trained(tmp_path):
    run = start(tmp_path / 'two', '--net lin --epochs 100000')
    while 'Test set' not in run.stdout.readline():
        pass
    run.send_signal(signal.SIGINT)
    out, _ = run.communicate(timeout=LIMIT)
    assert out.count('Model parameters: 7850') == 1 and (tmp_path / 'two' / 'net' / 'kuzu_lin.resume').exists()


def left_behind(rank):
    os.environ |= {'TORCHELASTIC_RUN_ID': 'none', 'RANK': rank, 'WORLD_SIZE': '2', 'MASTER_ADDR': ''}


@pytest.mark.parametrize('rank', ['', '0'])
def test_what_an_earlier_torchrun_left_in_the_environment_starts_nothing(rank, tmp_path):
    end = Fork(f'kuzu_main {DIGITS} --net lin --epochs 1', tmp_path, functools.partial(left_behind, rank)).end()
    assert 'Accuracy: 328/397' in end.out and end.err.startswith('seed: 1, threads')
