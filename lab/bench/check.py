"""Part 2 beside its classic loop: the time to 100%, the whole process with set weights, how many seeds succeed."""

import contextlib
import io
import os
import statistics
import sys
import tempfile

import numpy as np
import torch

from lab.bench.measure import call_cost, compare, process
from lab.check import classic, student, train
from lab.check.lines import accuracy, evaluate
from lab.check.points import read
from lab.check.settings import CHECK_CSV, EVERY, Settings
from lab.common.compiling import compiled

UNITS = 5
ROUNDS = 3  # a classic run takes up to a minute
MOST = 60_000  # epochs of a classic run; one that is not at 100% by then stops and counts like the others
SEEDS = 100


@compiled(error_model='numpy')
def fill(x, y, times):
    for _ in range(times):
        for n in range(len(x)):
            y[n] = np.exp(x[n])


def start(seed: int, hid: int) -> torch.nn.Module:
    torch.manual_seed(seed)
    return student.network(hid, 'sig')


def run(seed: int, hid: int, points: np.ndarray, targets: np.ndarray) -> tuple[bool, int]:
    """Train as check_main.py does. Returns whether all points are right, and the epochs, rounded up to hundreds."""
    net = start(seed, hid)
    *_, (epoch, _, _) = train.train(net, points, targets, Settings())
    return accuracy(evaluate(net, points)[1], targets) == 100, epoch + EVERY


def race() -> list[dict]:
    """Seconds until 100% has held for 2,000 epochs, a new seed each round; and of a whole process with set weights."""
    points, targets = read(CHECK_CSV)
    done = []  # by the suite; their number is the seed of the round

    def classic_run():
        net = start(len(done), UNITS)
        classic.draw(net, Settings.init)
        list(classic.train(net, points, targets, Settings(epochs=MOST)))

    def suite_run():
        done.append(run(len(done), UNITS, points, targets))

    with contextlib.redirect_stderr(io.StringIO()):
        run(0, UNITS, points, targets)  # the first call compiles

    def floor():
        calls = Settings.restarts * len(points) * (UNITS + 1) * statistics.median(epochs for _, epochs in done)
        return calls * call_cost(fill)

    row = compare(f'check, {UNITS} units', 'run to 100%', classic_run, suite_run, ROUNDS, floor)
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(os.path.join(folder, 'plot'))

        def run_module(*command: str):
            process([sys.executable, '-m', *command], folder, PYTHONPATH=os.path.dirname(CHECK_CSV))

        suite = 'check_main', '--act', 'step', '--hid', '4', '--set_weights'
        pair = (lambda: run_module('lab.check.classic')), (lambda: run_module(*suite))
        return [row, compare('check, set_weights', 'process', *pair, ROUNDS)]


def seeds() -> list[dict]:
    """How many of 100 seeds end with all points right, for 4, 5 and 6 hidden units."""
    points, targets = read(CHECK_CSV)
    rows = []
    for hid in 4, 5, 6:
        with contextlib.redirect_stderr(io.StringIO()):
            right, epochs = zip(*(run(seed, hid, points, targets) for seed in range(SEEDS)), strict=True)
        median, low, high = int(statistics.median(epochs)), min(epochs), max(epochs)
        rows.append({'units': hid, 'right': sum(right), 'seeds': SEEDS, 'epochs': median, 'epochs_range': (low, high)})
        spread = f'{median} epochs ({low} to {high})'
        print(f'check, {hid} units: {sum(right)} of {SEEDS} seeds right at all points, after {spread}', flush=True)
    return rows
