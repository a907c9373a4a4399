"""How fast the suite is beside the classic way of the lab, and how often training succeeds.

    python3 bench.py            every command of the lab, from typing to the last picture: five minutes
    python3 bench.py seeds      how many of 100 seeds learn

Each command takes turns with the classic way, which is lab/bench/classic.py, and with `import torch` alone, so that a
busy machine slows all three. The best of three runs counts.
"""

import argparse
import os
import platform
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # also with python3 -I: our lab, our kuzu

from lab.common import cli
from lab.common.run import loaded, run


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = cli.Parser(__doc__)
    parser.add_argument('part', nargs='?', choices=['commands', 'seeds'], default='commands', help='what to measure')
    return parser.parse_args(argv)


def main(argv: list[str] | None = None):
    args = parse(argv)
    import torch

    from lab.bench import commands, seeds

    loaded()
    print(f'{platform.platform()}, {cli.cores()} cores, torch {torch.__version__}', flush=True)
    {'commands': commands.commands, 'seeds': seeds.seeds}[args.part]()


if __name__ == '__main__':
    run(main)
