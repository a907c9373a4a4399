"""The lab's transcript of a trained network: its weights, then sequences with what the network makes of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lab.common.errors import UserError
from lab.insight.found.automaton import SYMBOLS, Array
from lab.insight.found.plane import MOST_PAIRS, best_pairs
from lab.insight.found.step import Network, follow

if TYPE_CHECKING:  # who draws what was seen does without
    import torch


class Seen(NamedTuple):
    """What the lab plots, of all sequences printed: N symbols in all."""

    hidden: Array  # (N, hid), after each symbol
    cell: Array | None  # (N, hid), if asked for
    colour: Array  # (N,), the number of the next symbol, see anb2n.py
    symbol: Array  # (N,), the next symbol

    @property
    def group(self) -> Array:
        """Which symbols have the same colour and the same symbol after them: a number for each, (N,)."""
        return np.unique(np.column_stack([self.symbol, self.colour]), axis=0, return_inverse=True)[1].ravel()

    def left_out(self) -> list[str]:
        """Which pairs of units or cells are drawn, in words, where not all are."""
        told = []
        for units, name in (self.hidden, 'unit'), (self.cell, 'cell'):
            count = 0 if units is None else math.comb(units.shape[1], 2)
            if count > MOST_PAIRS:
                some = f'{MOST_PAIRS} of the {count} pairs of {name}s'
                shown = ', '.join(f'{j} and {k}' for j, k in best_pairs(units, self.group))
                told.append(f'drawing {some}, those that show the states farthest apart: {shown}')
        return told


def print_sequences(model: torch.nn.Module, net: Network | None, lang, count: int, cells: bool) -> Seen:
    """Print the weights and `count` sequences of `lang`; with `cells`, also an LSTM's cell state after each symbol.

    net: the step function of the model, for the cells of a model that does not return them. Raises UserError without.
    """
    import torch

    hidden, cell, colour, symbols = [], [], [], []
    with np.printoptions(suppress=True, precision=2), torch.no_grad():
        for weights in model.parameters():
            print(weights.numpy())
        for number in range(count):
            x, seq, target, state = lang.get_sequence()
            model.init_hidden()
            units, output = model(x)
            if cells:
                cell.append(cells_of(units, net, x))
                probabilities = torch.softmax(output, dim=2)[0].numpy()
                print_cells(number, seq, units[0].numpy(), cell[-1], target[0].numpy(), probabilities)
            else:
                lang.print_outputs(number, seq, state, units, target, output)
            hidden.append(units[0].numpy())
            colour.append(np.array(state[1:], dtype=float))
            symbols.append(np.array([int(symbol) for symbol in seq[1:]]))
    cell = np.concatenate(cell) if cells else None
    return Seen(np.concatenate(hidden), cell, np.concatenate(colour), np.concatenate(symbols))


def cells_of(hidden: torch.Tensor, net: Network | None, x: torch.Tensor) -> Array:
    """The cells (T, hid): those that the model returned with its hidden units, or those of its step function."""
    if hasattr(hidden, 'cell'):
        return hidden.cell[0].numpy()
    if net is None:
        raise UserError(
            '--cell: the LSTM_model in seq_models.py should return its cells, after hidden units and outputs'
        )
    return follow(net, x.argmax(dim=2).numpy())[0, :, net.hid :]


def print_cells(number: int, seq, hidden: Array, cell: Array, target: Array, output: Array):
    """The lab's block with the cell state beside the hidden units. hidden, cell (T, hid); output, target (T, out)."""
    print('-----')
    names = [SYMBOLS[int(symbol)] for symbol in seq]
    print('symbol=', ''.join(names))
    print('hidden activations, cell states and output probabilities:')
    for name, units, cells, outputs in zip(names, hidden, cell, output, strict=False):
        print(name, 'hidden:', units, 'cell:', cells, 'output:', outputs)
    print('epoch:', number)
    print(f' loss: {((output - target) ** 2).mean():.4f}')
