"""Train a recurrent network to predict the symbols of a counting language.

python3 seq_train.py --lang anb2n                              SRN, 2 hidden units: starts until one has learned
python3 seq_train.py --lang anb2nc3n --model lstm --hid 3      LSTM: a few seconds
python3 seq_train.py --lang anb2n --restarts 1                 the lab's run: one start, shown while it trains
python3 seq_train.py --lang anb2n --restarts 20                a table of 20 starts; the best one is kept

prints every 1,000 epochs a fresh sequence and what the network makes of it (symbol read, hidden units, output
probabilities), writes <out_path>/<lang>_<model><hid>_<thousands of epochs>.pth every 10,000, and says at the end
whether the network has learned.
"""

import argparse
import functools
import itertools
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # also with python3 -I: our lab, our kuzu

from lab.common import cli, files
from lab.common.errors import UserError, note
from lab.common.run import Interrupt, loaded, run
from lab.seq.task import MOST_EPOCHS, MOST_STARTS, RECIPES, SRN_INIT, Task, Training, add_network


def parse(argv: list[str] | None) -> argparse.Namespace:
    """The flags; as `task` and `training` what they say of the network, its language and how it is trained."""
    parser = cli.Parser(__doc__, lab='lang length model hid optim lr mom init epoch out_path')
    add = parser.add_argument
    add_network(parser)
    add('--optim', choices=['sgd', 'adam'], default=Training.optim, help='optimizer')
    add('--lr', type=cli.real(1e-9, 10), default=Training.lr, help='learning rate')
    add('--mom', type=cli.real(0, 0.9999), default=Training.mom, help='momentum of sgd')
    init = f'standard deviation of the first weights (default: srn {SRN_INIT}; lstm: as its class draws them)'
    add('--init', type=cli.real(0, 100), help=init)
    add(
        '--epoch', type=cli.whole(0, MOST_EPOCHS), default=0, help='thousands of epochs; 0 = 100 (srn on anb2nc3n: 200)'
    )
    add('--decay', type=cli.real(0, 1), default=Training.decay, help='weight decay')
    add('--clip', type=cli.real(0, 1e6), default=Training.clip, help='largest norm of the gradient; 0 = any')
    add('--schedule', choices=['constant', 'linear'], default='constant', help='linear: the learning rate falls to 0')
    grow = 'share of the run in which n grows from 1 to --length; 0 = none'
    add('--grow', type=cli.real(0, 1), default=Training.grow, help=grow)
    usual = 'default: lab; hard for an srn on anb2nc3n without --restarts'
    add('--recipe', choices=RECIPES, help='other defaults: ' + '; '.join([*map(as_flags, RECIPES), usual]))
    mix = 'share of the epochs (0 to 1) that are trained on shorter blocks; without a number: 0.5'
    add('--mix', nargs='?', type=cli.real(0, 1), const=0.5, default=Training.mix, metavar='SHARE', help=mix)
    saturate = 'lstm: pressure on the gates to be open or shut, from half the run on; then they are rounded'
    add('--saturate', type=cli.real(0, 1000), default=Training.saturate, metavar='LAMBDA', help=saturate)
    restarts = 'starts, with seeds from --seed on; default: until one has learned'
    add('--restarts', type=cli.whole(1, MOST_STARTS), help=restarts)
    add('--engine', choices=['auto', 'kernel', 'torch'], default='auto', help='compiled, or PyTorch for any model')
    add('--no_cuda', action='store_true', help='--engine torch: on the CPU')
    cli.add_seed(parser)
    args = parser.parse_args(argv)
    # With the lab's settings an srn rarely learns anb2nc3n: a search for one that learns takes the recipe hard
    hard = Task(args.lang, model=args.model).hard and not args.recipe and args.restarts is None
    recipe = 'hard' if hard else args.recipe or 'lab'
    parser.set_defaults(recipe=recipe, recipe_is_ours=hard, **RECIPES[recipe])
    args = parser.parse_args(argv)  # again: what is not given is now the recipe's
    args.task = Task(args.lang, args.length, args.model, args.hid)
    if args.saturate and args.model == 'srn':
        parser.error('--saturate: an srn has no gates; use it with --model lstm')
    args.epoch = args.epoch or args.task.epochs
    args.training = Training(**{name: getattr(args, name) for name in Training.__dataclass_fields__})
    return args


def as_flags(recipe: str) -> str:
    """A recipe as the flags that it stands for."""
    words = [f'--{name} {value}' for name, value in RECIPES[recipe].items()]
    return f'{recipe} = {" ".join(words) or "as below"}'


def show(task: Task, snapshot, folder: str):
    """Print a sequence and what the network makes of it; every CHECKPOINT epochs write the network."""
    import numpy as np

    from lab.seq import results, student

    x, seq, target, state = snapshot.sequence[:4]
    hidden, output = student.outputs_of(task, snapshot.state, x)
    with np.printoptions(suppress=True, precision=2, sign=' '):
        snapshot.lang.print_outputs(snapshot.epoch, seq, state, hidden, target, output)
    if snapshot.epoch % results.CHECKPOINT == 0:
        files.write_tensors(task.checkpoint(folder, snapshot.epoch // 1000), snapshot.state)


def main(argv: list[str] | None = None):
    args = parse(argv)
    task, training = args.task, args.training
    import torch

    from lab.seq import results, starts

    files.prepare(args.out_path)
    seed = cli.seed_all(args.seed)
    if args.recipe_is_ours:
        note('recipe: hard, because with --recipe lab only one of ten srn starts learns anb2nc3n')
    torch.set_num_threads(1)  # the matrices are small: a second thread would only take a core from another start
    engine = starts.choose_engine(args.engine, task)
    device = cli.device(args.no_cuda) if args.engine == 'torch' else None
    if args.restarts is None and starts.is_long(task, training, engine):
        note('a start takes minutes here: training one, live, and not until one learns (--restarts 20 trains 20)')
        args.restarts = 1
    judge = functools.partial(results.judge, task)
    seeds = [(seed + number) % cli.SEEDS for number in range(args.restarts or results.TRIES)]
    many = (starts.begin(task, training, each, device) for each in seeds)
    loaded()

    with Interrupt() as stop:
        if args.restarts == 1:  # the lab's run
            [start] = many
            trainer, record = engine.Trainer([start.model], training), []
            for part in starts.plan(task, training, [start.lang]):
                # As lab/seq/plain.py shows: forward, loss, backward, step, for each of the next part.count sequences
                trainer.run([start.lang], part, stop.__bool__)
                epoch = part.epoch
                if stop and epoch:  # the first weights are always shown and saved
                    break
                if epoch % starts.REPORT == 0:
                    [snapshot] = starts.take([start], trainer, epoch)
                    if snapshot is None:
                        tip = f'try --clip 1, or --lr smaller than {training.lr:g}' if epoch else 'look at forward()'
                        raise UserError(f'training diverged: weights are NaN or infinite at epoch {epoch}; {tip}')
                    record.append(snapshot)
                    show(task, snapshot, args.out_path)
            found = [judge(seed, record)]
        else:
            records = starts.train_all(many, engine, stop.__bool__)
            found, record = results.choose(seeds, records, judge, first=args.restarts is None)
            for snapshot in record:  # of the best start
                show(task, snapshot, args.out_path)
            if found and args.restarts:
                results.print_table(found)
        if found:
            finish(args, found, record, sys.argv[1:] if argv is None else argv, stop)
    stop.leave()


def retry(args: argparse.Namespace, typed: list[str]) -> str:
    """The command to try where none has learned: that which was typed, with other flags."""
    from lab.seq import results

    typed = list(typed)
    better = results.advice(args.task, args.training, args.recipe, args.restarts)
    for flag in filter(typed.__contains__, better):
        at = typed.index(flag)
        del typed[at : at + 2]
    return cli.typed(['seq_train.py', *typed, *itertools.chain(*better.items())])


def finish(args: argparse.Namespace, found: list, record: list, typed: list[str], stop: Interrupt):
    """Print the verdict on the best start, write its network if that is not on disk yet, and say what was tried."""
    from lab.seq import origin, results

    task, last = args.task, record[-1]
    best = max(found, key=results.Result.rank)
    results.print_verdict(task, best.verdict, retry(args, typed))
    if last.epoch % results.CHECKPOINT:
        files.write_tensors(task.checkpoint(args.out_path, last.epoch // 1000), last.state)
    which = f'seed {best.seed} has learned' if best.verdict.learned else f'none has learned; best: seed {best.seed}'
    tried = f'{len(found)} start{"s" * (len(found) > 1)} tried: {which}'
    if args.restarts is None:
        alone = f'--restarts 1 --seed {best.seed}' + ' --recipe hard' * args.recipe_is_ours
        note(f'{tried} (to train it alone: {alone})')
    if not stop:
        run_of = {'seed': found[0].seed, 'restarts': args.restarts, 'engine': args.engine, 'tried': tried}
        written = [each for each in record if each.epoch % results.CHECKPOINT == 0 or each is last]
        states = {each.epoch // 1000: each.state for each in written}
        origin.write(task, args.training, args.out_path, states, run_of)
    if stop:
        note(f'stopped at epoch {last.epoch}: {task.checkpoint(args.out_path, last.epoch // 1000)}')


if __name__ == '__main__':
    run(main)
