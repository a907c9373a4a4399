"""Part 2 of the lab: a two-layer perceptron on nine points, trained or with weights set by hand.

python3 check_main.py --act sig --hid 5                     train it
python3 check_main.py --act step --hid 4 --set_weights      the weights of check.py
python3 check_main.py --act sig --hid 4 --set_weights       the same times ten, with sigmoids
"""

import argparse
import os
import sys

sys.path.append(os.path.dirname(os.path.abspath(__file__)))  # python3 -I, and PYTHONSAFEPATH, leave it out

from lab.check.settings import CHECK_CSV, Settings
from lab.common import cli, files
from lab.common.errors import note
from lab.common.run import Interrupt, loaded, run

LARGEST_HID = 64  # a picture for each hidden unit


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Parse and check the flags; --restarts, --design and --scale are None where they are not given."""
    parser = cli.Parser(__doc__, lab='hid act init set_weights lr epoch')
    add = parser.add_argument
    add('--hid', type=cli.whole(1, LARGEST_HID), default=4, help='number of hidden units')
    add('--act', choices=['step', 'sig'], default='sig', help='activation of both layers')
    add('--init', type=cli.real(0, 100), default=Settings.init, help='standard deviation of the first weights')
    add('--set_weights', action='store_true', help='do not train: set the hand-made weights of check.py')
    add('--lr', type=cli.real(1e-9, 10), default=Settings.lr, help='learning rate of Adam')
    add('--epoch', type=cli.whole(1, 100_000_000), default=Settings.epochs, help='largest number of epochs')
    restarts = f'random starts, trained side by side (default: {Settings.restarts})'
    add('--restarts', type=cli.whole(1, 1000), help=restarts)
    add('--design', help='which hand-made weights (default: those with the widest margins)')
    add('--scale', type=cli.real(1e-3, 1e4), help='factor on hand-made weights with --act sig (default: 10)')
    add('--data', default=CHECK_CSV, help='file of points: two inputs and a target 0 or 1')
    add('--plot_path', type=cli.folder, default='plot', help='folder for the pictures')
    cli.add_seed(parser)
    args = parser.parse_args(argv)
    if args.act == 'step' and not args.set_weights:
        parser.error('--act step has no gradient to train by: add --set_weights, or train with --act sig')
    for name in ('design', 'scale') if not args.set_weights else ('restarts',):
        if getattr(args, name) is not None:
            parser.error(f'--{name} has no effect {"with" if args.set_weights else "without"} --set_weights')
    return args


def print_training(net, inputs, targets, settings: Settings, stop: Interrupt):
    """Train the network and print the lab's transcript. inputs (N, 2) and targets (N) are arrays."""
    from lab.check import classic, lines
    from lab.common import compiling

    reason = compiling.fault() or (not lines.read_weights(net, 'sig', inputs) and 'this MLP is not two sigmoid layers')
    if not reason:
        from lab.check import train

        run = train.train(net, inputs, targets, settings, stop)
    else:
        note(f'{reason}: training one start of it by autograd')
        classic.draw(net, settings.init)
        run = classic.train(net, inputs, targets, settings, stop)
    for epoch, loss, percent in run:
        print(f'ep:{epoch:5d} loss: {loss:6.4f} acc: {percent:5.2f}')


def explain(net, weights, act: str, inputs, targets, set_by_hand: bool):
    """Print what each unit does at the points; weights: lines.Weights, or None where the network is not two layers."""
    from lab.check import explain, lines

    if weights:
        print('\nUnits, each on where:', *explain.equations(weights), sep='\n')
    hidden, out = lines.evaluate(net, inputs)
    print('\nActivations:', *explain.activations(inputs, hidden, out, targets, act), sep='\n')
    if weights:
        print('\nMargins, the distance of each point from each threshold:')
        print(*explain.margins(weights, inputs, act), sep='\n')
    if weights and set_by_hand:
        print('Smallest scale:', explain.scale(weights, getattr(net, 'scale', 1.0), inputs, targets))


def main(argv: list[str] | None = None):
    args = parse(argv)
    from lab.check import lines, pictures, points, student  # torch and numpy load after the flags are checked
    from lab.common import picture

    inputs, targets = points.read(args.data)
    if not args.set_weights:
        cli.seed_all(args.seed)
    net = student.network(args.hid, args.act)
    if args.set_weights:
        student.set_weights(net, args.design, args.scale)
    files.prepare(args.plot_path)
    loaded()
    with Interrupt() as stop:
        if not args.set_weights:
            settings = Settings(args.init, args.lr, args.epoch, args.restarts or Settings.restarts)
            print_training(net, inputs, targets, settings, stop)

    when = 'Initial' if args.set_weights else 'Final'
    print(f'{when} Weights:', *(parameter.data for parameter in net.parameters()), sep='\n')
    print(f'{when} Accuracy: ', lines.accuracy(lines.evaluate(net, inputs)[1], targets))
    weights = lines.read_weights(net, args.act, inputs)
    explain(net, weights, args.act, inputs, targets, args.set_weights)
    pictures.write(args.plot_path, pictures.draw(net, args.hid, weights, inputs, targets))
    stop.leave()
    picture.show()


if __name__ == '__main__':
    run(main)
