"""A recurrent network as a step function: state and symbol in, next state and outputs out, in double precision.

Only the parameters are needed, so it works for any SRN or LSTM whose parameters have the lab's names and shapes.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from lab.insight.automaton import Array

GATES = ('forget', 'input', 'output', 'new')


class Network(NamedTuple):
    """A network of `hid` units that reads one of `num_class` symbols per step. All functions take N states at once.

    The state of an SRN is its hidden units (size = hid); of an LSTM, its hidden units followed by its cells (2 hid).
    """

    hid: int
    num_class: int
    start: Array  # (size,), before the first symbol
    read: Callable[[Array, Array | int], Array]  # states (N, size), symbols (N,) or one for all -> next states
    logits: Callable[[Array], Array]  # states (..., size) -> outputs before softmax (..., num_class)
    jacobian: Callable[[Array, int], Array]  # states (N, size), symbol -> d next / d state, (N, size, size)
    gates: Callable[[Array, Array], dict[str, Array]] | None  # as read -> (N, hid) for each name in GATES; SRN: None


def sigmoid(net: Array) -> Array:
    """1 / (1 + exp(-net)), by a formula that cannot overflow."""
    return 0.5 + 0.5 * np.tanh(0.5 * net)


def softmax(logits: Array) -> Array:
    """Probabilities from outputs before softmax, along the last axis."""
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def network(parameters: Mapping[str, Any]) -> Network:
    """The step function of an SRN or an LSTM from its parameters (arrays, or tensors on the CPU).

    Names and shapes are those of a state_dict of seq_models.py. Only an SRN has an H0.
    """
    parameters = {name: np.asarray(value, dtype=np.float64) for name, value in parameters.items()}
    return _srn(**parameters) if 'H0' in parameters else _lstm(**parameters)


def _srn(H0, W, U, hid_bias, V, out_bias) -> Network:
    def read(states, symbols):
        return np.tanh(W[symbols] + states @ U + hid_bias)

    def logits(states):
        return states @ V + out_bias

    def jacobian(states, symbol):
        slope = 1 - read(states, symbol) ** 2
        return slope[:, :, None] * U.T

    return Network(len(H0), len(W), np.tanh(H0), read, logits, jacobian, None)


def _lstm(W, U, hid_bias, V, out_bias) -> Network:
    hid = len(V)

    def gates(states, symbols):
        net = W[symbols] + states[:, :hid] @ U + hid_bias
        net_input, net_forget, net_new, net_output = np.split(net, 4, axis=1)
        opening = sigmoid(net_forget), sigmoid(net_input), sigmoid(net_output), np.tanh(net_new)
        return dict(zip(GATES, opening, strict=True))

    def read(states, symbols):
        at = gates(states, symbols)
        cell = at['forget'] * states[:, hid:] + at['input'] * at['new']
        return np.hstack([at['output'] * np.tanh(cell), cell])

    def logits(states):
        return states[..., :hid] @ V + out_bias

    def jacobian(states, symbol):
        at = gates(states, symbol)
        before = states[:, hid:]
        after = at['forget'] * before + at['input'] * at['new']
        to_input, to_forget, to_new, to_output = np.split(U.T, 4)  # d net / d hidden, (hid, hid) each
        slope = {name: at[name] * (1 - at[name]) for name in ('forget', 'input', 'output')}
        cell_by_hidden = (
            (before * slope['forget'])[:, :, None] * to_forget
            + (at['new'] * slope['input'])[:, :, None] * to_input
            + (at['input'] * (1 - at['new'] ** 2))[:, :, None] * to_new
        )
        cell_by_cell = at['forget'][:, :, None] * np.eye(hid)
        through = (at['output'] * (1 - np.tanh(after) ** 2))[:, :, None]
        hidden_by_hidden = through * cell_by_hidden + (np.tanh(after) * slope['output'])[:, :, None] * to_output
        return np.block([[hidden_by_hidden, through * cell_by_cell], [cell_by_hidden, cell_by_cell]])

    return Network(hid, len(W), np.zeros(2 * hid), read, logits, jacobian, gates)


def follow(net: Network, sequences: Array) -> Array:
    """The state after every symbol of sequences (N, T), (N, T, size).

    A shorter sequence is filled up with -1; there its last state is repeated.
    """
    states = np.repeat(net.start[None], len(sequences), axis=0)
    seen = np.empty((*sequences.shape, len(net.start)))
    for t, symbols in enumerate(sequences.T):
        reads = symbols >= 0
        states[reads] = net.read(states[reads], symbols[reads])
        seen[:, t] = states
    return seen


def before(net: Network, sequences: Array) -> Array:
    """The state before every symbol of sequences (N, T), (N, T, size)."""
    start = np.broadcast_to(net.start, (len(sequences), 1, len(net.start)))
    return np.concatenate([start, follow(net, sequences)[:, :-1]], axis=1)
