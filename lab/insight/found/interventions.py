"""What interventions show of a network, all of it as data: lab/insight/said/story.py says it, evidence.py draws it."""

from typing import NamedTuple

import numpy as np

from lab.insight.found import circuit, holding, laws, repair
from lab.insight.found.circuit import Circuit
from lab.insight.found.holding import Holding
from lab.insight.found.interchange import Interchange, interchange
from lab.insight.found.laws import End, Law
from lab.insight.found.repair import Failure
from lab.insight.found.states import Visits
from lab.insight.found.step import Network

LARGEST_CIRCUIT = 12  # a circuit is held to blocks of n up to this, and gates to n up to the length of training
COUNTS = 2  # of a network that counts less, no circuit is looked for
PAIRS = 200  # of states, to see whether the last symbol alone decides


class Shown(NamedTuple):
    """What came out when something was changed."""

    interchange: Interchange
    laws: list[Law]  # of one more A at the last A, and of one more B or C in the middle
    ends: list[End | None]  # for B and, if there is one, for C
    last: float  # share of the pairs of states after which the same symbol makes it predict the same
    holding: Holding | None  # of an LSTM that counts
    circuit: Circuit | None  # of an SRN or an LSTM that counts
    failure: Failure | None  # None: of a network that does not count, or that is right up to the largest n tried


def show(net: Network, visits: Visits, length: int, counts: int, rng: np.random.Generator) -> Shown:
    """Intervene in a network that was trained on blocks of n up to `length` and counts up to `counts`."""
    found = interchange(net, visits, length, rng)
    where = [k for k, place in enumerate(found.places) if place.counted == max(place.read, 1) and found.pairs[k]]
    most = min(counts, LARGEST_CIRCUIT)
    count = counts >= COUNTS
    return Shown(
        found,
        [laws.law(net, visits, found, k, length, rng) for k in where],
        [laws.end(net, visits, symbol, rng) for symbol in range(1, net.num_class)],
        last_symbol(net, visits, rng),
        holding.hold(net, visits, min(most, length)) if net.gates and count else None,
        circuit.circuit(net, visits, most) if net.parameters and count else None,
        repair.failure(net, visits, counts),
    )


def last_symbol(net: Network, visits: Visits, rng: np.random.Generator) -> float:
    """How often a network predicts the same when the whole state before a symbol is taken from anywhere else."""
    points = rng.integers(1, len(visits.read), PAIRS)
    others = visits.state[rng.integers(len(visits.state), size=PAIRS)]
    chosen = net.logits(net.read(others, visits.read[points])).argmax(axis=1)
    return float((chosen == visits.predicts[points]).mean())
