"""Why a network counts no farther: what has to be mended so that it is right again at the first n it gets wrong."""

from collections import Counter
from typing import NamedTuple

import numpy as np

from lab.insight.found import holding, trial
from lab.insight.found.automaton import NONE, Array
from lab.insight.found.states import Visits
from lab.insight.found.step import Network
from lab.seq.verdict import BLOCKS, EACH, TRIED, mixed

KINDS = 'unit', 'limit', 'gate'
ABOUT = 1, 0.95, 1.05  # it must be right with so much of it, too: not by a hair
TIMES = 1, 2, 3  # as much as before is added, twice as much, three times as much
FIRST = 4  # sequences that are tried first
BEGINS = 2000  # ends of blocks from which runs are begun, to see what they come to


class Repair(NamedTuple):
    """One change after which no sequence is wrong any more."""

    kind: str  # one of KINDS
    text: str  # of 'gate': what was held
    groups: tuple[int, ...] = ()  # of 'unit': the groups that were set,
    read: int = NONE  # at the end of this symbol's run
    times: int = 1  # how many times as much as before it was changed there
    values: tuple[float, ...] = ()  # to these numbers (of an LSTM's cell: the cell); of 'limit': what it was moved to
    usual: tuple[float, ...] = ()  # what they are on average there


class Failure(NamedTuple):
    """The first n that a network gets wrong, and what mends it."""

    n: int
    wrong: float  # share of the sequences with a mistake
    sequences: int
    after: tuple[int, int, int]  # the most frequent first mistake: after so many of this symbol, in a block of so many
    instead: int
    due: int
    repairs: list[Repair]  # the plainest first
    tried: dict[str, int]  # how many repairs of each kind were tried


def next_wrong(counts: int) -> int | None:
    """The n that was tried after this one; None where none was, or where the search would take long."""
    later = [n for n in TRIED if n > counts]
    return later[0] if later and later[0] <= EACH else None


def first_mistakes(net: Network, one: trial.Exam) -> Counter:
    """Where the sequences go wrong first: how often after (how many of, this symbol, in a block of n, instead, due)."""
    chosen = trial.outputs(net, one).argmax(axis=2)
    wrong = (one.due != NONE) & (chosen != one.due)
    row = np.flatnonzero(wrong.any(axis=1))
    t = wrong[row].argmax(axis=1)
    at = row, t
    places = zip(one.nth[at], one.symbols[at], one.n[at], chosen[at], one.due[at], strict=True)
    return Counter(tuple(map(int, place)) for place in places)


def typical(net: Network, visits: Visits, read: int, n: int) -> Array:
    """The mean state at the end of a symbol's run in a block of n, after some blocks that were visited."""
    ends = np.flatnonzero((visits.read == net.num_class - 1) & (visits.count == 0))
    states = visits.state[ends[np.linspace(0, len(ends) - 1, min(BEGINS, len(ends))).astype(int)]]
    for symbol in range(read + 1):
        for _ in range((symbol + 1) * n):
            states = net.read(states, symbol)
    return states.mean(axis=0)


def units(net: Network, visits: Visits, counts: int, n: int, one: trial.Exam) -> tuple[list[Repair], int]:
    """Each group of units, set at a run's end to what it would be if it had changed as much as from n - 1 to n before.

    Last all groups at once; then with twice the change, and so on. Returns those that suffice, and how many were tried.
    """
    groups, found = next(iter(net.kinds().values())), []
    sets = [(k,) for k in range(len(groups))] + [tuple(range(len(groups)))] * (len(groups) > 1)
    tried = [(times, some) for times in TIMES for some in sets]
    parts = [
        (about * times, [number for group in some for number in groups[group]])
        for about in ABOUT
        for times, some in tried
    ]
    for read in range(net.num_class - 1):
        before, usual, now = (typical(net, visits, read, each) for each in (counts - 1, counts, n))
        step = (usual - before) * (n - counts)
        end = (one.symbols == read) & (one.nth == (read + 1) * n)
        end &= np.pad(one.symbols[:, 1:] != read, ((0, 0), (0, 1)))

        def patch(t, rows, states, end=end, usual=usual, step=step):
            here = np.flatnonzero(end[rows, t])
            for k, (times, numbers) in enumerate(parts):
                states[k, here[:, None], numbers] = (usual + times * step)[numbers]

        right = (trial.margins(trial.many_states(net), one, len(parts), patch) > 0).all(axis=1)
        for k in np.flatnonzero(right.reshape(len(ABOUT), -1).all(axis=0)):
            times, some = tried[k]
            last = [groups[group][-1] for group in some]
            values = tuple((usual + times * step)[last].tolist()), tuple(now[last].tolist())
            found.append(Repair('unit', '', some, read, times, *values))
    return found, len(tried) * (net.num_class - 1)


def gates_held(net: Network, visits: Visits, one: trial.Exam, low: trial.Exam) -> tuple[list[Repair], int]:
    """Each gate held, in each way, while each symbol is read."""
    left = held = holding.variants(net, visits)
    for some in (trial.some(one, np.arange(min(FIRST, len(one.symbols)))), low, one):
        right = (trial.margins(holding.with_gates(net, left), some, len(left)) > 0).all(axis=1) if left else []
        left = [each for each, still in zip(left, right, strict=True) if still]
    return [Repair('gate', str(each)) for each in left], len(held)


def limits(net: Network, one: trial.Exam) -> tuple[list[Repair], int]:
    """The limit between going on and the next symbol moved, after each symbol."""
    output = trial.outputs(net, one)
    found, determined = [], one.due != NONE
    for symbol in range(1, net.num_class):
        other = (symbol + 1) % net.num_class
        here = determined & (one.symbols == symbol)
        lead = (output[..., other] - output[..., symbol])[here]
        ends = one.due[here] == other
        stays, goes = lead[~ends].max(initial=-np.inf), lead[ends].min(initial=np.inf)
        if stays >= goes:
            continue
        moved = output.copy()
        moved[here, other] -= (stays + goes) / 2
        if (moved.argmax(axis=2) == one.due)[determined].all():
            found.append(Repair('limit', '', read=symbol, values=(float((stays + goes) / 2),)))
    return found, net.num_class - 1


def failure(net: Network, visits: Visits, counts: int) -> Failure | None:
    """What goes wrong at the first n beyond `counts`, and which single repairs mend it without harm to smaller n."""
    n = next_wrong(counts)
    if n is None or counts < 2:
        return None
    one, low = trial.exam(mixed(n), net.num_class), trial.different(trial.of_verdict(net.num_class, counts, BLOCKS))
    mistakes = first_mistakes(net, one)
    (nth, read, block, instead, due), _ = mistakes.most_common(1)[0]
    one = trial.different(one)
    tried = {'unit': units(net, visits, counts, n, one)}
    if net.gates:
        tried['gate'] = gates_held(net, visits, one, low)
    tried['limit'] = limits(net, trial.both(low, one))
    found = [repair for some, _ in tried.values() for repair in some]
    repairs = sorted(found, key=lambda one: (one.times, KINDS.index(one.kind), len(one.groups)))
    share = mistakes.total() / len(mixed(n))
    counted = {kind: count for kind, (_, count) in tried.items()}
    return Failure(n, share, len(mixed(n)), (nth, read, block), instead, due, repairs, counted)
