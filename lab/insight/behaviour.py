"""What a network does, whatever is inside it: its shortest mistake, and how it goes on when it is left to itself."""

from collections import Counter
from typing import NamedTuple

import numpy as np

from lab.insight.automaton import NONE, OPEN, Array, Automaton
from lab.insight.states import Visits
from lab.insight.step import Network
from lab.seq.verdict import BLOCKS

PREFIXES = 200_000  # so many are read at most to find the shortest mistake
ROWS = 200  # sequences in which a network goes on by itself
MORE = 6  # so many n beyond the length of training are tried
FOREVER = 100  # a network that predicts the same symbol so often in a row is said to do so for ever


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
        goes = block[row] + ((symbol == 0) & (language.phase[place[row]] != 0)) <= BLOCKS
        row, symbol = row[goes], symbol[goes]
        if not len(row) or read + len(row) > PREFIXES:
            return Search((), NONE, NONE, read, longest, not len(row))
        block = block[row] + ((symbol == 0) & (language.phase[place[row]] != 0))
        states, place = net.read(states[row], symbol), language.following[place[row], symbol]
        prefixes = np.column_stack([prefixes[row], symbol.astype(np.int8)])
        read, longest = read + len(row), longest + 1
        chosen, due = net.logits(states).argmax(axis=1), language.output[place]
        wrong = np.flatnonzero((due != OPEN) & (chosen != due))
        if len(wrong):
            first = wrong[0]
            return Search(tuple(prefixes[first].tolist()), int(chosen[first]), int(due[first]), read, longest, False)


def by_last_symbol(net: Network, visits: Visits) -> list[int] | None:
    """What the network predicts after each symbol, if in all visited points only the symbol read last matters."""
    predicts = [np.unique(visits.predicts[1:][visits.read[1:] == symbol]) for symbol in range(net.num_class)]
    return [int(some[0]) for some in predicts] if all(len(some) == 1 for some in predicts) else None


def for_ever(net: Network, visits: Visits) -> list[int]:
    """The symbols that it predicts after each visited point where they were read, and then FOREVER times again."""
    found = []
    for symbol in range(net.num_class):
        here = np.append(False, visits.read[1:] == symbol)
        states = visits.state[here][: 10 * ROWS]
        always = (visits.predicts[here] == symbol).all()
        for _ in range(FOREVER if always else 0):
            states = net.read(states, symbol)
            always &= (net.logits(states).argmax(axis=1) == symbol).all()
        if always:
            found.append(symbol)
    return found


def alone(net: Network, length: int, rng: np.random.Generator) -> list[Counter]:
    """How a network goes on when it is left to itself: for n = 1 .. length + MORE, how often each way was seen.

    It reads n A's and a B. From then on it reads what it predicts itself, until it predicts an A: there the next
    block begins. A way is a tuple of runs (symbol, how many), the first B included. A run of more than FOREVER symbols
    is not followed further; it is told as (symbol, 0). First ROWS sequences of BLOCKS blocks with n up to `length`,
    then after each of them one block with each larger n.
    """
    found = [Counter() for _ in range(length + MORE)]
    states = np.repeat(net.start[None], ROWS, axis=0)
    for _ in range(BLOCKS):
        n = rng.integers(1, length + 1, len(states))
        states, ways, ended = _block(net, states, n)
        for each, way in zip(n, ways, strict=True):
            found[each - 1][way] += 1
        states = states[ended]
    for n in range(length + 1, length + MORE + 1):
        if len(states):
            found[n - 1].update(_block(net, states, np.full(len(states), n))[1])
    return found


def _block(net: Network, states: Array, n: Array) -> tuple[Array, list[tuple], Array]:
    """One block of alone(): the states at its end, its ways, and whether it ended."""
    states = states.copy()
    for k in range(n.max(initial=0)):
        states[n > k] = net.read(states[n > k], 0)
    states = net.read(states, 1)
    ways = [[[1, 1]] for _ in states]
    going = np.arange(len(states))
    while len(going):
        chosen = net.logits(states[going]).argmax(axis=1)
        going, chosen = going[chosen != 0], chosen[chosen != 0]
        for row, symbol in zip(going, chosen, strict=True):
            if ways[row][-1][0] == symbol:
                ways[row][-1][1] += 1
            else:
                ways[row].append([int(symbol), 1])
        endless = np.array([ways[row][-1][1] > FOREVER or len(ways[row]) > FOREVER for row in going], dtype=bool)
        for row in going[endless]:
            ways[row][-1][1] = 0
        going, chosen = going[~endless], chosen[~endless]
        if len(going):
            states[going] = net.read(states[going], chosen)
    ended = np.array([way[-1][1] > 0 for way in ways], dtype=bool)
    return states, [tuple(map(tuple, way)) for way in ways], ended
