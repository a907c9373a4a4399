"""The whole lab as one page: trains what is missing, and writes report.html, which needs no other file and no network.

python3 report.py                        all three parts, on KMNIST
python3 report.py --dataset digits       the same on handwritten digits (no download)
python3 report.py --part 2 3             the perceptron and the recurrent networks: no images are needed

Networks in net/ are taken if they were trained by the commands that the page names; others are left alone. Ctrl-C keeps
what is trained, and the next run goes on from there.
"""

import argparse
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # also with python3 -I: our lab, our kuzu

from lab.common import cli, files
from lab.common.errors import note
from lab.common.run import Interrupt, loaded, run


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = cli.Parser(__doc__)
    add = parser.add_argument
    part = '1, 2 or 3: only these parts (default: all)'
    add('--part', type=cli.whole(1, 3), action='extend', nargs='+', help=part)
    add('--out', type=cli.file, default='report.html', help='the file that is written')
    dataset = 'Part 1: kmnist, or 1,797 digits (no download)'
    add('--dataset', choices=['kmnist', 'digits'], default='kmnist', help=dataset)
    add('--data_path', type=cli.folder, default='data', help='folder with the images, or to download them to')
    add('--out_path', type=cli.folder, default='net', help='folder of the networks')
    add('--plot_path', type=cli.folder, default='plot', help='folder for the pictures that training draws')
    cli.add_seed(parser)
    args = parser.parse_args(argv)
    args.part = sorted(set(args.part or [1, 2, 3]))
    return args


def shown(args: argparse.Namespace) -> list[str]:
    """The flags that decide what is on the page. Folders do not, and they may tell the user's name."""
    words = [] if args.part == [1, 2, 3] else ['--part', *map(str, args.part)]
    words += ['--dataset', args.dataset] if args.dataset != 'kmnist' else []
    return words + (['--seed', str(args.seed)] if args.seed is not None else [])


def main(argv: list[str] | None = None):
    args = parse(argv)
    began = time.monotonic()
    from lab.common import picture

    picture.load_matplotlib()
    from lab.page import collect, render
    from lab.page.commands import Options

    files.prepare(os.path.dirname(args.out) or '.')
    files.prepare(args.out_path)
    options = Options(args.seed, args.dataset, args.data_path, args.out_path, args.plot_path)
    seed = cli.seed_all(args.seed)
    loaded()
    with Interrupt() as stop:
        parts = collect.parts(args.part, options, seed, stop)
    stop.leave()
    text = render.page(parts, cli.typed(['report.py', *shown(args)]))
    files.write(args.out, text.encode())
    note(f'{args.out}: {len(text.encode()) / 1e6:.1f} MB, after {time.monotonic() - began:.0f} s')


if __name__ == '__main__':
    run(main)
