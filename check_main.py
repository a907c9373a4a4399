"""Part 2 of the lab: a two-layer perceptron on nine points, trained or with weights set by hand.

python3 check_main.py --act sig --hid 5                     train it
python3 check_main.py --act step --hid 4 --set_weights      the weights of check.py
python3 check_main.py --act sig --hid 4 --set_weights       the same times ten, with sigmoids
"""

import argparse
import functools

import numpy as np
import torch

import check
from check import MLP
from lab.check import lines
from lab.check import points as check_data
from lab.common import cli, endings, files

LARGEST_HID = 64  # a picture for each hidden unit


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = cli.Parser(__doc__.splitlines()[0])
    add = parser.add_argument
    add('--hid', type=cli.whole(1, LARGEST_HID), default=4, help='number of hidden units')
    add('--act', choices=['step', 'sig'], default='sig', help='activation of both layers')
    add('--init', type=cli.real(0, 100), default=0.15, help='standard deviation of the starting weights')
    add('--set_weights', action='store_true', help='do not train: set the hand-made weights of check.py')
    add('--lr', type=cli.real(1e-9, 10), default=0.001, help='learning rate of Adam')
    add('--epoch', type=cli.whole(1, 100_000_000), default=200_000, help='most epochs to train')
    add('--restarts', type=cli.whole(1, 1000), help='random starts trained side by side (default: 16)')
    add('--design', help='which hand-made weights (default: the ones with the widest margins)')
    add('--scale', type=cli.real(1e-3, 1e4), help='factor on hand-made weights with --act sig (default: 10)')
    add('--data', default=check_data.LAB, help='file of points: two inputs and a target 0 or 1')
    add('--plot_path', type=cli.folder, default='plot', help='folder for the pictures')
    cli.add_seed(parser)
    args = parser.parse_args(argv)
    if args.act == 'step' and not args.set_weights:
        parser.error('--act step has no gradient to train by: add --set_weights, or train with --act sig')
    for name in ('design', 'scale') if not args.set_weights else ('restarts',):
        if getattr(args, name) is not None:
            parser.error(f'--{name} has no effect {"with" if args.set_weights else "without"} --set_weights')
    return args


def set_weights(net: torch.nn.Module, args: argparse.Namespace):
    """Set the hand-made weights: with set_weights() alone, which every check.py has, unless our flags ask for more."""
    options = {'design': args.design, 'scale': args.scale}
    options = {name: value for name, value in options.items() if value is not None}
    if 'design' in options:
        designs = getattr(check, 'DESIGNS', None)
        if designs is None:
            raise endings.UserError('this check.py has one design and no name for it: leave out --design')
        if args.design not in designs:
            raise endings.UserError(f'unknown --design {args.design!r}: it should be one of {", ".join(designs)}')
    net.set_weights(**options)


def print_weights(heading: str, net: torch.nn.Module):
    print(heading)
    for parameter in net.parameters():
        print(parameter.data)


def train(
    net: torch.nn.Module, points: np.ndarray, targets: np.ndarray, args: argparse.Namespace, stop: endings.Interrupt
):
    """Train the network and print the transcript of its run."""
    from lab.check import train as check_train

    run = functools.partial(check_train.train_many, restarts=args.restarts or 16)
    if lines.weights(net, args.act, points) is None:
        endings.note('this MLP is not two sigmoid layers: training one start of it by autograd')
        run = check_train.train_one
    for epoch, loss, percent in run(net, points, targets, init=args.init, lr=args.lr, epochs=args.epoch, stop=stop):
        print(f'ep:{epoch:5d} loss: {loss:6.4f} acc: {percent:5.2f}')


def explain(net: torch.nn.Module, points: np.ndarray, targets: np.ndarray, args: argparse.Namespace):
    """Print the network's lines, its table of activations, and its margins."""
    hidden, out = lines.evaluate(net, points)
    names = [f'h{k}' for k in range(hidden.shape[1])]
    read = lines.weights(net, args.act, points)
    if read is not None:
        print('', 'Units, each on where:', *lines.equations(read), sep='\n')
    form = '.0f' if args.act == 'step' else '.2f'
    columns = [*((name, form) for name in names), ('out', form), ('target', '.0f')]
    table = lines.table(points, np.column_stack([hidden, out, targets]), columns)
    print('', 'Activations:', *table, sep='\n')
    if read is None:
        return
    far = lines.distances(read, points, args.act)
    table = lines.table(points, far, [(name, '.2f') for name in [*names, 'out']])
    print('', 'Margins, the distance of each point from each threshold:', *table, sep='\n')
    print(f'Smallest margin: {far[:, :-1].min():.4f} at the hidden units, {far[:, -1].min():.4f} at the output')
    if args.set_weights:
        made = getattr(net, 'scale', 1.0)  # a scale already in these weights
        read = lines.Weights(*(part / made for part in read))
        scale = lines.smallest_scale(read, points, targets)
        print(f'Smallest scale: {scale:.3f}' if scale else 'Smallest scale: none, the sigmoid copy is never right')


def main(argv: list[str] | None = None):
    args = parse(argv)
    points, targets = check_data.read(args.data)
    if not args.set_weights:
        cli.seed_all(args.seed)
    net = MLP(args.hid, args.act)
    if args.set_weights:
        set_weights(net, args)
    files.prepare(args.plot_path)
    with endings.Interrupt() as stop:
        if not args.set_weights:
            train(net, points, targets, args, stop)
    when = 'Initial' if args.set_weights else 'Final'
    print_weights(f'{when} Weights:', net)
    print(f'{when} Accuracy: ', lines.accuracy(lines.evaluate(net, points)[1], targets))
    explain(net, points, targets, args)
    draw(net, points, targets, args)
    stop.leave()


def draw(net: torch.nn.Module, points: np.ndarray, targets: np.ndarray, args: argparse.Namespace):
    """Write the pictures, and show the sheet where there is a display."""
    from lab.check import pictures
    from lab.common import picture

    read = lines.weights(net, args.act, points)
    pictures.write(args.plot_path, args.hid, read, points, targets, functools.partial(lines.evaluate, net))
    picture.show()


if __name__ == '__main__':
    main()
