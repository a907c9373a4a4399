"""Part 2 of the page: the trained network, the ones made by hand, and their numbers."""

from typing import NamedTuple

import numpy as np
import torch

from lab.check import lines, needed, student
from lab.check.points import Points, read_points
from lab.check.settings import CHECK_CSV, Settings
from lab.common.cli import typed
from lab.common.errors import note
from lab.common.run import Interrupt
from lab.page import charts

HID = 5  # hidden units of the network that is trained; the one made by hand has 4
COLUMNS = 'point', 'hidden', 'out', 'target', 'right'  # of the table of activations
CURVE = 40  # points of the loss curve

# Where the editor can start from, beside the weights that check.py sets: what five published reports made, as far as
# this check.py has these designs, and, first, an idea that does not work.
REPORTED = {
    'report A: two bands, four points on the threshold': 'cross',
    'reports B and E: bands of x + y': 'sum',
    'reports C and D: bands of y - x and x - y': 'difference',
}
FIRST_IDEA = [[1, 0], [1, 0], [0, 1], [0, 1]], [-0.5, -1.5, -0.5, -1.5], [[1, -1, 1, -1]], [-0.5]


class Perceptron(NamedTuple):
    """A network of Part 2 and what it makes of the points."""

    name: str
    act: str
    command: str
    weights: lines.Weights | None  # None where it is not two layers
    hidden: np.ndarray  # (N, hid)
    out: np.ndarray  # (N,)
    scale: float  # of weights made by hand
    seed: int | None = None  # of a trained one
    curve: list[tuple[int, float, float]] | None = None  # of a trained one: epoch, loss, accuracy in percent


def make(seed: int, stop: Interrupt) -> tuple[Points, dict[str, Perceptron]] | None:
    """The points, and three networks by name: trained, made by hand, and the same with sigmoids.

    None, and a note, where the network cannot be trained by compiled code. Raises UserError as lab.check.student does.
    """
    points = read_points(CHECK_CSV)
    reason = student.why_not_compiled(HID, points.inputs)
    if reason:
        note(f'Part 2 is left out: {reason}')
        return None
    from lab.check.train import train_many_starts  # it needs numba

    torch.manual_seed(seed)  # as cli.seed_all() does; nothing here draws from another generator
    net = student.new_network(HID, 'sig')
    curve = [tuple(map(float, line)) for line in train_many_starts(net, points, Settings(), stop)]
    command = ['check_main.py', '--act', 'sig', '--hid', str(HID), '--seed', str(seed)]
    made = {'trained': _look('trained', net, 'sig', command, points.inputs)._replace(seed=seed, curve=curve)}
    for name, act in ('step', 'step'), ('sigmoid', 'sig'):
        net = student.new_network(4, act)
        student.set_weights(net, None, None)
        command = ['check_main.py', '--act', act, '--hid', '4', '--set_weights']
        made[name] = _look(name, net, act, command, points.inputs)
    return points, made


def _look(name: str, net: torch.nn.Module, act: str, command: list[str], inputs: np.ndarray) -> Perceptron:
    hidden, out = lines.evaluate(net, inputs)
    weights, scale = lines.read_weights(net, act, inputs), float(getattr(net, 'scale', 1.0))
    return Perceptron(name, act, typed(command), weights, hidden, out, scale)


def describe(points: Points, networks: dict[str, Perceptron]) -> dict:
    """All that the page says of Part 2, as plain data."""
    step = networks['step']
    presets = {
        'a first idea: two lines across, two lines up': _named(FIRST_IDEA)
    }  # one point is wrong: the reader's task
    presets |= {'the weights of check.py': as_lists(step)} if step.weights else {}
    return {
        'curve_chart': _curve(networks['trained'].curve),
        'networks': {name: about(each, points) for name, each in networks.items()},
        'view': {
            'points': points.inputs.tolist(),
            'targets': points.targets.astype(int).tolist(),
            'networks': {name: as_lists(each) for name, each in networks.items() if each.weights},
            'presets': presets | reported(),
        },
    }


def reported() -> dict[str, dict]:
    """The designs of REPORTED that this check.py has, and a first idea, for the page's own code."""
    made = {title: student.designs().get(name) for title, name in REPORTED.items()}
    return {title: _named(design) for title, design in made.items() if design}


def _named(design: tuple) -> dict:
    return {'w': design[0], 'b': design[1], 'v': design[2][0], 'c': design[3][0]}


def _curve(curve: list[tuple[int, float, float]]):
    """The loss by epoch, at most CURVE points of it."""
    some = curve[:: max(1, len(curve) // CURVE)]
    if len(some) < 2:
        return None
    says = [f'epoch {epoch:.0f}: loss {loss:.4f}, accuracy {percent:.2f}' for epoch, loss, percent in some]
    points = [(epoch, loss) for epoch, loss, _ in some]
    series = charts.Series('loss', 0, 'o', points, says, 'solid')
    return charts.chart([series], 'epoch', 'loss', f'Loss by epoch, from {points[0][1]:.4f} to {points[-1][1]:.4f}')


def as_lists(network: Perceptron) -> dict:
    """The weights of a network, for the page's own code."""
    w, b, v, c = network.weights
    return {'act': network.act, 'w': w.tolist(), 'b': b.tolist(), 'v': v.tolist(), 'c': c}


def about(each: Perceptron, points: Points) -> dict:
    """What the page says of one network."""
    on = points.targets == 1
    columns = [
        column.tolist() for column in (points.inputs, each.hidden, each.out, on.astype(int), (each.out >= 0.5) == on)
    ]
    found = each._asdict() | {
        'hid': each.hidden.shape[1],
        'accuracy': lines.accuracy(each.out, points.targets),
        'rows': [dict(zip(COLUMNS, row, strict=True)) for row in zip(*columns, strict=True)],
        'equations': None,
    }
    if each.weights:
        *found['equations'], found['output'] = [line.split(': ', 1) for line in lines.equations(each.weights)]
        *hidden, out = lines.distances(each.weights, points.inputs, each.act).T
        found['needed'] = needed.sentences(each.weights, each.act, points)
        found['margins'] = float(np.min(hidden)), float(out.min())
        if each.seed is None:
            found['smallest'] = lines.scale_in_words(each.weights, each.scale, points)
    return found
