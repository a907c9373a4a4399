"""How a network does it, in short: sentences that interventions have tested. docs/insight.md explains them."""

from collections.abc import Iterator

import numpy as np

from lab.insight.found.analysis import Analysis
from lab.insight.found.automaton import SYMBOLS
from lab.insight.found.circuit import Circuit
from lab.insight.found.interchange import CARRIES, EVERY_SET, Interchange
from lab.insight.found.interventions import PAIRS
from lab.insight.found.laws import End, Law
from lab.insight.found.repair import Failure, Repair
from lab.insight.said import tables
from lab.seq.verdict import EACH

NAMES = 4  # units are told one by one up to so many


def several(words: list[str]) -> str:
    """Words as a list: 'a, b and c'."""
    return ' and '.join([', '.join(words[:-1]), words[-1]] if len(words) > 1 else words)


def all_of(count: int) -> str:
    """All of so many."""
    return 'both' if count == 2 else f'all {count}'


def called(kind: str, some: tuple[int, ...], of: int, full: bool = True) -> str:
    """A set of `of` units in words, as 'cells 0 and 1 with their hidden units'; not `full`: 'cells 0 and 1'."""
    name, _, rest = kind.partition(' with ')
    if len(some) > max(NAMES, of / 2) and len(some) < of:
        rest = [str(k) for k in range(of) if k not in some]
        return f'all {name}s but {several(rest)}'
    many = len(some) > 1
    rest = f' with {"their hidden units" if many else "its hidden unit"}' if rest and full else ''
    return f'{name}{"s" * many} {several([str(k) for k in some])}{rest}'


def letters(symbol: int, count: int = 2) -> str:
    """'B's', or of one 'B'."""
    return SYMBOLS[symbol] + "'s" * (count != 1)


def joined(sentences: list[str]) -> str:
    """Sentences as one."""
    first, *others = sentences or ['']
    return '; '.join([first.rstrip('.'), *(each[0].lower() + each[1:].rstrip('.') for each in others)]) + '.' * bool(
        first
    )


def parts(found: Analysis) -> dict[str, list[str]]:
    """What interventions show, by its headings; the weights of the circuit are among the details."""
    said = {'in short': in_short(found), 'carried over': tables.carried(found.shown.interchange)}
    return said | ({'gates held': tables.held(found)} if found.shown.holding else {})


def in_short(found: Analysis) -> list[str]:
    """Up to ten sentences on how a network does it, or on what it does if it does not count."""
    shown = found.shown
    if not found.counts:
        return instead(found)
    kind = shown.interchange.kinds[0]
    learned = found.verdict.counts >= found.length  # otherwise one more A need not mean more B's
    laws = [law(each, kind) for each in shown.laws] if learned else []
    ends = [ending(each) for each in shown.ends if each]
    lines = [*carriers(shown.interchange), *laws[:1], joined(laws[1:]), joined(ends)]
    lines += [what_gates_do(found)] if shown.holding else []
    lines += [circuit_size(shown.circuit)] if shown.circuit else []
    return [line for line in [*lines, why(found)] if line]


def instead(found: Analysis) -> list[str]:
    """What a network does that does not count."""
    shown, between = found.shown, found.shown.interchange
    if found.length == 1:
        return ['There is nothing to count: all blocks have n = 1.']
    pairs = f'pairs of runs with different n, up to {found.length}'
    if between.alike[0] == 1:
        lines = [
            f"It does not count: left to itself after the A's, it gives as many B's in all {between.drawn[0]} {pairs}."
        ]
    else:
        share = f'{round(between.alike[0] * between.drawn[0])} of {between.drawn[0]} {pairs}'
        lines = [
            f"It does not give more B's for each larger n: left to itself after the A's, it gives as many in {share}."
        ]
    same = f'{round(shown.last * PAIRS)} of {PAIRS} cases'
    taken = f'with the whole state before a symbol taken from anywhere else, it predicts the same in {same}'
    if shown.last == 1:
        return [*lines, f'The last symbol alone decides what it predicts: {taken}.']
    lines.append(f'The last symbol does not decide alone what it predicts: {taken}.')
    return [*lines, *carriers(between), *(ending(each) for each in shown.ends if each)]


def carriers(found: Interchange) -> Iterator[str]:
    """For each place in a block, which units carry n there, or what is owed."""
    where: dict[tuple[int, bool], list[int]] = {}
    for k, place in enumerate(found.places):
        if found.pairs[k]:
            where.setdefault((place.read, place.middle), []).append(k)
    for (read, middle), some in where.items():
        at = f'In the middle of the {letters(read)}' if middle else f'At the last {SYMBOLS[read]}'
        yield f'{at} {"; ".join(carried(found, k, k == some[0]) for k in some)}.'


def carried(found: Interchange, k: int, full: bool) -> str:
    """What carries n, or what is owed, at the place number k: the smallest set, and that less does not.

    Not `full`: only the shares, since the clause before says how it was tried.
    """
    place, kind, every, some = found.places[k], found.kinds[0], found.sets[-1], found.carrier(k)
    run, owed, name = letters(place.counted), place.read == place.counted, kind.split(' with ')[0]
    what = f'the {run} owed' if owed else f'n for the {run}'
    taken = f'taken over from a run {"that owes another number" if owed else "with another n"}'

    def share(groups, kind=0):
        return f'{found.share(groups, k, kind)[0]:.0%}'

    if some is None or (some == every and len(every) > 1):
        best, line = found.best(k, every), found.along[k]
        smaller = 'the best smaller set'
        text = f'{what} {"are" if owed else "is"} carried by {all_of(len(every))} {name}s together only'
        if not found.every_set:
            text = f'no set of fewer than {all_of(len(every))} {name}s that was found carries {what}'
        along = f'one line, that of the {line.name}'
        if not full:
            told = f'{smaller}, {called(kind, best, len(every), False)}: {share(best)}'
            return f'{text} ({told}; {along}: {line.follows:.0%})'
        makes = f'makes the {run} those of that run in {share(best)} of {found.pairs[k]} pairs'
        return f'{text}: {smaller}, {called(kind, best, len(every))}, {taken}, {makes}, {along}, in {line.follows:.0%}'
    many = len(some) > 1
    text = f'{called(kind, some, len(every), full)} carr{"y" if many else "ies"} {what}'
    makes = f'{taken}, {"they make" if many else "it makes"} the {run} those of that run in '
    rest = [f'{share(some)} of {found.pairs[k]} pairs']
    if others := tuple(each for each in every if each not in some):
        rest.append(f'the other {name}{"s" * (len(others) > 1)} in {share(others)}')
    if many:
        best = found.best(k, some)
        rest.append(f'{called(kind, best, len(every), False)} alone in {share(best)}')
    if len(found.kinds) > 1:
        rest.append(f'without hidden unit{"s" * many} in {share(some, 1)}')
    return f'{text}: {makes}{", ".join(rest)}' if full else f'{text} ({", ".join(rest)})'


def law(each: Law, kind: str) -> str:
    """What one more symbol does to what carries n, and what happens if that is done by hand."""
    read, shares, name = each.place.read, each.shares, kind.split(' with ')[0]
    where = 'at the last A' if read == 0 else f'in the middle of the {letters(read)}'
    more = each.place.counted + 1
    effect = f'{more} more {letters(each.place.counted)} follow' if read == 0 else f'1 {SYMBOLS[read]} less follows'

    def by_hand(share):
        return f'done by hand {where}, {effect} in {shares[share]:.0%} of {each.tried} runs'

    one_more, groups = f'One more {SYMBOLS[read]}', each.groups
    if shares['added'] >= CARRIES and len(groups) <= NAMES:
        moves = [f'{name} {group} by {each.added[k]:+.2f}' for group, k in zip(groups, each.last, strict=True)]
        return f'{one_more} moves {several(moves)}: {by_hand("added")}.'
    if shares['factor'] >= CARRIES and each.near_rest:
        factor, rest = each.factor[each.last[0]], each.rest[each.last[0]]
        distance = f"{name} {groups[0]}'s distance from {rest:.2f}"
        does = f'leaves {factor:.2f} of {distance}' if factor < 1 else f'makes {distance} {factor:.2f} times as large'
        return f'{one_more} {does}: {by_hand("factor")}.'
    if shares['by_count'] < CARRIES or len(groups) > NAMES:
        at_each = f'with the mean change at each count in {shares["by_count"]:.0%}'
        return f'{one_more} does not add a constant: with the mean change {by_hand("added")}, {at_each}.'
    counts = len(each.by_count)
    ends = ('from n = 1 to 2', f'from n = {counts} to {counts + 1}') if read == 0 else (
        f'from {counts + 1} owed to {counts}', 'from 2 owed to 1')  # fmt: skip
    first, last = each.by_count[0 if read == 0 else -1][each.last], each.by_count[-1 if read == 0 else 0][each.last]
    moves = [f'{name} {group} by {a:+.2f} and {b:+.2f}' for group, a, b in zip(groups, first, last, strict=True)]
    text = f'What one more {SYMBOLS[read]} moves depends on the count, {ends[0]} and {ends[1]} {several(moves)}: '
    return f'{text}{by_hand("by_count")}, but with the mean change in {shares["added"]:.0%}.'


def ending(each: End) -> str:
    """Which units end a run, and at which value."""
    symbol, other, what = letters(each.symbol), SYMBOLS[each.next], called(each.kind, each.groups, each.of)
    text = f'{what[0].upper()}{what[1:]} end{"s" * (len(each.groups) == 1)} the {symbol}'
    if len(each.groups) == each.of > 1:
        only = 'only ' if 2 < each.of <= EVERY_SET else ''
        text = f'{only}{all_of(each.of)} {each.kind}s together end the {symbol}'
        text = text[0].upper() + text[1:]
    if min(each.ends, each.goes_on) < CARRIES:
        text = f'No small set of {each.kind}s ends the {symbol} alone, {what} most often'
    elif each.limit is not None:
        text += f', with a limit at {each.limit:.3f}'
    last = SYMBOLS[each.symbol]
    first = (
        f'taken from the last {last} into an earlier one, {other} is predicted in {each.ends:.0%} of {each.tried} pairs'
    )
    return f'{text}: {first}, and from an earlier one into the last, {last} in {each.goes_on:.0%}.'


def what_gates_do(found: Analysis) -> str:
    """What the forget gate and the input gate of a cell are for: of those that carry n the one that an A moves most."""
    shown, each = found.shown, found.shown.laws[0]
    cell = each.groups[int(np.abs(each.added[each.last]).argmax())]
    said = []
    for gate in ('forget', 'input'):
        for symbol in (0, 1):
            held = shown.holding.find(gate, cell, symbol)
            may = 'may stand still' if held['phase'].right == 1 else 'must move'
            said.append(
                f'the {gate} gate {may} in the {letters(symbol)} (held at its mean there, {held["phase"].value:.2f}: '
                f'{held["phase"].right:.0%}; at 0: {held["0"].right:.0%}; at 1: {held["1"].right:.0%})'
            )
    return (
        f'Of cell {cell} {", ".join(said)}; in brackets how many of {shown.holding.sequences} sequences are then right.'
    )


def circuit_size(each: Circuit) -> str:
    """How many weights are needed."""
    parts = ('recurrent', each.recurrent), ('output', each.output)
    sizes = ' and '.join(f'{int(kept.sum())} of {kept.size} {name} weights' for name, kept in parts)
    tried = f'no mistake up to n = {each.most} ({each.sequences} sequences)'
    return f'{sizes} are enough for {tried}, if each other one gives its mean; they were found greedily.'


def why(found: Analysis) -> str:
    """Why it counts no farther."""
    each, counts = found.shown.failure, found.verdict.counts
    if each is None:
        last = counts == found.verdict.most
        looked = 'the largest that was tried' if last else f'beyond {EACH} nobody looked why no farther'
        return f'It counts up to n = {counts}, {looked}.' if counts >= EACH else ''
    nth, read, block = each.after
    text = f'At n = {each.n} it is wrong in {each.wrong:.0%} of {each.sequences} sequences, first mostly after {nth} '
    text += f'{letters(read, nth)} of a block of {block} ({SYMBOLS[each.instead]} for {SYMBOLS[each.due]}); '
    if not each.repairs:
        return f'{text}none of {sum(each.tried.values())} single repairs makes it right there.'
    others = len(each.repairs) - 1
    more = f', as it is with {others} other repair{"s" * (others > 1)}' if others else ''
    return f'{text}it is right there with {repaired(each.repairs[0], each, found)}{more}.'


def repaired(each: Repair, failure: Failure, found: Analysis) -> str:
    """A repair in words."""
    if each.kind == 'gate':
        return each.text
    if each.kind == 'limit':
        symbol, other = SYMBOLS[each.read], SYMBOLS[(each.read + 1) % found.net.num_class]
        return f'the limit between {symbol} and {other} after a {symbol} moved by {each.values[0]:+.2f}'
    times = {1: 'as much as', 2: 'twice as much as', 3: 'three times as much as'}[each.times]
    values, usual = (several([f'{value:.2f}' for value in some]) for some in (each.values, each.usual))
    what = called(found.shown.interchange.kinds[0], each.groups, len(found.shown.interchange.sets[-1]))
    as_if = f'as if the step to n = {failure.n} were {times} that to n = {failure.n - 1}'
    return f'{what} set to {values} (from {usual}) at the last {SYMBOLS[each.read]}, {as_if}'
