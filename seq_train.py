"""Train a recurrent network to predict the symbols of a counting language.

python3 seq_train.py --lang anb2n                              SRN, 2 hidden units, 100,000 epochs: a second
python3 seq_train.py --lang anb2nc3n --model lstm --hid 3      LSTM: a few seconds
python3 seq_train.py --lang anb2n --restarts 20                20 starts on all cores; the best one is kept

prints every 1,000 epochs what the network makes of a fresh sequence (symbol read, hidden units, output probabilities),
writes <out_path>/<lang>_<model><hid>_<thousands of epochs>.pth every 10,000, and says whether it has learned.
"""

import argparse
import functools
import os
import shlex
import sys

import numpy as np
import torch

from lab.common import checkpoint, cli, endings, files, processes, processes_end
from lab.seq import flags as seq_flags
from lab.seq import verdict as seq_verdict
from lab.seq.starts import Result, Snapshot, begin, choose_engine, language, read, spread, train
from lab.seq.task import Task

RECIPES = {  # the README has the shares of starts that learn with each, and how they were measured
    'lab': {},
    'sure': {'optim': 'adam', 'lr': 0.01, 'schedule': 'linear', 'clip': 0.3, 'grow': 0.5},
    'far': {
        'length': 10,
        'hid': 6,
        'optim': 'adam',
        'lr': 0.03,
        'decay': 0,
        'schedule': 'linear',
        'clip': 1,
        'grow': 0.5,
        'mix': True,
        'keep': 'best',
    },
}
CHECKPOINT = 10_000  # epochs between two files
FRESH_SEED = 2**40  # of the sequences that judge; --seed is smaller


def describe(recipe: str) -> str:
    """A recipe as the flags that it stands for."""
    flags = ' '.join(f'--{name} {value}' for name, value in RECIPES[recipe].items()).replace(' True', '')
    return f'{recipe} = {flags or "as below"}'


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = cli.Parser(__doc__.splitlines()[0])
    add = parser.add_argument
    seq_flags.add_network(parser)
    add('--optim', choices=['sgd', 'adam'], default='sgd', help='optimiser')
    add('--lr', type=cli.real(1e-9, 10), default=0.005, help='learning rate')
    add('--mom', type=cli.real(0, 0.9999), default=0, help='momentum of sgd')
    add('--init', type=cli.real(0, 100), default=0.001, help='standard deviation of the first weights of an srn')
    add('--epoch', type=cli.whole(0, 1_000_000), default=0, help='thousands of epochs; 0 = 100 (srn on anb2nc3n: 200)')
    add('--decay', type=cli.real(0, 1), default=1e-4, help='weight decay')
    add('--clip', type=cli.real(0, 1e6), default=0, help='largest norm of the gradient; 0 = any')
    add('--schedule', choices=['constant', 'linear'], default='constant', help='learning rate: constant, or down to 0')
    add('--grow', type=cli.real(0, 1), default=0, help='share of the run in which n grows from 1 to --length; 0 = none')
    add('--recipe', choices=RECIPES, default='lab', help='other defaults: ' + '; '.join(map(describe, RECIPES)))
    add('--mix', action='store_true', help='every second thousand of epochs has a smaller largest n, drawn anew')
    add('--keep', choices=['last', 'best'], default='last', help='which checkpoint of a start is judged')
    add('--restarts', type=cli.whole(1, 10_000), default=1, help='starts, with seeds from --seed on; the best is kept')
    add('--engine', choices=['auto', 'kernel', 'torch'], default='auto', help='compiled, or PyTorch for any model')
    add('--no_cuda', action='store_true', help='--engine torch: restarts on the CPU')
    cli.add_seed(parser)
    parser.set_defaults(**RECIPES[parser.parse_args(argv).recipe])
    args = parser.parse_args(argv)
    args.task = Task(args.lang, args.length, args.model, args.hid)
    if args.restarts == 1 < processes.SIZE:
        parser.error('one start is the work of one process: add --restarts, or start it with python3, not torchrun')
    args.epoch = args.epoch or (200 if (args.lang, args.model) == ('anb2nc3n', 'srn') else 100)
    return args


def show(args: argparse.Namespace, snapshot: Snapshot):
    """Print a fresh sequence and what the network makes of it; every CHECKPOINT epochs write the network."""
    x, seq, target, state = snapshot.lang.get_sequence()
    hidden, output = read(args, snapshot.state, x)
    with np.printoptions(suppress=True, precision=2, sign=' '):
        snapshot.lang.print_outputs(snapshot.epoch, seq, state, hidden, target, output)
    if snapshot.epoch % CHECKPOINT == 0:
        save(args, snapshot)


def path(args: argparse.Namespace, epoch: int) -> str:
    return os.path.join(args.out_path, f'{args.task.stem}_{epoch // 1000}.pth')


def save(args: argparse.Namespace, snapshot: Snapshot) -> str:
    file = path(args, snapshot.epoch)
    checkpoint.save(file, snapshot.state)
    return file


def draw_examples(args: argparse.Namespace) -> seq_verdict.Examples:
    """The fresh sequences that judge, the same for every start."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(FRESH_SEED)
        return seq_verdict.draw(language(args))


def judge(args: argparse.Namespace, examples: seq_verdict.Examples, seed: int, record: list[Snapshot | None]) -> Result:
    """The verdict on a start: on its last snapshot, or with --keep best on the best of its checkpoints."""
    if record[-1] is None:
        return Result(seed, None, None)

    def verdict(state):
        return seq_verdict.judge(lambda x: read(args, state, x)[1], examples, seq_verdict.THRESHOLD[args.lang])

    earlier = [snapshot for snapshot in record[1:-1] if args.keep == 'best' and snapshot.epoch % CHECKPOINT == 0]
    return max((Result(seed, verdict(state), epoch) for epoch, state, _ in [record[-1], *earlier]), key=Result.rank)


def print_verdict(args: argparse.Namespace, result: Result, retry: str):
    """Say whether the network has learned, and if not, what to type."""
    verdict = result.verdict
    if args.keep == 'best':
        print(f'\nbest checkpoint: {path(args, result.epoch)}', end='')
    print(f'\nevaluation on {seq_verdict.SEQUENCES} fresh sequences:')
    print(f' mean loss: {verdict.loss:.4f} (learned: under {seq_verdict.THRESHOLD[args.lang]})')
    print(f' sequences under it: {verdict.below:.1%}')
    print(f' determined symbols right: {verdict.right:.2%}')
    print(f' counts up to n = {verdict.counts} (trained on n up to {args.task.length})')
    print(' learned: yes' if verdict.learned else f' learned: no; try: {retry}')


def print_table(results: list[Result]):
    """A line for each start, and the share that learned."""
    print('\n      seed    loss   below   right  counts  learned')
    for seed, verdict, _ in results:
        if verdict is None:
            print(f'{seed:10d}  diverged')
        else:
            print(
                f'{seed:10d}  {verdict.loss:.4f} {verdict.below:7.1%} {verdict.right:7.2%}  {verdict.counts:6d}  '
                f'{"yes" if verdict.learned else "no"}'
            )
    good = learned(results)
    low, high = seq_verdict.interval(good, len(results))
    print(f'learned: {good} of {len(results)} ({good / len(results):.1%}; 95% interval {low:.0%} to {high:.0%})')


def learned(results: list[Result]) -> int:
    return sum(verdict is not None and verdict.learned for _, verdict, _ in results)


def again(args: argparse.Namespace, typed: list[str]) -> str:
    """The command to type after a start that has not learned."""
    return shlex.join(['python3', 'seq_train.py', *typed, '--restarts', str(max(20, 2 * args.restarts))])


def progress(results: list[Result], total: int):
    """Tell on standard error how many starts are done: always on a terminal, else ten times."""
    text = f'{len(results)} of {total} starts done, {learned(results)} learned'
    if sys.stderr.isatty():
        print(f'\r{text}', end='\n' if len(results) == total else '', file=sys.stderr, flush=True)
    elif len(results) * 10 // total > (len(results) - 1) * 10 // total:
        endings.note(text)


def prepare(args: argparse.Namespace) -> int:
    """See to it that the folder can be written; return the run's seed."""
    files.prepare(args.out_path)
    return cli.draw_seed() if args.seed is None else args.seed


def main(argv: list[str] | None = None):
    processes_end.start()
    args = parse(argv)
    processes.join(args, cli.device(args.no_cuda) if args.engine == 'torch' else torch.device('cpu'))
    seed = cli.seed_all(processes.given(lambda: prepare(args)))
    processes_end.advise(f'{processes_end.AGAIN}, with --seed {seed} for the same starts')
    with processes.in_turn():
        engine = choose_engine(args)
    judged = functools.partial(judge, args, draw_examples(args))

    with processes.interrupt() as stop:
        if args.restarts == 1:
            best = []
            for snapshot in train(args, begin(args, engine, seed), stop):
                show(args, snapshot)
                best.append(snapshot)
            results = [judged(seed, best)]
        else:
            results, best = spread(args, engine, seed, stop, judged, lambda found: progress(found, args.restarts))
            if results and processes.RANK == 0:
                for snapshot in best:
                    show(args, snapshot)
                print_table(results)
        if results and processes.RANK == 0:
            typed = sys.argv[1:] if argv is None else argv
            print_verdict(args, max(results, key=Result.rank), again(args, typed))
            if stop:
                endings.note(f'stopped at epoch {snapshot.epoch}: {save(args, snapshot)}')
    stop.leave()


if __name__ == '__main__':
    main()
