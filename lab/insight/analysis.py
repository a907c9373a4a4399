"""The whole analysis of one network, in order: each part is found out, printed and drawn."""

from typing import NamedTuple

import numpy as np
import torch

from lab.common import picture
from lab.common.endings import note
from lab.insight import automaton as fsm
from lab.insight import figures, fixed, graph, layout, phases
from lab.insight import report as seq_report
from lab.insight import states as seq_states
from lab.insight.automaton import Automaton
from lab.insight.states import States, Visits
from lab.insight.step import Network, follow
from lab.seq import verdict

Array = np.ndarray
FRESH, SHOWN = 10_000, 100  # sequences: to measure fidelity, to describe and draw
CHOOSING = 4**5  # different sequences to choose an automaton by: all that there are with n up to 4
LONG = 150  # of sequences this long, and longer ones, automata are judged less often while they are looked for
LARGER = 1.5  # an automaton with more states than so many times the language's is not drawn


class Found(NamedTuple):
    """The automaton that a network is, and how true it is: see seq_states.fidelity()."""

    language: Automaton  # the smallest of the language, for n up to the length asked for
    visits: Visits
    states: States
    shares: tuple[float, float]  # of FRESH sequences, and of their steps, where the language determines a symbol
    guessing: States  # as `states`, with what the network guesses elsewhere counted as well
    guesses: tuple[float, float]  # as `shares`, of all steps
    fresh: Array  # the sequences, (FRESH, T)


def draw(length: int, num_class: int, count: int, rng: np.random.Generator) -> Array:
    """Fresh sequences of the language, (count, T)."""
    return fsm.spell(rng.integers(1, length + 1, (count, seq_states.BLOCKS)), num_class)


def find(net: Network, length: int, rng: np.random.Generator) -> Found:
    """Extract the automaton of a network from sequences with n up to `length`, and judge it on fresh ones."""
    language = fsm.minimise(fsm.language(net.num_class, length))[0]
    visits = seq_states.visit(net, language, seq_states.histories(length, net.num_class, rng))
    fresh, others = (draw(length, net.num_class, FRESH, rng) for _ in range(2))
    choosing = others[np.sort(np.unique(others, axis=0, return_index=True)[1])[:CHOOSING]]
    every = 1 + choosing.shape[1] // LONG
    both = []
    for guesses, most in (False, int(LARGER * len(language.output))), (True, seq_states.CLUSTERS):
        chosen_by = seq_states.fidelity(net, language, choosing, guesses)
        states = seq_states.extract(visits, chosen_by, guesses, most, every)
        both += states, seq_states.fidelity(net, language, fresh, guesses)(states.automaton)
    return Found(language, visits, *both, fresh)


def report(net: Network, length: int, stem: str, seed: int, cells: bool = False):
    """Print what was found out and write the pictures <stem>_*.jpg, with `cells` also of an LSTM's cell states.

    Progress goes to standard error.
    """
    rng = np.random.default_rng(seed)
    shown = draw(length, net.num_class, SHOWN, rng)
    note('phases')
    print('\n----- how far it counts')
    _reach(net, length, stem)
    if net.gates is not None:
        table = phases.gates(net, shown)
        print('\n----- gates by phase', *seq_report.gate_table(table), sep='\n')
        picture.save(figures.gates(table), f'{stem}_gates.jpg')
    note('states and automaton')
    found = find(net, length, rng)
    states, visits = found.states, found.visits
    _print_automaton(net, found, length)
    place = layout.layout(states.automaton)
    picture.save(graph.machine(states.automaton, place), f'{stem}_fsm.jpg')
    example = figures.real(shown[0])
    for first, name in ((0, ''), (net.hid, '_cell'))[: 1 + cells]:
        if net.hid > 1:
            units = visits.state[:, first : first + net.hid]
            pair = graph.best_pair(units, states.state)
            picture.save(graph.states(states, units, visits.following, place, pair), f'{stem}{name}_states.jpg')
            places = np.vstack([net.start, follow(net, example[None])[0]])[:, first + np.array(pair)]
            picture.save(figures.path(places, example, pair), f'{stem}{name}_path.jpg')
    picture.save(figures.over_time(net, example), f'{stem}_time.jpg')
    note('fixed points')
    print('\n----- how it counts')
    _counting(net, visits, shown, rng, stem)


def _reach(net: Network, length: int, stem: str):
    """The largest n, and the loss by n."""

    def read(x):
        return torch.from_numpy(net.logits(follow(net, x.argmax(dim=2).numpy())))

    n = verdict.count(read, net.num_class)
    loss, right = phases.losses(net)
    print(f'every determined symbol is right in blocks of n up to {n} (trained on n up to {length})')
    some = [n for n in (1, 2, 4, 6, 8, 10, 15, 20, 30) if n <= len(loss)]
    print('n     ' + ''.join(f'{n:8d}' for n in some))
    print('loss  ' + ''.join(f'{loss[n - 1]:8.4f}' for n in some))
    print('right ' + ''.join(f'{right[n - 1]:8.0%}' for n in some))
    picture.save(figures.reach(loss, right, length), f'{stem}_reach.jpg')


def _print_automaton(net: Network, found: Found, length: int):
    """The transition table, and how true it is."""
    automaton, size = found.states.automaton, len(found.language.output)
    print('\n----- the automaton that it is')
    names = layout.layout(automaton).names
    print(*seq_report.transitions(automaton, names), sep='\n')
    print(
        f'{len(automaton.output)} states, merged from {found.states.cluster.max() + 1} clusters of '
        f'{len(found.visits.state)} visited points; '
        f'fidelity {found.shares[0]:.4f} on {FRESH} fresh sequences ({found.shares[1]:.4f} of the steps)'
    )
    is_not = '' if fsm.same(automaton, found.language) else ' not'
    merged = len(fsm.minimise(found.language._replace(phase=0 * found.language.phase))[0].output)
    note_on_phases = '' if merged == size else f', {merged} if phases were not kept apart'
    print(f'it is{is_not} the smallest automaton of the language for n <= {length} ({size} states{note_on_phases})')
    guesses = f'{len(found.guessing.automaton.output)} states, fidelity {found.guesses[0]:.4f}'
    print(f'with what the network guesses after an A, which the language leaves open, counted as well: {guesses}')
    wrong = seq_report.mistakes(net, found.fresh)
    print(
        *(['what the network gets wrong:', *wrong] if wrong else ['the network gets no determined symbol wrong']),
        sep='\n',
    )


def _counting(net: Network, visits: Visits, shown: Array, rng: np.random.Generator, stem: str):
    """Fixed points, and the sentences made from them."""
    points = [fixed.fixed_points(net, symbol, visits.state, rng) for symbol in range(net.num_class)]
    print('fixed points of each symbol:')
    for symbol, found in enumerate(points):
        print(*(seq_report.fixed_table(found) or [f'  {fsm.SYMBOLS[symbol]}: none found']), sep='\n')
    moves = [fixed.movement(net, found, shown) for found in points]
    print(*(seq_report.movement(symbol, move) for symbol, move in enumerate(moves)), sep='\n')
    if sentence := seq_report.undoing(moves):
        print(sentence)
    what = 'unit' if net.gates is None else 'cell'
    print(*seq_report.counting(phases.counters(net, shown), what), sep='\n')
    if net.gates is None and net.hid == 2:
        before, after = phases.before(net, shown), follow(net, shown)
        steps = [(before[shown == symbol], after[shown == symbol]) for symbol in range(net.num_class)]
        picture.save(graph.flow(net, points, steps), f'{stem}_flow.jpg')
