"""Interchange interventions: units are carried over from one run of a network to another, which then goes on by itself.

If it goes on as the other run does, these units carry what matters there: here how many symbols are to come. If it goes
on as before, they do not. Geiger, Lu, Icard and Potts (2021), Causal abstractions of neural networks.
"""

import itertools
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from lab.insight.found.automaton import SYMBOLS, Array
from lab.insight.found.phases import ends
from lab.insight.found.states import Visits
from lab.insight.found.step import Network

PAIRS = 100  # of runs, for each place
LEAST = 20  # with fewer pairs nothing is said of a place
FEWER = 40  # of these, where a set is searched greedily
EVERY_SET = 6  # up to so many groups of units all sets are tried
MOST = 6  # groups in a set that is found greedily
CARRIES = 0.95  # a set carries n if the other run's number follows in this share of the pairs
ENDLESS = -1  # the number of symbols of a run that was not followed to its end
STILL = 1e-3  # of a regression: numbers that change less than this share of what others do are left out
RIDGE = 1e-6  # of the variance within counts, so that it can be inverted


class Place(NamedTuple):
    """Where units are carried over, and what is counted afterwards."""

    read: int  # the symbol read last
    middle: bool  # inside its run, in any place of it; or at its end
    counted: int  # the symbols that follow: if it is `read`, the rest of that run, else the next run of that symbol

    def __str__(self) -> str:
        where = 'middle of the' if self.middle else 'last'
        return f"{where} {SYMBOLS[self.read]}{chr(39) + 's' if self.middle else ''}: {SYMBOLS[self.counted]}'s"


class Pairs(NamedTuple):
    """Pairs of visited points at a place; left to itself, the network goes on differently from the two."""

    place: Place
    most: int  # symbols that are followed
    base: Array  # (P, size), the states into which something is carried
    source: Array  # (P, size), and those that it is taken from
    own: Array  # (P, 2): how many symbols follow, from the base and from the source
    drawn: int  # pairs that differ in what matters; the others of them go on alike
    alike: float  # share of these


class Direction(NamedTuple):
    """A line in the space of states; carried over is the place along it."""

    name: str
    vector: Array  # (size,), of length 1
    follows: float
    stays: float


class Interchange(NamedTuple):
    """For each kind of units (see Network.kinds()), set and place, what the network does afterwards."""

    places: list[Place]
    pairs: list[int]  # (places,): how many pairs; with 0 it goes on in the same way whatever came before
    drawn: list[int]  # (places,): of so many pairs that differ in n, or in what is owed,
    alike: list[float]  # this share goes on alike, and is left out
    kinds: list[str]
    sets: list[tuple[int, ...]]  # of groups, the small ones first; the last one is all of them
    follows: Array  # (kinds, sets, places): share of the pairs in which it goes on as the other run does
    stays: Array  # and in which it goes on as if nothing had been carried over
    along: list[Direction | None]  # for each place where no set short of all carries n, the best line

    @property
    def every_set(self) -> bool:
        """Whether all sets were tried; otherwise larger ones were found greedily."""
        return len(self.sets[-1]) <= EVERY_SET

    def carrier(self, place: int) -> tuple[int, ...] | None:
        """The smallest set of groups that carries n at this place; of equals the one with the largest share."""
        found = [k for k in range(len(self.sets)) if self.follows[0, k, place] >= CARRIES]
        return self.sets[min(found, key=lambda k: (len(self.sets[k]), -self.follows[0, k, place]))] if found else None

    def best(self, place: int, short_of: tuple[int, ...]) -> tuple[int, ...] | None:
        """Of the sets inside another one, and smaller, the one that carries n most often."""
        inside = [k for k, some in enumerate(self.sets) if set(some) < set(short_of)]
        return self.sets[max(inside, key=lambda k: (self.follows[0, k, place], -k))] if inside else None

    def share(self, some: tuple[int, ...], place: int, kind: int = 0) -> tuple[float, float]:
        """How often the network goes on as the other run does, and how often as before."""
        k = self.sets.index(some)
        return float(self.follows[kind, k, place]), float(self.stays[kind, k, place])


def places(num_class: int) -> list[Place]:
    """At the last A, in the middle of the B's, at the last B and in the middle of the C's, all later runs counted."""
    where = [(0, False, 1), (0, False, 2), (1, True, 1), (1, True, 2), (1, False, 2), (2, True, 2)]
    return [Place(*each) for each in where if max(each[0], each[2]) < num_class]


def at(visits: Visits, place: Place) -> tuple[Array, Array]:
    """The visited points of a place, and the number that matters there: n, or the symbols owed."""
    inside = np.flatnonzero((visits.read == place.read) & (visits.count > 0) & (visits.n > 0))
    points = inside if place.middle else ends(visits, place.read)
    return points, (visits.count if place.counted == place.read else visits.n)[points]


def go_on(net: Network, states: Array, place: Place, most: int) -> Array:
    """How many symbols of the counted run follow when the network reads what it predicts: states (N, size) -> (N,).

    After the A's it reads a B first. A run is over when it predicts something else; the B's and the C's follow each
    other. ENDLESS where more than `most` symbols are read.
    """
    states, phase = states.copy(), np.full(len(states), place.read)
    count, going = np.zeros(len(states), dtype=int), np.arange(len(states))
    for step in range(most):
        chosen = net.logits(states[going]).argmax(axis=1)
        chosen[(phase[going] == 0) & (step == 0)] = 1
        on = (chosen == phase[going]) | ((chosen == phase[going] + 1) & (chosen <= place.counted))
        going, chosen = going[on], chosen[on]
        if not len(going):
            break
        states[going], phase[going] = net.read(states[going], chosen), chosen
        count[going] += chosen == place.counted
    count[going] = ENDLESS
    return count


def pairs_at(net: Network, visits: Visits, place: Place, length: int, rng: np.random.Generator) -> Pairs:
    """Pairs of visited points that differ in what matters at a place and in how the network goes on, at most PAIRS."""
    points, number = at(visits, place)
    most = length * net.num_class * (net.num_class + 1)  # twice as many as in the longest block
    one, two = rng.integers(len(points), size=(2, 4 * PAIRS))
    asked, where = np.unique(np.concatenate([one, two]), return_inverse=True)
    own = go_on(net, visits.state[points[asked]], place, most)[where].reshape(2, -1)
    differs, unlike = number[one] != number[two], own[0] != own[1]
    kept = np.flatnonzero(differs & unlike)[:PAIRS]
    kept = kept if len(kept) >= LEAST else kept[:0]
    base, source = visits.state[points[one[kept]]], visits.state[points[two[kept]]]
    alike = float(1 - unlike[differs].mean()) if differs.any() else 1.0
    return Pairs(place, most, base, source, own[:, kept].T, int(differs.sum()), alike)


def outcome(net: Network, pairs: Pairs, states: Array) -> Array:
    """How often it goes on as the sources do and as the bases do, from states (M, P, size) in their place: (M, 2)."""
    count = go_on(net, states.reshape(-1, states.shape[-1]), pairs.place, pairs.most).reshape(-1, len(pairs.own))
    return np.stack([(count == pairs.own[:, 1]).mean(axis=1), (count == pairs.own[:, 0]).mean(axis=1)], axis=1)


def carry(net: Network, pairs: Pairs, groups: list[list[int]], sets: Iterable[tuple[int, ...]]) -> Array:
    """What outcome() is after each of these sets of groups was carried over, (sets, 2)."""
    masks = np.zeros((len(sets := list(sets)), 1, pairs.base.shape[1]), dtype=bool)
    for mask, some in zip(masks, sets, strict=True):
        mask[0, [number for group in some for number in groups[group]]] = True
    return outcome(net, pairs, np.where(masks, pairs.source, pairs.base))


def greedy(net: Network, pairs: Pairs, groups: list[list[int]]) -> list[tuple[int, ...]]:
    """The best group, the best two with it, and so on, until n is carried or MOST are in the set."""
    few = pairs._replace(base=pairs.base[:FEWER], source=pairs.source[:FEWER], own=pairs.own[:FEWER])
    found, best = [], ()
    while len(best) < MOST:
        larger = [tuple(sorted((*best, k))) for k in range(len(groups)) if k not in best]
        shares = carry(net, few, groups, larger)[:, 0]
        best = larger[shares.argmax()]
        found.append(best)
        if shares.max() >= CARRIES:
            break
    return found


def line(net: Network, visits: Visits, pairs: Pairs) -> Direction:
    """The line along which n is carried best: that of the regression, of Fisher's discriminant, or of the means."""
    points, number = at(visits, pairs.place)
    states, number = visits.state[points] - visits.state[points].mean(axis=0), number - number.mean()
    regression = np.linalg.lstsq(states, number, rcond=STILL)[0]
    means = number @ states / (number @ number)
    _, which = np.unique(number, return_inverse=True)
    centres = np.array([np.bincount(which, column) for column in states.T]).T / np.bincount(which)[:, None]
    within = np.cov(states - centres[which], rowvar=False).reshape(2 * [states.shape[1]])
    within += np.eye(len(within)) * (RIDGE * np.trace(within) + 1e-12)
    lines = {'regression': regression, 'discriminant': np.linalg.solve(within, means), 'means': means}
    vectors = np.array([each / max(np.linalg.norm(each), 1e-300) for each in lines.values()])
    moved = np.einsum('pi,di,dj->dpj', pairs.source - pairs.base, vectors, vectors)
    shares = outcome(net, pairs, pairs.base + moved)
    best = shares[:, 0].argmax()
    return Direction([*lines][best], vectors[best], *shares[best].tolist())


def interchange(net: Network, visits: Visits, length: int, rng: np.random.Generator) -> Interchange:
    """Carry each set of units over at each place. length: the largest n of a block in training."""
    where, kinds = places(net.num_class), net.kinds()
    pairs = [pairs_at(net, visits, place, length, rng) for place in where]
    groups, every = next(iter(kinds.values())), range(len(next(iter(kinds.values()))))
    if len(groups) <= EVERY_SET:
        sets = {some for size in every for some in itertools.combinations(every, size + 1)}
    else:
        sets = {some for each in pairs if len(each.own) for some in greedy(net, each, groups)}
        sets |= {tuple(k for k in every if k not in some) for some in sets} | {(k,) for k in every}
    sets = sorted({*sets, tuple(every)}, key=lambda some: (len(some), some))
    nothing = np.zeros((len(sets), 2))
    shares = np.array([[carry(net, each, some, sets) if len(each.own) else nothing for each in pairs]
                       for some in kinds.values()])  # fmt: skip
    follows, stays = shares.transpose(3, 0, 2, 1)
    drawn = [each.drawn for each in pairs], [each.alike for each in pairs]
    found = Interchange(where, [len(each.own) for each in pairs], *drawn, [*kinds], sets, follows, stays, [])
    whole = [each.own.size and found.carrier(k) in (None, sets[-1]) for k, each in enumerate(pairs)]
    lines = [line(net, visits, each) if all_ else None for each, all_ in zip(pairs, whole, strict=True)]
    return found._replace(along=lines)
