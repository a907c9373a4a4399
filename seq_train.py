"""Train a recurrent network to predict the symbols of a counting language.

python3 seq_train.py --lang anb2n                              SRN, 2 hidden units, 100,000 epochs: a second
python3 seq_train.py --lang anb2nc3n --model lstm --hid 3      LSTM: a few seconds
python3 seq_train.py --lang anb2n --restarts 20                20 starts on all cores; the best one is kept

prints every 1,000 epochs a fresh sequence and what the network makes of it (symbol read, hidden units, output
probabilities), writes <out_path>/<lang>_<model><hid>_<thousands of epochs>.pth every 10,000, and says at the end
whether the network has learned.
"""

import argparse
import os
import shlex
import sys
from dataclasses import fields

sys.path.append(os.path.dirname(os.path.abspath(__file__)))  # python3 -I, and PYTHONSAFEPATH, leave it out

from lab.common import cli, endings, files
from lab.seq import flags
from lab.seq.task import RECIPES, Task, Training


def parse(argv: list[str] | None) -> argparse.Namespace:
    """The flags; as `task` and `training` what they say of the network, its language and how it is trained."""
    parser = cli.Parser(__doc__, lab='lang length model hid optim lr mom init epoch out_path')
    add = parser.add_argument
    flags.add_network(parser)
    add('--optim', choices=['sgd', 'adam'], default=Training.optim, help='optimizer')
    add('--lr', type=cli.real(1e-9, 10), default=Training.lr, help='learning rate')
    add('--mom', type=cli.real(0, 0.9999), default=Training.mom, help='momentum of sgd')
    add('--init', type=cli.real(0, 100), default=Training.init, help="standard deviation of an srn's first weights")
    add('--epoch', type=cli.whole(0, 1_000_000), default=0, help='thousands of epochs; 0 = 100 (srn on anb2nc3n: 200)')
    add('--decay', type=cli.real(0, 1), default=Training.decay, help='weight decay')
    add('--clip', type=cli.real(0, 1e6), default=Training.clip, help='largest norm of the gradient; 0 = any')
    add('--schedule', choices=['constant', 'linear'], default='constant', help='linear: the learning rate falls to 0')
    grow = 'share of the run in which n grows from 1 to --length; 0 = none'
    add('--grow', type=cli.real(0, 1), default=Training.grow, help=grow)
    add('--recipe', choices=RECIPES, default='lab', help='other defaults: ' + '; '.join(map(describe, RECIPES)))
    add('--mix', action='store_true', help='every second thousand of epochs has a smaller largest n, drawn anew')
    add('--keep', choices=['last', 'best'], default=Training.keep, help='which checkpoint of a start is judged')
    add('--restarts', type=cli.whole(1, 10_000), default=1, help='starts, with seeds from --seed on; the best is kept')
    add('--engine', choices=['auto', 'kernel', 'torch'], default='auto', help='compiled, or PyTorch for any model')
    add('--no_cuda', action='store_true', help='--engine torch: restarts on the CPU')
    cli.add_seed(parser)
    parser.set_defaults(**RECIPES[parser.parse_args(argv).recipe])
    args = parser.parse_args(argv)
    if 'RANK' in os.environ and os.environ.get('WORLD_SIZE', '1') != '1':  # torchrun started several
        parser.error(
            'this script uses all cores by itself: start it with python3, not with torchrun; '
            'on several machines, type another --seed on each'
        )
    args.epoch = args.epoch or (200 if (args.lang, args.model) == ('anb2nc3n', 'srn') else Training.epoch)
    args.task = Task(args.lang, args.length, args.model, args.hid)
    args.training = Training(**{field.name: getattr(args, field.name) for field in fields(Training)})
    return args


def describe(recipe: str) -> str:
    """A recipe as the flags that it stands for."""
    words = ' '.join(f'--{name} {value}' for name, value in RECIPES[recipe].items()).replace(' True', '')
    return f'{recipe} = {words or "as below"}'


def show(task: Task, snapshot, folder: str):
    """Print a fresh sequence and what the network makes of it; every CHECKPOINT epochs write the network."""
    import numpy as np

    from lab.seq import results, student

    x, seq, target, state = snapshot.lang.get_sequence()
    hidden, output = student.read(task, snapshot.state, x)
    with np.printoptions(suppress=True, precision=2, sign=' '):
        snapshot.lang.print_outputs(snapshot.epoch, seq, state, hidden, target, output)
    if snapshot.epoch % results.CHECKPOINT == 0:
        save(task, snapshot, folder)


def save(task: Task, snapshot, folder: str) -> str:
    """Write the network; return the file's path."""
    from lab.common import checkpoint

    path = task.checkpoint(folder, snapshot.epoch // 1000)
    checkpoint.save(path, snapshot.state)
    return path


def main(argv: list[str] | None = None):
    args = parse(argv)
    task, training = args.task, args.training
    from lab.seq import results, starts

    device = cli.device(args.no_cuda) if args.engine == 'torch' else None
    files.prepare(args.out_path)
    seed = cli.seed_all(args.seed)
    engine = starts.choose_engine(args.engine, task)
    judge = results.judge_of(task, training.keep)

    with endings.Interrupt() as stop:
        if args.restarts == 1:
            record = []
            for snapshot in starts.train(starts.begin(task, training, engine, seed), stop):
                if snapshot is None:
                    raise endings.UserError(
                        f'training diverged: weights are NaN or infinite at epoch {len(record) * starts.REPORT}; '
                        f'try --clip 1, or --lr smaller than {training.lr:g}'
                    )
                show(task, snapshot, args.out_path)
                record.append(snapshot)
            found = [judge(seed, record)]
        else:
            many = [starts.begin(task, training, engine, seed + n) for n in range(args.restarts)]
            found, record = results.choose(many, starts.train_all(many, stop, device), judge)
            for snapshot in record:
                show(task, snapshot, args.out_path)
            if found:
                results.print_table(found)
        if found:
            best = max(found, key=results.Result.rank)
            if training.keep == 'best':
                print('\nbest checkpoint:', task.checkpoint(args.out_path, best.epoch // 1000), end='')
            typed = sys.argv[1:] if argv is None else argv
            more = ['python3', 'seq_train.py', *typed, '--restarts', str(max(20, 2 * args.restarts))]
            results.print_verdict(task, best.verdict, shlex.join(more))
            if stop:
                endings.note(f'stopped at epoch {snapshot.epoch}: {save(task, snapshot, args.out_path)}')
    stop.leave()


if __name__ == '__main__':
    main()
