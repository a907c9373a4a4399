"""What the analysis found, as lines of text: every number and every sentence is made from the data it is given.

The verdict, how far a network counts, and its automaton; lab/insight/said/sentences.py says what its states show.
"""

import itertools
from collections import Counter

import numpy as np

from lab.insight.found import automaton as fsm
from lab.insight.found.analysis import LARGER, Analysis, Found
from lab.insight.found.automaton import NONE, SYMBOLS, Automaton
from lab.insight.found.behaviour import ENDLESS, ROWS
from lab.insight.found.layout import Layout
from lab.insight.said import sentences, story, tables
from lab.seq import verdict

BLOCKS_SHOWN = 1, 2, 4, 6, 8, 10, 15, 20, 30  # the n of the table of losses
ROWS_SHOWN = 18  # of an automaton
WAYS_SHOWN = 3  # of going on after n A's
RUNS_SHOWN = 6  # of a way
LISTED = 12  # n with a line of their own
CHAIN = 24  # states of a row that are all named
LANGUAGES = {2: 'anb2n', 3: 'anb2nc3n'}


def lines(found: Analysis, trained: bool = True, details: bool = True) -> list[str]:
    """What was found out about a network: all parts(), or those that a student needs first."""
    said = parts(found, trained) if details else brief(found, trained, ROWS_SHOWN)
    return [line for heading, part in said.items() for line in ('', f'----- {heading}', *part)]


def brief(found: Analysis, trained: bool, most: int | None = None) -> dict[str, list[str]]:
    """The verdict, what interventions show, and the automaton, at most `most` rows of it. trained: not made by hand."""
    said = {'has it learned?' if trained else 'does it know its language?': judgement(found, trained)}
    said |= story.parts(found)
    if found.drift:
        said['why it counts so far'] = sentences.drifting(found.drift)
    said['the finite automaton found'] = automaton(found, most)
    return said


def parts(found: Analysis, trained: bool = True) -> dict[str, list[str]]:
    """All lines about a network by their headings: first what is brief(), then the details."""
    said = brief(found, trained)
    if found.shown.circuit:
        said['the circuit'] = tables.circuit(found)
    if found.found.shown:
        said['how it was found'] = extraction(found.found)
    said |= {'left to itself': alone(found), 'how far it counts': reach(found)}
    said['when a symbol repeats'] = sentences.repeating(found)
    return said


def judgement(found: Analysis, trained: bool = True) -> list[str]:
    """Has it learned its language, the numbers behind that, and what it gets wrong first."""
    classes, length, search = found.net.num_class, found.length, found.search
    learned = ('has not learned', 'has learned') if trained else ('does not know', 'knows')
    rare = ', but for rare mistakes' if found.verdict.learned and search.prefix else ''
    lines = [f'It {learned[found.verdict.learned]} {LANGUAGES[classes]} with n up to {length}{rare}.']
    lines += verdict.lines(found.verdict, classes, length, trained)
    if search.prefix:
        then = f'then it predicts {SYMBOLS[search.instead]}, and {SYMBOLS[search.due]} is due'
        spelt = ''.join(SYMBOLS[symbol] for symbol in search.prefix)
        lines.append(f'The shortest sequence that it gets wrong: {spelt}; {then}.')
    elif search.every:
        lines.append(f'It makes no mistake in any sequence of 5 blocks: all {search.read} ways to begin were tried.')
    else:
        start = f'the first {search.longest} symbols of any sequence'
        lines.append(f'It makes no mistake in {start}: all {search.read} ways to begin were tried.')
    if found.last is not None:
        after = ', '.join(f'after {SYMBOLS[k]} it predicts {SYMBOLS[symbol]}' for k, symbol in enumerate(found.last))
        lines.append(f'What it predicts depends on the last symbol alone: {after}.')
    return lines


def alone(found: Analysis) -> list[str]:
    """How it goes on when it reads what it predicts, and whether that is a language."""
    lines = [f"It reads n A's and a B, then what it predicts itself, up to the next A: {ROWS} sequences of 5 blocks."]
    tried = {n: ways for n, ways in enumerate(found.alone, 1) if ways}
    kept = {n: set(ways) == {_right(n, found.net.num_class)} for n, ways in tried.items()}
    far = max(itertools.takewhile(kept.get, kept), default=0)
    as_one = far if far > LISTED else 0  # these have one line
    if as_one:
        some = f' ({sum(n <= far for n in kept)} of them were tried)' if len(kept) < max(kept) else ''
        lines.append(f'  n = 1 to {far}{some}: always the right answer')
    lines += [f'  n = {n}: {_ways(ways)}' for n, ways in tried.items() if n > as_one][:LISTED]
    if far:
        as_if = {_right(far, found.net.num_class)}
        beyond = [set(ways) == as_if for n, ways in tried.items() if n > far]
        then = f"; more A's, up to {max(tried)}, are answered as if they were {far}" if beyond and all(beyond) else ''
        most = ', the largest that was tried' if far == max(tried) else ''
        lines.append(f'So by itself it keeps to the language up to n = {far}{most}{then}.')
    trained = [ways for n, ways in tried.items() if n <= found.length]
    same = all(len(ways) == 1 and all(count > 0 for _, count in next(iter(ways))) for ways in trained)
    wrong = next((n for n in kept if not kept[n]), found.length + 1)
    if wrong <= found.length and same:
        name, same = LANGUAGES[found.net.num_class], f'each n up to {found.length} always gets the same answer'
        lines.append(f'It follows another language than {name}: {same}, but the answer to n = {wrong} is wrong.')
    return lines


def _ways(ways: Counter) -> str:
    """The most frequent ways of going on after n A's, each with its share."""
    said = []
    for way, count in ways.most_common(WAYS_SHOWN):
        share = f' ({count / ways.total():.1%})' if len(ways) > 1 else ''
        runs = ' '.join(_run(*run) for run in way[:RUNS_SHOWN]) + ' ..' * (len(way) > RUNS_SHOWN)
        said.append(runs + share)
    more = len(ways) - WAYS_SHOWN
    if more > 0:
        said.append(f'{more} more way{"s" * (more > 1)}')
    return '; '.join(said)


def _run(symbol: int, count: int) -> str:
    """A run of a symbol, see behaviour.alone()."""
    if count == ENDLESS:
        return f"{SYMBOLS[symbol]}'s for ever"
    return 'more than ' * (count < 0) + f'{abs(count)} {SYMBOLS[symbol]}' + "'s" * (abs(count) > 1)


def _right(n: int, classes: int) -> tuple:
    return tuple((symbol, (symbol + 1) * n) for symbol in range(1, classes))


def reach(found: Analysis) -> list[str]:
    """Loss and share of what is right by n."""
    shown = [n for n in BLOCKS_SHOWN if n <= len(found.loss)]
    return [
        'Sequences of five blocks of the same n:',
        'n     ' + ''.join(f'{n:8d}' for n in shown),
        'loss  ' + ''.join(f'{found.loss[n - 1]:8.4f}' for n in shown),
        'right ' + ''.join(f'{found.right[n - 1]:8.0%}' for n in shown),
    ]


def automaton(found: Analysis, most: int | None = None) -> list[str]:
    """The automaton in rows, how well it fits, and whether it is the language's own."""
    machine, size, shares = found.found.states.automaton, len(found.found.language.output), found.found.shares
    given_up = found.found.states.given_up
    if not found.found.shown:
        return [
            f'Of at most {int(LARGER * size)} states, no finite automaton was found that does what the network does: '
            f'the search was given up at {given_up} clusters of states.',
            f'The best one is right about {shares[0]:.1%} of {len(found.found.fresh)} fresh sequences. '
            f'The language itself, with n <= {found.length}, needs {size} states.',
        ]
    whole = f'{len(machine.output)} states; it predicts what the network does, wherever one symbol can follow, in '
    whole += f'{shares[0]:.2%} of {len(found.found.fresh)} fresh sequences.'
    own = 'the smallest automaton of the language for'
    is_it = 'It is' if fsm.same(machine, found.found.language) else 'It is not'
    lines = [whole, f'{is_it} {own} n <= {found.length} ({size} states).']
    chains = rows(machine, found.place)
    lines += [
        f'It starts in {found.place.names[0]}. A row for each run of a symbol, which leads from state to state; '
        "numbers: A's read, B's or C's owed.",
        *chains[:most],
    ]
    if most and len(chains) > most:
        lines.append(f'  and {len(chains) - most} more rows (with --details)')
    return lines


def rows(automaton: Automaton, place: Layout) -> list[str]:
    """The chains of states in which a symbol follows itself, each with what is predicted there, and what leads on.

    A chain ends where its symbol leads nowhere, or to a state that has been told: this one's name stands last.
    """
    own = automaton.following[np.arange(len(automaton.phase)), automaton.phase]
    lines = []
    for chain in range(place.chain.max() + 1):
        members = np.flatnonzero(place.chain == chain)
        inner = set(own[members].tolist())
        at = next((state for state in members if state not in inner), members[0])
        row = []
        while at != NONE and place.chain[at] == chain and at not in row:
            row.append(at)
            at = own[at]
        lines.append(_row(automaton, place.names, row, at))
    return lines


def _row(automaton: Automaton, names: list[str], chain: list[int], then: int) -> str:
    """One of rows(): its states, what is predicted, and where other symbols lead."""
    phase = automaton.phase[chain[0]]
    end = f' ({names[then]})' if then != NONE else ''
    parts = [f"{SYMBOLS[phase]}'s  {_some([names[at] for at in chain], ' ')}{end}"]
    for symbol in range(automaton.following.shape[1]):
        says = [names[at] for at in chain if automaton.output[at] == symbol != phase]
        leads = [(names[at], automaton.following[at, symbol]) for at in chain if symbol != phase]
        leads = [f'{name} to {names[there]}' for name, there in leads if there != NONE]
        parts += [f'predicts {SYMBOLS[symbol]} in {_some(says)}'] if says else []
        parts += [f'{SYMBOLS[symbol]}: {_some(leads)}'] if leads else []
    return '  ' + '; '.join(parts)


def _some(texts: list[str], between: str = ', ') -> str:
    """A list, or the beginning and the end of a long one."""
    return between.join(texts if len(texts) <= CHAIN else [*texts[:3], '..', texts[-1]])


def extraction(found: Found) -> list[str]:
    """How the automaton was found, its fidelity, and how large it might have been."""
    points, given_up = len(found.visits.state), found.states.given_up
    origin = f'merged from {len(np.unique(found.states.cluster))} clusters of {points} visited points'
    if given_up and fsm.same(found.states.automaton, found.language):
        origin = f'those of the language, as a search among {points} visited points was given up at {given_up} clusters'
    elif given_up:
        origin += f' (the search was given up at {given_up})'
    return [
        f'{len(found.states.automaton.output)} states, {origin}; fidelity {found.shares[0]:.4f} on {len(found.fresh)} '
        f'fresh sequences ({found.shares[1]:.4f} of the steps). Tried were at most '
        f'{int(LARGER * len(found.language.output))} states.'
    ]
