"""Part 2 of the lab: a two-layer perceptron on nine points, trained or with weights set by hand.

python3 check_main.py --act sig --hid 5                     train it
python3 check_main.py --act step --hid 4 --set_weights      the weights of check.py
python3 check_main.py --act sig --hid 4 --set_weights       the same times ten, with sigmoids
"""

import argparse
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # also with python3 -I: our lab, our kuzu

from lab.check.settings import CHECK_CSV, EVERY, HOLD, WEIGHT_DECAY, Settings
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
    by_hand = 'do not train: set the hand-made weights of check.py, or those of a file that the page has saved'
    add('--set_weights', type=cli.file, nargs='?', const=True, default=False, metavar='FILE', help=by_hand)
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
        parser.error('--act step cannot be trained, as its gradient is 0: add --set_weights, or train with --act sig')
    useless, where = ['design', 'scale'], 'without --set_weights'
    if args.set_weights is True:
        useless, where = ['restarts'], 'with --set_weights'
    elif args.set_weights:
        useless, where = [*useless, 'restarts'], 'with the weights of a file'
    for name in useless:
        if getattr(args, name) is not None:
            parser.error(f'--{name} has no effect {where}')
    return args


def train(net, points, settings: Settings, stop: Interrupt):
    """The lab's training loop: one random start of an MLP. points: lab.check.points.Points.

    lab/check/train.py does the same for many starts at once; this one trains where an MLP is not two sigmoid layers.
    """
    import torch  # here: it loads after the flags are checked
    from torch.nn.functional import binary_cross_entropy

    data, target = torch.from_numpy(points.inputs), torch.from_numpy(points.targets)[:, None]
    optimizer = torch.optim.Adam(net.parameters(), lr=settings.lr, weight_decay=WEIGHT_DECAY)
    in_a_row = 0  # epochs with all points right
    for epoch in range(1, settings.epochs + 1):
        optimizer.zero_grad()
        output = net(data)
        loss = binary_cross_entropy(output, target)
        loss.backward()
        optimizer.step()
        pred = (output >= 0.5).float()
        accuracy = (100 * (pred == target).float().mean()).item()
        if epoch % EVERY == 0:
            print_line(epoch, loss.item(), accuracy)
        in_a_row = in_a_row + 1 if accuracy == 100 else 0
        if stop or in_a_row >= HOLD:
            break


def print_line(epoch: int, loss: float, accuracy: float):
    """Print a line of the transcript; accuracy: percent of the points."""
    print(f'ep:{epoch:5d} loss: {loss:6.4f} acc: {accuracy:5.2f}')


def print_explanation(net, weights, act: str, points, set_by_hand: bool):
    """Print what each unit does at the points; weights: lines.Weights, or None where the network is not two layers."""
    from lab.check import lines, needed

    if weights:
        print('\nUnits, each on where:', *lines.equations(weights), sep='\n')
    print('\nActivations:', *lines.activation_table(points, *lines.evaluate(net, points.inputs), act), sep='\n')
    if weights:
        print('\nMargins, the distance of each point from each threshold:')
        print(*lines.margin_table(weights, points.inputs, act), sep='\n')
        print('\nWhat is needed:', *needed.sentences(weights, act, points), sep='\n')
    if weights and set_by_hand:
        print('Smallest scale:', lines.scale_in_words(weights, getattr(net, 'scale', 1.0), points))


def main(argv: list[str] | None = None):
    args = parse(argv)
    from lab.check import lines, pictures, student  # torch and numpy load after the flags are checked
    from lab.check.points import read_points
    from lab.common import picture

    points = read_points(args.data)
    if not args.set_weights:
        cli.seed_all(args.seed)
    net = student.new_network(args.hid, args.act)
    if isinstance(args.set_weights, str):
        files.load_into(net, args.set_weights)
    elif args.set_weights:
        student.set_weights(net, args.design, args.scale)
    files.prepare(args.plot_path)
    loaded()

    settings = Settings(args.init, args.lr, args.epoch, args.restarts or Settings.restarts)
    when = 'Initial' if args.set_weights else 'Final'
    with Interrupt() as stop:
        if not args.set_weights:
            reason = student.why_not_compiled(args.hid, points.inputs)
            if reason:
                note(f'{reason}: PyTorch trains one random start of it')
                student.draw_weights(net, settings.init)
                train(net, points, settings, stop)
            else:
                from lab.check.train import train_many_starts  # the same loop, compiled; the best start is kept

                for line in train_many_starts(net, points, settings, stop):
                    print_line(*line)

    print(f'{when} Weights:', *(parameter.data for parameter in net.parameters()), sep='\n')
    print(f'{when} Accuracy: ', lines.accuracy(lines.evaluate(net, points.inputs)[1], points.targets))
    weights = lines.read_weights(net, args.act, points.inputs)
    print_explanation(net, weights, args.act, points, args.set_weights is True)
    images = pictures.draw(net, args.hid, weights, points)
    pictures.write(args.plot_path, images)
    note(f'{len(images)} pictures are in {args.plot_path}: {list(images)[-1]}.jpg shows them all')
    stop.leave()
    picture.show()


if __name__ == '__main__':
    run(main)
