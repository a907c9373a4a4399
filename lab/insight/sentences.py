"""How a network counts, in sentences. Each says what was measured on visited states; docs/insight.md explains them."""

from collections.abc import Iterable

import numpy as np

from lab.insight.analysis import Analysis
from lab.insight.automaton import SYMBOLS
from lab.insight.fixed import FROM, REPEATS, TOUCHES, Ending, FixedPoint, Movement
from lab.insight.mechanism import READS, Decision, Reading, Store

SHOWN = 12  # numbers of a list
POINTS_SHOWN = 5  # of each symbol
ONE = 0.001  # states nearer to each other than this are one
TURNS = 20  # degrees: less is not called a turn
SATURATED = 0.95  # a hidden unit beyond this
STORES_SHOWN = 6
FAR = 1.0  # a fixed point is far away if it is this many times farther off than the visited states are apart


def numbers(values: Iterable[float]) -> str:
    """Numbers in brackets, as in a transcript."""
    values = list(values)
    return '[' + ' '.join(f'{value:.2f}' for value in values[:SHOWN]) + (' ..]' if len(values) > SHOWN else ']')


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
            lines.append('     new' + ''.join(f'{f"{each.new[k]:.2f}       ":>15s}' for each in table.values()))
    return lines


def limits(found: Analysis) -> list[str]:
    """What becomes one beyond the n that it can count to."""
    distance, spread, means = found.apart
    lines = []
    close = np.flatnonzero(distance < np.maximum(spread, ONE))
    if len(close):
        n = close[0] + 1
        less = 'than earlier blocks spread them' if spread[n - 1] > ONE else f'than {ONE}'
        lines.append(f"The mean states after {n} and after {n + 1} A's are less apart {less}.")
    n = min(found.verdict.counts + 1, len(means))
    hidden = means[n - 1][: found.net.hid]
    full = [f'{k} ({value:.2f})' for k, value in enumerate(hidden) if abs(value) >= SATURATED]
    if full:
        units = f'hidden unit {", ".join(full)}'
        lines.append(f'Saturated after n = {n} (mean beyond {SATURATED} or -{SATURATED}): {units}.')
    return lines


def counting(found: Analysis) -> list[str]:
    """What holds the count and what decides."""
    name = unit(found)
    lines = [store(each, name) + added(found, each) for each in found.stores[:STORES_SHOWN]]
    if len(found.stores) > STORES_SHOWN:
        lines.append(f'{len(found.stores) - STORES_SHOWN} more {name}s hold n in this way.')
    lines += [reading(each, name) for each in found.readings if each]
    lines += [decision(each, bool(found.net.gates)) for each in found.decisions]
    return lines


def store(each: Store, name: str) -> str:
    """Which symbol loads a unit with n, and which one empties it."""
    letters = SYMBOLS[: len(each.means)]
    ends = [f"after the {letters[k]}'s {numbers(mean)}" for k, mean in enumerate(each.means)]
    text = f"{name.capitalize()} {each.unit} holds n at the end of the {letters[each.symbol]}'s"
    text += f' (the nearest mean tells it in {each.right:.1%} of {each.blocks} blocks)'
    if each.emptied is not None:
        text += f", no longer at the end of the {letters[each.emptied]}'s"
    return f'{text}: means for n = 1 to {each.means.shape[1]} {", ".join(ends)}.'


def added(found: Analysis, each: Store) -> str:
    """What the symbols that load and empty a unit add to it, and for an LSTM by which gates."""
    texts = []
    for symbol in [each.symbol] if each.emptied is None else [each.symbol, each.emptied]:
        letter, phase = SYMBOLS[symbol], found.steps.get(SYMBOLS[symbol])
        if phase is None:
            continue
        text = f'{letter} adds {phase.mean[each.unit]:.2f} (standard deviation {phase.spread[each.unit]:.2f}'
        if found.net.gates:
            gate = {name: values[0, each.unit] for name, values in phase.gates.items()}
            text += f'; forget gate {gate["forget"]:.2f}, input gate {gate["input"]:.2f}, new value {gate["new"]:.2f}'
        texts.append(f'{text})')
    return f' One more {", one more ".join(texts)}.' if texts else ''


def reading(each: list[Reading], name: str) -> str:
    """How the count of a symbol can be read back from the states in its phase, by the nearest mean; a unit is first."""
    symbol, steps = SYMBOLS[each[0].symbol], each[0].steps
    what = "A's read" if symbol == 'A' else f"{symbol}'s owed"
    alone = each[0]
    best = alone if alone.right >= READS else max(each, key=lambda one: one.right)
    if best.right >= READS:
        if best is alone:
            holds = f'{name.capitalize()} {best.unit} counts'
        elif best.direction is not None:
            holds = f'No {name} alone counts, but together, weighted by {numbers(best.direction)}, they count'
        else:
            point = f'the {best.point.kind} point at {numbers(best.point.point)}'
            holds = f'No {name} alone counts, but the log of the distance from {point} along its eigenvector counts'
        order = '' if best.ordered else ' (not in order)'
        means = f'means{order} for {best.counts[0]} to {best.counts[-1]} {numbers(best.means)}'
        return f'{holds} the {what}: the nearest mean gives the count in {best.right:.1%} of {steps} steps; {means}.'
    others = [f'{name} {alone.unit} {alone.right:.1%}']
    others += [f'weighted by {numbers(one.direction)} {one.right:.1%}' for one in each if one.direction is not None]
    others += [f'distance from {numbers(one.point.point)} {one.right:.1%}' for one in each if one.point is not None]
    text, together = f'No single number that was tried tells the {what}', each[0].together
    if together >= READS:
        text += f', but the nearest mean of all {name}s together does in {together:.1%} of {steps} steps'
    else:
        others.append(f'all {name}s together {together:.1%}')
    return f'{text}; how often the nearest mean of one is right: {", ".join(others)}.'


def decision(each: Decision, cells: bool) -> str:
    """Which unit decides, and at which value."""
    stays, ends = SYMBOLS[each.symbol], SYMBOLS[each.other]
    what = f'{"cell" if each.part else "hidden unit" if cells else "unit"} {each.unit}'
    ranges = f'{stays} at {_range(each.more)}, {ends} at {_range(each.end)}'
    if each.right == 1:
        return f'After a {stays}, {what} tells what is predicted: {ranges}.'
    best = f'the best limit, on {what}, is right in {each.right:.1%} of the steps'
    return f'After a {stays}, no unit alone tells what is predicted; {best}: {ranges}.'


def _range(ends: tuple[float, float]) -> str:
    return f'{ends[0]:.3f} to {ends[1]:.3f}'


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
    visited = found.found.visits.state
    size = float(np.linalg.norm(np.ptp(visited, axis=0)))
    for symbol, moves, endings in zip(SYMBOLS, found.moves, found.endings, strict=False):
        if moves is not None:
            lines.append(movement(moves) if moves.fixed.distance <= FAR * size else far(found, moves.fixed, size))
        lines += [ending(each, symbol, found.net.hid, unit(found)) for each in endings[:2]]
    return lines


def fixed_point(found: FixedPoint) -> str:
    """Symbol, kind, place and eigenvalues."""
    name, eigenvalues = SYMBOLS[found.symbol], complex_numbers(found.eigenvalues)
    places = ' '.join(numbers(place) for place in found.cycle)
    what = found.kind if len(found.cycle) == 1 else f'{found.kind} cycle of {len(found.cycle)}'
    slow = f', where a step is {found.speed:.3f} long' if found.kind == 'slow' else ''
    return f'  {name}: {what} at {places}, eigenvalues {eigenvalues}; {found.distance:.2f} away{slow}'


def far(found: Analysis, fixed: FixedPoint, size: float) -> str:
    """What visited states do that never come near a symbol's fixed point: in an LSTM often a cell just adds."""
    name, phase = SYMBOLS[fixed.symbol], found.steps[SYMBOLS[fixed.symbol]]
    most = int(np.abs(phase.mean).argmax())
    return (
        f"While {name}'s repeat, no visited state comes near {numbers(fixed.point)}: it is {fixed.distance:.2f} away, "
        f'and all visited states lie in a box with a diagonal of {size:.2f}. Meanwhile {unit(found)} {most} changes '
        f'the most: by {phase.mean[most]:.2f} for each {name} (standard deviation {phase.spread[most]:.2f}).'
    )


def movement(moves: Movement) -> str:
    """How visited states move about the nearest fixed point while a symbol repeats."""
    fixed, name = moves.fixed, SYMBOLS[moves.fixed.symbol]
    text = f"While {name}'s repeat ({moves.steps} visited steps), seen from the point {numbers(fixed.point)}:"
    if not moves.off:
        return f'{text} all of them begin within {TOUCHES} of it.'
    text += f' {moves.off} begin farther from it than {TOUCHES}; of these' if moves.off < moves.steps else ''
    facts = [f'{moves.nearer:.1%} end nearer to it', f'the median step multiplies the distance by {moves.factor:.2f}']
    if moves.sides is not None:
        facts.append(f'{moves.sides:.1%} end on its other side, along its first eigenvector')
    if moves.turn is not None:
        angle, mean, spread = moves.turn
        turn = f": one turn in {360 / abs(mean):.1f} {name}'s" if abs(mean) >= TURNS else ''
        facts.append(
            f'its complex eigenvalues turn by {round(angle)} degrees per {name}, visited states by {round(mean)} '
            f'(standard deviation {spread:.0f}){turn}'
        )
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
