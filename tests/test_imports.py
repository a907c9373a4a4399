"""No script loads a large package that it does not need: each takes a tenth of a second, or a whole one."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from lab.common import files
from seq_models import SRN_model
from tests.kuzu.server import made_files

HOUSE = Path(__file__).parents[1]
RUN = """
import atexit, runpy, sys
sys.argv = sys.argv[1:]
atexit.register(lambda: print('loaded:', *sys.modules, file=sys.stderr))  # before it ends itself, as after --help
runpy.run_path(sys.argv[0], run_name='__main__')
"""
NEVER = {'torchvision', 'sklearn', 'pandas', 'networkx', 'matplotlib.pyplot', 'torch.utils.tensorboard', 'IPython'}
# What torch.optim and torch's device 'meta' bring with them; it needs a second
COMPILERS = {'torch._dynamo', 'torch._inductor', 'triton', 'sympy'}
KUZU = '--net full --optim adam', '--net conv --recipe fast'
DRAWING = {'matplotlib', 'PIL'}
SLOW = {'torch', 'numba', 'numpy', 'scipy', 'sklearn'} | DRAWING


def run(command: str, folder: Path) -> tuple[int, set[str]]:
    """Run a script with its flags, without a display: its exit code, and the modules that are loaded at its end."""
    script, *flags = command.split()
    environment = {name: value for name, value in os.environ.items() if name not in ('DISPLAY', 'WAYLAND_DISPLAY')}
    environment['PYTHONPATH'] = str(HOUSE)
    path = folder / script if (folder / script).exists() else HOUSE / script
    command = [sys.executable, '-c', RUN, str(path), *flags]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    return done.returncode, set(re.search(r'^loaded: (.*)', done.stderr, re.MULTILINE)[1].split())


@pytest.fixture
def folder(tmp_path):
    """A folder with a few made images, and with the checkpoint of an SRN."""
    raw = tmp_path / 'data' / 'KMNIST' / 'raw'
    raw.mkdir(parents=True)
    for name, data in made_files().items():
        (raw / name).write_bytes(data)
    torch.manual_seed(0)
    files.write_tensors(str(tmp_path / 'net' / 'anb2n_srn2_1.pth'), SRN_model(2, 2, 2).state_dict())
    return tmp_path


@pytest.mark.parametrize(
    ('command', 'needless'),
    [
        *((f'kuzu_main.py --epochs 1 {flags}', {'numba', 'scipy'} | DRAWING | COMPILERS) for flags in KUZU),
        ('check_main.py --act step --hid 4 --set_weights', {'numba', 'scipy', 'matplotlib'} | COMPILERS),
        ('check_main.py --hid 4 --epoch 100', {'matplotlib'} | COMPILERS),
        ('seq_train.py --epoch 1', DRAWING | COMPILERS),
        ('seq_train.py --epoch 1 --length 1 --restarts 1 --engine torch', {'numba'} | DRAWING),
        ('seq_plot.py --epoch 1 --num_plot 1', {'numba', 'scipy'} | DRAWING | COMPILERS),
    ],
    ids=lambda value: value if isinstance(value, str) else '',
)
def test_a_run_loads_no_package_that_it_does_not_need(command, needless, folder):
    code, loaded = run(command, folder)
    assert code == 0
    assert 'torch' in loaded
    assert sorted(loaded & (NEVER | needless)) == []


def test_a_run_that_ends_before_its_first_picture_loads_nothing_to_draw(folder):
    overflows = f'{(HOUSE / "kuzu.py").read_text()}\nNetLin.forward = lambda self, x: self.out(x.flatten(1)) * 1e38'
    (folder / 'kuzu.py').write_text(overflows)
    (folder / 'kuzu_main.py').symlink_to(HOUSE / 'kuzu_main.py')
    code, loaded = run('kuzu_main.py --net lin --lr 100 --epochs 9', folder)
    assert code == 2 and 'torch' in loaded
    assert sorted(loaded & (NEVER | DRAWING)) == []


@pytest.mark.parametrize(('flag', 'code'), [('--help', 0), ('--no_such_flag', 2)])
@pytest.mark.parametrize(
    'script', ['kuzu_main.py', 'check_main.py', 'seq_train.py', 'seq_plot.py', 'report.py', 'bench.py']
)
def test_help_and_a_wrong_flag_load_no_slow_package(script, flag, code, tmp_path):
    ended, loaded = run(f'{script} {flag}', tmp_path)
    assert ended == code
    assert sorted(loaded & (NEVER | SLOW)) == []
