"""The suite against the classic loops, side by side in one run, on any machine.

    python3 bench.py                    speed and growth, some minutes
    python3 bench.py kuzu               the parts named
    python3 bench.py seeds automata     not speed: how often training succeeds, and how true the automata are
    python3 bench.py --json FILE        all numbers, for another program

A speed is a ratio: classic loop and suite take turns in one process, so that a noisy machine slows both; the table has
the median ratio and its range over the rounds. The floor is what the work would take if only its multiply-adds were to
be done, at the rate of a matrix product on this machine; where there are few of them (check, SRN, LSTM), only its
exponentials, at the measured cost of one: in recurrent networks those that wait for one another. With a GPU, Part 1
runs on it, both ways.
"""

import argparse
import importlib
import json
import os

from lab.common import cli, files

SPEED = {'kuzu': ['kuzu.race'], 'check': ['check.race'], 'seq': ['seq.race']}
OTHER = {
    'growth': ['kuzu.growth', 'seq.growth'],
    'seeds': ['check.seeds'],
    'automata': ['seq.automata'],
}
USUAL = [*SPEED, 'growth']


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = cli.Parser(__doc__.splitlines()[0])
    parts = [*SPEED, *OTHER]
    parser.add_argument('parts', nargs='*', choices=[*parts, []], default=[], help=f'which ({" ".join(USUAL)})')
    parser.add_argument('--json', metavar='FILE', help='write all numbers to this file as well')
    args = parser.parse_args(argv)
    if args.json is not None and (not args.json or '\0' in args.json or os.path.isdir(args.json)):
        parser.error(f'argument --json: {args.json!r} is not a file')
    return args


def measure(part: str) -> list[dict]:
    """Run a part, which prints its numbers, and return them; only what it measures is imported."""
    rows = []
    for name in (SPEED | OTHER)[part]:
        module, _, function = name.partition('.')
        rows += getattr(importlib.import_module(f'lab.bench.{module}'), function)()
    return rows


def main(argv: list[str] | None = None):
    args = parse(argv)
    from lab.bench import measure as bench_measure

    if args.json:
        files.prepare(os.path.dirname(args.json) or '.')
    about = bench_measure.machine()
    print(', '.join(f'{name} {value}' for name, value in about.items() if value))
    chosen = args.parts or USUAL
    found = {'machine': about}
    if chosen[0] in SPEED:
        print(f'\n{"":20s} {"unit":14s} {"classic s":>10s} {"suite s":>10s} {"floor s":>10s} {"ratio":>8s}  (range)')
    for part in chosen:
        found[part] = measure(part)
    if args.json:
        files.write(args.json, json.dumps(found, indent=1).encode())


if __name__ == '__main__':
    main()
