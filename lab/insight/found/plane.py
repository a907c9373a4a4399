"""The directions from which points of many dimensions are looked at, so that groups of them are seen apart."""

import itertools
from typing import NamedTuple

import numpy as np

from lab.insight.found.automaton import NONE, Array

CLEARER = 0.1  # combined units must part the groups by so much more (see parting()) before they replace single units
RIDGE = 1e-3  # of the total variance, added to the variance within groups: exact copies of a point have none
MOST_PAIRS = 6  # of units are drawn: those of 4 units; where there are more, only the best
TERMS = 4  # a combination of more units than this is not written out


class Plane(NamedTuple):
    """Directions to look along: points (P, size) are seen at points @ matrix."""

    matrix: Array  # (size, k)
    labels: list[str]  # (k,): what each axis shows


def groups(places: Array, group: Array) -> tuple[Array, Array, Array]:
    """Where groups (P,) of points (P, k) are: the mean and the variance of each, (groups, k), and of all points, (k,).

    Points of group NONE do not count.
    """
    places = places[group != NONE]
    _, group, count = np.unique(group[group != NONE], return_inverse=True, return_counts=True)
    means = np.array([np.bincount(group, column) / count for column in places.T]).T
    spread = np.array([np.bincount(group, column) / count for column in ((places - means[group]) ** 2).T]).T
    return means, spread, places.var(axis=0)


def parting(means: Array, spread: Array, total: Array) -> float:
    """How well groups() are parted: the mean over them of log(distance to the nearest group / spread)."""
    size = total.mean() + 1e-24
    apart = np.sqrt(((means[:, None] - means) ** 2).sum(axis=2) / size)
    np.fill_diagonal(apart, np.inf)
    nearest = np.minimum(apart.min(axis=1), 1e3)  # one group alone is as far away as that
    return float(np.mean(np.log(nearest + 1e-3) - np.log(np.sqrt(spread.sum(axis=1) / size) + 1e-2)))


def best_pairs(units: Array, group: Array, count: int = MOST_PAIRS) -> list[tuple[int, int]]:
    """The pairs of units (P, hid) that part the groups (P,) best, at most `count` of them, the best one first."""
    seen, pairs = groups(units, group), itertools.combinations(range(units.shape[1]), 2)
    return sorted(pairs, key=lambda pair: -parting(*(each[..., list(pair)] for each in seen)))[:count]


def choose(units: Array, group: Array, axes: int, name: str) -> Plane:
    """The `axes` directions (2 or 3) that part the groups (P,) of points (P, hid) best.

    These are single units, or, where they part the groups more clearly, principal components or linear discriminants
    (LDA: Fisher 1936) of all units. name: what a unit is called, for the labels.
    """
    hid = units.shape[1]
    if hid <= axes:
        return Plane(np.eye(hid), [f'{name} {unit}' for unit in range(hid)])
    seen, best = groups(units, group), list(best_pairs(units, group, 1)[0])
    while len(best) < axes:
        rest = [unit for unit in range(hid) if unit not in best]
        best.append(max(rest, key=lambda unit: parting(*(each[..., [*best, unit]] for each in seen))))
    best.sort()
    planes = [Plane(np.eye(hid)[:, best], [f'{name} {unit}' for unit in best])]
    planes += [_components(units, axes, name), *_discriminants(units, group, axes, name)]
    scores = [parting(*groups(units @ plane.matrix, group)) for plane in planes]
    scores[0] += CLEARER
    return planes[int(np.argmax(scores))]


def _components(units: Array, axes: int, name: str) -> Plane:
    """The first principal components: the directions of the largest variance."""
    variance, directions = np.linalg.eigh(np.cov(units, rowvar=False))
    share = variance[::-1][:axes] / max(variance.sum(), 1e-24)
    labels = [
        f'principal component {axis + 1} of the {name}s: {each:.0%} of the variance' for axis, each in enumerate(share)
    ]
    return Plane(_turned(directions[:, ::-1][:, :axes]), labels)


def _discriminants(units: Array, group: Array, axes: int, name: str) -> list[Plane]:
    """The directions with the largest variance between the groups for their variance within; none for few groups."""
    means, _, _ = groups(units, group)
    if len(means) <= axes:
        return []
    known = group != NONE
    within = np.cov(units[known] - means[np.unique(group[known], return_inverse=True)[1]], rowvar=False)
    within += np.eye(len(within)) * (RIDGE * units.var(axis=0).sum() + 1e-12)
    whiten = np.linalg.inv(np.linalg.cholesky(within)).T
    white = means @ whiten
    apart = ((white[:, None] - white) ** 2).sum(axis=2)
    planes = []
    for power in (0, 2):  # 2: groups that are close to each other count more (Loog, Duin and Haeb-Umbach 2001)
        weight = 1 / (apart + 1e-3 * np.median(apart) + 1e-12) ** power
        scatter = white.T @ (np.diag(weight.sum(axis=1)) - weight) @ white
        matrix = whiten @ np.linalg.eigh(scatter)[1][:, ::-1][:, :axes]
        matrix = _turned(matrix / np.linalg.norm(matrix, axis=0))
        planes.append(Plane(matrix, [_label(column, axis, name) for axis, column in enumerate(matrix.T)]))
    return planes


def _turned(matrix: Array) -> Array:
    """Directions (size, k), each turned so that its largest part is positive: a sign means nothing."""
    return matrix * np.sign(matrix[np.abs(matrix).argmax(axis=0), range(matrix.shape[1])])


def _label(weights: Array, axis: int, name: str) -> str:
    """What a linear discriminant is made of, as `linear discriminant 1: 0.80 unit 0 - 0.60 unit 2`."""
    if len(weights) > TERMS:
        return f'linear discriminant {axis + 1} of the {len(weights)} {name}s'
    terms = [f'{"-" if weight < 0 else "+"} {abs(weight):.2f} {name} {unit}' for unit, weight in enumerate(weights)]
    return f'linear discriminant {axis + 1}: ' + ' '.join(terms).removeprefix('+ ')
