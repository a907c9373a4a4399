"""Part 3 beside its classic loop: the lab's training commands, how the cost grows, and how true the automata are."""

from collections.abc import Callable

import numpy as np
import torch

import seq_train
from lab.bench.measure import call_cost, compare, grow
from lab.common.compiling import compiled
from lab.common.endings import Interrupt
from lab.insight import analysis, automaton
from lab.insight.step import network
from lab.seq import gradient
from lab.seq import kernel as seq_kernel
from lab.seq import starts as seq_starts

EPOCHS = 1000  # of a round: those between two blocks of the transcript
ROUNDS = 5
COMMANDS = {'SRN, 2 units': '', 'LSTM, 3 units': '--lang anb2nc3n --model lstm'}  # the lab's two
SIZES = {
    'epochs': (1000, 2000, 4000, 8000, 16_000),
    'hidden units': (2, 4, 8, 16, 32, 64),
    'length n': (4, 8, 16, 32, 64, 100),
    'restarts': (1, 2, 4, 8, 16, 32, 64),
}
GPU_RESTARTS = 1, 16, 256, 4096
LEARNED = 50  # networks whose automata are judged


@compiled(**gradient.OPTIONS)
def chain(x, y, times):
    """One tanh after the other, each of the one before, as a recurrent network has to."""
    for _ in range(times):
        for n in range(len(x)):
            y[0] = gradient.tanh(x[n] + y[0])


def epochs(args, engine, count: int) -> Callable[[], None]:
    """A function that trains a fresh start for so many epochs, each time it is called for as many more."""
    start = seq_starts.begin(args, engine, seed=0)
    start.trainer.run(start.lang, 1, args.lr)  # the first call compiles, or loads what was compiled
    return lambda: start.trainer.run(start.lang, count, args.lr)


def waits(args) -> float:
    """In EPOCHS epochs, exponentials that cannot begin before another has ended: the tanh of each step of an SRN, of an
    LSTM a gate and the tanh of the cell. All others can be done meanwhile."""
    classes = args.task.classes
    steps = 5 * (1 + args.task.length) / 2 * classes * (classes + 1) / 2  # in a sequence, on average
    return EPOCHS * steps * (2 if args.model == 'lstm' else 1)


def race() -> list[dict]:
    """1,000 epochs of the lab's two training commands."""
    rows, wait = [], call_cost(chain)
    for name, flags in COMMANDS.items():
        args = seq_train.parse(flags.split())
        classic, suite = (epochs(args, engine, EPOCHS) for engine in (seq_starts.classic, seq_kernel))
        rows.append(compare(name, f'{EPOCHS} epochs', classic, suite, ROUNDS, lambda: wait * waits(args)))  # noqa: B023
    return rows


def growth() -> list[dict]:
    """The lab's two commands by epochs, hidden units, longest block, and restarts on all cores (1,000 epochs each)."""
    rows = []
    for name, flags in COMMANDS.items():
        base = flags.split()

        def kernel(*more, count=EPOCHS, base=base):
            return epochs(seq_train.parse([*base, *more]), seq_kernel, count)

        makers = {
            'epochs': lambda size: kernel(count=size),
            'hidden units': lambda size: kernel('--hid', str(size)),
            'length n': lambda size: kernel('--length', str(size)),
            'restarts': lambda size: restarts([*base, '--epoch', '1'], size),  # noqa: B023 called in this round
        }
        for by, make in makers.items():
            rows.append(grow(name, by, {size: make(size) for size in SIZES[by]}))
        if torch.cuda.is_available():
            batch = [*base, '--epoch', '1', '--engine', 'torch']
            rows.append(grow(f'{name}, GPU', 'restarts', {size: restarts(batch, size) for size in GPU_RESTARTS}))
    return rows


def restarts(flags: list[str], count: int) -> Callable[[], None]:
    """A function that trains so many starts on all cores, or on the GPU as one batch."""
    args = seq_train.parse(flags)
    engine = seq_starts.choose_engine(args)

    def run():
        starts = [seq_starts.begin(args, engine, seed) for seed in range(count)]
        for _ in seq_starts.records(args, starts, Interrupt()):
            pass

    return run


def learned(args) -> list[tuple[int, dict[str, torch.Tensor]]]:
    """The first LEARNED starts, from seed 1 on, that learn: seed and weights."""
    examples = seq_train.draw_examples(args)
    found, seed = [], 1
    while len(found) < LEARNED:
        starts = [seq_starts.begin(args, seq_kernel, seed + n) for n in range(LEARNED)]
        for start, record in zip(starts, seq_starts.records(args, starts, Interrupt()), strict=True):
            verdict = seq_train.judge(args, examples, start.seed, record).verdict
            if verdict and verdict.learned:
                found.append((start.seed, record[-1].state))
        seed += LEARNED
    return found[:LEARNED]


def automata() -> list[dict]:
    """Of 50 networks that have learned, how many automata agree with theirs on 10,000 fresh sequences, how many also in
    what the network guesses where the language leaves the next symbol open, and how many are the smallest."""
    rows = []
    for name, flags in COMMANDS.items():
        args = seq_train.parse(flags.split())
        true, every, smallest = [], [], []
        for seed, state in learned(args):
            net = network({key: value.numpy() for key, value in state.items()})
            found = analysis.find(net, args.task.length, np.random.default_rng(seed))
            true.append(found.shares[0] == 1)
            every.append(found.guesses[0] == 1)
            smallest.append(automaton.same(found.states.automaton, found.language))
        rows.append({'name': name, 'true': sum(true), 'every': sum(every), 'smallest': sum(smallest), 'of': LEARNED})
        print(
            f'{name}: of {LEARNED} networks that have learned, the automaton agrees with {sum(true)} at all determined '
            f'steps of 10,000 sequences (with {sum(every)} at every step), and is the smallest for {sum(smallest)}',
            flush=True,
        )
    return rows
