"""A recurrent network as a step function: state and symbol in, next state and outputs out, in double precision."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lab.common.student import trial
from lab.insight.found.automaton import Array

if TYPE_CHECKING:  # who draws does without
    import torch

DIFFERENCE = 1e-6  # of a derivative
STEPS, CLOSE = 40, 1e-3  # symbols by which a model is compared with its step function
GATES = ('forget', 'input', 'output', 'new')


class Network(NamedTuple):
    """A network that reads one of `num_class` symbols per step. All functions take N states at once, in numpy.

    The state of an SRN is its hidden units (size = hid); of an LSTM, its hidden units followed by its cells (2 hid).
    """

    start: Array  # (size,), before the first symbol
    read: Callable[[Array, Array | int], Array]  # states (N, size), symbols (N,) or one for all -> next states
    logits: Callable[[Array], Array]  # states (..., size) -> outputs before softmax (..., num_class)
    num_class: int
    hid: int  # so many of the state's numbers, the first ones, are units
    gates: Callable[[Array, Array], dict[str, Array]] | None = None  # LSTM: as read -> (N, hid) for each of GATES
    parameters: Mapping[str, Array] | None = None  # of an SRN or an LSTM of the lab
    groups: tuple[tuple[int, ...], ...] | None = None  # numbers of the state that belong together; None: see kinds()

    def kinds(self) -> dict[str, list[list[int]]]:
        """What can be carried from one run to another: for each kind, the numbers of the state that are each of it.

        The first kind is the whole state in parts: an SRN's units, an LSTM's cells each with its hidden unit.
        """
        one = range(self.hid)
        if self.groups is not None:
            return {'group': [list(group) for group in self.groups]}
        if self.gates is None:
            return {'unit': [[k] for k in one]}
        both = {'cell with its hidden unit': [[k, self.hid + k] for k in one]}
        return both | {'cell': [[self.hid + k] for k in one], 'hidden unit': [[k] for k in one]}

    def jacobian(self, states: Array, symbol: int) -> Array:
        """D next / d state by central differences: states (N, size), a symbol -> (N, size, size); error about 1e-9."""
        count, size = states.shape
        step = DIFFERENCE * (1 + np.abs(states))
        moved = np.stack([states[:, None] + sign * step[:, :, None] * np.eye(size) for sign in (1, -1)])
        ahead, back = self.read(moved.reshape(-1, size), symbol).reshape(2, count, size, size)
        return ((ahead - back) / (2 * step[:, :, None])).transpose(0, 2, 1)


def sigmoid(net: Array) -> Array:
    """1 / (1 + exp(-net)), by a formula that cannot overflow."""
    return 0.5 + 0.5 * np.tanh(0.5 * net)


def softmax(logits: Array) -> Array:
    """Probabilities from outputs before softmax, along the last axis."""
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def network(parameters: Mapping[str, Any]) -> Network:
    """The step function of an SRN or an LSTM from its parameters (arrays, or tensors on the CPU).

    Names and shapes are those of a state_dict of seq_models.py. Only an SRN has an H0. U, hid_bias, V and out_bias may
    have an axis more, (M, .., ..), for M networks that are read at once: then states are (M, N, size).
    """
    parameters = {name: np.asarray(value, dtype=np.float64) for name, value in parameters.items()}
    made = _srn(**parameters) if 'H0' in parameters else _lstm(**parameters)
    return made._replace(parameters=parameters)


def of_model(model: torch.nn.Module, classes: int) -> Network | None:
    """The step function of a model that returns hidden units and outputs, from its parameters.

    None where these are not the lab's, or where the model itself computes something else.
    """
    import torch

    try:
        net = network(model.state_dict())
    except (IndexError, TypeError, ValueError):
        return None
    symbols = np.random.default_rng(0).integers(classes, size=(1, STEPS))
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)  # so that rounding stays small, even if the network is chaotic
    try:
        with trial(), torch.no_grad():
            model = copy.deepcopy(model).double()
            model.init_hidden()
            theirs = model(torch.eye(classes)[torch.from_numpy(symbols)])
    finally:
        torch.set_default_dtype(before)
    states = follow(net, symbols)
    ours = states[..., : net.hid], net.logits(states)
    same = [a.shape == b.shape and np.allclose(a, b, atol=CLOSE) for a, b in zip(ours, theirs, strict=True)]
    return net if all(same) else None


def _srn(H0, W, U, hid_bias, V, out_bias) -> Network:
    def read(states, symbols):
        return np.tanh(W[symbols] + states @ U + hid_bias)

    def logits(states):
        return states @ V + out_bias

    return Network(np.tanh(H0), read, logits, len(W), len(H0))


def _lstm(W, U, hid_bias, V, out_bias) -> Network:
    hid = V.shape[-2]

    def gates(states, symbols):
        net = W[symbols] + states[..., :hid] @ U + hid_bias
        opening = sigmoid(net)
        to_input, forget, _, output = (opening[..., k * hid : (k + 1) * hid] for k in range(4))
        return dict(zip(GATES, (forget, to_input, output, np.tanh(net[..., 2 * hid : 3 * hid])), strict=True))

    def read(states, symbols):
        return through(gates(states, symbols), states)

    def logits(states):
        return states[..., :hid] @ V + out_bias

    return Network(np.zeros(2 * hid), read, logits, len(W), hid, gates)


def through(gates: dict[str, Array], states: Array) -> Array:
    """The next states of an LSTM whose gates are these: (..., hid) each, states (..., 2 hid)."""
    cell = gates['forget'] * states[..., gates['forget'].shape[-1] :] + gates['input'] * gates['new']
    return np.concatenate([gates['output'] * np.tanh(cell), cell], axis=-1)


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


def outputs_of(net: Network) -> Callable[[torch.Tensor], torch.Tensor]:
    """What a verdict asks: one-hot sequences (N, T, num_class) -> outputs before softmax, the same shape."""
    import torch

    def read(x):
        states, outputs = np.repeat(net.start[None], len(x), axis=0), []
        for symbols in x.argmax(dim=2).T.numpy():
            states = net.read(states, symbols)
            outputs.append(net.logits(states))
        return torch.from_numpy(np.stack(outputs, axis=1))

    return read
