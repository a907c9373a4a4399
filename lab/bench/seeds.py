"""How often training succeeds, in Parts 2 and 3."""

import contextlib
import io
import time
from dataclasses import replace
from functools import partial
from statistics import median

import torch

from lab.check.lines import accuracy, evaluate
from lab.check.points import read_points
from lab.check.settings import CHECK_CSV, Settings
from lab.check.student import new_network
from lab.check.train import train_many_starts
from lab.seq import results, starts
from lab.seq.task import RECIPES, Task, Training

SEEDS = 100
PAIRS = [  # each with the settings of the default command
    ('SRN 2, anb2n', Task(), Training()),
    ('LSTM 2, anb2n', Task(model='lstm'), Training()),
    ('LSTM 3, anb2nc3n', Task('anb2nc3n', model='lstm'), Training()),
    ('SRN 4, anb2nc3n', Task('anb2nc3n'), Training(**RECIPES['hard'])),
]


def seeds():
    """How many of 100 seeds succeed: Part 2 with 4, 5 and 6 hidden units, then every pair of Part 3."""
    for hid in 4, 5, 6:
        check_row(hid)
    print(f'{"":16}{"learned":>12}  {"seconds, median (range)":28}{"counts up to n, median (range)":34}starts tried')
    for pair in PAIRS:
        seq_row(*pair)


def check_row(hid: int):
    """Train with each seed as check_main.py does; print how many are right at all points in the end."""
    points = read_points(CHECK_CSV)
    right, epochs = 0, []
    for seed in range(SEEDS):
        torch.manual_seed(seed)
        net = new_network(hid, 'sig')
        with contextlib.redirect_stderr(io.StringIO()):
            *_, (epoch, _, _) = train_many_starts(net, points, Settings())
        right += accuracy(evaluate(net, points.inputs)[1], points.targets) == 100
        epochs.append(epoch)  # rounded up to hundreds
    spread = f'{median(epochs):.0f} epochs ({min(epochs)} to {max(epochs)})'
    print(f'check, {hid} units: {right} of {SEEDS} seeds right at all points, after {spread}', flush=True)


def search(task: Task, training: Training, seed: int) -> list[results.Result]:
    """As seq_train.py does: starts from this seed on, until one has learned. The results of all."""
    engine, judge = starts.choose_engine('auto', task), partial(results.judge, task)
    seeds = range(seed, seed + results.TRIES)
    many = (starts.begin(task, training, each) for each in seeds)
    return results.choose(seeds, starts.train_all(many, engine, lambda: False), judge, first=True)[0]


def seq_row(name: str, task: Task, training: Training):
    """SEEDS searches, their seeds so far apart that no start belongs to two of them."""
    search(task, replace(training, epoch=1), 0)  # compiles, or loads what was compiled
    found = []
    for seed in range(0, SEEDS * results.TRIES, results.TRIES):
        begin = time.perf_counter()
        tried = search(task, training, seed)
        best = max(tried, key=results.Result.rank).verdict
        found.append((best.learned, time.perf_counter() - begin, best.counts, len(tried)))
    learned, seconds, counts, tried = zip(*found, strict=True)
    spread = f'{median(seconds):.2f} ({min(seconds):.2f} to {max(seconds):.2f})'
    reach = f'{median(counts):g} ({min(counts)} to {max(counts)})'
    starts_tried = f'{median(tried):g} (at most {max(tried)})'
    print(f'{name:16}{sum(learned):5} of {SEEDS}  {spread:28}{reach:34}{starts_tried}', flush=True)
