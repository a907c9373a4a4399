"""How fast the suite is beside the classic way of the lab, and how often training succeeds.

    python3 bench.py                    every command of the lab, from typing to the last picture: five minutes
    python3 bench.py seeds              how many of 100 seeds learn
    python3 bench.py automata           how often an automaton agrees with its network
    python3 bench.py --json FILE        all numbers, for another program

Each command takes turns with the classic way, which is lab/bench/classic.py, and with `import torch` alone, so that a
busy machine slows all three. The best of three runs counts.
"""

import argparse
import json
import os
import platform
import sys

sys.path.append(os.path.dirname(os.path.abspath(__file__)))  # python3 -I, and PYTHONSAFEPATH, leave it out

from lab.common import cli, files
from lab.common.run import loaded, run

PARTS = 'commands', 'seeds', 'automata'


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = cli.Parser(__doc__)
    parser.add_argument('part', nargs='?', choices=PARTS, default='commands', help='what to measure')
    parser.add_argument('--json', type=cli.file, metavar='FILE', help='write all numbers to this file as well')
    return parser.parse_args(argv)


def main(argv: list[str] | None = None):
    args = parse(argv)
    import torch

    from lab.bench import commands, seeds

    loaded()
    if args.json:
        files.prepare(os.path.dirname(args.json) or '.')
    found = {'machine': f'{platform.platform()}, {os.cpu_count()} cores, torch {torch.__version__}'}
    print(found['machine'], flush=True)
    measures = {'commands': commands.commands, 'seeds': seeds.seeds, 'automata': seeds.automata}
    found[args.part] = measures[args.part]()
    if args.json:
        files.write(args.json, json.dumps(found, indent=1).encode())


if __name__ == '__main__':
    run(main)
