"""Measuring: two ways to do the same work, in turns; how a cost grows; the speed of this machine."""

import contextlib
import io
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
import torch

from lab.common.errors import UserError, note

MATRIX = 1024  # rows and columns of the matrices whose product is timed
CALLS = 4096  # numbers in the array that a function is timed on: they stay in the fastest cache
TIMES = 200  # how often the function is called for each of them
TRIES = 10  # of which the fastest counts
ROUNDS = 3  # of each size, where growth is measured
HEADING = f'\n{"":20s} {"unit":14s} {"classic s":>10s} {"suite s":>10s} {"floor s":>10s} {"ratio":>8s}  (range)'
Work = Callable[[], object]  # what is timed


def seconds(run: Work) -> float:
    """Wall-clock seconds of one call. Nothing that it prints is shown."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        start = time.perf_counter()
        run()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        return time.perf_counter() - start


def process(words: list[str], folder: str, **environment: str) -> float:
    """Wall-clock seconds of a command run in `folder`, without a display. Raises UserError if it fails."""
    around = {name: value for name, value in os.environ.items() if name not in ('DISPLAY', 'WAYLAND_DISPLAY')}
    start = time.perf_counter()
    done = subprocess.run(words, cwd=folder, env=around | environment, capture_output=True, text=True)
    taken = time.perf_counter() - start
    if done.returncode:
        raise UserError(f'{" ".join(words[1:])} ended with exit code {done.returncode}: {done.stderr[-1000:]}')
    return taken


def progress(text: str):
    """Say on standard error what is done, for all who do not see the rows of the table come one by one."""
    if not sys.stdout.isatty():
        note(text)


def compare(
    name: str, unit: str, classic: Work, suite: Work, rounds: int, floor: Callable[[], float] | None = None
) -> dict:
    """Time two ways to do the same work, in turns; print a row below HEADING and return its numbers.

    classic, suite: each call does one `unit` (1,000 epochs, a run).
    floor: called after the rounds, returns the seconds that a call of `suite` takes at least, if that is known.
    """
    pairs = []
    for number in range(rounds):
        pairs.append((seconds(classic), seconds(suite)))
        progress(f'{name}: round {number + 1} of {rounds}')
    ratios = [slow / fast for slow, fast in pairs]
    slow, fast = map(statistics.median, zip(*pairs, strict=True))
    least, ratio, low, high = floor and floor(), statistics.median(ratios), min(ratios), max(ratios)
    times = f'{slow:10.4f} {fast:10.5f} {f"{least:.5f}" if floor else "":>10s} {ratio:8.1f}'
    print(f'{name:20s} {unit:14s} {times}  ({low:.1f} to {high:.1f})', flush=True)
    row = {'name': name, 'unit': unit, 'classic_s': slow, 'suite_s': fast, 'floor_s': least, 'ratio': ratio}
    return {**row, 'ratio_range': (low, high)}


def grow(name: str, by: str, runs: dict[int, Work]) -> dict:
    """Time a run of each size; print the times and the exponent e in: time is proportional to size^e.

    runs: size -> what is timed. The sizes take turns; the median of a size counts.
    """
    times = []
    for number in range(ROUNDS):
        times.append([seconds(run) for run in runs.values()])
        progress(f'{name}, {by}: round {number + 1} of {ROUNDS}')
    medians = [*map(statistics.median, zip(*times, strict=True))]
    row = {'name': name, 'by': by, 'sizes': [*runs], 'seconds': medians, 'exponent': exponent([*runs], medians)}
    print(f'\n{by:20s}' + ''.join(f'{size:9d}' for size in runs))
    print(f'{name:20s}' + ''.join(f'{time:9.4f}' for time in medians), f'  s ~ size^{row["exponent"]:.2f}', flush=True)
    return row


def exponent(sizes: list[int], times: list[float]) -> float:
    """The slope of log time against log size: a straight line, fitted by least squares."""
    return float(np.polyfit(np.log(sizes), np.log(times), 1)[0])


def matrix_rate(device: torch.device) -> float:
    """Multiply-adds per second of a float32 matrix product."""
    a = torch.rand(MATRIX, MATRIX, device=device)
    return MATRIX**3 / min(seconds(lambda: a @ a) for _ in range(TRIES))


def call_cost(fill: Callable[[np.ndarray, np.ndarray, int], object]) -> float:
    """Seconds that one call of a function takes.

    fill(x, y, times): compiled; calls it for each number of the array x, `times` times, and puts the values into y.
    """
    x, y = np.linspace(-2, 2, CALLS), np.zeros(CALLS)
    fill(x, y, 1)  # compiles
    return min(seconds(lambda: fill(x, y, TIMES)) for _ in range(TRIES)) / (TIMES * CALLS)


def machine() -> dict:
    """The machine: processor, cores, threads, GPU, versions."""
    return {
        'processor': _processor(),
        'cores': os.cpu_count(),
        'threads': torch.get_num_threads(),
        'gpu': torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        'python': platform.python_version(),
        'torch': torch.__version__,
        'system': platform.platform(),
    }


def _processor() -> str:
    try:
        with open('/proc/cpuinfo') as file:
            return next(line.partition(':')[2].strip() for line in file if line.startswith('model name'))
    except (OSError, StopIteration):  # not Linux, or a Linux without this line
        return platform.processor() or platform.machine()
