"""A recurrent network as a step function: state and symbol in, next state and output out, in double precision.

It is built from the parameters alone, so that it also stands for networks that other code trained.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

Array = np.ndarray
GATES = ('forget', 'input', 'output', 'new')


class Network(NamedTuple):
    """A network of `hid` units that reads one of `num_class` symbols per step. SRN: state = hidden units, size = hid;
    LSTM: state = hidden units, then cells, size = 2 hid. All functions work on N states at once."""

    hid: int
    num_class: int
    start: Array  # (size,), before the first symbol
    read: Callable[[Array, Array], Array]  # states (N, size), symbols (N,) -> next states (N, size)
    logits: Callable[[Array], Array]  # states (..., size) -> outputs before softmax (..., num_class)
    jacobian: Callable[[Array, int], Array]  # states (N, size), symbol -> d next / d state, (N, size, size)
    gates: Callable[[Array, Array], dict[str, Array]] | None  # as read -> (N, hid) for each name in GATES; SRN: None


def sigmoid(net: Array) -> Array:
    """1 / (1 + exp(-net)), by a formula that cannot overflow."""
    return 0.5 + 0.5 * np.tanh(0.5 * net)


def network(parameters: Mapping[str, Array]) -> Network:
    """The step function of the SRN (there is an H0) or the LSTM with these parameters, named as in seq_models.py."""
    parameters = {name: np.asarray(value, dtype=np.float64) for name, value in parameters.items()}
    return _srn(**parameters) if 'H0' in parameters else _lstm(**parameters)


def _srn(H0, W, U, hid_bias, V, out_bias) -> Network:
    def read(states, symbols):
        return np.tanh(W[symbols] + states @ U + hid_bias)

    def jacobian(states, symbol):
        slope = 1 - read(states, np.full(len(states), symbol)) ** 2
        return slope[:, :, None] * U.T

    return Network(len(H0), len(W), np.tanh(H0), read, lambda states: states @ V + out_bias, jacobian, None)


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

    def jacobian(states, symbol):
        at = gates(states, np.full(len(states), symbol))
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

    return Network(
        hid, len(W), np.zeros(2 * hid), read, lambda states: states[..., :hid] @ V + out_bias, jacobian, gates
    )


def follow(net: Network, sequences: Array) -> Array:
    """States after every symbol of sequences (N, T), (N, T, size); after a sequence's end (-1) its last state stays."""
    states = np.repeat(net.start[None], len(sequences), axis=0)
    seen = np.empty((*sequences.shape, len(net.start)))
    for t, symbols in enumerate(sequences.T):
        reads = symbols >= 0
        states[reads] = net.read(states[reads], symbols[reads])
        seen[:, t] = states
    return seen


def softmax(logits: Array) -> Array:
    """Probabilities from outputs before softmax, along the last axis."""
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)
