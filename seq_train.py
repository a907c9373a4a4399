"""Train a recurrent network to predict the symbols of a counting language.

python3 seq_train.py --lang anb2n                              SRN, 2 hidden units, 100,000 epochs: a second
python3 seq_train.py --lang anb2nc3n --model lstm --hid 3      LSTM: a few seconds
python3 seq_train.py --lang anb2n --restarts 20                20 starts on all cores; the best one is kept

prints every 1,000 epochs what the network makes of a fresh sequence (symbol read, hidden units, output probabilities),
writes <out_path>/<lang>_<model><hid>_<thousands of epochs>.pth every 10,000, and says whether it has learned.
"""

import argparse
import os
import shlex
import sys

import cli

import numpy as np
import torch

import checkpoint
import seq_verdict
from seq_starts import (
    CLASSES,
    MODELS,
    Result,
    Snapshot,
    begin,
    choose_best,
    choose_engine,
    language,
    read,
    records,
    train,
)

RECIPES = {  # the README has the shares of starts that learn with each, and how they were measured
    'lab': {},
    'sure': {'optim': 'adam', 'lr': 0.01, 'schedule': 'linear', 'clip': 0.3, 'grow': 0.5},
    'far': {
        'length': 10,
        'hid': 10,
        'optim': 'adam',
        'lr': 0.03,
        'decay': 0,
        'schedule': 'linear',
        'clip': 1,
        'grow': 0.3,
        'mix': True,
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
    add('--lang', choices=CLASSES, default='anb2n', help='language')
    add('--length', type=cli.whole(0, 100), default=0, help="most A's in a block; 0 = 4")
    add('--model', choices=MODELS, default='srn', help='network')
    add('--hid', type=cli.whole(0, 100), default=0, help='hidden units; 0 = 2 (on anb2nc3n: lstm 3, srn 4)')
    add('--optim', choices=['sgd', 'adam'], default='sgd', help='optimiser')
    add('--lr', type=cli.real(1e-9, 10), default=0.005, help='learning rate')
    add('--mom', type=cli.real(0, 0.9999), default=0, help='momentum of sgd')
    add('--init', type=cli.real(0, 100), default=0.001, help='standard deviation of the first weights of an srn')
    add('--epoch', type=cli.whole(0, 1_000_000), default=0, help='thousands of epochs; 0 = 100 (srn on anb2nc3n: 200)')
    add('--out_path', type=cli.folder, default='net', help='folder of the checkpoints')
    add('--decay', type=cli.real(0, 1), default=1e-4, help='weight decay')
    add('--clip', type=cli.real(0, 1e6), default=0, help='largest norm of the gradient; 0 = any')
    add('--schedule', choices=['constant', 'linear'], default='constant', help='learning rate: constant, or down to 0')
    add('--grow', type=cli.real(0, 1), default=0, help='share of the run in which n grows from 1 to --length; 0 = none')
    add('--recipe', choices=RECIPES, default='lab', help='other defaults: ' + '; '.join(map(describe, RECIPES)))
    add('--mix', action='store_true', help='every second thousand of epochs has a smaller largest n, drawn anew')
    add('--restarts', type=cli.whole(1, 10_000), default=1, help='starts, with seeds from --seed on; the best is kept')
    add('--engine', choices=['auto', 'kernel', 'torch'], default='auto', help='compiled, or PyTorch for any model')
    add('--no_cuda', action='store_true', help='--engine torch: restarts on the CPU')
    cli.add_seed(parser)
    parser.set_defaults(**RECIPES[parser.parse_args(argv).recipe])
    args = parser.parse_args(argv)
    args.length = args.length or 4
    args.hid = args.hid or (2 if args.lang == 'anb2n' else {'lstm': 3, 'srn': 4}[args.model])
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


def save(args: argparse.Namespace, snapshot: Snapshot) -> str:
    path = os.path.join(args.out_path, f'{args.lang}_{args.model}{args.hid}_{snapshot.epoch // 1000}.pth')
    checkpoint.save(path, snapshot.state)
    return path


def draw_examples(args: argparse.Namespace) -> seq_verdict.Examples:
    """The fresh sequences that judge, the same for every start."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(FRESH_SEED)
        return seq_verdict.draw(language(args))


def print_verdict(args: argparse.Namespace, verdict: seq_verdict.Verdict, retry: str):
    """Say whether the network has learned, and if not, what to type."""
    print(f'\nevaluation on {seq_verdict.SEQUENCES} fresh sequences:')
    print(f' mean loss: {verdict.loss:.4f} (learned: under {seq_verdict.THRESHOLD[args.lang]})')
    print(f' sequences under it: {verdict.below:.1%}')
    print(f' determined symbols right: {verdict.right:.2%}')
    print(f' counts up to n = {verdict.counts} (trained on n up to {args.length})')
    print(' learned: yes' if verdict.learned else f' learned: no; try: {retry}')


def print_table(results: list[Result]):
    """A line for each start, and the share that learned."""
    print('\n      seed    loss   below   right  counts  learned')
    for seed, verdict in results:
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
    return sum(verdict is not None and verdict.learned for _, verdict in results)


def again(args: argparse.Namespace, typed: list[str]) -> str:
    """The command to type after a start that has not learned."""
    return shlex.join(['python3', 'seq_train.py', *typed, '--restarts', str(max(20, 2 * args.restarts))])


def progress(results: list[Result], total: int):
    """Tell on standard error how many starts are done: always on a terminal, else ten times."""
    text = f'{len(results)} of {total} starts done, {learned(results)} learned'
    if sys.stderr.isatty():
        print(f'\r{text}', end='\n' if len(results) == total else '', file=sys.stderr, flush=True)
    elif len(results) * 10 // total > (len(results) - 1) * 10 // total:
        cli.note(text)


def main(argv: list[str] | None = None):
    args = parse(argv)
    os.makedirs(args.out_path, exist_ok=True)
    if not os.access(args.out_path, os.W_OK):
        raise cli.UserError(f'--out_path {args.out_path}: the folder cannot be written')
    seed = cli.seed_all(args.seed)
    engine, examples = choose_engine(args), draw_examples(args)

    def judge(snapshot):
        threshold = seq_verdict.THRESHOLD[args.lang]
        return seq_verdict.judge(lambda x: read(args, snapshot.state, x)[1], examples, threshold)

    with cli.Interrupt() as stop:
        starts = [begin(args, engine, seed + n) for n in range(args.restarts)]
        if args.restarts == 1:
            for snapshot in train(args, starts[0], stop):
                show(args, snapshot)
            results = [Result(seed, judge(snapshot))]
        else:
            results, best = choose_best(starts, records(args, starts, stop), judge, progress)
            for snapshot in best:
                show(args, snapshot)
            if results:
                print_table(results)
        if results:
            typed = sys.argv[1:] if argv is None else argv
            print_verdict(args, max(results, key=Result.rank).verdict, again(args, typed))
        if stop and results:
            cli.note(f'stopped at epoch {snapshot.epoch}: {save(args, snapshot)}')
    stop.leave()


if __name__ == '__main__':
    main()
