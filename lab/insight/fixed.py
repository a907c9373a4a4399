"""Each symbol maps a state to the next state: the fixed points of that map, and how visited states move about them.

Counting up near one fixed point and down near another: Rodriguez, Wiles and Elman (1999), A recurrent neural network
that learns to count. Newton's method on the step function: Sussillo and Barak (2013), Opening the black box.
"""

from typing import NamedTuple

import numpy as np

from lab.insight.automaton import Array
from lab.insight.step import Network, follow

RESIDUAL = 1e-10  # |next state - state| of a fixed point
SAME = 1e-6  # fixed points nearer to each other than this are one
STILL = 1e-13  # Newton's method ends once no step is longer than this
STARTS = 300
STEPS = 100
LARGEST_CELL = 1e6


class FixedPoint(NamedTuple):
    """A state that a symbol does not change."""

    symbol: int
    point: Array  # (size,)
    eigenvalues: Array  # (size,), complex, of the map's Jacobian there, the largest absolute value first
    eigenvectors: Array  # (size, size), complex, in columns

    @property
    def kind(self) -> str:
        """'attracting' if every eigenvalue is inside the unit circle, 'repelling' if none is, else 'saddle'."""
        inside = np.abs(self.eigenvalues) < 1
        return 'attracting' if inside.all() else 'saddle' if inside.any() else 'repelling'


class Movement(NamedTuple):
    """How visited states move while a symbol repeats, seen from the fixed point that is nearest to them."""

    fixed: FixedPoint
    nearest: float  # the least distance of a state before the symbol
    factor: float  # median of (distance after the symbol) / (distance before)


def newton(net: Network, symbol: int, states: Array) -> Array:
    """Newton's method on next(state) - state = 0 from N states at once; returns those that arrive, (M, size)."""
    bound = np.full(states.shape[1], 1.0)
    bound[net.hid :] = LARGEST_CELL
    for _ in range(STEPS):
        slope = net.jacobian(states, symbol) - np.eye(len(bound))
        error = net.read(states, symbol) - states
        try:
            step = np.linalg.solve(slope, error[:, :, None])[:, :, 0]
        except np.linalg.LinAlgError:  # one matrix is singular: pinv gives its shortest step
            step = np.einsum('nij,nj->ni', np.linalg.pinv(slope), error)
        states = np.clip(states - step, -bound, bound)
        if np.abs(step).max() < STILL:
            break
    return states[np.abs(net.read(states, symbol) - states).max(axis=1) < RESIDUAL]


def fixed_points(net: Network, symbol: int, visited: Array, rng: np.random.Generator) -> list[FixedPoint]:
    """The fixed points of a symbol that Newton's method finds, sorted by the first unit.

    It begins at some of the visited states (N, size), at random states around them, and where these visited states
    come to when the symbol is repeated.
    """
    some = visited[rng.integers(len(visited), size=STARTS)]
    low, high = visited.min(axis=0), visited.max(axis=0)
    around = rng.uniform(low - (high - low), high + (high - low), some.shape)
    repeated = some
    for _ in range(STEPS):
        repeated = net.read(repeated, symbol)
    found: list[Array] = []
    for point in newton(net, symbol, np.vstack([some, around, repeated])):
        if not any(np.abs(point - other).max() < SAME * (1 + np.abs(point).max()) for other in found):
            found.append(point)
    points = []
    for point in sorted(found, key=lambda point: tuple(np.round(point, 6))):
        values, vectors = np.linalg.eig(net.jacobian(point[None], symbol)[0])
        order = np.argsort(-np.abs(values), kind='stable')
        points.append(FixedPoint(symbol, point, values[order].astype(complex), vectors[:, order].astype(complex)))
    return points


def movement(net: Network, points: list[FixedPoint], sequences: Array) -> Movement | None:
    """The movement about the nearest of a symbol's fixed points wherever the symbol follows itself.

    None where it never does, or where it has no fixed point. sequences: (N, T).
    """
    if not points:
        return None
    symbol = points[0].symbol
    again = (sequences[:, 1:] == symbol) & (sequences[:, :-1] == symbol)
    if not again.any():
        return None
    states = follow(net, sequences)
    here, there = states[:, :-1][again], states[:, 1:][again]
    distances = [np.linalg.norm(here - fixed.point, axis=1) for fixed in points]
    nearest = int(np.argmin([np.median(distance) for distance in distances]))
    distance = distances[nearest]
    after = np.linalg.norm(there - points[nearest].point, axis=1)
    factor = np.median(after / np.maximum(distance, 1e-300))
    return Movement(points[nearest], float(distance.min()), float(factor))
