"""The whole analysis of one network, as data: nothing here prints a result or draws.

explain() and analyse() are the ways in; lab.insight.words says in text what it returns, lab.insight.pictures draws it.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch

from lab.common.endings import note
from lab.insight import automaton as fsm
from lab.insight import fixed, phases, states
from lab.insight.automaton import BLOCKS, Array, Automaton
from lab.insight.layout import Layout, layout
from lab.insight.names import names, spans
from lab.insight.step import Network, recurrent
from lab.seq import verdict
from lab.seq.verdict import Verdict

FRESH, SHOWN = 10_000, 100  # sequences: to measure fidelity, to describe and draw
CHOOSING = 4**5  # different sequences by which an automaton is chosen: all sequences with n up to 4
LONG = 150  # where sequences have this length or more, fewer of the automata on the way are judged
LARGER = 1.5  # the automaton shown has at most so many times the states of the language's
GUESSING = 3  # and the one whose guesses count, too


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
    verdict: Verdict  # has it learned its language, and how far does it count: see lab/seq/verdict.py
    loss: Array  # by n, see phases.losses()
    right: Array
    gates: dict[str, dict[str, Array]] | None  # of an LSTM, see phases.gates()
    found: Found
    span: Array  # of the points in each state of the automaton found the least and the largest count, (states, 2)
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
    choosing = fsm.distinct(others)[0][:CHOOSING]
    every = 1 + choosing.shape[1] // LONG
    both = []
    for guesses, larger in (False, LARGER), (True, GUESSING):
        most = int(larger * len(language.output))
        agreement = states.fidelity(net, language, choosing, guesses)
        extracted = states.extract(visits, agreement, guesses, most, every)
        taken = states.taken(extracted.automaton, visits, choosing, fresh)
        shown = states.without(extracted, taken, visits)
        both += shown, states.fidelity(net, language, fresh, guesses)(shown.automaton)
    return Found(language, visits, *both, fresh)


def judge(net: Network, length: int) -> Verdict:
    """The verdict on a network that was trained on blocks of n up to `length`."""

    def read(x):
        states, outputs = np.repeat(net.start[None], len(x), axis=0), []
        for symbols in x.argmax(dim=2).T.numpy():
            states = net.read(states, symbols)
            outputs.append(net.logits(states))
        return torch.from_numpy(np.stack(outputs, axis=1))

    return verdict.judge(read, net.num_class, length)


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
    automaton = found.states.automaton
    span, place = spans(automaton, found.states.state, found.visits), layout(automaton)
    points = [fixed.fixed_points(net, symbol, found.visits.state, rng) for symbol in range(net.num_class)]
    return Analysis(
        net=net,
        length=length,
        sequences=sequences,
        verdict=judge(net, length),
        loss=loss,
        right=right,
        gates=gates,
        found=found,
        span=span,
        place=place._replace(names=names(automaton, span, place.row)),
        mistakes=phases.mistakes(net, found.fresh),
        points=points,
        moves=[fixed.movement(net, each, sequences) for each in points],
        counters=phases.counters(net, sequences),
    )


def explain(start: Any, step: Callable, outputs: Callable, classes: int, length: int = 4, seed: int = 0) -> Analysis:
    """Find out what any recurrent network of PyTorch does that reads a language; the analysis sees these three alone.

    start: (size,), its state before the first symbol. step: states (N, size), symbols (N,) -> the next states.
    outputs: states (N, size) -> outputs before softmax (N, classes). All are tensors of doubles, symbols whole numbers.
    classes: 2 for anb2n, 3 for anb2nc3n. length: the largest n of a block in training.
    """
    return analyse(recurrent(start, step, outputs, classes), length, seed)
