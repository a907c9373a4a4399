"""Reading check.csv or another file like it: a header, then a point in each line: two inputs and a target 0 or 1."""

from typing import NamedTuple

import numpy as np

from lab.common.errors import UserError

LARGEST = 1e6  # float32 keeps no digits after the decimal point of an input that is much larger


class Points(NamedTuple):
    """Points of the plane, and which of them are to be on. Both float32."""

    inputs: np.ndarray  # (N, 2)
    targets: np.ndarray  # (N), 0 or 1


def read_points(path: str) -> Points:
    """Read a file of points.

    Raises UserError, which names the line, where a line is not three numbers or its target is neither 0 nor 1. Raises
    OSError where the file cannot be read.
    """
    try:
        with open(path, encoding='utf-8-sig') as file:
            header = file.readline().rstrip('\n')
            if header.count(',') != 2 or not any(map(str.isalpha, header)):
                raise UserError(f'{path} line 1: {header[:40]!r} should be a header of three columns, such as X,Y,T')
            rows = [_row(line, f'{path} line {number}') for number, line in enumerate(file, 2) if line.strip()]
    except UnicodeDecodeError as error:
        raise UserError(f'{path} is not a text file: it should be like check.csv') from error
    if not rows:
        raise UserError(f'{path} line 2: no points; it should hold two inputs and a target, such as 0,1,1')
    table = np.array(rows, np.float32)
    return Points(table[:, :2], table[:, 2])


def _row(line: str, where: str) -> tuple[float, float, float]:
    try:
        x, y, target = map(float, line.split(','))
        if abs(x) <= LARGEST and abs(y) <= LARGEST and target in (0, 1):  # NaN fails every comparison
            return x, y, target
    except ValueError:  # no number, or not three
        pass
    wanted = f'two inputs from {-LARGEST:g} to {LARGEST:g} and a target 0 or 1, such as 0,1,1'
    raise UserError(f'{where}: {line.strip()[:40]!r} should be {wanted}')
