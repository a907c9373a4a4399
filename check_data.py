"""check.csv, or any other file of the same form: a header, then a point per line, two inputs and a target 0 or 1."""

import os

from cli import UserError

import numpy as np

LAB = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'check.csv')  # the nine points
LARGEST = 1e6  # an input beyond it would leave float32 no digits behind the point


def read(path: str) -> tuple[np.ndarray, np.ndarray]:
    """Read the points (N, 2) and their targets (N), both float32.

    Raises UserError, naming the line, where one does not have three numbers or its target is neither 0 nor 1; OSError
    where the file cannot be read.
    """
    try:
        with open(path, encoding='utf-8-sig') as file:
            lines = file.read().splitlines()
    except UnicodeDecodeError as error:
        raise UserError(f'{path} is not a text file: it should be like check.csv') from error
    if not lines or len(lines[0].split(',')) != 3 or _number(lines[0].split(',')[0]) is not None:
        found = lines[0][:40] if lines else ''
        raise UserError(f'{path} line 1: {found!r} should be a header of three columns, such as X,Y,T')
    rows = [_row(path, i, line) for i, line in enumerate(lines[1:], 2) if line.strip()]
    if not rows:
        raise UserError(f'{path} line 2: no points; it should hold two inputs and a target, such as 0,1,1')
    table = np.array(rows, dtype=np.float32)
    return table[:, :2], table[:, 2]


def _row(path: str, number: int, line: str) -> list[float]:
    values = [_number(field) for field in line.split(',')]
    where = f'{path} line {number}: {line[:40]!r}'
    if len(values) != 3:
        raise UserError(f'{where} has {len(values)} columns: it should have two inputs and a target, such as 0,1,1')
    if any(value is None or not abs(value) <= LARGEST for value in values):  # NaN fails every comparison
        raise UserError(f'{where} should be three numbers from {-LARGEST:g} to {LARGEST:g}')
    if values[2] not in (0, 1):
        raise UserError(f'{where}: the target should be 0 or 1')
    return values


def _number(field: str) -> float | None:
    try:
        return float(field)
    except ValueError:
        return None
