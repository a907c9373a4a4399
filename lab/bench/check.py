"""Part 2 beside its classic loop: the time to hold 100%, the whole process with set weights, how many seeds succeed."""

import contextlib
import io
import itertools
import os
import statistics
import subprocess
import sys
import tempfile

import numpy as np
import torch

from check import MLP
from lab.bench.measure import call_cost, compare
from lab.check import classic as check_classic
from lab.check import points as check_data
from lab.check import train as check_train
from lab.common.compiling import compiled

UNITS = 5
ROUNDS = 3  # a classic run takes up to a minute
MOST = 60_000  # epochs of a classic run: where it has not got there by then, it counts as if it had
STARTS = 16
SEEDS = 100


@compiled(error_model='numpy')
def fill(x, y, times):
    for _ in range(times):
        for n in range(len(x)):
            y[n] = np.exp(x[n])


def start(seed: int, hid: int) -> MLP:
    torch.manual_seed(seed)
    return MLP(hid)


def train(seed: int, hid: int, points: np.ndarray, targets: np.ndarray) -> tuple[bool, int]:
    """Train as check_main.py does; whether the network is right in the end, and the epochs taken, to the next 100."""
    net = start(seed, hid)
    many = check_train.train_many(net, points, targets, STARTS, init=0.15, lr=0.001, epochs=200_000, stop=False)
    epochs = list(many)[-1][0] + check_train.EVERY
    right = (net(torch.from_numpy(points)) >= 0.5) == torch.from_numpy(targets)[:, None]
    return bool(right.all()), epochs


def race() -> list[dict]:
    """Seconds until 100% has held for 2,000 epochs, a new seed each round; and of a whole process with set weights."""
    points, targets = check_data.read(check_data.LAB)
    data, target = torch.from_numpy(points), torch.from_numpy(targets)[:, None]

    def classic(seed: int):
        net = start(seed, UNITS)
        check_train.draw(net, 0.15)
        check_classic.train(net, data, target, max_epochs=MOST)

    done = []
    ours, theirs = itertools.count(), itertools.count()
    with contextlib.redirect_stderr(io.StringIO()):
        train(0, UNITS, points, targets)  # the first call compiles

    def floor():
        calls = STARTS * len(points) * (UNITS + 1) * statistics.median(epochs for _, epochs in done)
        return calls * call_cost(fill)

    rows = [
        compare(
            f'check, {UNITS} units',
            'run to 100%',
            lambda: classic(next(theirs)),
            lambda: done.append(train(next(ours), UNITS, points, targets)),
            ROUNDS,
            floor,
        )
    ]
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(os.path.join(folder, 'plot'))

        def process(script: str):
            command = [sys.executable, '-m', script, '--act', 'step', '--hid', '4', '--set_weights']
            environment = os.environ | {'PYTHONPATH': os.path.dirname(check_data.LAB)}
            subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)

        pair = (lambda: process('lab.check.classic')), (lambda: process('check_main'))
        return [*rows, compare('check, set_weights', 'process', *pair, ROUNDS)]


def seeds() -> list[dict]:
    """How many of 100 seeds end with all points right, for 4, 5 and 6 hidden units."""
    points, targets = check_data.read(check_data.LAB)
    rows = []
    for hid in 4, 5, 6:
        with contextlib.redirect_stderr(io.StringIO()):
            right, epochs = zip(*(train(seed, hid, points, targets) for seed in range(SEEDS)), strict=True)
        median, low, high = int(statistics.median(epochs)), min(epochs), max(epochs)
        rows.append({'units': hid, 'right': sum(right), 'seeds': SEEDS, 'epochs': median, 'epochs_range': (low, high)})
        spread = f'{median} epochs ({low} to {high})'
        print(f'check, {hid} units: {sum(right)} of {SEEDS} seeds right at all points, after {spread}', flush=True)
    return rows
