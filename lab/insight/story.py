"""What interventions show, in sentences: how a network does it, in short; and the tables behind that."""

from collections.abc import Iterator

import numpy as np

from lab.insight.analysis import Analysis
from lab.insight.automaton import SYMBOLS, Array
from lab.insight.circuit import Circuit
from lab.insight.holding import HOWS
from lab.insight.interchange import CARRIES, Interchange, Place
from lab.insight.laws import STRAIGHT, End, Law
from lab.insight.repair import Failure, Repair
from lab.insight.step import GATES

FORGETS = 0.05  # a factor nearer to 0 than this: nothing of what was before is left
SETS_SHOWN = 15  # rows of the table
NAMES = 4  # of units are told one by one, of more only how many there are
WEIGHTS_SHOWN = 60  # weights of a circuit are printed one by one up to so many


def several(words: list[str]) -> str:
    """Words as a list: 'a, b and c'."""
    return ' and '.join([', '.join(words[:-1]), words[-1]] if len(words) > 1 else words)


def called(kind: str, some: tuple[int, ...], full: bool = True) -> str:
    """A set of units in words, as 'cells 0 and 1 with their hidden units'; not `full`: 'cells 0 and 1'."""
    name, _, rest = kind.partition(' with ')
    numbers = several([str(k) for k in some]) if len(some) <= NAMES else f'{", ".join(map(str, some))}'
    many = len(some) > 1
    rest = f' with {"their hidden units" if many else "its hidden unit"}' if rest and full else ''
    return f'{name}{"s" * many} {numbers}{rest}'


def in_short(found: Analysis) -> list[str]:
    """Five to ten sentences on how a network does it, each tested; docs/insight.md says how."""
    shown = found.shown
    if not found.counts:
        return instead(found)
    lines = [*carriers(shown.interchange)]
    lines += [law(each, shown.interchange.kinds[0]) for each in shown.laws]
    ends = [ending(each) for each in shown.ends if each]
    lines += ends
    if shown.holding:
        lines.append(gates(found))
    if shown.circuit:
        lines.append(circuit_size(shown.circuit))
    lines.append(why(found))
    return lines


def instead(found: Analysis) -> list[str]:
    """What a network does that does not count."""
    shown, lines = found.shown, []
    if shown.last == 1:
        lines.append(
            'It does not count: what it predicts depends on the last symbol alone. With the whole state before a symbol '
            'taken from anywhere else, it predicts the same in 100% of 200 cases.'
        )
    elif shown.interchange.pairs[0] == 0:
        alike = f"it gives as many B's in all {shown.interchange.drawn[0]} pairs of runs with different n"
        lines.append(f"It does not count: left to itself after the A's, {alike}.")
    else:
        share = f'{shown.interchange.alike[0]:.0%} of {shown.interchange.drawn[0]} pairs of runs with different n'
        lines.append(f"It does not give more B's for each larger n; it gives as many in {share}.")
    if shown.last < 1:
        lines.append(
            f'The last symbol does not decide alone: with the whole state before it taken from anywhere else, it '
            f'predicts the same in {shown.last:.0%} of 200 cases.'
        )
        lines += [*carriers(shown.interchange)]
        lines += [ending(each) for each in shown.ends if each]
    return lines


def carriers(found: Interchange) -> Iterator[str]:
    """For each place in a block, which units carry n there, or what is owed."""
    where: dict[tuple[int, bool], list[int]] = {}
    for k, place in enumerate(found.places):
        if found.pairs[k]:
            where.setdefault((place.read, place.middle), []).append(k)
    for (read, middle), some in where.items():
        letter = SYMBOLS[read]
        at = f"In the middle of the {letter}'s" if middle else f'At the last {letter}'
        yield f'{at}, {"; ".join(carried(found, k) for k in some)}.'


def carried(found: Interchange, k: int) -> str:
    """What carries over what is counted at the place number k, and that less does not."""
    place, some, kind = found.places[k], found.carrier(k), found.kinds[0]
    letter = SYMBOLS[place.counted]
    what = f"the {letter}'s owed" if place.read == place.counted else f"n for the {letter}'s"
    those = f"as many {letter}'s follow as in the run that they come from"
    every = found.sets[-1]
    text = ''
    if some is None or (some == every and len(every) > 1):
        every_set = 'no smaller set' if found.every_set else 'no smaller set that was found'
        text = f'only all {len(every)} {called(kind, every, False).split()[0]} together carry {what}; {every_set} does'
        best = found.best(k, every)
        text += f', the best is {called(kind, best, False)} ({found.share(best, k)[0]:.0%} of {found.pairs[k]})'
        if found.along[k]:
            text += f', and along one line, that of the {found.along[k].name}, {found.along[k].follows:.0%}'
        return text
    follows, _ = found.share(some, k)
    text = f'{called(kind, some)} carr{"y" if len(some) > 1 else "ies"} {what}: taken over from another run, '
    text += f'{those} in {follows:.0%} of {found.pairs[k]}'
    if others := tuple(sorted({*every} - {*some})):
        text += f', with {called(kind, others, False)} instead in {found.share(others, k)[0]:.0%}'
    if len(some) > 1:
        best = found.best(k, some)
        text += f', with {called(kind, best, False)} alone in {found.share(best, k)[0]:.0%}'
    if len(found.kinds) > 1:
        text += f' (the cell{"s" * (len(some) > 1)} without hidden unit{"s" * (len(some) > 1)} {found.share(some, k, 1)[0]:.0%})'
    return text


def law(each: Law, kind: str) -> str:
    """What one more symbol does to what carries n."""
    letter, shares = SYMBOLS[each.place.read], each.shares
    last = each.numbers[len(each.numbers) // len(each.groups) - 1 :: len(each.numbers) // len(each.groups)]
    which = [each.numbers.index(number) for number in last]
    name, where = kind.split(' with ')[0], 'at the last A' if letter == 'A' else f"in the middle of the {letter}'s"
    effect = (
        f"{each.place.counted + 1} more {SYMBOLS[each.place.counted]}'s follow"
        if letter == 'A'
        else f'1 {letter} less follows'
    )
    done = f'done by hand {where}, {effect} in'
    one = len(each.groups) == 1
    factor, rest = each.factor[which[0]], each.rest[which[0]]
    if shares['added'] >= CARRIES:
        moves = several(
            [f'{name} {group} by {each.added[k]:+.2f}' for group, k in zip(each.groups, which, strict=True)]
        )
        return f'One more {letter} moves {moves}: {done} {shares["added"]:.0%} of {each.tried}.'
    if one and shares['factor'] >= CARRIES and abs(factor - 1) > STRAIGHT and factor > FORGETS:
        does = 'leaves' if factor < 1 else 'makes'
        as_far = f'{factor:.2f} of the distance' if factor < 1 else f'the distance {factor:.2f} times as large:'
        return f'One more {letter} {does} {as_far} of {name} {each.groups[0]} from {rest:.2f}: {done} {shares["factor"]:.0%} of {each.tried}.'
    text = f'One more {letter} does not move {called(kind, each.groups, False)} by a constant: the mean change, {done} '
    text += f'{shares["added"]:.0%} of {each.tried}'
    first, final = each.by_count[0][which], each.by_count[-1][which]
    if shares['by_count'] >= CARRIES and len(each.groups) <= NAMES:
        counts = ('n = 1 to 2', f'n = {len(each.by_count)} to {len(each.by_count) + 1}')
        if letter != 'A':
            counts = ('2 owed to 1', f'{len(each.by_count) + 1} owed to {len(each.by_count)}')
        span = [
            f'{name} {group} by {a:+.2f} ({counts[0]}) to {b:+.2f} ({counts[1]})'
            for group, a, b in zip(each.groups, first, final, strict=True)
        ]
        return f'{text}, but the mean change at each count, {several(span)}, in {shares["by_count"]:.0%}.'
    return f'{text}, and the mean change at each count in {shares["by_count"]:.0%}.'


def ending(each: End) -> str:
    """Which units end a run."""
    letter, other = SYMBOLS[each.symbol], SYMBOLS[(each.symbol + 1) % 3] if each.next is None else SYMBOLS[each.next]
    both = f'{each.ends:.0%} of {each.tried} cases, from before into the last one, {letter} in {each.goes_on:.0%}'
    decides = min(each.ends, each.goes_on) >= CARRIES
    what = called(each.kind, each.groups)
    begin = f"{what[0].upper()}{what[1:]} end{'' if len(each.groups) > 1 else 's'} the {letter}'s" if decides else (
        f"No set of {each.kind}s that was tried ends the {letter}'s alone, {what} most often"
    )  # fmt: skip
    text = f'{begin}: taken from the last {letter} into an earlier one, {other} is predicted in {both}'
    apart = max(each.middle[0] - each.end[1], each.end[0] - each.middle[1])
    if decides and len(each.groups) == 1 and apart > 0 and each.single:
        limit = (max(each.middle[0], each.end[0]) + min(each.middle[1], each.end[1])) / 2
        text += f' (its limit is at {limit:.3f})'
    return f'{text}.'


def gates(found: Analysis) -> str:
    """What the gates of a cell that carries n are for: the one that one more A moves most."""
    shown = found.shown
    each = shown.laws[0]
    cells = [number - found.net.hid for number in each.numbers if number >= found.net.hid]
    size = [abs(each.added[each.numbers.index(cell + found.net.hid)]) for cell in cells]
    cell = cells[int(np.argmax(size))]
    said = []
    for symbol, gate in ((0, 'forget'), (0, 'input'), (1, 'forget'), (1, 'input')):
        how = shown.holding.find(gate, cell, symbol)
        shares = [
            f'at {name} {how[key].right:.0%}'
            for key, name in (('0', '0'), ('phase', f'its mean of {how["phase"].value:.2f}'), ('1', '1'))
        ]
        said.append(f"{gate} gate in the {SYMBOLS[symbol]}'s {', '.join(shares)}")
    return f'With one gate of cell {cell} held, {shown.holding.sequences} sequences of n up to {shown.holding.most} are right: {"; ".join(said)}.'


def circuit_size(each: Circuit) -> str:
    """How many weights are needed."""
    sizes = [
        f'{int(kept.sum())} of {kept.size} {name} weights'
        for name, kept in (('recurrent', each.recurrent), ('output', each.output))
    ]
    return (
        f'{" and ".join(sizes)} are enough for no mistake up to n = {each.most} in {each.sequences} sequences, if the others give '
        'their mean (found greedily).'
    )


def why(found: Analysis) -> str:
    """Why it counts no farther."""
    each, counts = found.shown.failure, found.verdict.counts
    if each is None:
        return f'It counts up to n = {counts}; why no farther was not looked into.'
    nth, read, block = each.after
    place = f'{nth} {SYMBOLS[read]}{chr(39) + "s" if nth > 1 else ""}'
    text = f'At n = {each.n} it is wrong in {each.wrong:.0%} of {each.sequences} sequences, first mostly after {place} of a block of '
    text += f'{block} ({SYMBOLS[each.instead]} for {SYMBOLS[each.due]})'
    if not each.repairs:
        return f'{text}; none of the {sum(each.tried.values())} single repairs that were tried makes it right there.'
    best = min(each.repairs, key=_order)
    more = f' ({len(each.repairs) - 1} other repairs do, too)' if len(each.repairs) > 1 else ''
    return f'{text}; it is right there with {repaired(best, each, found)}{more}.'


def _order(each: Repair) -> tuple:
    """The plainest repair first."""
    return each.times, ('unit', 'limit', 'gate').index(each.kind), len(each.groups)


def repaired(each: Repair, failure: Failure, found: Analysis) -> str:
    """A repair in words."""
    if each.kind == 'gate':
        return each.text
    if each.kind == 'limit':
        symbol, other = each.read, (each.read + 1) % found.net.num_class
        return f'the limit between {SYMBOLS[symbol]} and {SYMBOLS[other]} after a {SYMBOLS[symbol]} moved by {each.values[0]:+.2f}'
    times = {1: 'as much as', 2: 'twice as much as', 3: 'three times as much as'}[each.times]
    values = several([f'{value:.2f}' for value in each.values])
    usual = several([f'{value:.2f}' for value in each.usual])
    what = called(found.shown.interchange.kinds[0], each.groups)
    return (
        f'{what} set to {values} (not {usual}) at the last {SYMBOLS[each.read]}, as if n = {failure.n} had added '
        f'{times} n = {failure.n - 1}'
    )


def table(found: Interchange) -> list[str]:
    """How often the run goes on as the other one does, for each set and place; in brackets how often as before."""
    kind = found.kinds[0]
    some = [k for k, pairs in enumerate(found.pairs) if pairs]
    if not some:
        return ['Whatever n was, it goes on in the same way: nothing carries n.']
    names = [str(found.places[k]) for k in some]
    width = max(len(', '.join(map(str, each))) for each in shown_sets(found)) + 2
    lines = [
        f'Carried over from a run with another n: {kind}s. It goes on as that run in ..% (as before in ..%) of up to {max(found.pairs)}.'
    ]
    lines += [' ' * width + ''.join(f'{name:>27s}' for name in names)]
    for each in shown_sets(found):
        cells = ''.join(
            f'{f"{follows:.0%} ({stays:.0%})":>27s}' for follows, stays in (found.share(each, k) for k in some)
        )
        lines.append(f'{", ".join(map(str, each)):{width}s}{cells}')
    return lines


def shown_sets(found: Interchange) -> list[tuple[int, ...]]:
    """The sets of the table: all, or those that carry most."""
    if len(found.sets) <= SETS_SHOWN:
        return found.sets
    carriers = {found.carrier(k) for k in range(len(found.places)) if found.pairs[k]} - {None}
    rest = sorted(set(found.sets) - carriers, key=lambda each: -found.follows[0, found.sets.index(each)].max())
    shown = {*carriers, *rest[: SETS_SHOWN - len(carriers)]}
    return [each for each in found.sets if each in shown]


def held(found: Analysis) -> list[str]:
    """Each gate held while one symbol is read: how many sequences are right."""
    shown, classes = found.shown.holding, found.net.num_class
    lines = [f'{shown.sequences} sequences of n up to {shown.most} with one gate held while a symbol is read, at its mean there, at its '
             "overall mean, at 0, at 1: right in ..%", 'gate   cell' + ''.join(f'{SYMBOLS[k]:>24s}' for k in range(classes))]  # fmt: skip
    for gate in GATES[:3]:
        for cell in range(found.net.hid):
            cells = [
                ' '.join(f'{shown.find(gate, cell, symbol)[how].right:4.0%}' for how in HOWS)
                for symbol in range(classes)
            ]
            lines.append(f'{gate:6s} {cell:4d}' + ''.join(f'{each:>24s}' for each in cells))
    return lines


def weights(found: Analysis) -> list[str]:
    """The weights of the circuit, by what they lead to."""
    each, given = found.shown.circuit, found.net.parameters
    lines = [circuit_size(each)]
    if each.recurrent.sum() + each.output.sum() > WEIGHTS_SHOWN:
        return lines
    for name, matrix, kept in [*inputs(found.net.hid, given['U'], each.recurrent), *targets(given['V'], each.output)]:
        if kept.any():
            lines.append(f'  {name}: ' + ', '.join(f'{matrix[k]:+.2f} unit {k}' for k in np.flatnonzero(kept)))
    return lines


def inputs(hid: int, U: Array, kept: Array) -> Iterator[tuple[str, Array, Array]]:
    """What the recurrent weights lead to, its weights and which of them are kept."""
    order = ('input', 'forget', 'new value', 'output') if U.shape[1] > hid else ('',)
    for k, column in enumerate(U.T):
        part, unit = divmod(k, hid)
        yield (f'{order[part]} of cell {unit}' if order[0] else f'unit {unit}'), column, kept[:, k]


def targets(V: Array, kept: Array) -> Iterator[tuple[str, Array, Array]]:
    """The same of the output weights."""
    for k, column in enumerate(V.T):
        yield f'output {SYMBOLS[k]}', column, kept[:, k]
