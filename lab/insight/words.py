"""What the analysis found, as lines of text: every number and every sentence is made from the data it is given."""

from collections.abc import Iterable

import numpy as np

from lab.insight import automaton as fsm
from lab.insight.analysis import Analysis, Found
from lab.insight.automaton import NONE, OPEN, SYMBOLS, Array, Automaton
from lab.insight.fixed import FixedPoint, Movement
from lab.insight.layout import Layout
from lab.insight.phases import CLOSED_BELOW, OPEN_ABOVE, Counter, Mistake, word
from lab.insight.step import GATES

BLOCKS_SHOWN = 1, 2, 4, 6, 8, 10, 15, 20, 30  # the n of the table of losses
WRONG_SHOWN = 8
LINE = 0.7  # a unit is said to count along a line if R squared is at least this
UNDOES = 0.15  # counts cancel out if what is undone differs from what was done by less than this share


def lines(found: Analysis) -> list[str]:
    """All that was found out about a network, part by part."""
    parts = {'how far it counts': reach(found)}
    if found.gates is not None:
        parts['gates by phase'] = gate_table(found.gates)
    table = transitions(found.found.states.automaton, found.place)
    parts['the finite automaton found'] = table + extraction(found.found, found.length) + wrong(found.mistakes)
    parts['how it counts'] = how_it_counts(found)
    return [line for heading, part in parts.items() for line in ('', f'----- {heading}', *part)]


def numbers(values: Iterable[float]) -> str:
    """Numbers in brackets, as in a transcript."""
    return '[' + ' '.join(f'{value:.2f}' for value in values) + ']'


def reach(found: Analysis) -> list[str]:
    """How far the network counts, and a table of the loss and of the determined symbols that are right by n."""
    shown = [n for n in BLOCKS_SHOWN if n <= len(found.loss)]
    return [
        f'every determined symbol is right in mixed blocks of n up to {found.verdict.counts} '
        f'(trained on n up to {found.length})',
        'n     ' + ''.join(f'{n:8d}' for n in shown),
        'loss  ' + ''.join(f'{found.loss[n - 1]:8.4f}' for n in shown),
        'right ' + ''.join(f'{found.right[n - 1]:8.0%}' for n in shown),
    ]


def gate_table(table: dict[str, dict[str, Array]]) -> list[str]:
    """Mean, least and largest value of every gate by phase and unit, with the word for the mean; see phases.gates()."""
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


def transitions(automaton: Automaton, place: Layout) -> list[str]:
    """The transition table: state, what it predicts, and where each symbol leads."""
    names = place.names
    lines = ['state   predicts' + ''.join(f'{symbol:>7s}' for symbol in SYMBOLS[: automaton.following.shape[1]])]
    for state in np.lexsort((place.count, place.row)):
        says = 'open' if automaton.output[state] == OPEN else SYMBOLS[automaton.output[state]]
        leads = ''.join(f'{names[there] if there != NONE else "-":>7s}' for there in automaton.following[state])
        lines.append(f'{names[state]:7s} {says:8s}{leads}{"  start" if state == 0 else ""}')
    return lines


def extraction(found: Found, length: int) -> list[str]:
    """How the automaton was found, its fidelity, and whether it is the language's own."""
    automaton, size = found.states.automaton, len(found.language.output)
    is_not = '' if fsm.same(automaton, found.language) else ' not'
    merged = len(fsm.minimise(found.language._replace(phase=0 * found.language.phase))[0].output)
    note_on_phases = '' if merged == size else f', {merged} if phases were not kept apart'
    guesses = f'{len(found.guessing.automaton.output)} states, fidelity {found.guesses[0]:.4f}'
    return [
        f'{len(automaton.output)} states, merged from {found.states.cluster.max() + 1} clusters of '
        f'{len(found.visits.state)} visited points; '
        f'fidelity {found.shares[0]:.4f} on {len(found.fresh)} fresh sequences ({found.shares[1]:.4f} of the steps)',
        f'it is{is_not} the smallest automaton of the language for n <= {length} ({size} states{note_on_phases})',
        f'if its guesses after an A count, too (the language leaves these open): {guesses}',
    ]


def wrong(mistakes: list[Mistake]) -> list[str]:
    """Which determined symbols the network gets wrong: the WRONG_SHOWN places with the largest shares."""
    if not mistakes:
        return ['the network gets no determined symbol wrong']
    lines = ['what the network gets wrong:']
    for n, read, nth, due, instead, share in mistakes[:WRONG_SHOWN]:
        what = f'{SYMBOLS[instead]} instead of {SYMBOLS[due]}'
        lines.append(f'  block of n = {n}, after {nth} {SYMBOLS[read]}: {what}, {share:.1%} of the times')
    if len(mistakes) > WRONG_SHOWN:
        lines.append(f'  and {len(mistakes) - WRONG_SHOWN} more places')
    return lines


def how_it_counts(found: Analysis) -> list[str]:
    """Fixed points, and the sentences made from them and from the units that count."""
    lines = ['fixed points of each symbol:']
    for name, points in zip(SYMBOLS, found.points, strict=False):
        lines += [fixed_point(point) for point in points] or [f'  {name}: none found']
    lines += [movement(symbol, move) for symbol, move in enumerate(found.moves)]
    lines += undoing(found.moves)
    return lines + counting(found.counters, 'unit' if found.gates is None else 'cell')


def complex_numbers(values: Iterable[complex]) -> str:
    """Eigenvalues: real ones as such, of a conjugate pair both."""
    return ', '.join(f'{v.real:.2f}' if abs(v.imag) < 5e-3 else f'{v.real:.2f}{v.imag:+.2f}i' for v in values)


def fixed_point(found: FixedPoint) -> str:
    """Symbol, kind, place and eigenvalues."""
    name, eigenvalues = SYMBOLS[found.symbol], complex_numbers(found.eigenvalues)
    return f'  {name}: {found.kind} at {numbers(found.point)}, eigenvalues {eigenvalues}'


def movement(symbol: int, moves: Movement | None) -> str:
    """One sentence on how visited states move about the nearest fixed point while a symbol repeats."""
    name = SYMBOLS[symbol]
    if moves is None:
        return f"{name}'s have no fixed point that was found, or none follows another."
    fixed = moves.fixed
    largest = fixed.eigenvalues[0]
    kind = {'attracting': 'an attracting point', 'saddle': 'a saddle', 'repelling': 'a repelling point'}[fixed.kind]
    way = 'towards' if moves.factor < 1 else 'away from'
    text = (
        f"{name}'s move {way} {kind} at {numbers(fixed.point)}: each leaves {moves.factor:.2f} of the "
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


def undoing(moves: list[Movement | None]) -> list[str]:
    """The sentence of Rodriguez, Wiles and Elman (1999), where it applies.

    A's contract by a, B's expand by b, and a network counts two B's for each A where a b^2 = 1.
    """
    if len(moves) != 2 or None in moves or moves[0].fixed.kind != 'attracting' or moves[1].fixed.kind == 'attracting':
        return []
    a, b = abs(moves[0].fixed.eigenvalues[0]), abs(moves[1].fixed.eigenvalues[0])
    share = a * b * b
    result = "so 2n B's undo n A's" if abs(share - 1) < UNDOES else "which would be 1 if 2n B's undid n A's there"
    return [f"Contraction by an A times expansion by two B's: {a:.2f} x {b:.2f}^2 = {share:.2f}, {result}."]


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
