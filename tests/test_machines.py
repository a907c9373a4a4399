"""The scripts on other people's machines: Python with other options, folders of other letters, leftover variables."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.forks import Fork

HOUSE = Path(__file__).parents[1]
SCRIPTS = ['kuzu_main.py', 'check_main.py', 'seq_train.py', 'seq_plot.py', 'bench.py', 'report.py']


def run(folder: Path, script: str, flags: str = '', options: str = '', **variables: str) -> subprocess.CompletedProcess:
    """Run a script in a folder with options of Python and environment variables; what it says is text."""
    command = [sys.executable, *options.split(), HOUSE / script, *flags.split()]
    environment = {name: value for name, value in os.environ.items() if name not in ('PYTHONPATH', 'DISPLAY')}
    return subprocess.run(command, cwd=folder, env=environment | variables, capture_output=True, text=True)


@pytest.mark.parametrize('script', SCRIPTS)
def test_scripts_run_whatever_python_leaves_out(script, tmp_path):
    for done in run(tmp_path, script, '--help', '-OO -I'), run(tmp_path, script, '--help', PYTHONSAFEPATH='1'):
        assert done.returncode == 0 and '--help' in done.stdout, done.stderr


def test_a_run_without_docstrings_and_asserts_is_the_same(tmp_path):
    flags = '--act step --set_weights'
    bare, usual = run(tmp_path, 'check_main.py', flags, '-OO -I'), Fork(f'check_main {flags}', tmp_path).end()
    assert (bare.returncode, bare.stdout, bare.stderr) == (0, usual.out, usual.err)


def test_a_folder_that_the_terminal_cannot_write_is_named_with_a_backslash(tmp_path):
    flags = '--epoch 10 --seed 1 --out_path netß'
    done = run(tmp_path, 'seq_train.py', flags, PYTHONUTF8='0', PYTHONIOENCODING='ascii')
    assert done.returncode == 0
    assert "--out_path 'net\\xdf'" in done.stdout
    assert (tmp_path / 'netß' / 'anb2n_srn2_10.pth').is_file()


def test_variables_for_other_work_are_not_read_and_empty_ones_are_as_if_unset(tmp_path):
    empty = dict.fromkeys(['RANK', 'WORLD_SIZE', 'MASTER_ADDR'], '')
    flags = '--net lin --dataset digits --epochs 1'
    done = run(tmp_path, 'kuzu_main.py', flags, TQDM_MININTERVAL='odd', TORCH_LOGS='odd', **empty)
    assert done.returncode == 0, done.stderr


CALLER = """if True:
    import gc, importlib, logging, matplotlib, os, signal, sys, threading
    def state():
        around = {name: value for name, value in os.environ.items() if name[:3] != 'KMP'}  # of scikit-learn
        drawing = logging.getLogger('matplotlib').level, {**matplotlib.rcParams}
        return sys.excepthook, signal.getsignal(2), gc.isenabled(), gc.get_freeze_count(), around, drawing
    from lab.insight.found import analysis, states
    analysis.FRESH, states.POINTS = 300, 2000  # a tenth of the work
    for line in sys.argv[1:]:
        before, (script, *flags) = state(), line.split()
        work = lambda: (importlib.import_module(script).main(flags), print('<end>'))
        work()
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert state() == before, script
"""
CALLS = 'check_main --epoch 9', 'kuzu_main --net lin --dataset digits --epochs 1', 'seq_plot --set_weights --num_plot 1'


def test_a_program_that_calls_main_also_in_a_thread_is_left_as_it_was(tmp_path):
    around, command = {**os.environ, 'PYTHONPATH': str(HOUSE)}, [sys.executable, '-c', CALLER, *CALLS]
    done = subprocess.run(command, cwd=tmp_path, env=around, capture_output=True, text=True)
    assert (done.returncode, done.stdout.count('<end>')) == (0, 2 * len(CALLS)), done.stderr
