"""What visited states do while a symbol repeats: about its fixed points, and where it leads when it never ends."""

from typing import NamedTuple

import numpy as np

from lab.insight.automaton import Array
from lab.insight.fixed import FixedPoint, repeated
from lab.insight.states import Visits
from lab.insight.step import Network

LONG = 1000  # so often a symbol is repeated to see where it leads
LONGEST_CYCLE = 12
FROM = 200  # visited states from which it is repeated
SAME = 1e-6  # states nearer to each other than this, relative to their size, are one
REAL = 0.02  # a pair of eigenvalues turns if their imaginary part is at least this share of their length
TOUCHES = 1e-3  # a state nearer than this stands on a point
ALIVE = 0.2  # and if this much of it is left after a symbol


class Movement(NamedTuple):
    """How visited states move while a symbol follows itself, seen from the fixed (or slow) point nearest to them."""

    fixed: FixedPoint
    steps: int  # of visited states
    off: int  # of these begin farther from the point than TOUCHES; the rest of what is said is about them
    nearer: float  # share of the steps that end nearer to the point
    factor: float  # median of (distance after) / (distance before)
    sides: float | None  # where the leading eigenvalue is negative: share of the steps that change sides, along it
    turn: tuple[float, float, float] | None  # degrees: of a pair of complex eigenvalues; visited states' mean, spread


class Ending(NamedTuple):
    """Where visited states come to when a symbol is repeated LONG times."""

    cycle: Array | None  # (period, size); None where they still move
    change: Array  # (size,): how much a symbol still changes, mean absolute value over LONGEST_CYCLE symbols
    share: float  # of the FROM states


def again(visits: Visits, symbol: int) -> tuple[Array, Array]:
    """The states before and after each visited step in which a symbol follows itself, (N, size) each."""
    after = np.flatnonzero((visits.read == symbol) & (visits.parent > 0))
    after = after[visits.read[visits.parent[after]] == symbol]
    return visits.state[visits.parent[after]], visits.state[after]


def movement(points: list[FixedPoint], visits: Visits) -> Movement | None:
    """The movement about the nearest of a symbol's fixed points; None where it has none, or never follows itself."""
    points = [point for point in points if len(point.cycle) == 1]
    if not points:
        return None
    here, there = again(visits, points[0].symbol)
    if not len(here):
        return None
    fixed = min(points, key=lambda point: np.median(np.linalg.norm(here - point.point, axis=1)))
    steps = len(here)
    off = np.linalg.norm(here - fixed.point, axis=1) > TOUCHES
    if not off.any():
        return Movement(fixed, steps, 0, 0.0, 1.0, None, None)
    here, there = here[off], there[off]
    before, after = (np.linalg.norm(states - fixed.point, axis=1) for states in (here, there))
    values, left = fixed.eigenvalues, np.linalg.pinv(fixed.eigenvectors)  # its rows: coordinates along the eigenvectors
    sides = turn = None
    if values[0].real < 0 and abs(values[0].imag) < REAL * abs(values[0]):
        sides = float(((here - fixed.point) @ left[0].real * ((there - fixed.point) @ left[0].real) < 0).mean())
    for value, row in zip(values, left, strict=True):
        if value.imag > REAL * abs(value) and abs(value) > ALIVE:
            ratio = ((there - fixed.point) @ row) * np.conj((here - fixed.point) @ row)
            ratio = ratio[np.abs(ratio) > 0]
            mean = (ratio / np.abs(ratio)).mean()
            spread = np.sqrt(-2 * np.log(max(abs(mean), 1e-12)))
            turn = tuple(np.degrees([np.angle(value), np.angle(mean), spread]).tolist())
            break
    return Movement(
        fixed, steps, len(here), float((after < before).mean()), float(np.median(after / before)), sides, turn
    )


def endings(net: Network, symbol: int, visits: Visits) -> list[Ending]:
    """Where a symbol leads that never ends, the most frequent first; from FROM of the states after it."""
    after = np.flatnonzero(visits.read[1:] == symbol) + 1
    states = visits.state[after[np.linspace(0, len(after) - 1, min(FROM, len(after))).astype(int)]]
    states = repeated(net, symbol, states, LONG)
    tail = [states]
    for _ in range(LONGEST_CYCLE):
        tail.append(net.read(tail[-1], symbol))
    tail = np.stack(tail, axis=1)  # (N, 1 + LONGEST_CYCLE, size)
    scale = 1 + np.abs(states).max(axis=1)
    back = np.abs(tail[:, 1:] - states[:, None]).max(axis=2) < SAME * scale[:, None]
    period = np.where(back.any(axis=1), back.argmax(axis=1) + 1, 0)
    found: list[tuple[Array | None, list[int]]] = []
    for number, length in enumerate(period):
        for cycle, members in found:
            if cycle is None if not length else cycle is not None and _meets(cycle, states[number]):
                members.append(number)
                break
        else:
            found.append((tail[number, :length] if length else None, [number]))
    found.sort(key=lambda each: -len(each[1]))
    change = np.abs(np.diff(tail, axis=1)).mean(axis=1)
    return [Ending(cycle, change[members].mean(axis=0), len(members) / len(states)) for cycle, members in found]


def _meets(cycle: Array, state: Array) -> bool:
    return bool((np.abs(cycle - state).max(axis=1) < 10 * SAME * (1 + np.abs(state).max())).any())
