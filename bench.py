"""How fast the suite is, beside the classic loops, measured on this machine.

    python3 bench.py                    speed and growth, some minutes
    python3 bench.py kuzu               the parts named
    python3 bench.py commands           every command of the lab, from typing to the last picture: ten minutes
    python3 bench.py seeds automata     how often training succeeds; how often an automaton agrees with its network
    python3 bench.py --json FILE        all numbers, for another program

The classic loop and the suite take turns in one process, so that a busy machine slows both. The table shows the median
of the ratio classic / suite, and its range over the rounds. The floor is the time that the arithmetic alone would take
on this machine: the multiply-adds, at the speed of a matrix product. For the small networks of Parts 2 and 3 it is the
time of the exponentials; in a recurrent network only of those that need the result of an earlier one. If there is a
GPU, both ways of Part 1 run on it.
"""

import argparse
import importlib
import json
import os
import sys

sys.path.append(os.path.dirname(os.path.abspath(__file__)))  # python3 -I, and PYTHONSAFEPATH, leave it out

from lab.common import cli, files
from lab.common.run import loaded, run

TABLE = ['kuzu', 'check', 'seq']  # the parts with rows in the table of speeds
PARTS = {
    'kuzu': ['kuzu.race'],
    'check': ['check.race'],
    'seq': ['seq.race'],
    'commands': ['commands.race'],
    'growth': ['kuzu.growth', 'seq.growth'],
    'seeds': ['check.seeds', 'seq.seeds'],
    'automata': ['seq.automata'],
}
USUAL = [*TABLE, 'growth']


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = cli.Parser(__doc__)
    parser.add_argument(
        'parts', nargs='*', type=part, help=f'what to measure: {" ".join(PARTS)} (default: {" ".join(USUAL)})'
    )
    parser.add_argument('--json', type=cli.file, metavar='FILE', help='write all numbers to this file as well')
    return parser.parse_args(argv)


def part(text: str) -> str:
    """Flag type: the name of a part."""
    if text not in PARTS:
        raise argparse.ArgumentTypeError(f'{text[:40]!r} should be one of {", ".join(PARTS)}')
    return text


def measure(part: str) -> list[dict]:
    """Run a part, which prints its numbers, and return them. Only the room that measures it is imported."""
    rows = []
    for name in PARTS[part]:
        room, function = name.split('.')
        rows += getattr(importlib.import_module(f'lab.bench.{room}'), function)()
    return rows


def main(argv: list[str] | None = None):
    args = parse(argv)
    from lab.bench.measure import HEADING, machine  # loads torch

    loaded()
    if args.json:
        files.prepare(os.path.dirname(args.json) or '.')
    found = {'machine': machine()}
    print(', '.join(f'{name} {value}' for name, value in found['machine'].items() if value))
    chosen = args.parts or USUAL
    if chosen[0] in TABLE:
        print(HEADING)
    for part in chosen:
        found[part] = measure(part)
    if args.json:
        files.write(args.json, json.dumps(found, indent=1).encode())


if __name__ == '__main__':
    run(main)
