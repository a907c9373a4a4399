"""What was measured on the states that a network visits, in sentences; docs/insight.md explains them."""

from collections.abc import Iterable

import numpy as np

from lab.insight.found.analysis import Analysis
from lab.insight.found.automaton import SYMBOLS
from lab.insight.found.drift import EXACT, Drift
from lab.insight.found.fixed import FROM, REPEATS, TOUCHES, Ending, FixedPoint, Movement
from lab.insight.found.mechanism import READS, Reading

SHOWN = 12  # numbers of a list
POINTS_SHOWN = 5  # of each symbol
JUMPS = 0.1  # a unit jumps where its changes deviate by more than this, and by more than their mean


def numbers(values: Iterable[float], most: int = SHOWN) -> str:
    """Numbers in brackets, as in a transcript, the first `most` of them."""
    values = list(values)
    return '[' + ' '.join(f'{value:.2f}' for value in values[:most]) + (' ..]' if len(values) > most else ']')


def unit(found: Analysis) -> str:
    """What the parts of the state are called that are carried on."""
    return 'cell' if found.net.gates else 'unit'


def steps(found: Analysis) -> list[str]:
    """A table of what each symbol adds to each unit, by phase."""
    name, table = unit(found), found.steps
    lines = [f'How much each {name} changes in one step, by phase: mean (standard deviation) over all visited steps.']
    if found.net.gates:
        lines.append('new: the mean of input gate x new value; the rest of the change is what is forgotten.')
    lines.append(f'{name}    ' + ''.join(f'{phase:>15s}' for phase in table))
    for k in range(found.net.hid):
        cells = [f'{each.mean[k]:.2f} ({each.spread[k]:.2f})' for each in table.values()]
        lines.append(f'{k:4d}    ' + ''.join(f'{cell:>15s}' for cell in cells))
        if found.net.gates:
            new = ''.join(f'{f"{each.new[k]:.2f}       ":>15s}' for each in table.values())
            lines.append(f'     new{new}'.rstrip())
    jump = [(phase, each.spread > np.maximum(JUMPS, np.abs(each.mean))) for phase, each in table.items()]
    some = [f'{phase}: {name} {", ".join(map(str, np.flatnonzero(units)))}' for phase, units in jump if units.any()]
    if some:
        lines.append(
            f'The deviation is larger than the mean, so nothing is added, but the {name} jumps: {"; ".join(some)}.'
        )
    return lines


def readings(found: Analysis) -> list[str]:
    """From which numbers the counts can be read; that the network uses these is not said."""
    return [reading(each, unit(found)) for each in found.readings if each]


def reading(each: list[Reading], name: str) -> str:
    """From which number the count of a symbol can be read, by the nearest mean; a unit is first."""
    symbol, steps = SYMBOLS[each[0].symbol], each[0].steps
    what = "A's read" if symbol == 'A' else f"{symbol}'s owed"
    alone = each[0]
    best = alone if alone.right >= READS else max(each, key=lambda one: one.right)
    if best.right >= READS:
        order = '' if best.ordered else ' (not in order)'
        means = f'means{order} for {best.counts[0]} to {best.counts[-1]} {numbers(best.means)}'
        begin = f'The {what} can be read from' if best is alone else f'No {name} alone tells the {what}, but'
        end = '' if best is alone else ' do'
        right = f'the nearest mean is right in {best.right:.1%} of {steps} steps'
        return f'{begin} {_number(best, name)}{end}: {right}; {means}.'
    tried = ', '.join(f'{_number(one, name)} {one.right:.1%}' for one in each)
    return f'No single number that was tried tells the {what}; how often the nearest mean is right: {tried}.'


def _number(one: Reading, name: str) -> str:
    """The number that a count is read from."""
    if one.direction is None:
        return f'{name} {one.unit}'
    return f'the {name}s weighted by {numbers(one.direction, len(one.direction))}'


def complex_numbers(values: Iterable[complex]) -> str:
    """Eigenvalues: real ones as such, of a conjugate pair both."""
    values = list(values)[:SHOWN]
    return ', '.join(f'{v.real:.2f}' if abs(v.imag) < 5e-3 else f'{v.real:.2f}{v.imag:+.2f}i' for v in values)


def repeating(found: Analysis) -> list[str]:
    """Fixed points and cycles of each symbol, how visited states move about them, and where a symbol leads."""
    lines = ['Fixed points and cycles of each symbol, and how far the nearest visited state is away:']
    for name, points in zip(SYMBOLS, found.points, strict=False):
        lines += [fixed_point(point) for point in points[:POINTS_SHOWN]] or [f'  {name}: none found']
        if len(points) > POINTS_SHOWN:
            lines.append(f'  {name}: {len(points) - POINTS_SHOWN} more, farther away')
    for symbol, moves, endings in zip(SYMBOLS, found.moves, found.endings, strict=False):
        lines += [movement(moves)] if moves else []
        lines += [ending(each, symbol, found.net.hid, unit(found)) for each in endings[:2]]
    return lines


def fixed_point(found: FixedPoint) -> str:
    """Symbol, kind, place and eigenvalues."""
    name, eigenvalues = SYMBOLS[found.symbol], complex_numbers(found.eigenvalues)
    places = ' '.join(numbers(place) for place in found.cycle)
    what = found.kind if len(found.cycle) == 1 else f'{found.kind} cycle of {len(found.cycle)}'
    slow = f', where a step is {found.speed:.3f} long' if found.kind == 'slow' else ''
    return f'  {name}: {what} at {places}, eigenvalues {eigenvalues}; {found.distance:.2f} away{slow}'


def movement(moves: Movement) -> str:
    """How visited states move about the nearest fixed point while a symbol repeats."""
    fixed, name = moves.fixed, SYMBOLS[moves.fixed.symbol]
    text = (
        f"While {name}'s repeat ({moves.steps} visited steps), seen from the {fixed.kind} point {numbers(fixed.point)}:"
    )
    if not moves.off:
        return f'{text} all of them begin within {TOUCHES} of it.'
    text += f' {moves.off} begin farther from it than {TOUCHES}; of these' if moves.off < moves.steps else ''
    facts = [f'{moves.nearer:.1%} end nearer to it', f'the median step multiplies the distance by {moves.factor:.2f}']
    if moves.along is not None:
        value = complex_numbers(fixed.eigenvalues[:1])
        facts.append(f'along its first eigenvector (eigenvalue {value}) by {moves.along:.2f}')
    if moves.sides is not None:
        facts.append(f'{moves.sides:.1%} end on its other side, along its first eigenvector')
    return f'{text} {"; ".join(facts)}.'


def ending(each: Ending, name: str, hid: int, unit: str) -> str:
    """Where a symbol leads that never ends."""
    text = f"If {name}'s never end, {each.share:.0%} of up to {FROM} visited states"
    if each.cycle is None:
        moving = int(each.change[-hid:].argmax())
        change = f'{unit} {moving} the most, by {each.change[-hid:][moving]:.4f} for each {name}'
        return f"{text} still change after {REPEATS} {name}'s, {change}."
    if len(each.cycle) == 1:
        return f'{text} come to {numbers(each.cycle[0])}.'
    return f'{text} come to a cycle of {len(each.cycle)}: {" ".join(map(numbers, each.cycle))}.'


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
