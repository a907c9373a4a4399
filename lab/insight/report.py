"""What the analysis found, in lines of text: every number and every sentence is made from the arrays it is given."""

import re
from collections.abc import Iterable

import numpy as np

from lab.insight.automaton import NONE, OPEN, SYMBOLS, Automaton
from lab.insight.fixed import FixedPoint, Movement
from lab.insight.phases import CLOSED_BELOW, OPEN_ABOVE, Counter, runs, word
from lab.insight.step import GATES, Network, follow

Array = np.ndarray
WRONG_SHOWN = 8
LINE = 0.7  # R squared from which on a unit is said to count along a line
UNDOES = 0.15  # what is undone to within this share counts as undone


def numbers(values: Iterable[float], digits: int = 2) -> str:
    """Numbers in brackets, as in a transcript."""
    return '[' + ' '.join(f'{value:.{digits}f}' for value in values) + ']'


def transitions(automaton: Automaton, names: list[str]) -> list[str]:
    """The transition table: state, what it predicts, and where each symbol leads."""
    classes = range(automaton.following.shape[1])
    lines = ['state   predicts' + ''.join(f'{SYMBOLS[symbol]:>7s}' for symbol in classes)]
    for state in sorted(range(len(names)), key=lambda state: _spelt(names[state])):
        says = 'open' if automaton.output[state] == OPEN else SYMBOLS[automaton.output[state]]
        leads = ''.join(f'{names[there] if there != NONE else "-":>7s}' for there in automaton.following[state])
        lines.append(f'{names[state]:7s} {says:8s}{leads}{"  start" if state == 0 else ""}')
    return lines


def _spelt(name: str) -> tuple[str, int, str, int]:
    """To sort names of states: by phase, then row (a, .. z, aa, ..), then count."""
    phase, count, row = re.fullmatch('([A-C])([0-9]+)([a-z]*)', name).groups()
    return phase, len(row), row, int(count)


def mistakes(net: Network, sequences: Array) -> list[str]:
    """Which determined symbols the network gets wrong on sequences (N, T), worst first: the n of the block, what was
    read last, the symbol most often predicted instead, and how often it is wrong there."""
    sequences, weight = np.unique(sequences, axis=0, return_counts=True)
    nth, left = runs(sequences)
    row, t = np.nonzero((sequences[:, :-1] > 0) & (sequences[:, 1:] != NONE))
    chosen = net.logits(follow(net, sequences)).argmax(axis=2)[row, t]
    read, due, nth, left = sequences[row, t], sequences[row, t + 1], nth[row, t], left[row, t]
    n = (nth + left) // (read + 1)
    places, where = np.unique(np.column_stack([n, read, nth, due]), axis=0, return_inverse=True)
    count = np.zeros((len(places), net.num_class))
    np.add.at(count, (where.reshape(-1), chosen), weight[row])
    right = count[np.arange(len(places)), places[:, 3]].copy()
    wrong = 1 - right / count.sum(axis=1)
    count[np.arange(len(places)), places[:, 3]] = 0
    order = [place for place in np.argsort(-wrong, kind='stable') if wrong[place] > 0]
    lines = []
    for place in order[:WRONG_SHOWN]:
        n, read, nth, due = places[place]
        what = f'{SYMBOLS[count[place].argmax()]} instead of {SYMBOLS[due]}'
        lines.append(f'  block of n = {n}, after {nth} {SYMBOLS[read]}: {what}, {wrong[place]:.1%} of the times')
    if len(order) > WRONG_SHOWN:
        lines.append(f'  and {len(order) - WRONG_SHOWN} more places')
    return lines


def gate_table(table: dict[str, dict[str, Array]]) -> list[str]:
    """Mean, least and largest value of every gate by phase and unit, with the word for the mean; see seq_phases."""
    lines = [
        f'mean [least largest]; open from {OPEN_ABOVE}, closed to {CLOSED_BELOW}, else partly',
        'phase     unit ' + ''.join(f'{gate:28s}' for gate in GATES[:3]) + 'new values',
    ]
    for phase, values in table.items():
        for unit in range(values['new'].shape[1]):
            cells = [f'{values[gate][0, unit]:5.2f} {numbers(values[gate][1:, unit])}' for gate in GATES]
            words = [word(values[gate][0, unit]) for gate in GATES[:3]] + ['']
            line = ''.join(f'{f"{cell} {name}":28s}' for cell, name in zip(cells, words, strict=True))
            lines.append(f'{phase:9s} {unit:4d} {line}'.rstrip())
    return lines


def complex_numbers(values: Array) -> str:
    """Eigenvalues: real ones as such, of a conjugate pair both."""
    return ', '.join(f'{v.real:.2f}' if abs(v.imag) < 5e-3 else f'{v.real:.2f}{v.imag:+.2f}i' for v in values)


def fixed_table(points: list[FixedPoint]) -> list[str]:
    """A line per fixed point: symbol, kind, place, eigenvalues."""
    return [
        f'  {SYMBOLS[p.symbol]}: {p.kind} at {numbers(p.point)}, eigenvalues {complex_numbers(p.eigenvalues)}'
        for p in points
    ]


def movement(symbol: int, moves: Movement | None) -> str:
    """One sentence on how the visited states move about the nearest fixed point while a symbol repeats."""
    name = SYMBOLS[symbol]
    if moves is None:
        return f"{name}'s have no fixed point that was found, or none follows another."
    fixed = moves.fixed
    article = 'an' if fixed.kind == 'attracting' else 'a'
    largest = fixed.eigenvalues[0]
    kind = 'saddle' if fixed.kind == 'saddle' else f'{fixed.kind} point'
    way = 'towards' if moves.factor < 1 else 'away from'
    text = (
        f"{name}'s move {way} {article} {kind} at {numbers(fixed.point)}: each leaves {moves.factor:.2f} of the "
        f'distance (median; nearest {moves.nearest:.2f})'
    )
    if fixed.kind == 'attracting':
        return text + f', the largest eigenvalue there is {complex_numbers([largest])}.'
    turning = ', changing sides each time' if abs(largest.imag) < 5e-3 and largest.real < 0 else ''
    off = 'what is off its stable directions' if fixed.kind == 'saddle' else 'what is off it'
    return (
        f'{text}; close to it, {off} grows by {abs(largest):.2f} per {name} along '
        f'{numbers(fixed.eigenvectors[:, 0].real)}{turning}.'
    )


def counting(counters: list[Counter], what: str) -> list[str]:
    """Sentences on the units that count, and on whether what the A's add up is undone. `what`: 'unit' or 'cell'."""
    lines, up = [], counters[0]
    for each in counters:
        name, per = SYMBOLS[each.symbol], 'read' if each.symbol == 0 else 'still to come'
        if each.fit < LINE:
            lines.append(f"No {what} counts {name}'s along a line: at best {what} {each.unit}, R2 {each.fit:.2f}.")
            continue
        line = f"{what.capitalize()} {each.unit} counts {name}'s {per}: {each.slope:+.2f} for each (R2 {each.fit:.2f})."
        if each is not up and each.unit == up.unit and up.fit >= LINE:
            each_a = each.symbol + 1  # so many of it come for each A
            share = each_a * each.slope / up.slope
            verdict = 'undo one A' if abs(share - 1) < UNDOES else f'undo {share:.2f} of an A'
            line += f" There {each_a} {name}'s {verdict}: {each_a} x {-each.slope:+.2f} against {up.slope:+.2f}."
        lines.append(line)
    return lines


def undoing(moves: list[Movement | None]) -> str | None:
    """The sentence of Rodriguez, Wiles and Elman (1999), where it applies: A's contract by a, B's expand by b, and a
    network counts 2 B's for each A when a b^2 = 1. None where it does not."""
    if len(moves) != 2 or None in moves or moves[0].fixed.kind != 'attracting' or moves[1].fixed.kind == 'attracting':
        return None
    a, b = abs(moves[0].fixed.eigenvalues[0]), abs(moves[1].fixed.eigenvalues[0])
    share = a * b * b
    result = "so 2n B's undo n A's" if abs(share - 1) < UNDOES else "which would be 1 if 2n B's undid n A's there"
    return f"Contraction by an A times expansion by two B's: {a:.2f} x {b:.2f}^2 = {share:.2f}, {result}."
