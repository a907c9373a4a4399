"""Every kind of line that the analysis prints, held to a simulation of the network: which lines are false?"""
# ruff: noqa: E501

import itertools
import re
from collections import Counter

import numpy as np

from tests.insight.simulation import Simulation

KINDS = []  # (pattern, function of the simulation and the groups that returns whether the line is true)
NUMBER = r'(-?[\d.]+)'


def claim(pattern):
    def add(function):
        KINDS.append((re.compile(pattern), function))
        return function

    return add


def near(one, other, digits, slack=0.0):
    """Whether a printed number is another one, rounded; slack: relative, for what is measured on other sequences."""
    return abs(float(one) - other) <= 0.52 * 10.0**-digits + slack * abs(other) + 1e-9


class Claims:
    """The lines of one network, and what they are held to."""

    def __init__(self, weights, lines, length=4):
        self.sim, self.lines = Simulation(weights, length), lines
        self.steps = [*self.sim.steps.values()]
        self.wrong = [step for step in self.steps if step.due not in (None, step.predicts)]
        self.texts = self.sim.sequences
        self.losses, self.right = self.sim.judge_many(self.texts)
        self.machine, self.rows = {}, {}

    def false(self) -> list[str]:
        """The lines that are not true, and those that no claim covers."""
        found = []
        for line in self.lines:
            if not line or line.startswith('-----'):
                continue
            matches = ((pattern.fullmatch(line), function) for pattern, function in KINDS)
            match, function = next((each for each in matches if each[0]), (None, None))
            if match is None:
                found.append(f'not covered: {line}')
            elif not function(self, *match.groups()):
                found.append(f'false: {line}')
        return found


@claim(
    r'It (has learned|has not learned|knows|does not know) (anb2n|anb2nc3n) with n up to (\d+)(, but for rare mistakes)?\.'
)
def _(c, has, name, length, rare):
    c.learned = has in ('has learned', 'knows')
    rate = np.mean(c.right < 1)
    fits = name == ('anb2n', 'anb2nc3n')[c.sim.classes - 2] and int(length) == c.sim.length
    return fits and (not c.learned or (bool(rare) == bool(c.wrong) and rate < 0.02))


@claim(
    'evaluation on 1000 fresh sequences:|'
    r' that is: no mistake in 100 sequences of mixed blocks for each n(; above 30 only some n were tried \([0-9]+\), with 20 each)?|'
    'Fixed points and cycles of each symbol, and how far the nearest visited state is away:|'
    r'  [ABC]: (\d+ more, farther away|none found)'
)
def _(c, *_words):
    return True  # these say nothing about one network, or what no simulation tells


@claim(rf' mean loss: {NUMBER} \((?:learned:|should be) under {NUMBER}; with the true probabilities: {NUMBER}\)')
def _(c, loss, limit, guess):
    c.limit = float(limit)
    n, sizes = c.sim.length, 3 if c.sim.classes == 2 else 6
    after = [((n - k) / (n - k + 1) - 0.8) ** 2 * 2 / c.sim.classes for k in range(1, n + 1)]
    best = [
        sum(sum(after[:k]) for k in blocks) / (sizes * sum(blocks))
        for blocks in itertools.product(range(1, n + 1), repeat=5)
    ]
    error = 4 * c.losses.std() / 1000**0.5
    limits = {(2, 4): 0.05, (3, 4): 0.02}.get((c.sim.classes, n), c.limit)
    learned = not c.learned or float(loss) < c.limit
    return (
        near(guess, np.mean(best), 4)
        and abs(float(loss) - c.losses.mean()) < error + 1e-4
        and c.limit == limits
        and learned
    )


@claim(rf' sequences under it: {NUMBER}%')
def _(c, share):
    return abs(float(share) / 100 - np.mean(c.losses < c.limit)) < 0.07


@claim(rf' right where only one symbol can follow: {NUMBER}%')
def _(c, share):
    return abs(float(share) / 100 - c.right.mean()) < 0.02


@claim(r' counts up to n = (\d+)(, the largest that was tried)?(?: \(trained on n up to (\d+)\))?')
def _(c, counts, most, length):
    rng, bad = np.random.default_rng(1), 0
    for n in range(1, min(int(counts), 12) + 1):
        texts = [c.sim.spell(np.append(rng.integers(1, n + 1, 4), n)) for _ in range(60)]
        bad = max(bad, (c.sim.judge_many(texts)[1] < 1).sum())
    return bad <= 6 and (not c.learned or int(counts) >= c.sim.length) and length in (None, str(c.sim.length))


@claim(r'The shortest sequence that it gets wrong: ([ABC]+); then it predicts ([ABC]), and ([ABC]) is due\.')
def _(c, text, said, due):
    step = c.sim.steps[text]
    first = min(len(each.prefix) for each in c.wrong)
    return 'ABC'[step.predicts] == said != due == 'ABC'[step.due] and len(text) == first


@claim(r'It makes no mistake in any sequence of 5 blocks: all (\d+) ways to begin were tried\.')
def _(c, count):
    return not c.wrong and int(count) == len(c.steps) - len(c.texts)


@claim(r'What it predicts depends on the last symbol alone: (.*)\.')
def _(c, text):
    said = dict(re.findall(r'after ([ABC]) it predicts ([ABC])', text))
    return all('ABC'[step.predicts] == said['ABC'[step.symbol]] for step in c.steps)


@claim(r"It reads n A's and a B, then what it predicts itself, up to the next A: 200 sequences of 5 blocks\.")
def _(c):
    rng, c.ways = np.random.default_rng(2), {n: Counter() for n in range(1, 20)}
    for _ in range(60):
        state = c.sim.start
        for block in range(6):
            for n in range(c.sim.length + 1, c.sim.length + 7) if block == 5 else [rng.integers(1, c.sim.length + 1)]:
                text, after = c.sim.alone(state, n)
                c.ways[n][text] += 1
            state = after
            if state is None:
                break
    c.told = {}
    return True


@claim(r'  n = (\d+): (.*?)(?:; (\d+) more ways?)?')
def _(c, n, text, more):
    seen, true, shares = c.ways[int(n)], True, Counter()
    for part in text.split('; '):
        way, share = re.fullmatch(r'(.*?)(?: \(([\d.]+)%\))?', part).groups()
        way = re.sub(r"more than \d{3,} ([ABC])'s$", r"\1's for ever", way)  # the simulation stops at 100
        shares[way] += float(share or 100) / 100
    for way, share in shares.items():
        c.told.setdefault(int(n), []).append(way)
        error = 4 * (0.25 / max(seen.total(), 1)) ** 0.5 if share < 1 else 0.05
        same = [each for each in seen if each == way or (way.endswith(' ..') and each.startswith(way[:-2]))]
        there = sum(seen[each] for each in same)
        true &= not seen or abs(there / seen.total() - share) <= error
    return true


@claim(
    r'So by itself it keeps to the language up to n = (\d+)(, the largest that was tried)?'
    r"(?:; more A's, up to (\d+), are answered as if they were (\d+))?\."
)
def _(c, far, whole, most, as_if):
    def right(n):
        return c.told[n] == [' '.join(f"{k * n} {name}'s" for k, name in ((2, 'B'), (3, 'C'))[: c.sim.classes - 1])]

    far = int(far)
    beyond = {*itertools.chain(*(ways for n, ways in c.told.items() if n > far))}
    same = far < max(c.told) == c.sim.length + 6 and beyond == {*c.told[far]}
    return (
        all(map(right, range(1, far + 1))) and (far + 1 not in c.told or not right(far + 1))
        and (same if most else not same) and most in (None, str(max(c.told))) and as_if in (None, str(far))
        and bool(whole) == (far == max(c.told))
    )  # fmt: skip


@claim(
    r'It follows another language than (anb2n|anb2nc3n): each n up to (\d+) always gets the same answer, '
    r'but the answer to n = (\d+) is wrong\.'
)
def _(c, name, length, wrong):
    one = all(len(c.ways[n]) == 1 for n in range(1, int(length) + 1))
    answers = {n: [' '.join(f"{k * n} {s}'s" for k, s in ((2, 'B'), (3, 'C'))[: c.sim.classes - 1])] for n in c.told}
    first = min(n for n in c.told if c.told[n] != answers[n])
    return not c.learned and one and bool(c.wrong) and first == int(wrong) and len(name) == 2 + 3 * (c.sim.classes - 1)


@claim(r'Sequences of five blocks of the same n:|(n|loss|right) +([\d. %]+)')
def _(c, name, numbers):
    if name is None:
        c.rows = {}
        return True
    c.rows[name] = [float(each) for each in numbers.replace('%', '').split()]
    if name == 'n':
        return True
    loss, right = c.sim.judge_many([c.sim.spell([int(n)] * 5) for n in c.rows['n']])
    values, digits = (loss, 4) if name == 'loss' else (100 * right, 0)
    return all(near(a, b, digits) for a, b in zip(c.rows[name], values, strict=True))


NAME = r"[ABC][\d-]*[a-z]*'*"


@claim(
    rf'(\d+) states; it predicts what the network does, wherever one symbol can follow, in {NUMBER}% of 10000 fresh sequences\.'
)
def _(c, size, whole):
    c.machine, c.size, c.whole = {}, int(size), float(whole) / 100
    return True


@claim(r'It (is|is not) the smallest automaton of the language for n <= (\d+) \((\d+) states\)\.')
def _(c, is_it, length, size):
    n = int(length)
    c.smallest = is_it == 'is'
    return n == c.sim.length and int(size) == (3 * n if c.sim.classes == 2 else n + n * (n + 1) + 3 * n)


@claim(
    r'Of at most (\d+) states, no finite automaton was found that does what the network does: the search was given up at '
    r'(\d+) clusters of states\.'
)
def _(c, most, clusters):
    n = c.sim.length
    return int(most) == (3 * n if c.sim.classes == 2 else n + n * (n + 1) + 3 * n) * 3 // 2 < int(clusters)


@claim(rf'The best one is right about {NUMBER}% of 10000 fresh sequences\. The language itself, .* needs \d+ states\.')
def _(c, share):
    return float(share) < 50 and bool(c.wrong)


@claim(rf"It starts in ({NAME})\. A row for each run .* numbers: A's read, B's or C's owed\.")
def _(c, begin):
    c.begin = begin
    return True


@claim(rf"  ([ABC])'s  ({NAME}(?: {NAME})*)(?: \(({NAME})\))?((?:; predicts [ABC] in [^;]*|; [ABC]: [^;]*)*)")
def _(c, name, states, then, rest):
    states, other = states.split(), 'ABC'.replace(name, '')
    says = {state: 'open' if name == 'A' else name for state in states}
    leads = {state: {name: there} for state, there in zip(states, [*states[1:], then], strict=True)}
    for symbol in other:
        said = re.search(rf'; predicts {symbol} in ([^;]*)', rest)
        says |= dict.fromkeys(said[1].split(', ') if said else [], symbol)
        ways = re.search(rf'; {symbol}: ([^;]*)', rest)
        for way in ways[1].split(', ') if ways else []:
            here, there = way.split(' to ')
            leads[here][symbol] = there
    c.machine |= {state: (says[state], [leads[state].get(each) for each in 'ABC']) for state in states}
    return all(state[0] == name for state in states) and len(says) == len(states)


@claim(
    rf'(\d+) states, (?:merged from \d+ clusters of|those of the language, as a search among) (\d+) visited points'
    rf'(?: \(the search was given up at \d+\)| was given up at \d+ clusters)?; '
    rf'fidelity {NUMBER} on 10000 fresh sequences \({NUMBER} of the steps\)\. Tried were at most (\d+) states\.'
)
def _(c, size, points, whole, part, most):
    """The rows of states are followed along every sequence: names, transitions and fidelity are those printed."""
    state, used = {'': c.begin}, set()
    stands = {name: [] for name in c.machine}
    for prefix, step in c.sim.steps.items():
        here = state[prefix[:-1]]
        state[prefix] = there = c.machine[here][1][step.symbol] if here else None
        used.add((here, step.symbol))
        if there:
            stands[there].append(step)
    steps = [[c.machine[state[t[:k]]][0] == 'ABC'[c.sim.steps[t[:k]].predicts] if state[t[:k]] else False
              for k in range(1, len(t)) if t[k - 1] != 'A'] for t in c.texts]  # fmt: skip
    shares = np.mean([all(each) for each in steps]), np.sum([sum(each) for each in steps]) / sum(map(len, steps))
    n = c.sim.length
    own = 3 * n if c.sim.classes == 2 else n + n * (n + 1) + 3 * n
    smallest = len(c.machine) == own and all(state.values())
    smallest = smallest and c.machine[c.begin][0] == 'A' and all(
        c.machine[state[s.prefix]][0] == 'ABC'[s.due] for s in c.steps if s.due is not None
    )  # fmt: skip
    names = all(
        not steps or re.sub(r"[a-z']", '', name) == 'ABC'[steps[0].symbol] + _span(name, c.begin, steps)
        for name, steps in stands.items()
    )
    taken = all((name, k) in used for name, (_, leads) in c.machine.items() for k, to in enumerate(leads) if to)
    sizes = int(size) == len(c.machine) == c.size <= int(most) == own * 3 // 2 and int(points) == 1 + len(c.steps)
    near_to = all(abs(float(a) - b) < 0.03 for a, b in zip((whole, part), shares, strict=True))
    return sizes and names and taken and near_to and c.smallest == smallest and abs(c.whole - float(whole)) < 1e-9


def _span(name, begin, steps):
    counts = [step.count for step in steps] + [0] * (name == begin)
    return str(min(counts)) if min(counts) == max(counts) else f'{min(counts)}-{max(counts)}'
