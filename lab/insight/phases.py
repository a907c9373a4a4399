"""What a network does in the phases of a block: gates, how far it counts, what it gets wrong."""

from typing import NamedTuple

import numpy as np

from lab.insight.automaton import NONE, SYMBOLS, Array, distinct, runs
from lab.insight.states import Visits
from lab.insight.step import Network, follow, outputs_of
from lab.seq import verdict

OPEN_ABOVE, CLOSED_BELOW = 0.8, 0.2  # a gate is called open or closed by its mean; between these it is partly open
LONGEST = 30  # the largest n for which the loss is measured


class Mistake(NamedTuple):
    """A place of a block where the next symbol is determined and the network predicts another."""

    n: int  # A's in the block
    read: int  # the symbol read last
    nth: int  # its place in its run, from 1
    due: int
    instead: int  # the symbol that is wrongly predicted most often
    share: float  # of the times that this place is read, how often the network is wrong


def phases(visits: Visits, num_class: int) -> dict[str, Array]:
    """For each phase of a block, the visited points to which a step in this phase leads.

    The phases are 'A', 'first B', 'B', 'first C', 'C', 'restart'. 'restart' is the first A after another block; the
    very first A belongs to 'A'.
    """
    point = np.arange(1, len(visits.read))
    read, before = visits.read[1:], visits.read[visits.parent[1:]]
    restart = (read == 0) & (before != 0) & (visits.parent[1:] > 0)
    masks = {'A': (read == 0) & ~restart}
    for symbol in range(1, num_class):
        name = SYMBOLS[symbol]
        masks[f'first {name}'] = (read == symbol) & (before != symbol)
        masks[name] = (read == symbol) & (before == symbol)
    return {name: point[mask] for name, mask in (masks | {'restart': restart}).items()}


def gates(net: Network, visits: Visits) -> dict[str, dict[str, Array]]:
    """For every phase and every gate of an LSTM: (3, hid), the mean, the least and the largest value of each unit."""
    table = {}
    for phase, points in phases(visits, net.num_class).items():
        if len(points):
            found = net.gates(visits.state[visits.parent[points]], visits.read[points]).items()
            table[phase] = {
                name: np.array([gate.mean(axis=0), gate.min(axis=0), gate.max(axis=0)]) for name, gate in found
            }
    return table


def word(mean: float) -> str:
    """What a gate with this mean is called."""
    return 'open' if mean >= OPEN_ABOVE else 'closed' if mean <= CLOSED_BELOW else 'partly'


def losses(net: Network) -> tuple[Array, Array]:
    """For n = 1..LONGEST, on a sequence of equal blocks, two arrays (LONGEST,): loss, and share of what is right.

    The loss is the lab's, the mean squared difference of output probabilities and target; the share is that of the
    determined symbols that the network predicts.
    """
    blocks = np.repeat(np.arange(1, LONGEST + 1)[:, None], verdict.BLOCKS, axis=1)
    loss, right, determined = (found.numpy() for found in verdict.examine(outputs_of(net), blocks, net.num_class))
    return loss, right / determined


def mistakes(net: Network, sequences: Array) -> list[Mistake]:
    """Where on sequences (N, T) the network gets a determined symbol wrong, the largest share first."""
    sequences, weight = distinct(sequences)
    nth, left = runs(sequences)
    row, t = np.nonzero((sequences[:, :-1] > 0) & (sequences[:, 1:] != NONE))
    chosen = net.logits(follow(net, sequences)).argmax(axis=2)[row, t]
    read, due, nth, left = sequences[row, t], sequences[row, t + 1], nth[row, t], left[row, t]
    n = (nth + left) // (read + 1)
    places, where = np.unique(np.column_stack([n, read, nth, due]), axis=0, return_inverse=True)
    where = where.ravel()  # some versions of numpy give it another axis
    count = np.bincount(where * net.num_class + chosen, weight[row], len(places) * net.num_class)
    count = count.reshape(len(places), net.num_class)
    at_due = np.arange(len(places)), places[:, 3]
    share = 1 - count[at_due] / count.sum(axis=1)
    count[at_due] = 0
    order = np.argsort(-share, kind='stable')
    return [Mistake(*places[k].tolist(), int(count[k].argmax()), float(share[k])) for k in order if share[k] > 0]
