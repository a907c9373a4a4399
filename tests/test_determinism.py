"""One seed, one outcome: every entry script twice, in other folders, for other users, with other OMP_NUM_THREADS."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lab.common import cli

HOUSE = Path(__file__).parents[1]
EACH = """
import importlib, sys
for line in sys.argv[1:]:
    script, *flags = line.split()
    importlib.import_module(script).main(flags)
"""
FEWER = 'from lab.insight.found import analysis, states; analysis.FRESH, states.POINTS = 300, 2000'  # sequences
MOST = min(2, cli.cores())
FAST = '--seed 1 --out_path fast --plot_path fast'
# In one process, to load PyTorch once. kuzu_main is last: it is the one that sets the number of threads.
SHORT = [
    'check_main --hid 5 --epoch 1000 --seed 1',
    'check_main --act step --hid 4 --set_weights --plot_path step',
    'seq_train --lang anb2n --epoch 2 --seed 1 --restarts 3 --out_path restarts',
    'seq_train --lang anb2nc3n --length 2 --model lstm --epoch 1 --seed 1',
    'seq_plot --lang anb2nc3n --length 2 --model lstm --epoch 1 --seed 1 --cell',
    'kuzu_main --net all --epochs 1 --dataset digits --seed 1 --threads 1',
    f'kuzu_main --net conv --channels 4 8 --fc 16 --recipe fast --epochs 1 --dataset digits --threads {MOST} {FAST}',
]
IMAGES = '--data_path ' + os.environ.get('KMNIST_ROOT', 'none')
LONG = [
    ['check_main --hid 4 --seed 2'],
    ['check_main --hid 6 --seed 3 --restarts 1 --epoch 20000'],
    ['seq_train --seed 1', 'seq_plot --seed 1'],
    ['seq_train --seed 2 --recipe sure --restarts 6', 'seq_plot --seed 2'],
    ['seq_train --lang anb2nc3n --seed 1', 'seq_plot --lang anb2nc3n --epoch 200 --seed 1'],
    ['seq_train --lang anb2nc3n --model lstm --seed 1', 'seq_plot --lang anb2nc3n --model lstm --seed 1 --cell'],
    ['seq_train --seed 1 --epoch 2 --engine torch'],
    ['seq_train --seed 1 --epoch 2 --engine torch --restarts 3 --no_cuda'],
    ['kuzu_main --hid 5 10 --epochs 4 --dataset digits --seed 1'],
    ['kuzu_main --net all --dataset digits --seed 1 --threads 1'],
    *([f'kuzu_main --net all --seed {seed} --threads {MOST} {IMAGES}'] for seed in (1, 2, 3)),
    [f'kuzu_main --hid 20 50 100 --seed 1 --optim adam --shuffle {IMAGES}'],
    [f'kuzu_main --net conv --recipe fast --seed 1 --threads 1 {IMAGES}'],
]


def outcome(folder: Path, commands: list[str], threads: int, first: str = '') -> tuple[str, dict[str, bytes]]:
    """What the commands print, and the files they write, for a user whose home is new and who works in `folder`.

    first: what Python does before.
    """
    places = [folder / place for place in ('work', 'home', 'tmp')]
    for place in places:
        place.mkdir(parents=True)
    work, home, tmp = places
    environment = os.environ | {'PYTHONPATH': str(HOUSE), 'HOME': str(home), 'TMPDIR': str(tmp)}
    environment |= {'OMP_NUM_THREADS': str(threads), 'PYTHONHASHSEED': str(threads)}
    command = [sys.executable, '-c', first + EACH, *commands]
    done = subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout, {str(path.relative_to(work)): path.read_bytes() for path in work.rglob('*') if path.is_file()}


def assert_same(one, other):
    assert one[0] == other[0]
    assert one[1].keys() == other[1].keys()
    assert [name for name, data in one[1].items() if data != other[1][name]] == []


def test_a_seed_gives_the_same_transcript_and_files_anywhere(tmp_path):
    with ThreadPoolExecutor() as pool:  # side by side
        folders = tmp_path / 'here', tmp_path / 'elsewhere' / 'deeper'
        one, other = pool.map(lambda folder, threads: outcome(folder, SHORT, threads, FEWER), folders, (1, 2))
    assert_same(one, other)
    names = one[1].keys()
    assert {'net/kuzu_conv.pth', 'net/anb2nc3n_lstm3_1.pth', 'restarts/anb2n_srn2_0.pth'} <= names
    assert {'plot/hid_5_4.jpg', 'plot/anb2nc3n_lstm3_cell_3d.jpg', 'fast/kuzu_conv_curve.jpg'} <= names


@pytest.mark.campaign
@pytest.mark.parametrize('commands', LONG, ids=' '.join)
def test_so_do_whole_runs(commands, tmp_path):
    if IMAGES in commands[0] and 'KMNIST_ROOT' not in os.environ:
        pytest.skip('KMNIST_ROOT names no real images')
    one = outcome(tmp_path / 'one', commands, threads=1)
    assert_same(one, outcome(tmp_path / 'again', commands, threads=1))
    assert_same(one, outcome(tmp_path / 'two', commands, threads=2))
