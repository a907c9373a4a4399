"""The whole analysis of one network, as data: nothing here prints a result or draws.

analyse() is the way in; lab.insight.words says in text what it returns, lab.insight.pictures draws it.
"""

from typing import NamedTuple

import numpy as np
import torch

from lab.common.endings import note
from lab.insight import automaton as fsm
from lab.insight import fixed, phases, states
from lab.insight.automaton import BLOCKS, Array, Automaton
from lab.insight.layout import Layout, layout
from lab.insight.step import Network, follow
from lab.seq import verdict

FRESH, SHOWN = 10_000, 100  # sequences: to measure fidelity, to describe and draw
CHOOSING = 4**5  # different sequences by which an automaton is chosen: all sequences with n up to 4
LONG = 150  # where sequences have this length or more, fewer of the automata on the way are judged
LARGER = 1.5  # the automaton shown has at most so many times the states of the language's


class Found(NamedTuple):
    """The automaton extracted from a network, and its fidelity: see states.fidelity()."""

    language: Automaton  # the smallest of the language, for n up to the length asked for
    visits: states.Visits
    states: states.States
    shares: tuple[float, float]  # of FRESH sequences, and of their steps, where the language determines a symbol
    guessing: states.States  # as `states`, but what the network guesses elsewhere counts as well
    guesses: tuple[float, float]  # as `shares`, of all steps
    fresh: Array  # the FRESH sequences, (FRESH, T)


class Analysis(NamedTuple):
    """All that is found out about a network."""

    net: Network
    length: int  # the largest n of a block in training
    sequences: Array  # (SHOWN, T), fresh ones: gates, movement and counters are measured on them
    counts: int  # every determined symbol is right in sequences of equal blocks of n up to this
    loss: Array  # by n, see phases.losses()
    right: Array
    gates: dict[str, dict[str, Array]] | None  # of an LSTM, see phases.gates()
    found: Found
    place: Layout  # of the states of the automaton found: their names, and where they are drawn
    mistakes: list[phases.Mistake]  # on found.fresh
    points: list[list[fixed.FixedPoint]]  # of each symbol
    moves: list[fixed.Movement | None]  # of each symbol
    counters: list[phases.Counter]  # of each symbol


def draw(length: int, num_class: int, count: int, rng: np.random.Generator) -> Array:
    """Fresh sequences of the language, (count, T)."""
    return fsm.spell(rng.integers(1, length + 1, (count, BLOCKS)), num_class)


def find(net: Network, length: int, rng: np.random.Generator) -> Found:
    """Extract the automaton of a network from sequences with n up to `length`, and judge it on fresh ones."""
    language = fsm.minimise(fsm.language(net.num_class, length))[0]
    visits = states.visit(net, language, states.histories(length, net.num_class, rng))
    fresh, others = (draw(length, net.num_class, FRESH, rng) for _ in range(2))
    choosing = others[np.sort(np.unique(others, axis=0, return_index=True)[1])[:CHOOSING]]
    every = 1 + choosing.shape[1] // LONG
    both = []
    for guesses, most in (False, int(LARGER * len(language.output))), (True, states.CLUSTERS):
        agreement = states.fidelity(net, language, choosing, guesses)
        extracted = states.extract(visits, agreement, guesses, most, every)
        both += extracted, states.fidelity(net, language, fresh, guesses)(extracted.automaton)
    return Found(language, visits, *both, fresh)


def counts(net: Network) -> int:
    """The largest n such that every determined symbol is right in blocks of 1, of 2, .. of n: see verdict.count()."""

    def read(x):
        return torch.from_numpy(net.logits(follow(net, x.argmax(dim=2).numpy())))

    return verdict.count(read, net.num_class)


def analyse(net: Network, length: int, seed: int) -> Analysis:
    """Find out what a network does that was trained on blocks of n up to `length`; progress goes to standard error."""
    rng = np.random.default_rng(seed)
    sequences = draw(length, net.num_class, SHOWN, rng)
    note('phases')
    loss, right = phases.losses(net)
    gates = net.gates and phases.gates(net, sequences)
    note('states and automaton')
    found = find(net, length, rng)
    note('fixed points')
    points = [fixed.fixed_points(net, symbol, found.visits.state, rng) for symbol in range(net.num_class)]
    return Analysis(
        net=net,
        length=length,
        sequences=sequences,
        counts=counts(net),
        loss=loss,
        right=right,
        gates=gates,
        found=found,
        place=layout(found.states.automaton),
        mistakes=phases.mistakes(net, found.fresh),
        points=points,
        moves=[fixed.movement(net, each, sequences) for each in points],
        counters=phases.counters(net, sequences),
    )
