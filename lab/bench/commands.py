"""Whole commands, from typing to the last picture, beside the classic way and beside the time that torch takes to load.

The classic way is a process too. It trains on a part, and the time of this part is multiplied: see classic.py.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field

import numpy as np

from lab.common import files
from lab.common.children import HOUSE, without_display
from lab.common.errors import UserError, note
from lab.kuzu.fetch import OFFICIAL, RAW, idx

ROUNDS = 3  # of which the best counts


@dataclass(frozen=True)
class Command:
    """A command as it is typed, and what is asked of it.

    asked: at most so many seconds ('s'), so many times T0 ('T0'), so many seconds more at the very first run, when
    nothing is compiled yet ('s more'); at least so many times as fast as the classic way ('ratio').
    classic: the arguments of lab/bench/classic.py. rounds: how often it is run.
    """

    typed: str
    asked: dict[str, float] = field(default_factory=dict)
    classic: tuple[str, ...] = ()
    rounds: int = ROUNDS


COMMANDS = [
    Command('kuzu_main.py --help', {'s': 0.3}),
    Command('kuzu_main.py --net lin', {'T0': 2.5}, ('kuzu', 'lin')),
    Command('kuzu_main.py --net full', {'T0': 5.5}, ('kuzu', 'full')),
    Command('kuzu_main.py --net conv', {'ratio': 2.5}, ('kuzu', 'conv'), rounds=1),
    Command('check_main.py --act step --hid 4 --set_weights', {'T0': 1.15}),
    Command('check_main.py --act sig --hid 5 --seed 1', {'T0': 1.4, 's more': 8}),
    Command('seq_train.py --lang anb2n --restarts 1', {'T0': 1.4, 's more': 8}, ('seq', 'srn')),
    Command('seq_train.py --lang anb2nc3n --model lstm --restarts 1', {'T0': 2, 's more': 8}, ('seq', 'lstm')),
    Command('seq_plot.py --lang anb2n --epoch 100', {'T0': 1.7}),
    Command('seq_plot.py --lang anb2nc3n --model lstm --epoch 50', {'T0': 2.2}),
]


def commands():
    """Time each command in turns with T0, the seconds that `import torch` takes, and with the classic way."""
    with tempfile.TemporaryDirectory() as folder:
        made_kmnist(os.path.join(folder, 'data'))
        first = [run_command(each, folder) if 's more' in each.asked else None for each in COMMANDS]
        turns = [[] for _ in COMMANDS]
        for number in range(ROUNDS):
            for command, found in zip(COMMANDS, turns, strict=True):
                if number < command.rounds:
                    found.append(turn(command, folder))
    heading = f'\n{"command":54s}  seconds    in T0  first s  classic    ratio  asked for'
    print(heading, *map(row, COMMANDS, turns, first), sep='\n')
    t0 = min(t0 for found in turns for t0, _, _ in found)
    print(f'T0 = {t0:.2f} s; (!): not reached', flush=True)


def made_kmnist(root: str):
    """Write made images, of the real counts and shape, as the four files that torchvision reads."""
    random = np.random.default_rng(1)
    for half, count in zip(('train', 't10k'), OFFICIAL, strict=True):
        for kind, high, shape in ('images-idx3', 256, (count, 28, 28)), ('labels-idx1', 10, count):
            values = random.integers(0, high, shape, np.uint8)
            files.write(os.path.join(root, RAW, f'{half}-{kind}-ubyte'), idx(values))


def process(words: list[str], folder: str, **environment: str) -> tuple[float, str]:
    """Run a command in `folder`, without a display: wall-clock seconds, what it prints. UserError if it fails."""
    start = time.perf_counter()
    done = subprocess.run(words, cwd=folder, env=without_display() | environment, capture_output=True, text=True)
    taken = time.perf_counter() - start
    if done.returncode:
        raise UserError(f'{" ".join(words[1:])} ended with exit code {done.returncode}: {done.stderr[-1000:]}')
    return taken, done.stdout


def run_command(command: Command, folder: str) -> float:
    """Seconds of a whole command, in `folder`. What numba compiles is kept there too, for each command apart."""
    cache = os.path.join(folder, 'compiled', re.sub(r'\W+', '_', command.typed))
    script, *flags = command.typed.split()
    taken, _ = process([sys.executable, str(HOUSE / script), *flags], folder, NUMBA_CACHE_DIR=cache)
    note(f'{command.typed}: {taken:.1f} s')
    return taken


def turn(command: Command, folder: str) -> tuple[float, float, float | None]:
    """T0, the seconds of the command, and those of the classic way, one after the other."""
    t0, _ = process([sys.executable, '-c', 'import torch'], folder)
    ours = run_command(command, folder)
    if not command.classic:
        return t0, ours, None
    words = [sys.executable, '-m', 'lab.bench.classic', *command.classic]
    theirs, printed = process(words, folder, PYTHONPATH=str(HOUSE))
    seconds, times = map(float, printed.split()[-2:])
    theirs += seconds * (times - 1)
    note(f'  the classic way: {theirs:.1f} s')
    return t0, ours, theirs


def row(command: Command, turns: list[tuple], first: float | None) -> str:
    """A row of the table: the best of the turns, and what is asked of it; (!) where it is not reached."""
    t0, ours, theirs = zip(*turns, strict=True)
    best = min(ours)
    found = {'s': best, 'T0': best / min(t0)}
    if first is not None:
        found |= {'first': first, 's more': first - best}
    if command.classic:
        found |= {'classic': min(theirs), 'ratio': min(theirs) / best}
    asked = []
    for name, value in command.asked.items():
        reached = found[name] >= value if name == 'ratio' else found[name] <= value
        asked.append(f'{value:g} {name}' + ('' if reached else ' (!)'))
    columns = 's', 'T0', 'first', 'classic', 'ratio'
    numbers = [f'{found[name]:8.2f}' if name in found else 8 * ' ' for name in columns]
    return f'{command.typed:54s} {" ".join(numbers)}  {", ".join(asked)}'
