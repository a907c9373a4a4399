"""The whole analysis of one network, as data: nothing here prints a result or draws.

explain() and analyse() are the ways in. What they return is said by words.py and drawn by pictures.py.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from lab.common.errors import note
from lab.insight.found import automaton as fsm
from lab.insight.found import behaviour, drift, fixed, interventions, phases, states
from lab.insight.found.automaton import Array, Automaton
from lab.insight.found.layout import Layout, layout, spans
from lab.insight.found.step import Network, outputs_of
from lab.seq import verdict
from lab.seq.verdict import BLOCKS, Verdict, spell

FRESH, SHOWN = 10_000, 100  # sequences: to measure fidelity, to draw
CHOOSING = 4**5  # different sequences by which an automaton is chosen: all sequences with n up to 4
LONG = 150  # where sequences can be longer than this, fewer of the automata are judged, and by fewer sequences
LARGER = 1.5  # the automaton shown has at most so many times the states of the language's
FAITHFUL = 0.5  # the best automaton of a search that was given up is shown if its fidelity is at least this
SEED = 21  # what is found out about a network does not depend on the seed of the lab's sequences


class Found(NamedTuple):
    """The automaton extracted from a network, and its fidelity: see states.fidelity()."""

    language: Automaton  # the smallest of the language, for n up to the length asked for
    visits: states.Visits
    states: states.States
    shares: tuple[float, float]  # of FRESH sequences, and of their steps, where the language determines a symbol
    fresh: Array  # the FRESH sequences, (FRESH, T)

    @property
    def shown(self) -> bool:
        """Whether the automaton is near enough to what the network does."""
        return not self.states.given_up or self.shares[0] >= FAITHFUL


class Analysis(NamedTuple):
    """All that is found out about a network. Lists by symbol have an entry for A, for B and, if there is one, for C."""

    net: Network
    length: int  # the largest n of a block in training
    sequences: Array  # (SHOWN, T), fresh ones, to draw
    verdict: Verdict  # has it learned its language, and how far does it count: see lab/seq/verdict.py
    search: behaviour.Search  # the shortest sequence that it gets wrong
    last: list[int] | None  # what it predicts after each symbol, if nothing else matters
    alone: list[Counter]  # by n, how it goes on when left to itself: see behaviour.alone()
    loss: Array  # by n, see behaviour.losses()
    right: Array
    found: Found
    place: Layout  # of the states of the automaton found: their names, and where they are drawn
    points: list[list[fixed.FixedPoint]]  # of each symbol: fixed points, slow points, cycles
    gates: dict[str, dict[str, Array]]  # of an LSTM by phase and gate, see phases.gates_by_phase()
    drift: drift.Drift | None  # of an LSTM that counts far beyond its `length`: how exact it counts
    shown: interventions.Shown  # what comes out when something inside is changed

    @property
    def counts(self) -> bool:
        """Whether, left to itself, it gives more B's on average for each larger n that it was trained on."""
        given = [[way[0][1] for way in ways.elements()] for ways in self.alone[: self.length] if ways]
        if len(given) < 2 or min(map(min, given)) <= 0:  # a run that does not end
            return False
        return bool((np.diff([np.mean(each) for each in given]) > 0).all())


class Progress:
    """Which part of the analysis is under way: a bar on a terminal, else a line for each."""

    def __init__(self, parts: int):
        from tqdm import tqdm

        self.bar = tqdm(total=parts, disable=None, leave=False, bar_format='{desc:28} {bar:20} {n_fmt}/{total_fmt}')

    def part(self, name: str):
        """Tell the part that begins."""
        if self.bar.disable:
            note(name)
        self.bar.set_description(name)
        self.bar.update()


def fresh_sequences(length: int, num_class: int, count: int, rng: np.random.Generator) -> Array:
    """Fresh sequences of the language, (count, T)."""
    return spell(rng.integers(1, length + 1, (count, BLOCKS)), num_class)


def extracted(net: Network, length: int, rng: np.random.Generator) -> Found:
    """Extract the automaton of a network from sequences with n up to `length`, and judge it on fresh ones."""
    language = fsm.minimise(fsm.language(net.num_class, length))
    visits = states.visit(net, language, states.histories(length, net.num_class, rng))
    every = 1 + BLOCKS * length * net.num_class * (net.num_class + 1) // 2 // (LONG + 1)
    fresh, others = (fresh_sequences(length, net.num_class, max(1, FRESH // every), rng) for _ in range(2))
    choosing = fsm.distinct(others)[0][: max(1, CHOOSING // every)]
    most = int(LARGER * len(language.output))
    best = states.extract(visits, language, states.fidelity(net, language, choosing), most, every)
    shown = states.trim(best, visits, choosing, fresh)
    return Found(language, visits, shown, states.fidelity(net, language, fresh)(shown.automaton), fresh)


def analyse(net: Network, length: int, seed: int = SEED, judged: Verdict | None = None) -> Analysis:
    """Find out what a network does that was trained on blocks of n up to `length`; progress goes to standard error.

    judged: the verdict on it, if there is one already.
    """
    rng, symbols, progress = np.random.default_rng(seed), range(net.num_class), Progress(4)
    sequences = fresh_sequences(length, net.num_class, SHOWN, rng)
    progress.part('how far it counts')
    loss, right = behaviour.losses(net)
    judged = judged or verdict.judge(outputs_of(net), net.num_class, length)
    progress.part('automaton')
    found = extracted(net, length, rng)
    visits, automaton = found.visits, found.states.automaton
    progress.part('fixed points and cycles')
    before = visits.state[visits.parent[1:]]
    points = [fixed.fixed_points(net, symbol, before[visits.read[1:] == symbol], rng) for symbol in symbols]
    progress.part('how it counts')
    analysis = Analysis(
        net=net,
        length=length,
        sequences=sequences,
        verdict=judged,
        search=behaviour.shortest(net, found.language),
        last=behaviour.by_last_symbol(net, visits),
        alone=behaviour.alone(net, length, rng),
        loss=loss,
        right=right,
        found=found,
        place=layout(automaton, spans(automaton, found.states.state, visits)),
        points=points,
        gates=phases.gates_by_phase(net, visits) if net.gates else {},
        drift=drift.drift(net, judged.counts) if net.gates and judged.counts >= verdict.BEYOND * length else None,
        shown=interventions.show(net, visits, length, judged.counts, np.random.default_rng(seed)),
    )
    progress.bar.close()
    return analysis


def explain(
    start: Any,
    step: Callable,
    outputs: Callable,
    classes: int,
    length: int = 4,
    seed: int = SEED,
    *,
    groups: Sequence[Sequence[int]] | None = None,
) -> Analysis:
    """Find out what any recurrent network of PyTorch does that reads a language; the analysis sees these three alone.

    start: (size,), its state before the first symbol. step: states (N, size), symbols (N,) -> the next states.
    outputs: states (N, size) -> outputs before softmax (N, classes). All are tensors of doubles, symbols whole numbers.
    classes: 2 for anb2n, 3 for anb2nc3n. length: the largest n of a block in training. groups: which numbers of the
    state belong together, and are carried over together; without them each is carried over alone. Of an LSTM with 2
    hidden units, followed by 2 cells: [[0, 2], [1, 3]].
    """
    import torch

    start = np.asarray(torch.as_tensor(start).detach(), dtype=np.float64)

    def read(states, symbols):
        symbols = torch.as_tensor(np.array(np.broadcast_to(symbols, len(states))))
        with torch.no_grad():
            return step(torch.as_tensor(states), symbols).numpy()

    def logits(states):
        with torch.no_grad():
            return outputs(torch.as_tensor(states.reshape(-1, len(start)))).numpy().reshape(*states.shape[:-1], classes)

    groups = groups and tuple(map(tuple, groups))
    return analyse(Network(start, read, logits, classes, len(start), groups=groups), length, seed)
