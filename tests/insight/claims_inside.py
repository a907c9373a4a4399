"""The claims about what is inside a network: gates, steps, what holds the count and decides, fixed points, cycles."""
# ruff: noqa: E501

import re

import numpy as np

from lab.insight.found.analysis import analyse
from lab.insight.found.step import network
from lab.insight.said import words
from tests.insight import claims_story  # noqa: F401  (its claims are added to those of Claims)
from tests.insight.claims import NUMBER, Claims, claim, near, same

LIST = r'(\[[^\]]*\])'


@claim(r'(A|first B|B|first C|C|restart) +(\d+) ((?: *-?[\d.]+ \[[^\]]*\](?: open| closed| partly)?){4})')
def _(c, phase, unit, text):
    steps = [step for step in c.steps if step.phase == phase]
    gates = c.sim.gates(np.array([step.before for step in steps]), np.array([step.symbol for step in steps]))
    true = True
    for name, part in zip(
        ('forget', 'input', 'output', 'new'), re.findall(r'(-?[\d.]+) (\[[^\]]*\])( \w+)?', text), strict=True
    ):
        values = gates[name][:, int(unit)]
        true &= near(part[0], values.mean(), 2) and same(part[1], [values.min(), values.max()])
        word = 'open' if values.mean() >= 0.8 else 'closed' if values.mean() <= 0.2 else 'partly'
        true &= part[2].strip() == (word if name != 'new' else '')
    return true


@claim(r'How much each (unit|cell) changes in one step.*|new: the mean of input gate x new value.*')
def _(c, name):
    return name in (None, ('unit', 'cell')[c.sim.lstm])


@claim(r'(?:unit|cell) +((?: *(?:A|first B|B|first C|C|restart))+)')
def _(c, phases):
    c.columns = re.findall(r'first [BC]|restart|[ABC]', phases)
    return c.columns == [*['A', 'first B', 'B', 'first C', 'C'][: 2 * c.sim.classes - 1], 'restart']


def changes(c, phase, unit):
    steps = [step for step in c.steps if step.phase == phase]
    return np.array([c.sim.units(step.after)[unit] - c.sim.units(step.before)[unit] for step in steps])


@claim(r' +(\d+) +((?: *-?[\d.]+ \([\d.]+\))+)')
def _(c, unit, cells):
    c.unit, true = int(unit), True
    for phase, (mean, spread) in zip(c.columns, re.findall(r'(-?[\d.]+) \(([\d.]+)\)', cells), strict=True):
        values = changes(c, phase, c.unit)
        true &= near(mean, values.mean(), 2) and near(spread, values.std(), 2)
    return true


@claim(r' +new((?: +-?[\d.]+)+)')
def _(c, cells):
    true = True
    for phase, value in zip(c.columns, cells.split(), strict=True):
        steps = [step for step in c.steps if step.phase == phase]
        gates = c.sim.gates(np.array([step.before for step in steps]), np.array([step.symbol for step in steps]))
        true &= near(value, (gates['input'] * gates['new'])[:, c.unit].mean(), 2)
    return true


def nearest_mean(values, counts):
    """How often the count is right whose mean is nearest."""
    different = sorted(set(counts))
    means = np.array([np.mean([v for v, k in zip(values, counts, strict=True) if k == each]) for each in different])
    answer = np.abs(np.asarray(values)[:, None] - means).argmin(axis=1)
    return np.mean(np.array(different)[answer] == np.array(counts)), means


@claim(r'The deviation is larger than the mean, so nothing is added, but the (unit|cell) jumps: (.*)\.')
def _(c, name, text):
    said = {(phase, int(k)) for phase, ks in re.findall(r'(first [BC]|restart|[ABC]): (?:unit|cell) ([\d, ]+)', text)
            for k in ks.strip(', ').split(', ')}  # fmt: skip
    true = set()
    for phase in c.columns:
        for k in range(c.sim.hid):
            values = changes(c, phase, k)
            true |= {(phase, k)} if values.std() > max(0.1, abs(values.mean())) else set()
    return said == true and (name == 'cell') == c.sim.lstm


def counted(c, what):
    """The values carried on and the counts of all steps in a phase: A's read, or symbols owed."""
    steps = [step for step in c.steps if step.symbol == 'ABC'.index(what)]
    return steps, c.sim.units([step.after for step in steps]), [step.count for step in steps]


def number(c, text, what):
    """The number that a count is read from, by the words that name it."""
    _, units, counts = counted(c, what)
    if match := re.match(r'(?:unit|cell) (\d+)', text, re.IGNORECASE):
        return units[:, int(match[1])], counts
    return units @ np.linalg.lstsq(units - units.mean(axis=0), counts - np.mean(counts), rcond=1e-3)[0], counts


@claim(
    rf"(?:The ([ABC])'s (read|owed) can be read from|No (?:unit|cell) alone tells the ([ABC])'s (read|owed), but) (.*?)(?: does| do)?: "
    rf'the nearest mean is right in {NUMBER}% of (\d+) steps; means( \(not in order\))? for (\d+) to (\d+) {LIST}\.'
)
def _(c, what, how, other, otherwise, text, share, steps, unordered, low, high, means):
    what, how = what or other, how or otherwise
    values, counts = number(c, text, what)
    right, expected = nearest_mean(values, counts)
    rises = np.diff(expected)
    ordered = bool((rises > 0).all() or (rises < 0).all())
    shift = 0
    if 'weighted' in text:
        shift = np.mean(counts) - np.mean(values)
    alone = max(nearest_mean(units, counts)[0] for units in counted(c, what)[1].T)
    return (
        abs(float(share) / 100 - right) < 0.003 and int(steps) == len(counts) and same(means, expected + shift, 2, 0.02)
        and (int(low), int(high)) == (min(counts), max(counts)) and (how == 'read') == (what == 'A')
        and (unordered is None) == ordered and right > 0.98 and (alone < 0.995 if other else alone > 0.98)
    )  # fmt: skip


@claim(
    r"No single number that was tried tells the ([ABC])'s (?:read|owed); how often the nearest mean is right: (.*)\."
)
def _(c, what, text):
    true = True
    for part, one in re.findall(r'(\S.*?) ([\d.]+)%', text):
        if '..' not in part:
            right, _ = nearest_mean(*number(c, part.lstrip(', '), what))
            true &= abs(float(one) / 100 - right) < 0.004 and right < 0.995
    return true


@claim(
    rf'  ([ABC]): (attracting|repelling|saddle|slow)( cycle of (\d))? at ((?:{LIST} ?)+), eigenvalues (.*); {NUMBER} away(?:, where a step is {NUMBER} long)?'
)
def _(c, name, kind, _cycle, period, text, _last, values, away, speed):
    symbol, period = 'ABC'.index(name), int(period or 1)
    if '..' in text:  # not all of its numbers are printed
        return True
    places = [np.array([float(v) for v in each.strip('[]').split()]) for each in re.findall(LIST, text)]
    states = np.array([step.before for step in c.steps if step.symbol == symbol])
    if kind == 'slow':
        step = np.linalg.norm(c.sim.step(places[0], symbol) - places[0])
        size = np.linalg.norm(np.ptp(states, axis=0))
        return float(speed) < 0.01 * size + 0.0006 and abs(step - float(speed)) < 0.05
    place = c.sim.polish(places[0], symbol, period)
    cycle = [c.sim.step(place, symbol, k) for k in range(period)]
    found = sorted(np.linalg.eigvals(c.sim.jacobian(place, symbol, period)), key=abs, reverse=True)
    moduli = [abs(complex(each.replace(' ', '').replace('i', 'j'))) for each in values.split(', ')]
    inside = np.abs(found) < 1
    right = 'attracting' if inside.all() else 'saddle' if inside.any() else 'repelling'
    distance = min(np.linalg.norm(states - each, axis=1).min() for each in cycle)
    back = np.abs(c.sim.step(place, symbol, period) - place).max() < 1e-7
    own = all(np.abs(c.sim.step(place, symbol, k) - place).max() > 1e-4 for k in range(1, period))
    return (
        back and own and right == kind and near(away, distance, 2)
        and all(np.abs(a - b).max() < 0.006 for a, b in zip(places, cycle, strict=True))
        and all(abs(a - abs(b)) < 0.012 + 0.002 * abs(b) for a, b in zip(moduli, found, strict=False))
    )  # fmt: skip


@claim(
    rf"While ([ABC])'s repeat \((\d+) visited steps\), seen from the (attracting|repelling|saddle) point {LIST}: (.*)\."
)
def _(c, name, count, kind, place, facts):
    symbol = 'ABC'.index(name)
    steps = [step for step in c.steps if step.symbol == symbol and step.prefix[-2:-1] == name]
    before, after = (np.array([getattr(step, k) for step in steps]) for k in ('before', 'after'))
    if '..' in place:
        return int(count) == len(steps)
    place = np.array([float(each) for each in place.strip('[]').split()])
    fixed = c.sim.polish(place, symbol, 1)
    off = np.linalg.norm(before - fixed, axis=1) > 1e-3
    true = int(count) == len(steps) and np.abs(fixed - place).max() < 0.006
    if 'all of them begin within 0.001 of it' in facts:
        return true and off.mean() < 0.01
    before, after = before[off], after[off]
    one, two = np.linalg.norm(before - fixed, axis=1), np.linalg.norm(after - fixed, axis=1)
    nearer, factor = re.search(
        rf'{NUMBER}% end nearer to it; the median step multiplies the distance by {NUMBER}(?:;|$)', facts
    ).groups()
    true &= abs(float(nearer) / 100 - (two < one).mean()) < 0.0006
    true &= near(factor, np.median(two / one), 2)
    values, vectors = np.linalg.eig(c.sim.jacobian(fixed, symbol))
    left = np.linalg.pinv(vectors)
    if match := re.search(rf'along its first eigenvector \(eigenvalue [^)]*\) by {NUMBER}', facts):
        row = left[np.abs(values).argmax()]
        one, two = np.abs((before - fixed) @ row), np.abs((after - fixed) @ row)
        true &= near(match[1], np.median(two[one > 0] / one[one > 0]), 2)
    true &= bool(match) == (kind == 'saddle')
    if match := re.search(rf'{NUMBER}% end on its other side', facts):
        row = left[np.abs(values).argmax()].real
        true &= abs(float(match[1]) / 100 - ((before - fixed) @ row * ((after - fixed) @ row) < 0).mean()) < 0.0006
    return bool(true)


def ends(c, name):
    """The states after each of some steps of a symbol, and after 1,000 more of it."""
    symbol = 'ABC'.index(name)
    states = np.array([step.after for step in c.steps if step.symbol == symbol])
    return c.sim.step(states[:: max(1, len(states) // 60)], symbol, 1000), symbol


@claim(rf"If ([ABC])'s never end, (\d+)% of up to 200 visited states come to (?:a cycle of (\d+): )?((?:{LIST} ?)+)\.")
def _(c, name, share, period, places, _last):
    if '..' in places:
        return True
    states, symbol = ends(c, name)
    cycle = [np.array([float(v) for v in each.strip('[]').split()]) for each in re.findall(LIST, places)]
    near_it = np.array([min(np.abs(state - each).max() for each in cycle) < 0.02 for state in states])
    true = abs(near_it.mean() - float(share) / 100) < 0.15 and len(cycle) == int(period or 1)
    if near_it.any():
        state = states[near_it][0]
        true &= np.abs(c.sim.step(state, symbol, len(cycle)) - state).max() < 1e-3
        true &= all(np.abs(c.sim.step(state, symbol, k) - state).max() > 1e-6 for k in range(1, len(cycle)))
    return bool(true)


@claim(
    rf"If ([ABC])'s never end, (\d+)% of up to 200 visited states still change after 1000 \1's, "
    rf'(unit|cell) (\d+) the most, by {NUMBER} for each \1\.'
)
def _(c, name, share, what, unit, by):
    states, symbol = ends(c, name)
    path = np.array([c.sim.step(states, symbol, k) for k in range(13)])
    moves = np.array([np.abs(path[k] - path[0]).max(axis=1) for k in range(1, 13)]).min(axis=0) > 1e-7
    mean = c.sim.units(np.abs(np.diff(path[:, moves], axis=0)).mean(axis=(0, 1)))
    return abs(moves.mean() - float(share) / 100) < 0.2 and abs(mean[int(unit)] - float(by)) < 2e-4 + 0.3 * float(by)


def false_lines(weights: dict, length: int = 4, trained: bool = True) -> list[str]:
    """The lines about a network with these weights, tensors, that are false. trained: it was not made by hand."""
    lines = words.lines(analyse(network(weights), length), trained)
    return Claims(weights, lines, length).false()
