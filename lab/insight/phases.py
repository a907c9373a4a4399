"""What a network does in the phases of a block: gates, units that count, how far it counts, what it gets wrong."""

from typing import NamedTuple

import numpy as np

from lab.insight.automaton import BLOCKS, NONE, SYMBOLS, Array, distinct, runs, spell
from lab.insight.step import Network, before, follow, softmax

OPEN_ABOVE, CLOSED_BELOW = 0.8, 0.2  # a gate is called open or closed by its mean; between these it is partly open
AFTER_A = (0.8, 0.2)  # the lab's target after an A: another A, or a B
LONGEST = 30  # the largest n for which the loss is measured


class Counter(NamedTuple):
    """A straight line through a unit's values in a phase, over the number of symbols read (A) or still owed (B, C)."""

    symbol: int
    unit: int
    slope: float  # change of the unit per symbol counted
    fit: float  # share of the unit's variance that the line explains, R squared


class Mistake(NamedTuple):
    """A place of a block where the next symbol is determined and the network predicts another."""

    n: int  # A's in the block
    read: int  # the symbol read last
    nth: int  # its place in its run, from 1
    due: int
    instead: int  # the symbol that is wrongly predicted most often
    share: float  # of the times that this place is read, how often the network is wrong


def phases(sequences: Array, num_class: int) -> dict[str, Array]:
    """Masks (N, T) of the phases of a block: 'A', 'first B', 'B', 'first C', 'C', 'restart'.

    'restart' is the first A after another block, also the last symbol of a sequence; the very first A belongs to 'A'.
    """
    nth, _ = runs(sequences)
    restart = (sequences == 0) & (nth == 1) & (np.arange(sequences.shape[1]) > 0)
    masks = {'A': (sequences == 0) & ~restart}
    for symbol in range(1, num_class):
        name = SYMBOLS[symbol]
        masks[f'first {name}'] = (sequences == symbol) & (nth == 1)
        masks[name] = (sequences == symbol) & (nth > 1)
    return masks | {'restart': restart}


def gates(net: Network, sequences: Array) -> dict[str, dict[str, Array]]:
    """For every phase and every gate of an LSTM: (3, hid), the mean, the least and the largest value of each unit."""
    states = before(net, sequences)
    table = {}
    for phase, mask in phases(sequences, net.num_class).items():
        found = net.gates(states[mask], sequences[mask]).items()
        table[phase] = {name: np.array([gate.mean(axis=0), gate.min(axis=0), gate.max(axis=0)]) for name, gate in found}
    return table


def word(mean: float) -> str:
    """What a gate with this mean is called."""
    return 'open' if mean >= OPEN_ABOVE else 'closed' if mean <= CLOSED_BELOW else 'partly'


def counters(net: Network, sequences: Array) -> list[Counter]:
    """For every symbol the unit that counts best (of an LSTM the cell, of an SRN the hidden unit), and its best line.

    Counted are A's read, and B's and C's still to come.
    """
    states = follow(net, sequences)[:, :, -net.hid :]
    nth, left = runs(sequences)
    inner = sequences != NONE
    inner[np.arange(len(sequences)), inner.sum(axis=1) - 1] = False  # the last A is all of its block
    found = []
    for symbol in range(net.num_class):
        here = inner & (sequences == symbol)
        count = (nth if symbol == 0 else left)[here].astype(float)
        units = states[here]
        centred = count - count.mean()
        slope = centred @ units / max(centred @ centred, 1e-12)
        rest = ((units - units.mean(axis=0) - centred[:, None] * slope) ** 2).sum(axis=0)
        total = ((units - units.mean(axis=0)) ** 2).sum(axis=0)
        fit = 1 - rest / np.maximum(total, 1e-12)
        best = int(fit.argmax())
        found.append(Counter(symbol, best, float(slope[best]), float(fit[best])))
    return found


def losses(net: Network) -> tuple[Array, Array]:
    """For n = 1..LONGEST, on a sequence of equal blocks, two arrays (LONGEST,): loss, and share of what is right.

    The loss is the lab's, the mean squared difference of output probabilities and target; the share is that of the
    determined symbols that the network predicts.
    """
    sequences = spell(np.repeat(np.arange(1, LONGEST + 1)[:, None], BLOCKS, axis=1), net.num_class)
    read, following = sequences[:, :-1], sequences[:, 1:]
    real = following != NONE
    probabilities = softmax(net.logits(follow(net, sequences)[:, :-1]))
    target = np.where((read == 0)[:, :, None], np.append(AFTER_A, 0)[: net.num_class], np.eye(net.num_class)[following])
    loss = (((probabilities - target) ** 2).mean(axis=2) * real).sum(axis=1) / real.sum(axis=1)
    determined = real & (read != 0)
    right = ((probabilities.argmax(axis=2) == following) & determined).sum(axis=1) / determined.sum(axis=1)
    return loss, right


def mistakes(net: Network, sequences: Array) -> list[Mistake]:
    """Where on sequences (N, T) the network gets a determined symbol wrong, the largest share first."""
    sequences, weight = distinct(sequences)
    nth, left = runs(sequences)
    row, t = np.nonzero((sequences[:, :-1] > 0) & (sequences[:, 1:] != NONE))
    chosen = net.logits(follow(net, sequences)).argmax(axis=2)[row, t]
    read, due, nth, left = sequences[row, t], sequences[row, t + 1], nth[row, t], left[row, t]
    n = (nth + left) // (read + 1)
    columns, sizes = (n, read, nth, due), (n.max() + 1, net.num_class, nth.max() + 1, net.num_class)
    keys, where = np.unique(np.ravel_multi_index(columns, sizes), return_inverse=True)
    places = np.column_stack(np.unravel_index(keys, sizes))
    count = np.bincount(where * net.num_class + chosen, weight[row], len(places) * net.num_class)
    count = count.reshape(len(places), net.num_class)
    at_due = np.arange(len(places)), places[:, 3]
    share = 1 - count[at_due] / count.sum(axis=1)
    count[at_due] = 0
    order = np.argsort(-share, kind='stable')
    return [Mistake(*places[k].tolist(), int(count[k].argmax()), float(share[k])) for k in order if share[k] > 0]
