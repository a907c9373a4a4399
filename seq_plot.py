"""Look into a trained network: the lab's pictures, the finite automaton behind its predictions, and how it counts.

python3 seq_plot.py --lang anb2n --epoch 100
python3 seq_plot.py --lang anb2nc3n --model lstm --epoch 50
python3 seq_plot.py --lang anb2nc3n --model lstm --epoch 50 --cell     prints the cell states, too
python3 seq_plot.py --lang anb2n --epoch 100 --details                 prints all that was found out
python3 seq_plot.py --lang anb2nc3n --model lstm --set_weights         no training: weights made by hand (seq_models.py)

prints the weights, --num_plot sequences with hidden units and output probabilities, then whether the network has
learned, how it counts, and the automaton that does what it does; draws <plot_path>/<lang>_<model><hid>_*.jpg.
"""

import argparse
import glob
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # also with python3 -I: our lab, our kuzu

from lab.common import cli, files, picture
from lab.common.errors import UserError, note
from lab.common.run import loaded, run
from lab.seq.task import Task, add_network


def parse(argv: list[str] | None) -> argparse.Namespace:
    """The flags, and as `task` the network and the language that they name."""
    parser = cli.Parser(__doc__, lab='lang length model hid epoch num_plot')
    add = parser.add_argument
    add_network(parser)
    add('--epoch', type=cli.whole(0, 1_000_000), default=100, help='thousands of epochs that it was trained')
    add('--set_weights', action='store_true', help='no checkpoint: show a network made by hand, of seq_models.py')
    add('--design', help="which hand-made weights (default: the first ones of the network's size)")
    add('--num_plot', type=cli.whole(1, 1000), default=10, help='sequences to print and to plot')
    add('--cell', action='store_true', help='lstm: print and plot the cell states, too')
    plane = 'lstm: show states in the plane of cells (default) or of hidden units'
    add('--plane', choices=('cell', 'unit'), help=plane)
    add('--plot_path', type=cli.folder, default='plot', help='folder of the pictures')
    add('--details', action='store_true', help='print all that was found out, not only what matters most')
    cli.add_seed(parser)
    args = parser.parse_args(argv)
    args.task = Task(args.lang, args.length, args.model, args.hid)
    if args.cell and args.model != 'lstm':
        parser.error('--cell: an srn has no cells; use it with --model lstm')
    if args.plane and args.model != 'lstm':
        parser.error('--plane: an srn has hidden units only; use it with --model lstm')
    if args.design and not args.set_weights:
        parser.error('--design has no effect without --set_weights')
    return args


def checkpoint_path(task: Task, folder: str, epoch: int) -> str:
    """The file of the network after `epoch` thousand epochs. If it is missing, UserError says which there are."""
    path = task.checkpoint(folder, epoch)
    if os.path.isfile(path):
        return path
    names = '\n'.join(glob.glob('*.pth', root_dir=folder))
    there = re.findall(r'^(anb2n(?:c3n)?_(?:srn|lstm)\d+)_(\d+)\.pth$', names, re.MULTILINE)
    epochs = sorted(int(epoch) for stem, epoch in there if stem == task.stem)
    others = sorted({stem for stem, _ in there})
    there_is = f'python3 seq_train.py --lang {task.lang} --model {task.model} --hid {task.hid} makes some'
    if epochs:
        there_is = f'of {task.stem} there is --epoch {", ".join(map(str, epochs))}'
    elif others:
        there_is = f'there are only {", ".join(others)} in {folder}; {there_is}'
    raise UserError(f'no checkpoint {path}; {there_is}')


def main(argv: list[str] | None = None):
    args = parse(argv)
    task = args.task
    path = None if args.set_weights else checkpoint_path(task, args.out_path, args.epoch)
    stem = os.path.join(args.plot_path, f'{task.stem}_hand' if args.set_weights else task.stem)
    files.prepare(args.plot_path)

    with picture.painter('lab.insight.drawn.pictures') as painter:
        import torch  # slow, so not before the flags are read

        from lab.insight.found import analysis, step
        from lab.insight.said import words
        from lab.insight.said.transcript import print_sequences
        from lab.seq import results, student

        model = student.new_network(task)
        if args.set_weights:
            student.set_weights(model, task, args.design)
        else:
            files.load_into(model, path)
        cli.seed_all(args.seed)
        torch.set_num_threads(1)  # the matrices are small, and the other process draws
        loaded()

        net = step.of_model(model, task.classes)  # None where the model does not compute what the lab's do
        seen = print_sequences(model, net, student.new_language(task), args.num_plot, args.cell)
        note('drawing hidden units')
        for text in seen.left_out():
            note(text)
        start = net.start if net and task.model == 'srn' else None
        names_of_units = painter.submit('draw_units', stem, seen, task.length, start, title(args))
        found = net and analysis.analyse(net, task.length, judged=results.verdict_of(task, model.state_dict()))
        names = names_of_units()
        if found:
            print(*words.lines(found, not args.set_weights, args.details), sep='\n')
            note('drawing what was found')
            weights = {name: value.numpy() for name, value in model.state_dict().items()}
            cells = args.plane != 'unit'
            names += painter.call('draw_analysis', stem, weights, found._replace(net=None), cells, title(args))
        else:
            theirs = type(model).__name__
            note(f'nothing more is found out: the {theirs} in seq_models.py is not the network of the lab')
    note(f'pictures {stem}_*.jpg: {", ".join(names)}')
    picture.show()


def title(args: argparse.Namespace) -> str:
    """Of the pictures: the language, the network, and how long it was trained."""
    task = args.task
    units = '1 hidden unit' if task.hid == 1 else f'{task.hid} hidden units'
    origin = 'made by hand' if args.set_weights else f'epoch {1000 * args.epoch:,}'
    return f'{task.lang}, {task.model.upper()} with {units}, {origin}'


if __name__ == '__main__':
    run(main)
