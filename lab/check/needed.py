"""What a two-layer perceptron needs, found by changing it: which hidden units, and which lines make the middle.

Which lines part the middle point from a neighbour is shown by an interchange: at the middle some units are given the
activations that they have at the neighbour, all others stay as they are. Is the output then the neighbour's?
"""

import itertools
import math

import numpy as np

from lab.check.lines import Weights, activation
from lab.check.points import Points

TRIED = 5000  # sets of units of one size at most


def outputs(weights: Weights, hidden: np.ndarray) -> np.ndarray:
    """Whether the output is on, for hidden activations (..., hid)."""
    return hidden @ weights.v + weights.c >= 0


def without(weights: Weights, act: str, points: Points) -> list[int]:
    """How many points are wrong with all units, then without each one: its activation is set to 0."""
    hidden, target = activation(weights.nets(points.inputs), act), points.targets == 1
    kept = np.vstack([np.ones(len(weights.b)), 1 - np.eye(len(weights.b))])
    return [int((outputs(weights, hidden * each) != target).sum()) for each in kept]


def middle(points: Points) -> tuple[int, np.ndarray]:
    """The point that is nearest to the mean of all, and its neighbours: the nearest ones with another target."""
    off = np.linalg.norm(points.inputs - points.inputs.mean(axis=0), axis=1)
    centre = int(off.argmin())
    far = np.linalg.norm(points.inputs - points.inputs[centre], axis=1)
    others = np.flatnonzero(points.targets != points.targets[centre])
    return centre, others[np.isclose(far[others], far[others].min(initial=np.inf))]


def around(weights: Weights, act: str, points: Points) -> dict[int, tuple[int, ...]]:
    """Of the smallest set of units that parts the middle from all its neighbours: for each of these, which of them do.

    {} where there are no neighbours, the network is wrong there, or no set was found.
    """
    centre, others = middle(points)
    hidden, target = activation(weights.nets(points.inputs), act), points.targets == 1
    if not len(others) or (outputs(weights, hidden) != target)[[centre, *others]].any():
        return {}

    def parts(units: tuple[int, ...], some: np.ndarray) -> bool:
        changed = np.repeat(hidden[[centre]], len(some), axis=0)
        changed[:, units] = hidden[some][:, units]
        return bool((outputs(weights, changed) == target[some]).all())

    def smallest(units: range | tuple[int, ...], some: np.ndarray) -> tuple[int, ...] | None:
        sizes = (size for size in range(1, len(units) + 1) if math.comb(len(units), size) <= TRIED)
        sets = itertools.chain.from_iterable(itertools.combinations(units, size) for size in sizes)
        return next((each for each in sets if parts(each, some)), None)

    every = smallest(range(len(weights.b)), others)
    return {int(other): smallest(every, np.array([other])) for other in others} if every else {}


def sentences(weights: Weights, act: str, points: Points) -> list[str]:
    """Both findings in words."""
    whole, *wrong = without(weights, act, points)
    texts = ', '.join(f'without h{k} {count}' for k, count in enumerate(wrong))
    needed = [f'h{k}' for k, count in enumerate(wrong) if count > whole]
    names = 'all units' if 1 < len(needed) == len(wrong) else _and(needed or ['no unit alone'])
    are = 'are' if len(needed) > 1 else 'is'
    lines = [f'Wrong are {whole} of {len(points.targets)} points; {texts}. So {names} {are} needed.']
    sets = around(weights, act, points)
    if sets:
        places = [f'({x:g}, {y:g})' for x, y in points.inputs]
        by_units = {units: [places[other] for other in sets if sets[other] == units] for units in sets.values()}
        every = sorted({unit for units in by_units for unit in units})
        parting = [f'{_and([f"h{k}" for k in units])} from {_and(some)}' for units, some in by_units.items()]
        lines.append(
            f'The line{"s" * (len(every) > 1)} of {_and([f"h{k}" for k in every])} make{"s" * (len(every) == 1)} the '
            f'middle, {places[middle(points)[0]]}, which is parted by {"; by ".join(parting)}.'
        )
    return lines


def _and(names: list[str]) -> str:
    """h0, h1 and h2."""
    return ' and '.join([', '.join(names[:-1]), names[-1]] if len(names) > 1 else names)
