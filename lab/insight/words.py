"""What the analysis found, as lines of text: every number and every sentence is made from the data it is given.

The verdict, how far a network counts, and its automaton; lab/insight/sentences.py says how it counts.
"""

from collections.abc import Iterator

import numpy as np

from lab.insight import automaton as fsm
from lab.insight import sentences, story
from lab.insight.analysis import Analysis, Found
from lab.insight.automaton import NONE, OPEN, SYMBOLS, Array, Automaton
from lab.insight.behaviour import FOREVER, ROWS, Mistake
from lab.insight.layout import Layout
from lab.insight.mechanism import CLOSED_BELOW, OPEN_ABOVE, Steps, word
from lab.insight.sentences import numbers
from lab.insight.step import GATES
from lab.seq import verdict

BLOCKS_SHOWN = 1, 2, 4, 6, 8, 10, 15, 20, 30  # the n of the table of losses
WRONG_SHOWN = 8
WAYS_SHOWN = 3  # of going on after n A's
APART_SHOWN = 12
LANGUAGES = {2: 'anb2n', 3: 'anb2nc3n'}


def lines(found: Analysis, trained: bool = True) -> list[str]:
    """All that was found out about a network, part by part, see parts()."""
    return [line for heading, part in parts(found, trained).items() for line in ('', f'----- {heading}', *part)]


def parts(found: Analysis, trained: bool = True) -> dict[str, list[str]]:
    """The lines about a network by their headings: the verdict first. trained: it was not made by hand."""
    said = {'has it learned?' if trained else 'does it know its language?': judgement(found, trained)}
    said |= story.parts(found)
    said |= {'left to itself': alone(found), 'how far it counts': reach(found)}
    table = transitions(found.found.states.automaton, found.place)
    mistakes = wrong(found.mistakes, len(found.found.fresh))
    said['the finite automaton found'] = table + extraction(found.found, found.length) + mistakes
    if found.net.gates:
        said['gates by phase'] = gate_table(found.steps)
    said['what each symbol adds'] = sentences.steps(found)
    if found.counts:
        said['how it counts'] = sentences.counting(found)
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
    for symbol in found.forever:
        name = SYMBOLS[symbol]
        lines.append(f"After the first {name} it predicts {name} for ever ({FOREVER} more {name}'s were tried).")
    return lines


def alone(found: Analysis) -> list[str]:
    """How it goes on when it reads what it predicts, and whether that is a language."""
    lines = [f"It reads n A's and a B, then what it predicts itself, up to the next A: {ROWS} sequences of 5 blocks."]
    for n, ways in enumerate(found.alone, 1):
        if not ways:
            continue
        said = []
        for way, count in ways.most_common(WAYS_SHOWN):
            share = f' ({count / ways.total():.1%})' if len(ways) > 1 else ''
            said.append(' '.join(_run(*run) for run in way) + share)
        more = len(ways) - WAYS_SHOWN
        if more > 0:
            said.append(f'{more} more way{"s" * (more > 1)}')
        lines.append(f'  n = {n}: {"; ".join(said)}')
    right = [_right(n, found.net.num_class) for n in range(1, len(found.alone) + 1)]
    kept = [set(ways) == {way} for ways, way in zip(found.alone, right, strict=True)]
    far = kept.index(False) if False in kept else len(kept)
    trained = found.alone[: found.length]
    if far:
        beyond = all(set(ways) == {right[far - 1]} for ways in found.alone[far:]) and far < len(kept)
        then = f"; more A's, up to {len(kept)}, are answered as if they were {far}" if beyond else ''
        lines.append(f'So by itself it keeps to the language up to n = {far}{then}.')
    if far < found.length and all(len(ways) == 1 and all(c for _, c in next(iter(ways))) for ways in trained):
        name, same = LANGUAGES[found.net.num_class], f'each n up to {found.length} always gets the same answer'
        lines.append(f'It follows another language than {name}: {same}, but the answer to n = {far + 1} is wrong.')
    return lines


def _run(symbol: int, count: int) -> str:
    """A run of a symbol; a count of 0 is one that never ends, see behaviour.alone()."""
    return f'{count} {SYMBOLS[symbol]}' + "'s" * (count > 1) if count else f"{SYMBOLS[symbol]}'s for ever"


def _right(n: int, classes: int) -> tuple:
    return tuple((symbol, (symbol + 1) * n) for symbol in range(1, classes))


def reach(found: Analysis) -> list[str]:
    """Loss and share of what is right by n; how far the states after n and after n + 1 A's are apart."""
    shown = [n for n in BLOCKS_SHOWN if n <= len(found.loss)]
    distance, spread, _ = found.apart
    some = min(APART_SHOWN, len(distance))
    lines = [
        'Sequences of five blocks of the same n:',
        'n     ' + ''.join(f'{n:8d}' for n in shown),
        'loss  ' + ''.join(f'{found.loss[n - 1]:8.4f}' for n in shown),
        'right ' + ''.join(f'{found.right[n - 1]:8.0%}' for n in shown),
        "How far apart the mean states after n and n + 1 A's are, and how far earlier blocks spread those after n:",
        'n     ' + ''.join(f'{n:7d}' for n in range(1, some + 1)),
        'apart ' + ''.join(f'{each:7.3f}' for each in distance[:some]),
        'spread' + ''.join(f'{each:7.3f}' for each in spread[:some]),
    ]
    return lines + sentences.limits(found)


def gate_rows(steps: dict[str, Steps]) -> Iterator[tuple[str, int, list[tuple[str, Array, str]]]]:
    """By phase and unit the gates of an LSTM: mean, least and largest value of each, and the word for the mean."""
    for phase, each in steps.items():
        for unit in range(len(each.new)):
            values = {gate: each.gates[gate][:, unit] for gate in GATES}
            yield phase, unit, [(gate, some, '' if gate == 'new' else word(some[0])) for gate, some in values.items()]


def gate_table(steps: dict[str, Steps]) -> list[str]:
    """The gate_rows() as lines."""
    lines = [
        'Mean [least largest] of each gate. By its mean it is called '
        f'open (from {OPEN_ABOVE} on), closed (up to {CLOSED_BELOW}) or partly open.',
        'phase     unit ' + ''.join(f'{gate:28s}' for gate in GATES[:3]) + 'new values',
    ]
    for phase, unit, cells in gate_rows(steps):
        line = ''.join(f'{f"{mean:5.2f} {numbers(ends)} {name}":28s}' for _, (mean, *ends), name in cells)
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
    merged = len(fsm.minimise(found.language._replace(phase=0 * found.language.phase)).output)
    note_on_phases = '' if merged == size else f', {merged} if phases were not kept apart'
    guesses = f'{len(found.guessing.automaton.output)} states, fidelity {found.guesses[0]:.4f}'
    state, predicts, due = found.states.state, found.visits.predicts, found.visits.due != OPEN
    agrees = due & (state != NONE) & (automaton.output[state] == predicts)
    return [
        f'{len(automaton.output)} states, merged from {found.states.cluster.max() + 1} clusters of '
        f'{len(found.visits.state)} visited points; '
        f'fidelity {found.shares[0]:.4f} on {len(found.fresh)} fresh sequences ({found.shares[1]:.4f} of the steps).',
        f'Where the language determines a symbol, {agrees.sum()} of {due.sum()} points stand in a state that predicts '
        'what the network does.',
        f'It is{is_not} the smallest automaton of the language for n <= {length} ({size} states{note_on_phases}).',
        f'If its guesses after an A count, too (the language leaves these open): {guesses}.',
    ]


def wrong(mistakes: list[Mistake], sequences: int) -> list[str]:
    """Which determined symbols the network gets wrong: the WRONG_SHOWN places with the largest shares."""
    if not mistakes:
        return [f'In {sequences} fresh sequences the network is never wrong where only one symbol can follow.']
    lines = [f'What the network gets wrong in {sequences} fresh sequences:']
    for n, read, nth, due, instead, share in mistakes[:WRONG_SHOWN]:
        what = f'{SYMBOLS[instead]} instead of {SYMBOLS[due]}'
        lines.append(f'  block of n = {n}, after {_run(read, nth)}: {what}, {share:.1%} of the times')
    if len(mistakes) > WRONG_SHOWN:
        lines.append(f'  and {len(mistakes) - WRONG_SHOWN} more places')
    return lines
