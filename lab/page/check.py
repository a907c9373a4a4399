"""Part 2 of the page: the trained network, the ones made by hand, and their numbers."""

from typing import NamedTuple

import numpy as np
import torch

from lab.check import explain, lines, points, student, train
from lab.check.settings import CHECK_CSV, Settings
from lab.common.children import typed
from lab.common.run import Interrupt
from lab.page import charts
from lab.page.commands import Options, flags

HID = 5  # hidden units of the network that is trained; the one made by hand has 4
CURVE = 40  # points of the loss curve

# Where the editor can start from, beside the weights of check.py: what five published reports made, and two first ideas
PRESETS = {
    'report A: two bands, four points on the threshold': {
        'w': [[1, 1], [-2, 2], [1, -1], [-1, -1]],
        'b': [-1.5, 1, 0.5, 2.5],
        'v': [-1, -1, -1, -1],
        'c': 2,
    },
    'reports B and E: bands of x + y': {
        'w': [[1, 1]] * 4,
        'b': [-0.5, -1.5, -2.5, -3.5],
        'v': [1, -1, 1, -1],
        'c': -0.5,
    },
    'reports C and D: bands of y - x and x - y': {
        'w': [[-1, 1], [-1, 1], [1, -1], [1, -1]],
        'b': [-0.5, -1.5, -0.5, -1.5],
        'v': [1, -1, 1, -1],
        'c': -0.5,
    },
    'a first idea: two lines across, two lines up': {
        'w': [[1, 0], [1, 0], [0, 1], [0, 1]],
        'b': [-0.5, -1.5, -0.5, -1.5],
        'v': [1, -1, 1, -1],
        'c': -0.5,
    },
}


class Perceptron(NamedTuple):
    """A network of Part 2 and what it makes of the points."""

    name: str
    act: str
    command: str
    seed: int | None  # None: made by hand
    weights: lines.Weights | None  # None where it is not two layers
    hidden: np.ndarray  # (N, hid)
    out: np.ndarray  # (N,)
    scale: float  # of weights made by hand
    curve: list[tuple[int, float, float]]  # of a trained one: epoch, loss, accuracy in percent


def make(options: Options, seed: int, stop: Interrupt) -> tuple[np.ndarray, np.ndarray, list[Perceptron]]:
    """The points (N, 2), their targets (N,), and three networks: trained, made by hand, and the same with sigmoids.

    Raises UserError as the student's check.py does, see lab.check.student.
    """
    inputs, targets = points.read(CHECK_CSV)
    torch.manual_seed(seed)  # as cli.seed_all() does; nothing here draws from another generator
    net = student.network(HID, 'sig')
    curve = [tuple(map(float, line)) for line in train.train(net, inputs, targets, Settings(), stop)]
    command = ['check_main.py', '--act', 'sig', '--hid', str(HID), '--seed', str(seed)]
    made = [_look('trained', net, 'sig', command + flags(plot_path=options.plot_path), seed, inputs, curve)]
    for name, act in ('step', 'step'), ('sigmoid', 'sig'):
        net = student.network(4, act)
        student.set_weights(net, None, None)
        command = ['check_main.py', '--act', act, '--hid', '4', '--set_weights']
        made.append(_look(name, net, act, command + flags(plot_path=options.plot_path), None, inputs, []))
    return inputs, targets, made


def _look(name, net, act, command, seed, inputs, curve) -> Perceptron:
    hidden, out = lines.evaluate(net, inputs)
    weights, scale = lines.read_weights(net, act, inputs), float(getattr(net, 'scale', 1.0))
    return Perceptron(name, act, typed(command), seed, weights, hidden, out, scale, curve)


def describe(inputs: np.ndarray, targets: np.ndarray, networks: list[Perceptron]) -> dict:
    """All that the page says of Part 2, as plain data."""
    [step] = [each for each in networks if each.name == 'step']
    [trained] = [each for each in networks if each.name == 'trained']
    presets = {'the weights of check.py': as_lists(step)} if step.weights else {}
    return {
        'curve_chart': _curve(trained.curve),
        'points': [(*map(float, point), int(target)) for point, target in zip(inputs, targets, strict=True)],
        'networks': {each.name: network(each, inputs, targets) for each in networks},
        'view': {
            'points': inputs.tolist(),
            'targets': targets.astype(int).tolist(),
            'networks': {each.name: as_lists(each) for each in networks if each.weights},
            'presets': presets | PRESETS,
        },
    }


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


def network(each: Perceptron, inputs: np.ndarray, targets: np.ndarray) -> dict:
    """What the page says of one network."""
    found = {
        'name': each.name,
        'act': each.act,
        'hid': each.hidden.shape[1],
        'command': each.command,
        'seed': each.seed,
        'scale': each.scale,
        'accuracy': lines.accuracy(each.out, targets),
        'rows': [
            {'point': point, 'hidden': hidden, 'out': float(out), 'target': int(target), 'right': bool(right)}
            for point, hidden, out, target, right in zip(
                inputs.tolist(),
                each.hidden.tolist(),
                each.out,
                targets,
                (each.out >= 0.5) == (targets == 1),
                strict=True,
            )
        ],
        'equations': None,
        'last': each.curve[-1] if each.curve else None,
        'curve': each.curve,
    }
    if each.weights:
        *found['equations'], found['output'] = [line.split(': ', 1) for line in explain.equations(each.weights)]
        *hidden, out = lines.distances(each.weights, inputs, each.act).T
        found['margins'] = float(np.min(hidden)), float(out.min())
        if each.seed is None:
            found['smallest'] = explain.scale(each.weights, each.scale, inputs, targets)
    return found
