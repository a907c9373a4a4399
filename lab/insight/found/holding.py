"""Gates of an LSTM that are held: at their mean, at 0 or at 1. Is the network still right?"""

from typing import NamedTuple

import numpy as np

from lab.insight.found import trial
from lab.insight.found.automaton import SYMBOLS, Array
from lab.insight.found.states import Visits
from lab.insight.found.step import GATES, Network, through

EACH = 10  # sequences for each n
HOWS = ('phase', 'mean', '0', '1')  # at its mean while this symbol is read, at its mean over all symbols, shut, open


class Held(NamedTuple):
    """One gate of one cell, held while one symbol is read."""

    gate: str
    cell: int
    symbol: int
    how: str  # one of HOWS
    value: float
    right: float  # share of the sequences without a mistake

    def __str__(self) -> str:
        return f"cell {self.cell}'s {self.gate} gate held at {self.value:.2f} in the {SYMBOLS[self.symbol]}'s"


class Holding(NamedTuple):
    """All gates held, one by one."""

    held: list[Held]
    most: int  # blocks of n up to this
    sequences: int

    def find(self, gate: str, cell: int, symbol: int) -> dict[str, Held]:
        """What became of the network, by how the gate was held."""
        wanted = gate, cell, symbol
        return {each.how: each for each in self.held if (each.gate, each.cell, each.symbol) == wanted}


def variants(net: Network, visits: Visits) -> list[Held]:
    """Each gate of each cell, held in each way while each symbol is read; none of them tried out yet."""
    before, read = visits.state[visits.parent[1:]], visits.read[1:]
    gates = net.gates(before, read)
    found = []
    for gate in GATES[:3]:
        means = [gates[gate][read == symbol].mean(axis=0) for symbol in range(net.num_class)]
        for cell in range(net.hid):
            mean = float(gates[gate][:, cell].mean())
            for symbol in range(net.num_class):
                values = float(means[symbol][cell]), mean, 0.0, 1.0
                found += [Held(gate, cell, symbol, *each, 0.0) for each in zip(HOWS, values, strict=True)]
    return found


def with_gates(net: Network, held: list[Held]) -> Network:
    """As many networks as there are held gates, each with one; states are (len(held), N, size)."""
    fixed = {gate: np.full((len(held), net.num_class, net.hid), np.nan) for gate in GATES[:3]}
    for k, each in enumerate(held):
        fixed[each.gate][k, each.symbol, each.cell] = each.value

    def read(states: Array, symbols: Array) -> Array:
        gates = net.gates(states, symbols)
        for gate, values in fixed.items():
            value = values[:, symbols]
            gates[gate] = np.where(np.isnan(value), gates[gate], value)
        return through(gates, states)

    return net._replace(read=read)


def hold(net: Network, visits: Visits, most: int) -> Holding:
    """Hold each gate and read sequences of mixed blocks of n up to `most`, EACH for each n."""
    held, one = variants(net, visits), trial.of_verdict(net.num_class, most, EACH)
    right = (trial.margins(with_gates(net, held), one, len(held)) > 0).mean(axis=1)
    tried = [each._replace(right=float(share)) for each, share in zip(held, right, strict=True)]
    return Holding(tried, most, len(one.symbols))
