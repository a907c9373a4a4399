"""Fixed points, and how exact a network counts that counts far, in sentences; docs/insight.md explains them."""

from collections.abc import Iterable

from lab.insight.found.analysis import Analysis
from lab.insight.found.automaton import SYMBOLS
from lab.insight.found.drift import EXACT, Drift
from lab.insight.found.fixed import FixedPoint

SHOWN = 12  # numbers of a list
POINTS_SHOWN = 5  # of each symbol


def numbers(values: Iterable[float], most: int = SHOWN) -> str:
    """Numbers in brackets, as in a transcript, the first `most` of them."""
    values = list(values)
    return '[' + ' '.join(f'{value:.2f}' for value in values[:most]) + (' ..]' if len(values) > most else ']')


def complex_numbers(values: Iterable[complex]) -> str:
    """Eigenvalues: real ones as such, of a conjugate pair both."""
    values = list(values)[:SHOWN]
    return ', '.join(f'{v.real:.2f}' if abs(v.imag) < 5e-3 else f'{v.real:.2f}{v.imag:+.2f}i' for v in values)


def repeating(found: Analysis) -> list[str]:
    """Fixed points and cycles of each symbol."""
    lines = ['Fixed points and cycles of each symbol, and how far the nearest visited state is away:']
    for name, points in zip(SYMBOLS, found.points, strict=False):
        lines += [fixed_point(point) for point in points[:POINTS_SHOWN]] or [f'  {name}: none found']
        if len(points) > POINTS_SHOWN:
            lines.append(f'  {name}: {len(points) - POINTS_SHOWN} more, farther away')
    return lines


def fixed_point(found: FixedPoint) -> str:
    """Symbol, kind, place and eigenvalues."""
    name, eigenvalues = SYMBOLS[found.symbol], complex_numbers(found.eigenvalues)
    places = ' '.join(numbers(place) for place in found.cycle)
    what = found.kind if len(found.cycle) == 1 else f'{found.kind} cycle of {len(found.cycle)}'
    slow = f', where a step is {found.speed:.3f} long' if found.kind == 'slow' else ''
    return f'  {name}: {what} at {places}, eigenvalues {eigenvalues}; {found.distance:.2f} away{slow}'


def drifting(found: Drift) -> list[str]:
    """How exact an LSTM counts that counts far, and where it will fail."""
    lines = []
    for symbol in sorted({each.symbol for each in found.changes}):
        some = [f'{_levels(each.levels)} to cell {each.cell}' for each in found.changes if each.symbol == symbol]
        lines.append(f'In a long run each {SYMBOLS[symbol]} adds {", ".join(some)}.')
    worst = max((each.drift for each in found.changes), default=0)
    same = 'the same to the last digit' if worst < EXACT else f'not quite the same: they differ by up to {worst:.1g}'
    lines.append(f'Within a block of n = {found.n} these numbers are {same}.')
    rest = f'; the others are up to {found.vague:.1g} away' if found.exact < found.gates else ''
    lines.append(
        f'Of {found.gates} gates and new values (one for each cell and symbol), {found.exact} are 0, 1 or -1 at every '
        f'step, to the last digit{rest}.'
    )
    (n, before), (more, lead) = found.leads
    text = f'The right output leads the others by {before:.3g} or more at n = {n}, by {lead:.3g} at n = {more}'
    end = f'at this rate the lead is gone near n = {found.fails:.3g}' if found.fails else 'it does not fall'
    return [*lines, f'{text}: {end}.']


def _levels(levels: list[float]) -> str:
    if len(levels) > 3:
        return f'{levels[0]:.3g} to {levels[-1]:.3g}'
    return ' or '.join(f'{level + 0:.6g}' for level in levels)
