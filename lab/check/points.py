"""Reading check.csv or another file like it: a header, then a point in each line: two inputs and a target 0 or 1."""

from array import array
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
    rows = array('f')  # three numbers for each point, in a twentieth of the memory that lists would take
    try:
        with open(path, encoding='utf-8-sig') as file:
            header = file.readline().rstrip('\n')
            if header.count(',') != 2 or _number(header.split(',')[0]) is not None:
                raise UserError(f'{path} line 1: {header[:40]!r} should be a header of three columns, such as X,Y,T')
            for number, line in enumerate(file, 2):
                if line.strip():
                    rows.extend(_row(path, number, line.rstrip('\n')))
    except UnicodeDecodeError as error:
        raise UserError(f'{path} is not a text file: it should be like check.csv') from error
    if not rows:
        raise UserError(f'{path} line 2: no points; it should hold two inputs and a target, such as 0,1,1')
    table = np.frombuffer(rows, np.float32).reshape(len(rows) // 3, 3)
    return Points(table[:, :2], table[:, 2])


def _row(path: str, number: int, line: str) -> list[float]:
    where = f'{path} line {number}: {line[:40]!r}'
    columns = line.count(',') + 1
    if columns != 3:
        raise UserError(f'{where} has {columns} columns: it should have two inputs and a target, such as 0,1,1')
    values = [_number(field) for field in line.split(',')]
    if any(value is None or not abs(value) <= LARGEST for value in values):  # NaN fails every comparison
        raise UserError(f'{where} should be three numbers from {-LARGEST:g} to {LARGEST:g}')
    if values[2] not in (0, 1):
        raise UserError(f'{where}: the target should be 0 or 1')
    return values


def _number(field: str) -> float | None:
    try:
        return float(field) if field.isascii() and '_' not in field else None  # Python itself reads 1_0 as 10
    except ValueError:
        return None
