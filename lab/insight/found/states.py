"""Extract a finite automaton from a trained network, from the hidden states that it visits.

All of it works on a step function (step.Network). What the network counts is not used: visited points are told apart
only by what the network predicts there and afterwards.
"""

import itertools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from lab.insight.found import automaton as fsm
from lab.insight.found.automaton import NONE, OPEN, Array, Automaton, runs
from lab.insight.found.step import Network, follow
from lab.seq.verdict import BLOCKS, spell

Agreement = Callable[[Automaton], tuple[float, float]]  # shares of sequences and of steps, see fidelity()
POINTS = 20_000  # about so many points are visited
HISTORIES = 20  # so many different beginnings at least: what blocks before leave behind is to be seen
CLUSTERS = 600  # a network that needs more of them does not behave like a small automaton
PATIENCE = 2  # with so many times the clusters or states of the best automaton, none was better: there is none
JUDGED = 16  # the agreement is computed whenever the number of clusters has grown by a 16th


class Visits(NamedTuple):
    """The points that a network visits on sequences of the language: its states after P different prefixes.

    Point 0 is the start, after the empty prefix.
    """

    state: Array  # (P, size)
    read: Array  # (P,): the symbol read last; at the start: the last symbol of a block
    predicts: Array  # (P,): the symbol of the largest output; at the start, where nothing is predicted: A
    due: Array  # (P,): the symbol that must come, or OPEN where the language leaves it open
    following: Array  # (P, num_class): the point that a symbol leads to, or NONE
    often: Array  # (P,): how many sequences begin with this prefix
    count: Array  # (P,): in an A's run the A's read, in another run the symbols owed; 0 at the start
    n: Array  # (P,): the A's in its block, so far
    parent: Array  # (P,): the point before the last symbol; of the start NONE
    sequences: Array  # (N, T): it visits them on these
    row: Array  # (P - 1,): of each point but the start the sequence,
    t: Array  # (P - 1,): and the place of its last symbol there


class States(NamedTuple):
    """An automaton extracted from a network, and the points that each of its states stands for."""

    automaton: Automaton
    cluster: Array  # (P,): the cluster of each point
    state: Array  # (P,): where the automaton stands after each point's prefix; NONE where it has no such way
    given_up: int = 0  # with so many clusters the search was given up; 0: it came to its end


def histories(length: int, num_class: int, rng: np.random.Generator) -> Array:
    """Sequences of the language, (N, T): up to four blocks, then one more, which takes every n in 1..length in turn.

    So each point is seen with all that may follow: where a block of 4 begins, a block of 1 begins, too. With length 4
    these are all sequences of the language; where there are too many of them, the first blocks are random. Where blocks
    are so long that few of these beginnings could be followed by all n, each is followed by some, other ones each time.
    """
    per_block = length + (num_class * (num_class + 1) // 2 - 1) * length * (length + 1) // 2
    count = max(HISTORIES, POINTS // per_block)
    kinds = sum(length**blocks for blocks in range(BLOCKS))
    if kinds <= count:
        before = np.array(list(itertools.product(range(length + 1), repeat=BLOCKS - 1)))
        before = before[(np.diff((before > 0).astype(int), axis=1) >= 0).all(axis=1)]
    else:
        blocks = rng.integers(0, BLOCKS, (count, 1))
        before = np.unique(rng.integers(1, length + 1, (count, BLOCKS - 1)) * (np.arange(BLOCKS - 1) < blocks), axis=0)
    every = -(-len(before) * per_block // POINTS) if count == HISTORIES else 1
    turn = np.arange(len(before))[:, None] * every // len(before)
    row, n = np.nonzero((np.arange(length, 0, -1) + turn) % every == 0)
    return spell(np.column_stack([before[row], length - n]), num_class)


def visit(net: Network, language: Automaton, sequences: Array) -> Visits:
    """The points that a network visits on sequences (N, T) of a language, one for each prefix."""
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
    nth, left = runs(sequences)
    nth, left = nth[row, t], left[row, t]
    count = np.append(0, np.where(symbol == 0, nth, left))
    n = np.append(0, np.where(symbol == 0, nth, (nth + left) // (symbol + 1)))
    state = np.vstack([net.start, follow(net, sequences)[row, t]])
    predicts = net.logits(state).argmax(axis=1)
    predicts[0] = 0
    due = np.append(0, language.output[fsm.walk(language, sequences)[row, t]])
    following = np.full((total, net.num_class), NONE)
    following[parent, symbol] = np.arange(1, total)
    read = np.append(net.num_class - 1, symbol)
    often, parent = np.append(len(sequences), often), np.append(NONE, parent)
    return Visits(state, read, predicts, due, following, often, count, n, parent, sequences, row, t)


def where(automaton: Automaton, visits: Visits) -> Array:
    """The state of an automaton after the prefix of each visited point, (P,); NONE where it has no such way."""
    return np.append(0, fsm.walk(automaton, visits.sequences)[visits.row, visits.t])


def extract(visits: Visits, language: Automaton, agreement: Agreement, most: int, every: int) -> States:
    """The automaton that agrees best with the network (see fidelity()); of equals, the one from the fewest clusters.

    It has at most `most` states. Where the language leaves the next symbol open, it predicts nothing.

    Where no automaton agrees on every sequence, a second one is made in which the network's mistakes are replaced by
    the symbol that was due: for a network that has nearly learned, it is often better. The agreement is computed at
    most once in `every` cuts, which saves time where sequences are long. Where the search has to be given up, the
    automaton of the language itself is tried, too.
    """
    output = np.where(visits.due == OPEN, OPEN, visits.predicts)
    shares, clusters, cluster, given_up = _refine(visits, output, agreement, most, every)
    its_own = agreement(language) if given_up else (0.0, 0.0)
    if max(shares[0], its_own[0]) < 1:
        nearly = _refine(visits, visits.due, agreement, most, every)
        if nearly[0] > shares:
            shares, clusters, cluster, given_up = nearly
    if given_up and its_own > shares[:2]:
        clusters, cluster = language, where(language, visits)
    automaton = fsm.minimise(clusters)
    return States(automaton, cluster, where(automaton, visits), given_up)


def trim(found: States, visits: Visits, *sequences: Array) -> States:
    """The same automaton without the transitions that neither the visited sequences nor these take, minimised again."""
    automaton = found.automaton
    taken = np.zeros((len(automaton.output) + 1, automaton.following.shape[1]), dtype=bool)  # [NONE] is not a state
    for many in (visits.sequences, *sequences):
        state = fsm.walk(automaton, many)
        before = np.hstack([np.zeros((len(many), 1), dtype=int), state[:, :-1]])
        taken[before[many != NONE], many[many != NONE]] = True
    automaton = fsm.minimise(automaton._replace(following=np.where(taken[:-1], automaton.following, NONE)))
    return found._replace(automaton=automaton, state=where(automaton, visits))


def _refine(
    visits: Visits, output: Array, agreement: Agreement, most: int, every: int
) -> tuple[tuple, Automaton, Array, int]:
    """The best clusters: their agreement, the clusters as an automaton, each point's cluster, (P,), States.given_up.

    At first there is one cluster for each symbol read last. While points of one cluster differ (in the output, or in
    the state that a symbol leads to, once clusters that cannot be told apart are merged), the cluster is cut in two by
    a plane between the groups that differ. The largest difference is cut first. It ends when the automaton is right
    about every sequence and every visited point, or when the agreement has not risen for so long that it will not.
    """
    cluster = (visits.read + 1) % (visits.read.max() + 1)  # the start, a block's end, is in cluster 0
    best = None
    while True:
        clusters = _majority(cluster, output, visits)
        classes = fsm.tell_apart(clusters)
        groups = _disagreement(cluster, classes, output, visits)
        done = groups is None
        size = len(clusters.output)
        if best is None or done or size % max(every, size // JUDGED) == 0:
            shares = *agreement(clusters), bool(clusters.output[0] == output[0])  # the start counts last
            pure = bool((output == clusters.output[cluster]).all())
            done |= shares[0] == 1 and pure and _right(clusters, output, visits)
            if best is None or (classes.max() < most and (shares > best[0] or (done and shares == best[0]))):
                best = shares, clusters, cluster.copy()
        hopeless = size > PATIENCE * max(len(best[1].output), most) or classes.max() > PATIENCE * most
        if done or hopeless or size == CLUSTERS:
            return *best, 0 if done else size
        members = np.flatnonzero(cluster == cluster[groups[0][0]])
        beyond = _cut(visits.state, members, *groups)
        beyond ^= beyond[0] and members[0] == 0  # the start stays in cluster 0
        cluster[members[beyond]] = size


def _right(clusters: Automaton, output: Array, visits: Visits) -> bool:
    """Whether an automaton that has read the prefix of a visited point predicts that point's output, for all points."""
    state = where(clusters, visits)
    return bool((state != NONE).all() and (clusters.output[state] == output).all())


def _cut(state: Array, members: Array, here: Array, there: Array) -> Array:
    """Which members lie beyond the plane that best separates two groups of them: Fisher's direction, fewest errors."""
    both = np.concatenate([here, there])
    side = np.repeat([0, 1], [len(here), len(there)])
    means = np.array([state[here].mean(axis=0), state[there].mean(axis=0)])
    spread = np.cov(state[both] - means[side], rowvar=False).reshape(2 * [state.shape[1]])
    spread += np.eye(len(spread)) * (1e-6 * np.trace(spread) + 1e-12)
    direction = np.linalg.solve(spread, means[1] - means[0])
    along = state[both] @ direction
    order = np.argsort(along)
    errors = np.cumsum(2 * side[order] - 1)[:-1]  # of cutting after each point, less a constant
    errors = np.where(np.diff(along[order]) > 0, errors, len(both))
    best = errors.argmin()
    beyond = state[members] @ direction > along[order][best : best + 2].mean()
    parted = beyond.any() and not beyond.all()
    return beyond if parted else np.isin(members, there)  # rounding leaves no room for a plane between the groups


def _count(cluster: Array, values: Array, often: Array) -> Array:
    """How often each cluster is visited with each value, (clusters, values); the value NONE, -1, does not count."""
    width = values.max(initial=0) + 2
    size = (cluster.max() + 1) * width
    return np.bincount(cluster * width + values + 1, often, size).reshape(-1, width)[:, 1:]


def _majority(cluster: Array, output: Array, visits: Visits) -> Automaton:
    """The clusters as an automaton: each predicts, and leads to, what is most frequent among its points."""

    def most(values):
        count = _count(cluster, values, visits.often)
        return np.where(count.any(axis=1), count.argmax(axis=1), NONE)

    leads = [most(np.where(points == NONE, NONE, cluster[points])) for points in visits.following.T]
    return Automaton(np.column_stack(leads), most(output - OPEN) + OPEN, most(visits.read))


def _disagreement(cluster: Array, classes: Array, output: Array, visits: Visits) -> tuple[Array, Array] | None:
    """The two groups of points to separate next: in one cluster, those with its most frequent value and the second.

    A value is the output, or where a symbol leads. Cluster and value are those with the most visits
    that differ from the most frequent value. None if there is no difference in any cluster.
    """
    leads = [np.where(points == NONE, NONE, classes[cluster[points]]) for points in visits.following.T]
    most, groups = 0, None
    for values in (output - OPEN, *leads):
        count = _count(cluster, values, visits.often)
        dissent = count.sum(axis=1) - count.max(axis=1)
        if dissent.max() > most:
            most, where = dissent.max(), dissent.argmax()
            usual, second = np.argsort(-count[where], kind='stable')[:2]
            groups = tuple(np.flatnonzero((cluster == where) & (values == value)) for value in (usual, second))
    return groups


def fidelity(net: Network, language: Automaton, sequences: Array) -> Agreement:
    """A function that compares an automaton's predictions on `sequences` (N, T) with the network's.

    It returns the share of sequences on which they are the same at every step, and the share of steps at which they
    are the same. Only steps count where the language determines the next symbol.
    """
    sequences, weight = fsm.distinct(sequences)
    predicts = net.logits(follow(net, sequences)[:, :-1]).argmax(axis=2)
    determined = language.output[fsm.walk(language, sequences)[:, :-1]] != OPEN
    counts = (sequences[:, 1:] != NONE) & determined

    def agreement(automaton):
        state = fsm.walk(automaton, sequences)[:, :-1]
        agrees = (state != NONE) & (automaton.output[state] == predicts)
        every_step = (agrees | ~counts).all(axis=1)
        steps = counts * weight[:, None]
        return float(np.average(every_step, weights=weight)), float((agrees * steps).sum() / steps.sum())

    return agreement
