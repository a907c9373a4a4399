"""Look into a trained network: the lab's plots, the finite automaton that it is, and how it counts.

python3 seq_plot.py --lang anb2n --epoch 100
python3 seq_plot.py --lang anb2nc3n --model lstm --epoch 50
python3 seq_plot.py --lang anb2nc3n --model lstm --epoch 50 --cell     the cell state beside the hidden units

prints the weights, --num_plot sequences with hidden units and output probabilities, then what was found out about the
network; draws <plot_path>/<lang>_<model><hid>_*.jpg.
"""

import argparse
import glob
import os
import re
from typing import NamedTuple

import numpy as np
import torch

from lab.common import checkpoint, cli, endings, picture
from lab.insight import analysis, figures
from lab.insight.automaton import SYMBOLS
from lab.insight.step import follow, network
from lab.seq import flags, student
from lab.seq.task import Task


class Seen(NamedTuple):
    """What the lab plots, of all sequences printed: N symbols in all."""

    hidden: np.ndarray  # (N, hid), after each symbol
    cell: np.ndarray | None  # (N, hid) with --cell
    colour: np.ndarray  # (N,), the number of the next symbol, see anb2n.py


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = cli.Parser(__doc__.splitlines()[0])
    add = parser.add_argument
    flags.add_network(parser)
    add('--epoch', type=cli.whole(0, 1_000_000), default=100, help='thousands of epochs it was trained')
    add('--num_plot', type=cli.whole(1, 1000), default=10, help='sequences to print and to plot')
    add('--cell', action='store_true', help='lstm: print and plot the cell state, too')
    add('--plot_path', type=cli.folder, default='plot', help='folder of the pictures')
    cli.add_seed(parser)
    args = parser.parse_args(argv)
    args.task = Task(args.lang, args.length, args.model, args.hid)
    if args.cell and args.model != 'lstm':
        parser.error('--cell: an srn has no cells; use it with --model lstm')
    return args


def load(args: argparse.Namespace) -> torch.nn.Module:
    """The trained network. Raises UserError: no such file (which there are), or the file is of another network."""
    stem = args.task.stem
    path = os.path.join(args.out_path, f'{stem}_{args.epoch}.pth')
    if not os.path.isfile(path):
        raise endings.UserError(f'no checkpoint {path}; {_what_there_is(args, stem)}')
    model = student.network(args.task)
    checkpoint.load_into(model, path)
    return model


def _what_there_is(args: argparse.Namespace, stem: str) -> str:
    """The epochs at which this network was saved, or else the networks that were."""
    names = [os.path.basename(path) for path in glob.glob(os.path.join(glob.escape(args.out_path), '*.pth'))]
    matches = [match for name in names if (match := re.fullmatch(r'(anb2n(?:c3n)?_(?:srn|lstm)\d+)_(\d+)\.pth', name))]
    epochs = sorted(int(match[2]) for match in matches if match[1] == stem)
    if epochs:
        return f'of {stem} there is --epoch {", ".join(map(str, epochs))}'
    others = sorted({match[1] for match in matches})
    train = f'python3 seq_train.py --lang {args.lang} --model {args.model} --hid {args.task.hid} makes some'
    return f'there are only {", ".join(others)} in {args.out_path}; {train}' if others else f'{train}'


def print_cells(epoch: int, seq, hidden: np.ndarray, cell: np.ndarray, target, output: np.ndarray):
    """The lab's block with the cell state beside the hidden units. hidden, cell (T, hid); output, target (T, out)."""
    print('-----')
    names = [SYMBOLS[int(symbol)] for symbol in seq]
    print('symbol=', ''.join(names))
    print('hidden activations, cell states and output probabilities:')
    for name, units, cells, outputs in zip(names, hidden, cell, output, strict=False):
        print(name, 'hidden:', units, 'cell:', cells, 'output:', outputs)
    print('epoch:', epoch)
    print(f' loss: {((output - target) ** 2).mean():.4f}')


def print_sequences(args: argparse.Namespace, model: torch.nn.Module, lang) -> Seen:
    """The lab's transcript: the weights, then num_plot sequences."""
    for weights in model.parameters():
        print(weights.detach().numpy())
    net = network({name: value.numpy() for name, value in model.state_dict().items()})
    units, cells, colours = [], [], []
    for number in range(args.num_plot):
        x, seq, target, state = lang.get_sequence()
        with torch.no_grad():
            hidden, output = model(x)
        if args.cell:
            inside = follow(net, x.argmax(dim=2).numpy())[0]
            cells.append(inside[:, args.task.hid :])
            probabilities = torch.softmax(output, dim=2)[0].numpy()
            print_cells(number, seq, hidden[0].numpy(), cells[-1], target[0].numpy(), probabilities)
        else:
            lang.print_outputs(number, seq, state, hidden, target, output)
        units.append(hidden[0].numpy())
        colours.append(np.array(state[1:], dtype=float))
    return Seen(np.concatenate(units), np.concatenate(cells) if cells else None, np.concatenate(colours))


def draw_units(args: argparse.Namespace, seen: Seen, start: np.ndarray | None, stem: str):
    """The lab's pictures, of the hidden units and with --cell of the cells."""
    for units, name in ((seen.hidden, ''), (seen.cell, 'cell_')):
        if units is None:
            continue
        for j, k in figures.pairs(args.task.hid):
            picture.save(figures.pair(units, seen.colour, j, k, args.task.length, start), f'{stem}_{name}{j}{k}.jpg')
        if args.task.hid >= 3:
            picture.save(figures.space(units, seen.colour, args.task.length, start), f'{stem}_{name}3d.jpg')


def main(argv: list[str] | None = None):
    args = parse(argv)
    model = load(args)
    seed = cli.seed_all(args.seed)
    with np.printoptions(suppress=True, precision=2):
        seen = print_sequences(args, model, student.language(args.task))
    stem = os.path.join(args.plot_path, args.task.stem)
    net = network({name: value.numpy() for name, value in model.state_dict().items()})
    endings.note('drawing hidden units')
    draw_units(args, seen, net.start if args.model == 'srn' else None, stem)
    analysis.report(net, args.task.length, stem, seed, args.cell)
    picture.show()


if __name__ == '__main__':
    main()
