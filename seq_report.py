"""What the analysis found, in lines of text: every number and every sentence is made from the arrays it is given."""

from collections.abc import Iterable

import numpy as np

import seq_automaton as fsm
from seq_automaton import NONE, OPEN, Automaton
from seq_fixed import FixedPoint, Movement
from seq_phases import CLOSED_BELOW, OPEN_ABOVE, Counter, runs, word
from seq_step import GATES, Network, follow

Array = np.ndarray
SYMBOLS = 'ABC'
WRONG_SHOWN = 8
UNDOES = 0.15  # what is undone to within this share counts as undone


def numbers(values: Iterable[float], digits: int = 2) -> str:
    """Numbers in brackets, as in a transcript."""
    return '[' + ' '.join(f'{value:.{digits}f}' for value in values) + ']'


def transitions(automaton: Automaton, names: list[str]) -> list[str]:
    """The transition table: state, what it predicts, and where each symbol leads."""
    classes = range(automaton.following.shape[1])
    lines = ['state   predicts' + ''.join(f'{SYMBOLS[symbol]:>7s}' for symbol in classes)]
    order = sorted(range(len(names)), key=lambda state: (automaton.phase[state], names[state][-1:].isalpha(),
                   names[state].lstrip(SYMBOLS).lstrip('0123456789'), int(''.join(filter(str.isdigit, names[state])))))  # fmt: skip
    for state in order:
        says = 'open' if automaton.output[state] == OPEN else SYMBOLS[automaton.output[state]]
        leads = ''.join(f'{names[there] if there != NONE else "-":>7s}' for there in automaton.following[state])
        lines.append(f'{names[state]:7s} {says:8s}{leads}{"  start" if state == 0 else ""}')
    return lines


def mistakes(net: Network, length: int) -> list[str]:
    """Which determined symbols the network gets wrong, worst first: on five blocks each with every n before and after.

    Lines name the n of the block, what was read of it, the symbol predicted instead, and how often.
    """
    pairs = np.stack(np.meshgrid(*2 * [np.arange(1, length + 1)], indexing='ij'), axis=-1).reshape(-1, 2)
    sequences = fsm.spell(np.column_stack([pairs, pairs[:, 0], pairs[:, 1]]), net.num_class)
    read, following = sequences[:, :-1], sequences[:, 1:]
    chosen = net.logits(follow(net, sequences)[:, :-1]).argmax(axis=2)
    nth, left = runs(sequences)
    wrong, total = {}, {}
    for row, t in np.argwhere((following != NONE) & (read > 0)):
        symbol = read[row, t]
        n = (nth[row, t] + left[row, t]) // (symbol + 1)
        here = (n, symbol, nth[row, t])
        total[here] = total.get(here, 0) + 1
        if chosen[row, t] != following[row, t]:
            wrong.setdefault(here, []).append((following[row, t], chosen[row, t]))
    lines = []
    for here, pairs in sorted(wrong.items(), key=lambda item: -len(item[1]) / total[item[0]]):
        n, symbol, nth_ = here
        instead = np.bincount([predicted for _, predicted in pairs]).argmax()
        lines.append(
            f'  n = {n}, after {nth_} {SYMBOLS[symbol]}: {SYMBOLS[instead]} instead of {SYMBOLS[pairs[0][0]]} '
            f'({len(pairs) / total[here]:.0%})'
        )
    if len(lines) > WRONG_SHOWN:
        lines[WRONG_SHOWN:] = [f'  and {len(lines) - WRONG_SHOWN} more places']
    return lines


def gate_table(table: dict[str, dict[str, Array]]) -> list[str]:
    """Mean, least and largest value of every gate by phase and unit, with the word for the mean; see seq_phases."""
    lines = [
        f'gates by phase: mean [least largest]; open from {OPEN_ABOVE}, closed to {CLOSED_BELOW}, else partly',
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
    return [f'  {SYMBOLS[p.symbol]}: {p.kind} at {numbers(p.point)}, eigenvalues {complex_numbers(p.eigenvalues)}' for p in points]  # fmt: skip


def movement(symbol: int, moves: Movement | None) -> str:
    """One sentence on how the visited states move about the nearest fixed point while a symbol repeats."""
    name = SYMBOLS[symbol]
    if moves is None:
        return f"{name}'s have no fixed point that was found."
    fixed = moves.fixed
    article = 'an' if fixed.kind == 'attracting' else 'a'
    largest = fixed.eigenvalues[0]
    kind = 'saddle' if fixed.kind == 'saddle' else f'{fixed.kind} point'
    way = 'towards' if moves.factor < 1 else 'away from'
    text = (
        f"{name}'s move {way} {article} {kind} at {numbers(fixed.point)}: each leaves {moves.factor:.2f} of the distance "
        f'(median; nearest {moves.nearest:.2f})'
    )
    if fixed.kind == 'attracting':
        return text + f', the largest eigenvalue there is {complex_numbers([largest])}.'
    turning = ', changing sides each time' if abs(largest.imag) < 5e-3 and largest.real < 0 else ''
    return (
        f'{text}; what is off its stable direction grows by {abs(largest):.2f} per {name} along '
        f'{numbers(fixed.eigenvectors[:, 0].real)}{turning}.'
    )


def counting(counters: list[Counter], what: str) -> list[str]:
    """Sentences on the units that count, and on whether what the A's add up is undone. `what`: 'unit' or 'cell'."""
    lines = []
    for each in counters:
        name, per = SYMBOLS[each.symbol], 'read' if each.symbol == 0 else 'still to come'
        lines.append(f"{what} {each.unit} counts {name}'s {per}: {each.slope:+.2f} for each (R2 {each.fit:.2f}).")
    up = counters[0]
    for down in counters[1:]:
        if down.unit == up.unit and up.slope != 0:
            share = (down.symbol + 1) * down.slope / up.slope
            verdict = 'undo one A' if abs(share - 1) < UNDOES else f'undo {share:.2f} of an A'
            lines[-1] += f" On {what} {up.unit}, {down.symbol + 1} {SYMBOLS[down.symbol]}'s {verdict}: {down.symbol + 1} x {-down.slope:+.2f} against {up.slope:+.2f}."  # fmt: skip
    return lines


def undoing(moves: list[Movement | None]) -> str | None:
    """The sentence of Rodriguez, Wiles and Elman (1999), where it applies: A's contract by a, B's expand by b, and a
    network counts 2 B's for each A when a b^2 = 1. None where it does not."""
    if len(moves) != 2 or None in moves or moves[0].fixed.kind != 'attracting' or moves[1].fixed.kind == 'attracting':
        return None
    a, b = abs(moves[0].fixed.eigenvalues[0]), abs(moves[1].fixed.eigenvalues[0])
    share = a * b * b
    result = 'so 2n B\'s undo n A\'s' if abs(share - 1) < UNDOES else 'which would be 1 if 2n B\'s undid n A\'s there'  # fmt: skip
    return f'Contraction by an A times expansion by two B\'s: {a:.2f} x {b:.2f}^2 = {share:.2f}, {result}.'  # fmt: skip
