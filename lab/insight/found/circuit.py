"""The circuit: the fewest weights with which a network is still right; the others give what they give on average.

Found greedily: the weight that is missed least is taken out, again and again. Conmy et al. (2023), Towards automated
circuit discovery; a weight's mean contribution in its place: mean ablation.
"""

from typing import NamedTuple

import numpy as np

from lab.insight.found import trial
from lab.insight.found.automaton import Array
from lab.insight.found.states import Visits
from lab.insight.found.step import Network, network
from lab.seq import verdict

FIRST = 3  # sequences for each n that are tried first
ADDED = 8  # sequences that are tried, too, since a smaller circuit failed in them
ONE_BY_ONE = 80  # with more weights than this, many are taken out at once
PARTS = 2  # then first this part of them
TRIES = 150  # and so many times at most


class Circuit(NamedTuple):
    """Which weights are needed."""

    recurrent: Array  # (hid, hid or 4 hid), bool: from unit to unit, or to the net inputs of the gates
    output: Array  # (hid, num_class), bool: from unit to symbol
    mean: Array  # (hid,): what each unit gives in place of itself through the other weights
    most: int  # with these alone every determined symbol is right, in blocks of n up to this
    sequences: int  # in so many sequences


def cut(net: Network, kept: Array, mean: Array) -> Network:
    """Networks with only some of their recurrent and output weights: kept (M, weights), bool."""
    given = net.parameters
    U, V = given['U'], given['V']
    masks = kept[:, : U.size].reshape(-1, *U.shape), kept[:, U.size :].reshape(-1, *V.shape)
    changed = {}
    for name, bias, weights, mask in (('U', 'hid_bias', U, masks[0]), ('V', 'out_bias', V, masks[1])):
        changed |= {name: weights * mask, bias: (given[bias] + mean @ (weights * ~mask))[:, None]}
    return network({**given, **changed})


def circuit(net: Network, visits: Visits, most: int) -> Circuit | None:
    """The circuit with which no determined symbol is wrong in blocks of n up to `most`, as in the verdict.

    None where the network itself is wrong somewhere.
    """
    mean = visits.state[:, : net.hid].mean(axis=0)
    every, few = (trial.different(trial.of_verdict(net.num_class, most, each)) for each in (None, FIRST))
    U, V = net.parameters['U'], net.parameters['V']
    kept = np.ones(U.size + V.size, dtype=bool)
    order = np.flatnonzero(np.concatenate([U.ravel(), V.ravel()]) == 0).tolist()

    def lead(masks: Array, one: trial.Exam) -> Array:
        return trial.margins(cut(net, masks, mean), one, len(masks))

    if (lead(kept[None], every) <= 0).any():
        return None
    size = np.concatenate([(np.abs(w) * visits.state[:, : net.hid].std(axis=0)[:, None]).ravel() for w in (U, V)])
    kept[order], tries = False, TRIES
    while True:
        if len(kept) <= ONE_BY_ONE:
            less = _less(kept, lead, few)
        else:
            less, tries = _much_less(kept, lead, few, size, tries)
        order += less
        while True:
            kept[:] = True
            kept[order] = False
            wrong = np.flatnonzero((lead(kept[None], every) <= 0)[0])
            if not len(wrong):
                break
            few = trial.both(few, trial.some(every, wrong[:ADDED]))
            order = order[: _right(order, lead, few, len(kept))]
            less = [None]
        if not less:
            break
    parts = kept[: U.size].reshape(U.shape), kept[U.size :].reshape(V.shape)
    return Circuit(*parts, mean, most, verdict.MIXED * most)


def _less(kept: Array, lead, few: trial.Exam) -> list[int]:
    """Weights that can be taken out, one after the other: always the one without which the least lead is largest."""
    kept, taken = kept.copy(), []
    while kept.any():
        left = np.flatnonzero(kept)
        masks = np.repeat(kept[None], len(left), axis=0)
        masks[np.arange(len(left)), left] = False
        least = lead(masks, few).min(axis=1)
        if least.max() <= 0:
            break
        taken.append(int(left[least.argmax()]))
        kept[taken[-1]] = False
    return taken


def _much_less(kept: Array, lead, few: trial.Exam, size: Array, tries: int) -> tuple[list[int], int]:
    """Weights that can be taken out: half of them at once, the ones that move least first; where that fails, fewer.

    Returns how many tries are left, too.
    """
    kept, taken = kept.copy(), []
    left = sorted(np.flatnonzero(kept).tolist(), key=lambda k: size[k])
    count = len(left)
    while left and tries:
        count, tries = max(1, min(count, len(left)) // PARTS), tries - 1
        tried = kept.copy()
        tried[left[:count]] = False
        if (lead(tried[None], few) > 0).all():
            kept, taken, left = tried, taken + left[:count], left[count:]
            count *= 2 * PARTS
        elif count == 1:
            left = left[1:]
            count = 2 * PARTS
    return taken, tries


def _right(order: list[int], lead, few: trial.Exam, weights: int) -> int:
    """How many of the weights, in this order, can be taken out with no mistake; all of them make one."""
    right, wrong = 0, len(order)
    while wrong - right > 1:
        count = (right + wrong) // 2
        kept = np.ones((1, weights), dtype=bool)
        kept[0, order[:count]] = False
        right, wrong = (count, wrong) if (lead(kept, few) > 0).all() else (right, count)
    return right
