"""The states of a trained network and the automaton it is, found in the hidden states it visits.

All is done on a step function (seq_step.Network). Nothing here knows what the network counts: points are told apart by
what the network predicts from them on.
"""

import itertools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from lab.insight import automaton as fsm
from lab.insight.automaton import NONE, OPEN, Automaton
from lab.insight.step import Network, follow

Array = np.ndarray
Agreement = Callable[[Automaton], tuple[float, float]]  # shares of sequences and of steps, see fidelity()
POINTS = 20_000  # about so many points are visited
BLOCKS = 5  # in a sequence of the language
CLUSTERS = 600  # a network that needs more than so many does nothing that an automaton could show
JUDGED = 40  # the agreement is asked for whenever the clusters have become more by a 40th


class Visits(NamedTuple):
    """The points a network visits on sequences of the language: P states of it, each reached by another prefix.

    Point 0 is the start.
    """

    state: Array  # (P, size)
    read: Array  # (P,): the symbol read last; the start: the last symbol of a block
    predicts: Array  # (P,): the symbol of the largest output; the start, where nothing is predicted: A
    open: Array  # (P,): whether the language leaves the next symbol open
    due: Array  # (P,): the symbol that must come, or OPEN
    following: Array  # (P, num_class): the point that a symbol leads to, or NONE
    often: Array  # (P,): how many sequences come by


class States(NamedTuple):
    """An automaton extracted from a network, and the points that each of its states stands for."""

    automaton: Automaton
    cluster: Array  # (P,): the cluster of each point
    state: Array  # (P,): the state of each point


def histories(length: int, num_class: int, rng: np.random.Generator) -> Array:
    """Sequences of the language, (N, T): up to four blocks, and then a block of every n in 1..length.

    So that a point is seen with all that may follow: where a block of 4 begins, one of 1 begins as well. With length 4
    that is all there is in the language; where there is too much, random blocks come first.
    """
    per_block = length + (num_class * (num_class + 1) // 2 - 1) * length * (length + 1) // 2
    count = max(1, POINTS // per_block)
    kinds = sum(length**blocks for blocks in range(BLOCKS))
    if kinds <= count:
        before = np.array(list(itertools.product(range(length + 1), repeat=BLOCKS - 1)))
        before = before[(np.diff((before > 0).astype(int), axis=1) >= 0).all(axis=1)]
    else:
        blocks = rng.integers(0, BLOCKS, (count, 1))
        before = np.unique(rng.integers(1, length + 1, (count, BLOCKS - 1)) * (np.arange(BLOCKS - 1) < blocks), axis=0)
    blocks = np.hstack([np.repeat(before, length, axis=0), np.tile(np.arange(1, length + 1), len(before))[:, None]])
    return fsm.spell(blocks, num_class)


def visit(net: Network, language: Automaton, sequences: Array) -> Visits:
    """The points that a network visits on sequences (N, T) of a language, each prefix once."""
    levels, total = [], 1  # of the tree of prefixes
    at = np.zeros(len(sequences), dtype=int)  # the point that each sequence has come to
    for t, symbol in enumerate(sequences.T):
        reads = np.flatnonzero(symbol != NONE)
        step, first, which, often = np.unique(at[reads] * net.num_class + symbol[reads], True, True, True)
        at[reads] = total + which
        total += len(step)
        levels.append(np.column_stack([step, reads[first], np.full(len(step), t), often]))
    step, row, t, often = np.concatenate(levels).T
    parent, symbol = np.divmod(step, net.num_class)
    state = np.vstack([net.start, follow(net, sequences)[row, t]])
    predicts = net.logits(state).argmax(axis=1)
    predicts[0] = 0
    due = np.append(0, language.output[fsm.walk(language, sequences)[row, t]])
    following = np.full((total, net.num_class), NONE)
    following[parent, symbol] = np.arange(1, total)
    read = np.append(net.num_class - 1, symbol)
    return Visits(state, read, predicts, due == OPEN, due, following, np.append(len(sequences), often))


def extract(
    visits: Visits, agreement: Agreement, guesses: bool = False, most: int = CLUSTERS, every: int = 1
) -> States:
    """The automaton of at most `most` states that agrees best with the network, see fidelity(); of those, the one from
    the fewest clusters. With `guesses`, what the network predicts counts also where the language leaves the next symbol
    open.

    Where none agrees on every sequence, the clusters are also made with the network's mistakes left out, as if it had
    predicted what was due: so a network that has nearly learned is seen as the automaton that it nearly is.
    The agreement is asked for after `every` cuts at most often, which saves time where sequences are long.
    """
    output = visits.predicts if guesses else np.where(visits.open, OPEN, visits.predicts)
    shares, clusters, cluster = _refine(visits, output, agreement, most, every)
    if shares[0] < 1:
        due = np.where(visits.open, output, visits.due)
        nearly = _refine(visits, due, agreement, most, every)
        if nearly[0] > shares:
            _, clusters, cluster = nearly
    automaton, number = fsm.minimise(clusters)
    return States(automaton, cluster, number[cluster])


def _refine(
    visits: Visits, output: Array, agreement: Agreement, most: int, every: int
) -> tuple[tuple, Automaton, Array]:
    """Its agreement, the clusters as an automaton, and each point's cluster, (P,).

    One cluster to begin with. As long as the points of a cluster disagree, in the symbol read, in the output, or in the
    state that a symbol leads to once clusters that cannot be told apart are merged, it is cut in two by a plane between
    the disagreeing groups; the largest disagreement first.
    """
    cluster = np.zeros(len(output), dtype=int)
    best = None
    while True:
        clusters = _usual(cluster, output, visits)
        classes = fsm.tell_apart(clusters)
        groups = _disagreement(cluster, classes, output, visits)
        done = groups is None
        if best is None or done or len(clusters.output) % max(every, len(clusters.output) // JUDGED) == 0:
            pure = ((visits.read == clusters.phase[cluster]) & (output == clusters.output[cluster])).all()
            shares = agreement(clusters)
            done |= shares[0] == 1 and pure
            if best is None or (classes.max() < most and (shares > best[0] or (done and shares == best[0]))):
                best = shares, clusters, cluster.copy()
        if done or len(clusters.output) == CLUSTERS:
            return best
        members = np.flatnonzero(cluster == cluster[groups[0][0]])
        beyond = _cut(visits.state, members, *groups)
        beyond ^= beyond[0] and members[0] == 0  # the start stays in cluster 0
        cluster[members[beyond]] = len(clusters.output)


def _cut(state: Array, members: Array, here: Array, there: Array) -> Array:
    """Which members lie beyond the plane that best parts two groups of them: Fisher's direction, fewest errors."""
    both = np.concatenate([here, there])
    side = np.repeat([0, 1], [len(here), len(there)])
    means = np.array([state[here].mean(axis=0), state[there].mean(axis=0)])
    spread = np.cov(state[both] - means[side], rowvar=False).reshape(2 * [state.shape[1]])
    spread += np.eye(len(spread)) * (1e-6 * np.trace(spread) + 1e-12)
    direction = np.linalg.solve(spread, means[1] - means[0])
    along = state[both] @ direction
    order = np.argsort(along)
    errors = np.cumsum(2 * side[order] - 1)[:-1]  # of cutting after each, but for a constant
    errors = np.where(np.diff(along[order]) > 0, errors, len(both))
    best = errors.argmin()
    beyond = state[members] @ direction > along[order][best : best + 2].mean()
    parted = beyond.any() and not beyond.all()
    return beyond if parted else np.isin(members, there)  # one and the same point, as far as numbers can tell


def _count(cluster: Array, values: Array, often: Array) -> Array:
    """How often each cluster is visited with each value, (clusters, values); a value below 0 does not count."""
    known = values >= 0
    width = values.max(initial=0) + 1
    size = (cluster.max() + 1) * width
    return np.bincount(cluster[known] * width + values[known], often[known], size).reshape(-1, width)


def _usual(cluster: Array, output: Array, visits: Visits) -> Automaton:
    """The automaton whose states are clusters that do what they do most often."""

    def most(values):
        count = _count(cluster, values, visits.often)
        return np.where(count.any(axis=1), count.argmax(axis=1), NONE)

    leads = [most(np.where(points == NONE, NONE, cluster[points])) for points in visits.following.T]
    return Automaton(np.column_stack(leads), most(output - OPEN) + OPEN, most(visits.read))


def _disagreement(cluster: Array, classes: Array, output: Array, visits: Visits) -> tuple[Array, Array] | None:
    """The points of a cluster that do what it does most often, and those that do what it does second most often, in
    the cluster and the respect where there is most disagreement; None if there is none."""
    leads = [np.where(points == NONE, NONE, classes[cluster[points]]) for points in visits.following.T]
    most, groups = 0, None
    for values in (visits.read, output - OPEN, *leads):
        count = _count(cluster, values, visits.often)
        dissent = count.sum(axis=1) - count.max(axis=1)
        if dissent.max() > most:
            most, where = dissent.max(), dissent.argmax()
            usual, second = np.argsort(-count[where], kind='stable')[:2]
            groups = tuple(np.flatnonzero((cluster == where) & (values == value)) for value in (usual, second))
        if groups and values is visits.read:
            break  # phases first
    return groups


def fidelity(net: Network, language: Automaton, sequences: Array, guesses: bool) -> Agreement:
    """A function of an automaton: on which share of `sequences`, (N, T), it predicts the same symbol as the network at
    every step, and on which share of the steps. Without `guesses`, only steps that the language determines count."""
    sequences, weight = np.unique(sequences, axis=0, return_counts=True)
    predicts = net.logits(follow(net, sequences)[:, :-1]).argmax(axis=2)
    counts = sequences[:, 1:] != NONE
    if not guesses:
        counts &= language.output[fsm.walk(language, sequences)[:, :-1]] != OPEN

    def agreement(automaton):
        state = fsm.walk(automaton, sequences)[:, :-1]
        agrees = (state != NONE) & (automaton.output[state] == predicts)
        every_step = (agrees | ~counts).all(axis=1)
        steps = counts * weight[:, None]
        return float(np.average(every_step, weights=weight)), float((agrees * steps).sum() / steps.sum())

    return agreement
