"""How often training succeeds, in Parts 2 and 3; how often an automaton agrees with its network."""

import contextlib
import io
import time
from dataclasses import replace
from statistics import median

import numpy as np
import torch

from lab.check.lines import accuracy, evaluate
from lab.check.points import read_points
from lab.check.settings import CHECK_CSV, EVERY, Settings
from lab.check.student import new_network
from lab.check.train import train_many_starts
from lab.insight import analysis, automaton, step
from lab.seq import results, starts
from lab.seq.task import RECIPES, Task, Training

SEEDS = 100
PAIRS = [  # each with the settings of the default command
    ('SRN 2, anb2n', Task(), Training()),
    ('LSTM 2, anb2n', Task(model='lstm'), Training()),
    ('LSTM 3, anb2nc3n', Task('anb2nc3n', model='lstm'), Training()),
    ('SRN 4, anb2nc3n', Task('anb2nc3n'), Training(**RECIPES['hard'])),
]
JUDGED = {'SRN, 2 units': PAIRS[0], 'LSTM, 3 units': PAIRS[2]}  # whose automata are judged
LEARNED = 50  # networks of each


def seeds() -> list[dict]:
    """How many of 100 seeds succeed: Part 2 with 4, 5 and 6 hidden units, then every pair of Part 3."""
    rows = [check_row(hid) for hid in (4, 5, 6)]
    print(f'{"":16}{"learned":>12}  {"seconds, median (range)":28}{"counts up to n, median (range)":34}starts tried')
    return rows + [seq_row(*pair) for pair in PAIRS]


def check_row(hid: int) -> dict:
    """Train with each seed as check_main.py does; print and return how many are right at all points in the end."""
    points = read_points(CHECK_CSV)
    right, epochs = 0, []
    for seed in range(SEEDS):
        torch.manual_seed(seed)
        net = new_network(hid, 'sig')
        with contextlib.redirect_stderr(io.StringIO()):
            *_, (epoch, _, _) = train_many_starts(net, points, Settings())
        right += accuracy(evaluate(net, points.inputs)[1], points.targets) == 100
        epochs.append(epoch + EVERY)  # rounded up to hundreds
    spread = f'{median(epochs):.0f} epochs ({min(epochs)} to {max(epochs)})'
    print(f'check, {hid} units: {right} of {SEEDS} seeds right at all points, after {spread}', flush=True)
    return {'units': hid, 'right': right, 'epochs': epochs}


def search(task: Task, training: Training, seed: int) -> tuple[list[results.Result], list]:
    """As seq_train.py does: starts from this seed on, until one has learned. All results, and the best one's record."""
    engine, judge = starts.choose_engine('auto', task), results.judge_of(task, training.keep)
    seeds = range(seed, seed + results.TRIES)
    many = (starts.begin(task, training, each) for each in seeds)
    return results.choose(seeds, starts.train_all(many, engine, lambda: False), judge, first=True)


def seq_row(name: str, task: Task, training: Training) -> dict:
    """SEEDS searches, their seeds so far apart that no start belongs to two of them."""
    search(task, replace(training, epoch=1), 0)  # compiles, or loads what was compiled
    found = []
    for seed in range(0, SEEDS * results.TRIES, results.TRIES):
        begin = time.perf_counter()
        tried, _ = search(task, training, seed)
        best = max(tried, key=results.Result.rank).verdict
        found.append((best.learned, time.perf_counter() - begin, best.counts, len(tried)))
    learned, seconds, counts, tried = zip(*found, strict=True)
    spread = f'{median(seconds):.2f} ({min(seconds):.2f} to {max(seconds):.2f})'
    reach = f'{median(counts):g} ({min(counts)} to {max(counts)})'
    starts_tried = f'{median(tried):g} (at most {max(tried)})'
    print(f'{name:16}{sum(learned):5} of {SEEDS}  {spread:28}{reach:34}{starts_tried}', flush=True)
    return {'name': name, 'learned': sum(learned), 'seconds': seconds, 'counts': counts, 'tried': tried}


def learned_networks(task: Task, training: Training):
    """The first LEARNED starts, from seed 1 on, that learn: seed and weights of each."""
    seed = 1
    for _ in range(LEARNED):
        tried, record = search(task, training, seed)
        while not results.learned(tried):
            seed += results.TRIES
            tried, record = search(task, training, seed)
        seed = tried[-1].seed + 1  # no start after the one that has learned was judged
        yield tried[-1].seed, record[-1].state


def automata() -> list[dict]:
    """Extract the automata of LEARNED networks that have learned, and count how many are right on 10,000 sequences.

    `true`: right at every determined symbol; `every`: also where the language leaves the next symbol open and the
    network guesses; `smallest`: the smallest automaton of the language.
    """
    rows = []
    for name, (_, task, training) in JUDGED.items():
        true = every = smallest = 0
        for seed, state in learned_networks(task, training):
            found = analysis.find(step.network(state), task.length, np.random.default_rng(seed))
            true += found.shares[0] == 1
            every += found.guesses[0] == 1
            smallest += automaton.same(found.states.automaton, found.language)
        rows.append({'name': name, 'true': true, 'every': every, 'smallest': smallest, 'of': LEARNED})
        agrees = f'with {true} at all determined steps of 10,000 sequences (with {every} at every step)'
        print(f'{name}: of {LEARNED} that have learned, the automaton agrees {agrees},', end=' ')
        print(f'and is the smallest for {smallest}', flush=True)
    return rows
