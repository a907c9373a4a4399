"""Whole commands, from typing to the last picture, beside the classic way and beside the time that torch takes to load.

The classic way is a process too. It trains on a part, and the time of this part is multiplied: see classic.py.
"""

import os
import re
import statistics
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from lab.bench.kuzu import made_kmnist
from lab.bench.measure import process, progress

HOUSE = Path(__file__).resolve().parents[2]
ROUNDS = 3
HEADING = f'\n{"command":54s} {"seconds":>8s} {"in T0":>6s} {"classic s":>10s} {"ratio":>6s}  asked for'


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
    Command('kuzu_main.py --net lin', {'T0': 2.5, 'ratio': 20}, ('kuzu', 'lin')),
    Command('kuzu_main.py --net full', {'T0': 4.5, 'ratio': 13}, ('kuzu', 'full')),
    Command('kuzu_main.py --net conv', {'ratio': 3}, ('kuzu', 'conv'), rounds=1),
    Command('check_main.py --act step --hid 4 --set_weights', {'T0': 1.15}, ('check',)),
    Command('check_main.py --act sig --hid 5 --seed 1', {'T0': 1.4, 's more': 2}),
    Command('seq_train.py --lang anb2n --restarts 1', {'T0': 1.4, 'ratio': 90, 's more': 8}, ('seq', 'srn')),
    Command(
        'seq_train.py --lang anb2nc3n --model lstm --restarts 1',
        {'T0': 2, 'ratio': 310, 's more': 8},
        ('seq', 'lstm'),
    ),
    Command('seq_plot.py --lang anb2n --epoch 100', {'T0': 1.7}),
    Command('seq_plot.py --lang anb2nc3n --model lstm --epoch 50', {'T0': 2.2}),
]


def race() -> list[dict]:
    """Each command in turns with T0, the seconds that `import torch` takes, and with the classic way."""
    with tempfile.TemporaryDirectory() as folder:
        made_kmnist(os.path.join(folder, 'data'))
        first = [run(command, folder, 'first run: ') if 's more' in command.asked else None for command in COMMANDS]
        turns = [[] for _ in COMMANDS]
        for number in range(ROUNDS):
            for command, found in zip(COMMANDS, turns, strict=True):
                if number < command.rounds:
                    found.append(turn(command, folder))
    rows = [row_of(*each) for each in zip(COMMANDS, turns, first, strict=True)]
    print(HEADING, *map(line, rows), sep='\n')
    t0 = statistics.median(t0 for found in turns for t0, _, _ in found)
    print(f'T0 = {t0:.2f} s; (!): not reached', flush=True)
    return rows


def run(command: Command, folder: str, words: str = '') -> float:
    """Seconds of a whole command, in `folder`. What numba compiles is kept there too, for each command apart."""
    cache = os.path.join(folder, 'compiled', re.sub(r'\W+', '_', command.typed))
    script, *flags = command.typed.split()
    taken = process([sys.executable, str(HOUSE / script), *flags], folder, NUMBA_CACHE_DIR=cache)
    progress(f'{words}{command.typed}: {taken:.1f} s')
    return taken


def turn(command: Command, folder: str) -> tuple[float, float, float | None]:
    """T0, the seconds of the command, and those of the classic way, one after the other."""
    t0 = process([sys.executable, '-c', 'import torch'], folder)
    ours = run(command, folder)
    if not command.classic:
        return t0, ours, None
    words = [sys.executable, '-m', 'lab.bench.classic', *command.classic]
    part = os.path.join(folder, 'part.txt')
    theirs = process([*words, part], folder, PYTHONPATH=str(HOUSE))
    seconds, times = map(float, Path(part).read_text().split())
    theirs += seconds * (times - 1)
    progress(f'  the classic way: {theirs:.1f} s')
    return t0, ours, theirs


def row_of(command: Command, turns: list[tuple], first: float | None) -> dict:
    """The medians over the turns, and which of what is asked for they do not reach."""
    t0, ours, theirs = zip(*turns, strict=True)
    row = {'command': command.typed, 's': statistics.median(ours), 'T0': _median_ratio(ours, t0)}
    if command.classic:
        row |= {'classic_s': statistics.median(theirs), 'ratio': _median_ratio(theirs, ours)}
    if first is not None:
        row |= {'first_run_s': first, 's more': first - row['s']}
    missed = [name for name, value in command.asked.items() if missing(name, row[name], value)]
    return {**row, 'asked': command.asked, 'missed': missed}


def missing(name: str, found: float, asked: float) -> bool:
    """Whether what was found does not reach what is asked for. A ratio should be large, all else small."""
    return found < asked if name == 'ratio' else found > asked


def _median_ratio(above, below) -> float:
    return statistics.median(a / b for a, b in zip(above, below, strict=True))


def line(row: dict) -> str:
    """A row of the table."""
    classic, ratio = (f'{row[name]:.1f}' if name in row else '' for name in ('classic_s', 'ratio'))
    asked = []
    for name, value in row['asked'].items():
        text = f'ratio {value:g}' if name == 'ratio' else f'{value:g} {name}'
        text += f' (first run {row["first_run_s"]:.1f} s)' if name == 's more' else ''
        asked.append(f'{text} (!)' if name in row['missed'] else text)
    return f'{row["command"]:54s} {row["s"]:8.2f} {row["T0"]:6.2f} {classic:>10s} {ratio:>6s}  {", ".join(asked)}'
