"""Measuring: two ways to do the same work in turns, how a cost grows, and what this machine can do at best."""

import contextlib
import io
import os
import platform
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch

MATRIX = 1024  # side of the square matrices whose product measures the machine
CALLS = 4096  # numbers in the array that exp is measured on: they stay in the fastest cache
ROUNDS = 3  # of each size, where growth is measured


def seconds(run: Callable[[], object]) -> float:
    """Wall-clock seconds of one call, its standard output and its notes thrown away."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        start = time.perf_counter()
        run()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        return time.perf_counter() - start


def compare(
    name: str,
    unit: str,
    classic: Callable[[], object],
    suite: Callable[[], object],
    rounds: int,
    floor: Callable[[], float] | None = None,
) -> dict:
    """Time two ways to do the same work in alternating rounds, print a table row, return its numbers.

    `classic` and `suite` each do one `unit` (1,000 epochs, a run) per call; `floor`, asked for afterwards, is the least
    that a call of `suite` can take, in seconds, if that is known.
    """
    pairs = [(seconds(classic), seconds(suite)) for _ in range(rounds)]
    ratios = [slow / fast for slow, fast in pairs]
    row = {
        'name': name,
        'unit': unit,
        'classic_s': statistics.median(slow for slow, _ in pairs),
        'suite_s': statistics.median(fast for _, fast in pairs),
        'floor_s': floor and floor(),
        'ratio': statistics.median(ratios),
        'ratio_range': (min(ratios), max(ratios)),
    }
    low, high = row['ratio_range']
    least = '' if floor is None else f'{row["floor_s"]:.5f}'
    print(
        f'{name:20s} {unit:14s} {row["classic_s"]:10.4f} {row["suite_s"]:10.5f} {least:>10s} {row["ratio"]:8.1f}'
        f'  ({low:.1f} to {high:.1f})',
        flush=True,
    )
    return row


def grow(name: str, by: str, runs: dict[int, Callable[[], object]]) -> dict:
    """Time each run, of the size that is its key; print the times and the exponent e of time ~ size^e, fitted.

    The sizes take turns; each counts with its median.
    """
    times = [[seconds(run) for run in runs.values()] for _ in range(ROUNDS)]
    medians = [statistics.median(column) for column in zip(*times, strict=True)]
    row = {'name': name, 'by': by, 'sizes': [*runs], 'seconds': medians, 'exponent': exponent([*runs], medians)}
    print(f'\n{by:20s}' + ''.join(f'{size:9d}' for size in runs))
    print(f'{name:20s}' + ''.join(f'{time:9.4f}' for time in medians), f'  s ~ size^{row["exponent"]:.2f}', flush=True)
    return row


def exponent(sizes: list[int], times: list[float]) -> float:
    """The slope of the line through log time against log size (least squares)."""
    return float(np.polyfit(np.log(sizes), np.log(times), 1)[0])


def matrix_rate(device: torch.device) -> float:
    """Multiply-adds per second of a float32 matrix product: the best of ten."""
    a = torch.rand(MATRIX, MATRIX, device=device)
    return MATRIX**3 / min(seconds(lambda: (a @ a)[0, 0].item()) for _ in range(10))


def call_cost(fill: Callable[[np.ndarray, np.ndarray, int], object]) -> float:
    """Seconds that one call of a function takes at best: the best of ten.

    fill(x, y, times) calls it for every number of the arrays x and y, so many times, compiled.
    """
    x, times = np.linspace(-2, 2, CALLS), 200
    y = np.zeros(CALLS)
    fill(x, y, 1)
    return min(seconds(lambda: fill(x, y, times)) for _ in range(10)) / (times * CALLS)


def machine() -> dict:
    """What was measured on: processor, cores, threads, versions, GPU."""
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
    except (OSError, StopIteration):  # not a Linux, or one that does not tell
        return platform.processor() or platform.machine()
