"""What one more symbol does to the units that carry n, and which units end a run: said only of what was tried out."""

import itertools
from typing import NamedTuple

import numpy as np

from lab.insight.found.automaton import Array
from lab.insight.found.interchange import CARRIES, EVERY_SET, PAIRS, Interchange, Place, at, go_on
from lab.insight.found.states import Visits
from lab.insight.found.step import Network

FORGETS = 0.05  # with a factor below this nothing of what was before is left
FITS = 20  # of the regression, each with the distances from the rest before as weights


class Law(NamedTuple):
    """What one more symbol does to the numbers of the state that carry n; done by hand, does the network count it?"""

    place: Place
    groups: tuple[int, ...]  # the set that carries n there
    numbers: tuple[int, ...]  # the places in the state of these groups
    added: Array  # (numbers,): the mean change in one step
    factor: Array  # (numbers,): x becomes factor x + shift, by a regression on all steps
    shift: Array
    by_count: Array  # (counts, numbers): the mean change from one count to the next
    shares: dict[str, float]  # 'added', 'factor', 'by_count': how often it then goes on as after one more symbol
    tried: int

    near: Array  # (numbers, 2): the least and the largest value
    last: list[int]  # which of the numbers stand for their groups: the last one of each, of an LSTM the cell

    @property
    def rest(self) -> Array:
        """Where factor x + shift leaves a number as it is."""
        return self.shift / np.where(self.factor == 1, np.nan, 1 - self.factor)

    @property
    def near_rest(self) -> bool:
        """Whether it is one group that comes nearer to a place, or goes away from it, and not just past it."""
        k = self.last[0]
        low, high = self.near[k]
        inside = low - (high - low) < self.rest[k] < high + (high - low)
        return bool(len(self.groups) == 1 and self.factor[k] > FORGETS and inside)


class End(NamedTuple):
    """Which units end the run of a symbol: taken from its end into its middle, and from its middle into its end."""

    symbol: int
    next: int  # the symbol that follows
    kind: str  # of the units, see Network.kinds()
    groups: tuple[int, ...]
    of: int  # so many groups there are
    ends: float  # share of the middles in which the next symbol is then predicted
    goes_on: float  # share of the ends in which one more symbol is then predicted
    limit: float | None  # of a single number: between its values in the middle and at the end, if these do not overlap
    tried: int


def law(net: Network, visits: Visits, found: Interchange, which: int, length: int, rng: np.random.Generator) -> Law:
    """What one more symbol read does to what is carried at the place number `which`."""
    place = found.places[which]
    some = found.carrier(which) or found.sets[-1]
    groups = next(iter(net.kinds().values()))
    numbers = [number for group in some for number in groups[group]]
    parent = visits.parent[1:]
    steps = np.flatnonzero((visits.read[1:] == place.read) & (visits.read[parent] == place.read) & (parent > 0)) + 1
    before, after = visits.state[visits.parent[steps]][:, numbers], visits.state[steps][:, numbers]
    factor, shift = straight(before, after)
    added = (after - before).mean(axis=0)
    points, number = at(visits, place)
    counts = np.unique(number)
    means = np.array([visits.state[points[number == each]][:, numbers].mean(axis=0) for each in counts])
    sign = 1 if place.read == 0 else -1
    by_count = np.diff(means[::sign], axis=0)[::sign]  # from counts[k] to the next one, or to it from the next one
    kept = points[number < length] if sign > 0 else points[number > 1]
    kept = rng.choice(kept, min(PAIRS, len(kept)), replace=False)
    number = visits.count[kept]
    state = visits.state[kept]
    own = go_on(net, state, place, most := length * net.num_class * (net.num_class + 1))
    here = state[:, numbers]
    rows = np.searchsorted(counts, number) - (sign < 0)
    tried = {'added': here + added, 'factor': factor * here + shift, 'by_count': here + by_count[rows]}
    shares = {}
    for name, there in tried.items():
        moved = state.copy()
        moved[:, numbers] = there
        wanted = own + (place.counted + 1 if sign > 0 else -1)
        shares[name] = float((go_on(net, moved, place, most) == wanted).mean())
    last = (np.cumsum([len(groups[group]) for group in some]) - 1).tolist()
    near = np.stack([before.min(axis=0), before.max(axis=0)], axis=1)
    return Law(place, some, tuple(numbers), added, factor, shift, by_count, shares, len(kept), near, last)


def straight(before: Array, after: Array) -> tuple[Array, Array]:
    """The line after = factor before + shift that fits best, number by number, (N, numbers).

    Near the rest a small distance counts as much as a large one farther away: errors are weighed by the distance.
    """
    weight = np.ones_like(before)
    for _ in range(FITS):
        mean, mean_after = (np.average(each, axis=0, weights=weight) for each in (before, after))
        spread = np.average((before - mean) ** 2, axis=0, weights=weight)
        both = np.average((before - mean) * (after - mean_after), axis=0, weights=weight)
        factor = np.where(spread > 1e-18, both / np.maximum(spread, 1e-300), 0.0)
        shift = mean_after - factor * mean
        rest = shift / np.where(factor == 1, np.inf, 1 - factor)
        weight = 1 / ((before - rest) ** 2 + 1e-4 * before.var(axis=0) + 1e-18)
    return factor, shift


def end(net: Network, visits: Visits, symbol: int, rng: np.random.Generator) -> End | None:
    """The smallest set of units that decides whether a run of a symbol is over; None where it is never or always so.

    Up to EVERY_SET units all sets are tried; of more first the one that moves the lead of the next symbol most, then
    with it the second, and so on. If no set decides in CARRIES of the cases, the best single one is returned.
    """
    other = (symbol + 1) % net.num_class
    here = (visits.read == symbol) & (visits.n > 0)
    right = here & (visits.predicts == visits.due)
    middles, ends = (np.flatnonzero(right & (visits.due == each)) for each in (symbol, other))
    if not len(middles) or not len(ends):
        return None
    kind = 'hidden unit' if net.gates else next(iter(net.kinds()))
    groups = net.kinds()[kind]
    middle, last = (visits.state[rng.choice(points, PAIRS)] for points in (middles, ends))

    def moved(some):
        numbers = [number for group in some for number in groups[group]]
        one, two = middle.copy(), last.copy()
        one[:, numbers], two[:, numbers] = last[:, numbers], middle[:, numbers]
        return net.logits(one), net.logits(two)

    def shares(some):
        one, two = (output.argmax(axis=1) for output in moved(some))
        return float((one == other).mean()), float((two == symbol).mean())

    every = range(len(groups))
    if len(groups) <= EVERY_SET:
        sizes = [[*itertools.combinations(every, size)] for size in range(1, len(groups) + 1)]
    else:
        leads = [[output[:, other] - output[:, symbol] for output in moved((k,))] for k in every]
        order = np.argsort([-(one - two).mean() for one, two in leads], kind='stable').tolist()
        sizes = [[tuple(sorted(order[: k + 1]))] for k in every]
    found = [max(sets, key=lambda some: min(shares(some))) for sets in sizes]
    some = next((each for each in found if min(shares(each)) >= CARRIES), found[0])
    numbers = [number for group in some for number in groups[group]]
    limit = None
    if len(numbers) == 1:
        low, high = sorted((visits.state[points, numbers[0]] for points in (middles, ends)), key=np.mean)
        limit = float(low.max() + high.min()) / 2 if low.max() < high.min() else None
    return End(symbol, other, kind, some, len(groups), *shares(some), limit, PAIRS)
