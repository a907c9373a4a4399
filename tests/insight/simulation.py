"""A simulation of a network on all sequences of a language, written apart from lab/: it is what sentences are held to.

It computes one step of one network at a time, from the weights. With n up to 4 there are 1,024 sequences.
"""

import itertools
from typing import NamedTuple

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class Step(NamedTuple):
    """One symbol read, after a prefix of a sequence of the language."""

    prefix: str
    symbol: int
    n: int  # A's of the block: so far in its A's, all of them afterwards
    count: int  # A's read, or B's or C's owed
    phase: str
    before: np.ndarray
    after: np.ndarray
    predicts: int
    due: int | None  # None after an A


class Simulation:
    def __init__(self, weights: dict, length: int = 4):
        self.w = {name: np.asarray(value, dtype=float) for name, value in weights.items()}
        self.lstm, (self.classes, _) = 'H0' not in weights, self.w['W'].shape
        self.hid, self.length = len(self.w['V']), length
        self.start = np.zeros(2 * self.hid) if self.lstm else np.tanh(self.w['H0'])
        self.steps, self.ends = {}, []  # by prefix; the states between blocks
        self.sequences = [self.spell(blocks) for blocks in itertools.product(range(1, length + 1), repeat=5)]
        for text in self.sequences:
            self.read(text)

    def spell(self, blocks) -> str:
        return ''.join(n * 'A' + 2 * n * 'B' + (3 * n * 'C' if self.classes == 3 else '') for n in blocks) + 'A'

    def gates(self, state, symbol):
        x = self.w['W'][symbol] + state[..., : self.hid] @ self.w['U'] + self.w['hid_bias']
        parts = [x[..., k * self.hid : (k + 1) * self.hid] for k in range(4)]
        return dict(input=sigmoid(parts[0]), forget=sigmoid(parts[1]), new=np.tanh(parts[2]), output=sigmoid(parts[3]))

    def step(self, state, symbol, times=1):
        for _ in range(times):
            if self.lstm:
                gate = self.gates(state, symbol)
                cell = gate['forget'] * state[..., self.hid :] + gate['input'] * gate['new']
                state = np.concatenate([gate['output'] * np.tanh(cell), cell], axis=-1)
            else:
                state = np.tanh(self.w['W'][symbol] + state @ self.w['U'] + self.w['hid_bias'])
        return state

    def logits(self, state):
        return state[..., : self.hid] @ self.w['V'] + self.w['out_bias']

    def choose(self, state):
        return self.logits(state).argmax(axis=-1)

    def read(self, text: str):
        """Read a sequence; keep each step once."""
        state, n, run = self.start, 0, 0
        for t, letter in enumerate(text):
            symbol, prefix, last = 'ABC'.index(letter), text[: t + 1], text[t - 1] if t else ''
            run = run + 1 if letter == last else 1
            n = run if symbol == 0 else n
            if prefix in self.steps:
                state = self.steps[prefix].after
                continue
            phase = letter
            if symbol and run == 1:
                phase = f'first {letter}'
            if not symbol and last not in ('', 'A'):
                phase = 'restart'
            left = (symbol + 1) * n - run
            due = None if symbol == 0 else symbol if left else (symbol + 1) % self.classes
            after = self.step(state, symbol)
            count = run if symbol == 0 else left
            self.steps[prefix] = Step(prefix, symbol, n, count, phase, state, after, int(self.choose(after)), due)
            state = after

    def where(self, **wanted) -> list[Step]:
        return [step for step in self.steps.values() if all(getattr(step, k) == v for k, v in wanted.items())]

    def ended(self, symbol: int) -> list[Step]:
        """The steps after which a run of this symbol is over in some sequence."""
        if symbol:
            return [step for step in self.where(symbol=symbol) if step.count == 0]
        return [step for step in self.where(symbol=0) if step.prefix + 'B' in self.steps]

    def units(self, states):
        """What is carried on: an LSTM's cells, an SRN's units."""
        return np.asarray(states)[..., -self.hid :]

    def judge_many(self, texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
        """Loss of each sequence, and the share of its determined symbols that are right; all are read at once."""
        longest = max(map(len, texts)) - 1
        symbols = np.array([['ABC'.index(c) for c in text.ljust(longest + 1, 'A')] for text in texts])
        state, loss, right, size = np.repeat(self.start[None], len(texts), axis=0), 0, 0, 0
        ends = np.array([len(text) - 1 for text in texts])
        for t in range(longest):
            state = self.step(state, symbols[:, t])
            e = np.exp(self.logits(state) - self.logits(state).max(axis=1, keepdims=True))
            p, follows, a = e / e.sum(axis=1, keepdims=True), symbols[:, t + 1], symbols[:, t] == 0
            target = np.where(a[:, None], np.array([0.8, 0.2, 0])[: self.classes], np.eye(self.classes)[follows])
            real = t < ends
            loss = loss + real * ((p - target) ** 2).mean(axis=1)
            right = right + (real & ~a & (p.argmax(axis=1) == follows))
            size = size + (real & ~a)
        return loss / ends, right / size

    def jacobian(self, state, symbol, times=1):
        eye = 1e-6 * np.eye(len(state))
        return ((self.step(state + eye, symbol, times) - self.step(state - eye, symbol, times)) / 2e-6).T

    def polish(self, state, symbol, period):
        """Newton's method: the fixed point (or cycle) near a state."""
        for _ in range(60):
            error = self.step(state, symbol, period) - state
            state = (
                state - np.linalg.lstsq(self.jacobian(state, symbol, period) - np.eye(len(state)), error, rcond=None)[0]
            )
        return state

    def alone(self, state, n, most=130) -> tuple[str, np.ndarray]:
        """What it does by itself after n A's and a B, as the printed text, and the state at its end."""

        def say(runs):
            return [f'{count} {"ABC"[letter]}' + "'s" * (count > 1) for letter, count in runs]

        state, runs = self.step(self.step(state, 0, n), 1), [[1, 1]]
        for _ in range(most):
            symbol = int(self.choose(state))
            if symbol == 0:
                return ' '.join(say(runs)), state
            if runs[-1][0] == symbol:
                runs[-1][1] += 1
            else:
                runs.append([symbol, 1])
            if runs[-1][1] > 100:
                break
            state = self.step(state, symbol)
        return ' '.join([*say(runs[:-1]), f"{'ABC'[runs[-1][0]]}'s for ever"]), None
