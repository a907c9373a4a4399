"""What a two-layer perceptron computes, in numbers and in words: its lines, accuracy, margins, the smallest scale."""

import math
from typing import NamedTuple

import numpy as np
import torch

from lab.check.points import Points
from lab.common.student import trial

TOLERANCE = 1e-3  # between a network's float32 outputs and the same formula in float64
SCALES = np.geomspace(0.01, 1000, 4001)  # the scales that smallest_scale() tries; a step is 0.3%


class Weights(NamedTuple):
    """The weights of a two-layer perceptron, float64. Its output for a point p is act(v . act(w p + b) + c)."""

    w: np.ndarray  # (hid, 2)
    b: np.ndarray  # (hid)
    v: np.ndarray  # (hid)
    c: float

    def nets(self, inputs: np.ndarray) -> np.ndarray:
        """Net inputs (N, hid) of the hidden units at inputs (N, 2)."""
        return inputs @ self.w.T + self.b

    def outputs(self, inputs: np.ndarray, act: str) -> tuple[np.ndarray, np.ndarray]:
        """Net inputs (N) and outputs (N) of the output unit; act: 'step' or 'sig'."""
        net = activation(self.nets(inputs), act) @ self.v + self.c
        return net, activation(net, act)


def activation(net: np.ndarray, act: str) -> np.ndarray:
    """The step function (1 where net >= 0) or the sigmoid."""
    if act == 'step':
        return (net >= 0).astype(float)
    with np.errstate(over='ignore'):  # exp(1000) is infinite, and 1 / infinity is 0
        return 1 / (1 + np.exp(-net))


def read_weights(net: torch.nn.Module, act: str, inputs: np.ndarray) -> Weights | None:
    """The weights of a network with the lab's layers, in_hid (2 -> hid) and hid_out (hid -> 1).

    None where it has other layers, or where at the inputs (N, 2) it computes something else than Weights.outputs().
    """
    state = {name: value.detach().double().numpy() for name, value in net.named_parameters()}
    if list(state) != ['in_hid.weight', 'in_hid.bias', 'hid_out.weight', 'hid_out.bias']:
        return None
    w, b, v, c = state.values()
    if w.shape != (len(b), 2) or v.shape != (1, len(b)) or c.shape != (1,):
        return None
    weights = Weights(w, b, v[0], float(c[0]))
    theirs = evaluate(net, inputs)[1]
    ours_net, ours = weights.outputs(inputs, act)
    clear = np.abs(ours_net) > TOLERANCE  # closer to 0, rounding decides what a step does
    if act == 'step':
        clear &= (np.abs(weights.nets(inputs)) > TOLERANCE).all(1)
    return weights if np.allclose(theirs[clear], ours[clear], atol=TOLERANCE) else None


def evaluate(net: torch.nn.Module, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hidden activations (N, hid) and outputs (N) of a network at inputs (N, 2)."""
    with trial(), torch.no_grad():
        out = net(torch.from_numpy(inputs.astype(np.float32)))
        return net.hid.flatten(1).float().numpy(), out.flatten().float().numpy()


def accuracy(out: np.ndarray, targets: np.ndarray) -> float:
    """Percent of outputs (N) that are right: 0.5 or more where the target is 1, less where it is 0."""
    return 100.0 * float(((out >= 0.5) == (targets == 1)).mean())


def distances(weights: Weights, inputs: np.ndarray, act: str) -> np.ndarray:
    """The geometric margins (N, hid + 1): how far each of the inputs (N, 2) is from the threshold of each unit.

    For a hidden unit: |w p + b| / |w|, a distance in the plane. For the output, the last column: |v h + c| / |v|, a
    distance in the space of hidden activations h. Multiplying all weights does not change them, so networks can be
    compared. A unit whose weights are all 0 is infinitely far, or 0 where its bias is 0 too.
    """
    net = np.column_stack([weights.nets(inputs), weights.outputs(inputs, act)[0]])
    norm = np.append(np.linalg.norm(weights.w, axis=1), np.linalg.norm(weights.v))
    with np.errstate(divide='ignore', invalid='ignore'):
        return np.nan_to_num(np.abs(net) / norm, nan=0.0, posinf=np.inf)


def smallest_scale(weights: Weights, points: Points) -> float | None:
    """The factor on all weights from which on the sigmoid network is right at every point, rounded up to 3 decimals.

    It is searched from 0.01 to 1000; None where the network is wrong even at 1000. A sigmoid is its step value plus a
    tail. Tails are summed on their own: where the steps sum to exactly 0 the tails decide, and they are as small as
    exp(-factor), so that rounding would lose them in a common sum.
    """
    net = weights.nets(points.inputs)
    steps = (np.sign(net) + 1) / 2 @ weights.v + weights.c

    def right(scale: float) -> bool:
        tails = -np.sign(net) / (1 + np.exp(scale * np.abs(net)))  # 0 where net is 0
        return bool(((steps + tails @ weights.v >= 0) == (points.targets == 1)).all())

    with np.errstate(over='ignore', under='ignore'):
        wrong = [scale for scale in SCALES if not right(scale)]
        if not wrong or wrong[-1] == SCALES[-1]:
            return None if wrong else float(SCALES[0])
        thousandths = math.ceil(1000 * wrong[-1])
        while not right(thousandths / 1000):
            thousandths += 1
    return thousandths / 1000


def conditions(weights: Weights) -> list[str]:
    """For each hidden unit, where it is on: '2 x - y + 0.5 >= 0'."""
    rows = np.column_stack([weights.w, weights.b])
    return [f'{_sum([(x, "x"), (y, "y"), (bias, "")])} >= 0' for x, y, bias in rows]


def equations(weights: Weights) -> list[str]:
    """A line of text for each hidden unit, with its dividing line, and one for the output: where each is on."""
    lines = []
    for k, text in enumerate(conditions(weights)):
        (x, y), bias = weights.w[k], weights.b[k]
        if y:
            divide = f'line y = {_sum([(-x / y, "x"), (-bias / y, "")])}'
        else:
            divide = f'line x = {-bias / x + 0.0:.4g}' if x else 'no line: always the same'
        lines.append(f'h{k}: {text},  {divide}')
    terms = [(weight, f'h{k}') for k, weight in enumerate(weights.v)]
    return [*lines, f'out: {_sum([*terms, (weights.c, "")])} >= 0']


def _sum(terms: list[tuple[float, str]]) -> str:
    """'2 x - y + 0.5' for [(2, 'x'), (-1, 'y'), (0.5, '')]; terms that are 0 are left out."""
    words = []
    for value, name in terms:
        if name and abs(value) == 1:
            words.append(name if value == 1 else f'-{name}')
        elif value:
            words.append(f'{value:.4g} {name}'.strip())
    return ' + '.join(words).replace('+ -', '- ') or '0'


def table(inputs: np.ndarray, columns: dict[str, tuple[np.ndarray, str]]) -> list[str]:
    """Lines of text: a heading, then each input (N, 2) with its values; columns: name -> values (N), number format."""
    columns = {'x': (inputs[:, 0], 'g'), 'y': (inputs[:, 1], 'g'), **columns}
    texts = [[name, *(format(value, form) for value in values)] for name, (values, form) in columns.items()]
    widths = [max(map(len, column)) for column in texts]
    aligned = [[text.rjust(width) for text in column] for column, width in zip(texts, widths, strict=True)]
    return ['  '.join(row) for row in zip(*aligned, strict=True)]


def activation_table(points: Points, hidden: np.ndarray, out: np.ndarray, act: str) -> list[str]:
    """The table of hidden activations (N, hid) and outputs (N), with the targets."""
    form = '.0f' if act == 'step' else '.2f'
    columns = {f'h{k}': (values, form) for k, values in enumerate(hidden.T)}
    return table(points.inputs, {**columns, 'out': (out, form), 'target': (points.targets, '.0f')})


def margin_table(weights: Weights, inputs: np.ndarray, act: str) -> list[str]:
    """The table of the margins of inputs (N, 2), see distances(), and a line with the smallest of them."""
    *hidden, out = distances(weights, inputs, act).T
    columns = {f'h{k}': (far, '.2f') for k, far in enumerate(hidden)}
    least = f'{np.min(hidden):.4f} at the hidden units, {out.min():.4f} at the output'
    return [*table(inputs, {**columns, 'out': (out, '.2f')}), f'Smallest margin: {least}']


def scale_in_words(weights: Weights, made: float, points: Points) -> str:
    """The smallest scale of hand-made weights, which have been multiplied by `made` already."""
    found = smallest_scale(Weights(*(part / made for part in weights)), points)
    return f'{found:.3f}' if found else 'none, the sigmoid copy is never right'
