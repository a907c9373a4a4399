"""Part 3 beside its classic loop; how the cost grows; how often an automaton agrees with its network."""

import time
from collections.abc import Callable
from dataclasses import replace
from statistics import median
from types import ModuleType

import numpy as np
import torch

from lab.bench.measure import call_cost, compare, grow
from lab.common import cli
from lab.common.compiling import compiled
from lab.common.run import Interrupt
from lab.insight import analysis, automaton
from lab.insight.step import network
from lab.seq import classic, gradient, kernel, results, starts, student
from lab.seq.task import RECIPES, Task, Training

EPOCHS = 1000  # of a round: those between two blocks of the transcript
ROUNDS = 5
TASKS = {'SRN, 2 units': Task(), 'LSTM, 3 units': Task('anb2nc3n', model='lstm')}  # the lab's two commands
TRAINING = Training()
SIZES = {
    'epochs': (1000, 2000, 4000, 8000, 16_000),
    'hidden units': (2, 4, 8, 16, 32, 64),
    'length n': (4, 8, 16, 32, 64, 100),
    'restarts': (1, 2, 4, 8, 16, 32, 64),
}
GPU_RESTARTS = 1, 16, 256, 4096
SEEDS = 100  # searches for a start that learns
PAIRS = [  # each with the settings of the default command
    ('SRN 2, anb2n', Task(), Training()),
    ('LSTM 2, anb2n', Task(model='lstm'), Training()),
    ('LSTM 3, anb2nc3n', Task('anb2nc3n', model='lstm'), Training()),
    ('SRN 4, anb2nc3n', Task('anb2nc3n'), Training(**RECIPES['hard'])),
]
LEARNED = 50  # networks whose automata are judged


@compiled(**gradient.OPTIONS)
def chain(x, y, times):
    """One tanh after the other; each needs the result of the one before, as in a recurrent network."""
    for _ in range(times):
        for n in range(len(x)):
            y[0] = gradient.tanh(x[n] + y[0])


def epochs(task: Task, engine: ModuleType, count: int = EPOCHS) -> Callable[[], None]:
    """A function that trains a fresh start for so many epochs, each time it is called for as many more."""
    start = starts.begin(task, TRAINING, engine, seed=0)
    start.trainer.run(start.lang, 1, TRAINING.lr)  # the first call compiles, or loads what was compiled
    return lambda: start.trainer.run(start.lang, count, TRAINING.lr)


def waits(task: Task) -> float:
    """How many exponentials in EPOCHS epochs cannot begin before another one has ended.

    These are the tanh of each step of an SRN; in an LSTM a gate and the tanh of the cell. All others can be computed in
    the meantime.
    """
    steps = 5 * (1 + task.length) / 2 * task.classes * (task.classes + 1) / 2  # in a sequence, on average
    return EPOCHS * steps * (2 if task.model == 'lstm' else 1)


def race() -> list[dict]:
    """1,000 epochs of the lab's two training commands."""
    rows, wait = [], call_cost(chain)
    for name, task in TASKS.items():
        ways = epochs(task, classic), epochs(task, kernel)
        rows.append(compare(name, f'{EPOCHS} epochs', *ways, ROUNDS, lambda: wait * waits(task)))  # noqa: B023
    return rows


def growth() -> list[dict]:
    """The lab's two commands by epochs, hidden units, longest block, and restarts on all cores (1,000 epochs each)."""
    rows = []
    for name, task in TASKS.items():
        makers = {
            'epochs': lambda size, task=task: epochs(task, kernel, size),
            'hidden units': lambda size, task=task: epochs(replace(task, hid=size), kernel),
            'length n': lambda size, task=task: epochs(replace(task, length=size), kernel),
            'restarts': lambda size, task=task: restarts(task, kernel, size),
        }
        for by, make in makers.items():
            rows.append(grow(name, by, {size: make(size) for size in SIZES[by]}))
        if torch.cuda.is_available():
            runs = {size: restarts(task, classic, size, cli.device(no_cuda=False)) for size in GPU_RESTARTS}
            rows.append(grow(f'{name}, GPU', 'restarts', runs))
    return rows


def restarts(task: Task, engine: ModuleType, count: int, device: torch.device | None = None) -> Callable[[], None]:
    """A function that trains so many starts on all cores, or as one batch on `device`."""
    training = Training(epoch=1)

    def run():
        many = [starts.begin(task, training, engine, seed) for seed in range(count)]
        list(starts.train_all(many, Interrupt(), device))

    return run


def learned(task: Task) -> list[tuple[int, student.State]]:
    """The first LEARNED starts, from seed 1 on, that learn: seed and weights."""
    judge = results.judge_of(task, TRAINING.keep)
    found, seed = [], 1
    while len(found) < LEARNED:
        many = [starts.begin(task, TRAINING, kernel, seed + n) for n in range(LEARNED)]
        for start, record in zip(many, starts.train_all(many, Interrupt()), strict=True):
            verdict = judge(start.seed, record).verdict
            if verdict and verdict.learned:
                found.append((start.seed, record[-1].state))
        seed += LEARNED
    return found[:LEARNED]


def seeds() -> list[dict]:
    """How often the default command learns, for each pair of language and network: SEEDS searches each.

    The seeds are so far apart that no start belongs to two searches.
    """
    rows = []
    print(f'{"":16}{"learned":>12}  {"seconds, median (range)":28}{"counts up to n, median (range)":34}starts tried')
    for name, task, training in PAIRS:
        judge, found = results.judge_of(task, training.keep), []
        results.train(task, replace(training, epoch=1), kernel, [0], judge, Interrupt())  # compiles, or loads
        for seed in range(0, SEEDS * results.TRIES, results.TRIES):
            begun = time.perf_counter()
            tried, _ = results.train(
                task, training, kernel, range(seed, seed + results.TRIES), judge, Interrupt(), first=True
            )
            seconds = time.perf_counter() - begun
            best = max(tried, key=results.Result.rank).verdict
            found.append((best.learned, seconds, best.counts, len(tried)))
        learned, seconds, counts, tried = zip(*found, strict=True)
        row = {
            'name': name,
            'learned': sum(learned),
            'seeds': SEEDS,
            'seconds': seconds,
            'counts': counts,
            'tried': tried,
        }
        rows.append(row)
        spread = f'{median(seconds):.2f} ({min(seconds):.2f} to {max(seconds):.2f})'
        reach = f'{median(counts):g} ({min(counts)} to {max(counts)})'
        print(
            f'{name:16}{sum(learned):5} of {SEEDS}  {spread:28}{reach:34}{median(tried):g} (at most {max(tried)})',
            flush=True,
        )
    return rows


def automata() -> list[dict]:
    """Extract the automata of LEARNED networks that have learned, and count how many are right on 10,000 sequences.

    `true`: right at every determined symbol; `every`: also where the language leaves the next symbol open and the
    network guesses; `smallest`: the smallest automaton of the language.
    """
    rows = []
    for name, task in TASKS.items():
        true = every = smallest = 0
        for seed, state in learned(task):
            found = analysis.find(network(state), task.length, np.random.default_rng(seed))
            true += found.shares[0] == 1
            every += found.guesses[0] == 1
            smallest += automaton.same(found.states.automaton, found.language)
        rows.append({'name': name, 'true': true, 'every': every, 'smallest': smallest, 'of': LEARNED})
        print(
            f'{name}: of {LEARNED} networks that have learned, the automaton agrees with {true} at all determined '
            f'steps of 10,000 sequences (with {every} at every step), and is the smallest for {smallest}',
            flush=True,
        )
    return rows
