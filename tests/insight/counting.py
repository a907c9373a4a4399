"""Networks whose behaviour is known."""

import functools

import numpy as np
import torch

from lab.insight.found import analysis, states
from lab.insight.found.analysis import Analysis, analyse
from lab.insight.found.automaton import Automaton
from lab.insight.found.layout import Layout, layout
from lab.insight.found.step import Network, network
from seq_models import LSTM_model, SRN_model
from tests.seq.learned import LEARNED

COUNT, PHASE = 0, 1


def exact(num_class: int = 2, noise: float = 0.0) -> Network:
    """A 'network' made by hand whose state is (symbols owed, phase, n): it counts as far as you like.

    `noise` is a trace that the last block's n leaves on all that follows, as it does in trained networks.
    """

    def read(states, symbols):
        symbols = np.broadcast_to(symbols, len(states))
        owed, phase, n = states.T[:3]
        n = np.where(symbols == 0, np.where(phase == 0, n + 1, 1), n)
        first = (symbols != phase) & (symbols > 0)
        owed = np.where(symbols == 0, n, np.where(first, (symbols + 1) * n - 1, owed - 1))
        trace = np.where((symbols == 0) & (phase != 0), noise * states[:, 2], states[:, 3])
        return np.column_stack([owed, symbols, n, trace])

    def logits(states):
        owed, phase = states[..., 0], states[..., 1].astype(int)
        due = np.where((phase > 0) & (owed == 0), (phase + 1) % num_class, phase)
        return np.eye(num_class)[due]

    return Network(np.array([0.0, num_class - 1, 0, 0]), read, logits, num_class, 4)


def hashed() -> Network:
    """A network that follows no automaton: what it predicts depends on a hash of all that it has read."""
    table, plain = np.random.default_rng(0).integers(0, 2, 100_003), exact(2)

    def read(states, symbols):
        after = plain.read(states, symbols)
        after[:, 3] = (states[:, 3] * 31 + symbols + 1) % 9973
        return after

    def logits(states):
        return np.eye(2)[table[(np.abs(states[..., 3]) * 7919).astype(int) % 100_003]]

    return plain._replace(read=read, logits=logits)


def untrained(kind: str, hid: int, classes: int = 3) -> Network:
    """An 'srn' or 'lstm' with random weights."""
    torch.manual_seed(0)
    return network({'srn': SRN_model, 'lstm': LSTM_model}[kind](classes, hid, classes).state_dict())


def drawn(kind: type, hid: int, classes: int, scale: float = 1.0) -> dict:
    """The parameters of a model of the lab, with random values of this spread."""
    torch.manual_seed(hid)
    return {name: scale * torch.randn(value.shape) for name, value in kind(classes, hid, classes).state_dict().items()}


@functools.cache
def analysed(name: str) -> Analysis:
    """An analysis with fewer sequences than usual: of 'learned', or of an untrained network such as 'lstm3'."""
    fresh, points = analysis.FRESH, states.POINTS
    analysis.FRESH, states.POINTS = 300, 2000
    try:
        return analyse(network(LEARNED) if name == 'learned' else untrained(name[:-1], int(name[-1])), 4, seed=1)
    finally:
        analysis.FRESH, states.POINTS = fresh, points


def placed(automaton: Automaton) -> Layout:
    """The layout of an automaton whose states have one count each: that by which they are placed."""
    place = layout(automaton, np.zeros((len(automaton.output), 2), dtype=int))
    return layout(automaton, np.column_stack(2 * [place.count]))
