"""Each symbol maps a state to the next state: fixed points and cycles of that map, and points where it is slow.

Counting up near one fixed point and down near another: Rodriguez, Wiles and Elman (1999), A recurrent neural network
that learns to count. Points where the network is slow, found by optimisation: Sussillo and Barak (2013), Opening the
black box; ours is Levenberg and Marquardt's method for least squares (1944, 1963).
"""

import functools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from lab.insight.found.automaton import Array
from lab.insight.found.step import Network

RESIDUAL = 1e-9  # |next state - state| of a fixed point
SLOW = 0.01  # a point is slow if a step there is shorter than this share of the size of all that is visited
SAME = 1e-5  # points nearer to each other than this are one
SHUT = 1e-7  # where the Jacobian is as near to 1 as this in a direction, nothing moves along it
LEVEL = 1e-7  # of a slow point: how nearly its step is the shortest around
STARTS = 120  # of each kind, where a state has up to FEW numbers; where it has more, a start takes longer: fewer
FEW = 8
GRID = 30  # starts along a side, too, where a state has at most two numbers
STEPS = 60
PERIODS = 2, 3
RETURNS = 1e-6  # a cycle leads back to within this share of a step
MARGIN = 0.5  # how much farther off than where a symbol leads, relative to that, its fixed points are looked for
REPEATS = 1000  # so often a symbol is repeated to see where it leads
FROM = 200  # visited states from which it is repeated
KINDS = 'attracting', 'saddle', 'repelling', 'slow'


class FixedPoint(NamedTuple):
    """A state that a symbol does not change, or a cycle of states: `period` times the symbol leads back to each."""

    symbol: int
    cycle: Array  # (period, size), each the next one after the one before
    speed: float  # |next state - state|: 0, but of a slow point more than RESIDUAL
    eigenvalues: Array  # (size,), complex, of the Jacobian of the whole cycle, the largest absolute value first
    eigenvectors: Array  # (size, size), complex, in columns
    distance: float  # of the nearest visited state

    @property
    def point(self) -> Array:
        """The first state of the cycle, (size,)."""
        return self.cycle[0]

    @property
    def kind(self) -> str:
        """'slow'; or 'attracting' if every eigenvalue is inside the unit circle, 'repelling' if none is, 'saddle'."""
        inside = np.abs(self.eigenvalues) < 1
        if self.speed > RESIDUAL:
            return 'slow'
        return 'attracting' if inside.all() else 'saddle' if inside.any() else 'repelling'


def repeated(net: Network, symbol: int, states: Array, times: int) -> Array:
    """The states after the symbol was read so many times."""
    for _ in range(times):
        states = net.read(states, symbol)
    return states


def settle(net: Network, symbol: int, states: Array) -> tuple[Array, Array, Array]:
    """Make |next state - state| as small as can be, from N states at once.

    Returns the states, that length, and its slope there relative to it: about 0 where it is the smallest around.
    """
    unit, damping = np.eye(states.shape[1]), np.full(len(states), 1e-3)
    error = net.read(states, symbol) - states
    for _ in range(STEPS):
        length = np.linalg.norm(error, axis=1)
        moving = np.flatnonzero((length > RESIDUAL / 100) & (damping < 1e8))
        if not len(moving):
            break
        here, off = states[moving], error[moving]
        jacobian = net.jacobian(here, symbol) - unit
        normal = np.einsum('nji,njk->nik', jacobian, jacobian)
        gradient = np.einsum('nji,nj->ni', jacobian, off)
        scale = np.trace(normal, axis1=1, axis2=2)[:, None, None] / len(unit) + 1e-12
        step = np.linalg.solve(normal + damping[moving, None, None] * scale * unit, gradient[:, :, None])[:, :, 0]
        there = here - step
        now = net.read(there, symbol) - there
        better = np.linalg.norm(now, axis=1) < length[moving]
        states[moving[better]], error[moving[better]] = there[better], now[better]
        damping[moving] *= np.where(better, 0.1, 10)
    length = np.linalg.norm(error, axis=1)
    jacobian = net.jacobian(states, symbol) - unit
    level = np.linalg.norm(np.einsum('nji,nj->ni', jacobian, error), axis=1) / np.maximum(length, 1e-300)
    return states, length, level


def begin(net: Network, visited: Array, symbol: int, rng: np.random.Generator) -> Array:
    """Where the search begins: at visited states, around them, and where these come to when the symbol is repeated.

    Around them also means the box of -1 and 1, since outside the visited states fixed points may stand, too.
    """
    count = STARTS * FEW // max(FEW, visited.shape[1])
    some = visited[rng.integers(len(visited), size=count)]
    low, high = np.minimum(visited.min(axis=0), -1), np.maximum(visited.max(axis=0), 1)
    near = rng.uniform(low, high, some.shape)
    around = rng.uniform(low - (high - low), high + (high - low), some.shape)
    starts = [some, near, around, repeated(net, symbol, some, 50), repeated(net, symbol, near, 1)]
    if len(low) <= 2:
        grid = np.meshgrid(*np.linspace(low, high, GRID).T)
        starts.append(np.column_stack([axis.ravel() for axis in grid]))
    return np.vstack(starts)


def fixed_points(net: Network, symbol: int, visited: Array, rng: np.random.Generator) -> list[FixedPoint]:
    """The fixed points, slow points and cycles of a symbol that are found, nearest to the visited states first.

    visited: (N, size), the states in which the symbol was read. Cycles are those to which the symbol leads from there.
    What lies farther off than it can lead does not count: outside the reach of a network its gates may be shut so
    tightly that nothing moves.
    """
    low, high = visited.min(axis=0), visited.max(axis=0)
    size = np.linalg.norm(high - low)
    far = repeated(net, symbol, visited[:: 1 + len(visited) // FROM], REPEATS)
    within = np.vstack([visited, net.read(visited, symbol), far])
    reach = within.min(axis=0), within.max(axis=0)
    wide = MARGIN * (reach[1] - reach[0])
    states, length, level = settle(net, symbol, begin(net, visited, symbol, rng))
    near = ((states >= reach[0] - wide) & (states <= reach[1] + wide)).all(axis=1)
    inside = ((states > low) & (states < high)).all(axis=1)
    slow = inside & (length >= RESIDUAL) & (length < SLOW * size) & (level < LEVEL)
    still = np.flatnonzero(near & (length < RESIDUAL))
    still = still[exact(net, symbol, states[still])]
    found: list[Array] = []  # cycles, (period, size)
    for cycle in [*states[np.union1d(still, np.flatnonzero(slow)), None], *cycles(net, symbol, far)]:
        if not any(meets(each, cycle[0]) for each in found):
            found.append(cycle)
    return sorted((_point(net, symbol, cycle, visited) for cycle in found), key=lambda each: each.distance)


def cycles(net: Network, symbol: int, states: Array) -> Iterator[Array]:
    """The cycles (period, size) of two or three on which some of the states stand: so many symbols lead back."""
    path = [states]
    for _ in range(max(PERIODS)):
        path.append(net.read(path[-1], symbol))
    path = np.stack(path)
    step = np.linalg.norm(path[1] - path[0], axis=1)
    for period in PERIODS:
        back = np.linalg.norm(path[period] - path[0], axis=1)
        yield from path[:period, (back < RETURNS * step) & (step > SAME)].swapaxes(0, 1)


def exact(net: Network, symbol: int, states: Array) -> Array:
    """Which of some states (N, size) that do not move stand on a fixed point: Newton's next step would be short, too.

    Where a gate is nearly shut a state hardly moves, but the point where it would stop is far away, or there is none.
    """
    left, stretch, right = np.linalg.svd(net.jacobian(states, symbol) - np.eye(states.shape[1]))
    along = np.einsum('nji,nj->ni', left, net.read(states, symbol) - states) / np.maximum(stretch, 1e-300)
    step = np.einsum('nji,nj->ni', right, along)
    near = np.abs(step).max(axis=1, initial=0) < SAME * (1 + np.abs(states).max(axis=1, initial=0))
    return near & (stretch.min(axis=1, initial=1) > SHUT)


def meets(cycle: Array, state: Array) -> bool:
    """Whether a state is one of a cycle (period, size)."""
    return bool((np.abs(cycle - state).max(axis=1) < SAME * (1 + np.abs(state).max())).any())


def _point(net: Network, symbol: int, cycle: Array, visited: Array) -> FixedPoint:
    """What is to be known of a fixed point or a cycle."""
    jacobian = functools.reduce(np.matmul, net.jacobian(cycle, symbol)[::-1])  # of the whole cycle
    values, vectors = np.linalg.eig(jacobian)
    order = np.argsort(-np.abs(values), kind='stable')
    speed = float(np.linalg.norm(net.read(cycle[-1:], symbol)[0] - cycle[0])) if len(cycle) == 1 else 0.0
    distance = min(float(np.linalg.norm(visited - state, axis=1).min()) for state in cycle)
    return FixedPoint(symbol, cycle, speed, values[order].astype(complex), vectors[:, order].astype(complex), distance)
