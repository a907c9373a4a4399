"""What a network does, whatever is inside it: its first mistake, how far it counts, how it goes on by itself."""

from collections import Counter
from typing import NamedTuple

import numpy as np

from lab.insight.found.automaton import NONE, OPEN, Array, Automaton
from lab.insight.found.states import Visits
from lab.insight.found.step import Network, outputs_of
from lab.seq import verdict
from lab.seq.verdict import BLOCKS

PREFIXES = 200_000  # so many are read at most to find the shortest mistake
ROWS = 200  # sequences in which a network goes on by itself
MORE = 6  # so many n beyond the length of training are tried
LONGEST = 30  # the largest n for which the loss is measured
PATIENCE = 1000  # symbols of a block, beside those that are due, after which a network is not followed any further
BACK = 1e-10  # a state nearer than this to an earlier one, relative to its size, has come back to it
ROUND = 12  # so many symbols ago at most
ENDLESS = 0  # stands for the length of a run that never ends


class Search(NamedTuple):
    """What the search for the shortest sequence with a mistake found: all prefixes, the shortest first."""

    prefix: tuple[int, ...]  # after it the network is wrong; () if no mistake was found
    instead: int  # what it predicts there
    due: int
    read: int  # prefixes of up to `longest` symbols, all of them
    longest: int
    every: bool  # these are all prefixes of all sequences


def shortest(net: Network, language: Automaton) -> Search:
    """Read all prefixes of sequences of a language in order of length, until one is followed by a wrong prediction."""
    states, place, block = net.start[None], np.zeros(1, dtype=int), np.zeros(1, dtype=int)
    prefixes, read, longest = np.zeros((1, 0), dtype=np.int8), 0, 0
    while True:
        row, symbol = np.nonzero(language.following[place] != NONE)
        block = block[row] + ((symbol == 0) & (language.phase[place[row]] != 0))
        goes = block <= BLOCKS
        row, symbol, block = row[goes], symbol[goes], block[goes]
        if not len(row) or read + len(row) > PREFIXES:
            return Search((), NONE, NONE, read, longest, not len(row))
        states, place = net.read(states[row], symbol), language.following[place[row], symbol]
        prefixes = np.column_stack([prefixes[row], symbol.astype(np.int8)])
        read, longest = read + len(row), longest + 1
        chosen, due = net.logits(states).argmax(axis=1), language.output[place]
        wrong = np.flatnonzero((due != OPEN) & (chosen != due))
        if len(wrong):
            first = wrong[0]
            return Search(tuple(prefixes[first].tolist()), int(chosen[first]), int(due[first]), read, longest, False)


def losses(net: Network) -> tuple[Array, Array]:
    """For n = 1..LONGEST, on a sequence of equal blocks, two arrays (LONGEST,): loss, and share of what is right.

    The loss is the lab's, the mean squared difference of output probabilities and target; the share is that of the
    determined symbols that the network predicts.
    """
    blocks = np.repeat(np.arange(1, LONGEST + 1)[:, None], BLOCKS, axis=1)
    loss, right, determined = (found.numpy() for found in verdict.examine(outputs_of(net), blocks, net.num_class))
    return loss, right / determined


def by_last_symbol(net: Network, visits: Visits) -> list[int] | None:
    """What the network predicts after each symbol, if in all visited points only the symbol read last matters."""
    predicts = [np.unique(visits.predicts[1:][visits.read[1:] == symbol]) for symbol in range(net.num_class)]
    return [int(some[0]) for some in predicts] if all(len(some) == 1 for some in predicts) else None


def alone(net: Network, length: int, rng: np.random.Generator) -> list[Counter]:
    """How a network goes on when it is left to itself: for n = 1 .. length + MORE, how often each way was seen.

    It reads n A's and a B. From then on it reads what it predicts itself, until it predicts an A: there the next
    block begins. A way is a tuple of runs (symbol, how many), the first B included. Where the last run never ends,
    since the network has come back to a state where it was before, it is (symbol, ENDLESS); where the network was not
    followed to the end, it is (symbol, -how many). First ROWS sequences of BLOCKS blocks with n up to `length`, then
    after each of them one block with each larger n. In the first blocks every n has its turn, if ROWS is enough.
    """
    found = [Counter() for _ in range(length + MORE)]
    states = np.repeat(net.start[None], ROWS, axis=0)
    for block in range(BLOCKS):
        n = rng.integers(1, length + 1, len(states)) if block else np.arange(ROWS) % length + 1
        states, ways, ended = _block(net, states, n)
        for each, way in zip(n, ways, strict=True):
            found[each - 1][way] += 1
        states = states[ended]
        if not len(states):
            return found
    for n in range(length + 1, length + MORE + 1):
        found[n - 1].update(_block(net, states, np.full(len(states), n))[1])
    return found


def _block(net: Network, states: Array, n: Array) -> tuple[Array, list[tuple], Array]:
    """One block of alone(): the states at its end, its ways, and whether it ended."""
    states = states.copy()
    for k in range(n.max(initial=0)):
        states[n > k] = net.read(states[n > k], 0)
    states = net.read(states, 1)
    said, before = [np.ones(len(states), dtype=int)], [states.copy()]
    going = np.arange(len(states))
    for _ in range(PATIENCE + net.num_class**2 * n.max(initial=0)):
        chosen = np.zeros(len(states), dtype=int)  # an A, which ends the block
        chosen[going] = net.logits(states[going]).argmax(axis=1)
        said.append(chosen)
        going = np.flatnonzero(chosen)
        if not len(going):
            break
        states[going] = net.read(states[going], chosen[going])
        before = [*before[1 - ROUND :], states.copy()]
    ended = ~np.isin(np.arange(len(states)), going)
    back = [np.abs(each - states).max(axis=1) < BACK * (1 + np.abs(states).max(axis=1)) for each in before[:-1]]
    endless = np.any(back, axis=0) & ~ended  # of no state at all: False
    ways = [_runs(row, ended[k], endless[k]) for k, row in enumerate(np.array(said).T)]
    return states, ways, ended


def _runs(symbols: Array, ended: bool, endless: bool) -> tuple[tuple[int, int], ...]:
    """The runs of a way: symbols up to the first A, see alone()."""
    symbols = symbols[: symbols.argmin()] if ended else symbols
    begins = np.flatnonzero(np.diff(symbols, prepend=NONE))
    found = [(int(symbols[k]), int(count)) for k, count in zip(begins, np.diff([*begins, len(symbols)]), strict=True)]
    if not ended:
        symbol, count = found.pop()
        found.append((symbol, ENDLESS if endless and count > ROUND else -count))
    return tuple(found)
