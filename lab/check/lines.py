"""What a two-layer perceptron computes, in words and numbers: its lines, its table of activations, its margins."""

import math
from typing import NamedTuple

import numpy as np
import torch

from lab.common import cli  # noqa: F401  (its endings hold also while torch loads)

TOLERANCE = 1e-3  # between a network's float32 outputs and the same formula in float64
SCALES = np.geomspace(0.01, 1000, 4001)  # where smallest_scale() looks; a step is 0.3%


class Weights(NamedTuple):
    """The numbers of a two-layer perceptron, float64: act(v . act(w p + b) + c) for a point p."""

    w: np.ndarray  # (hid, 2)
    b: np.ndarray  # (hid)
    v: np.ndarray  # (hid)
    c: float

    def nets(self, points: np.ndarray) -> np.ndarray:
        """Net inputs (N, hid) of the hidden units at points (N, 2)."""
        return points @ self.w.T + self.b

    def outputs(self, points: np.ndarray, act: str) -> tuple[np.ndarray, np.ndarray]:
        """Net inputs (N) and outputs (N) of the output unit, `act` being 'step' or 'sig'."""
        net = activation(self.nets(points), act) @ self.v + self.c
        return net, activation(net, act)


def activation(net: np.ndarray, act: str) -> np.ndarray:
    """The Heaviside function, 1 where net >= 0, or the sigmoid."""
    if act == 'step':
        return (net >= 0).astype(float)
    with np.errstate(over='ignore'):  # exp(1000) is infinite, and 1 / infinity is 0
        return 1 / (1 + np.exp(-net))


def weights(net: torch.nn.Module, act: str, points: np.ndarray) -> Weights | None:
    """Read the weights of a network with layers in_hid (2 -> hid) and hid_out (hid -> 1).

    None where it has other layers, or computes something else at the points (N, 2) than Weights.outputs().
    """
    names = ['in_hid.weight', 'in_hid.bias', 'hid_out.weight', 'hid_out.bias']
    state = dict(net.named_parameters())
    if list(state) != names:
        return None
    w, b, v, c = (state[name].detach().double().numpy() for name in names)
    if w.shape != (len(b), 2) or v.shape != (1, len(b)) or c.shape != (1,):
        return None
    read = Weights(w, b, v[0], float(c[0]))
    theirs = evaluate(net, points)[1]
    ours_net, ours = read.outputs(points, act)
    safe = np.abs(ours_net) > TOLERANCE  # elsewhere rounding decides what a step does
    if act == 'step':
        safe &= (np.abs(read.nets(points)) > TOLERANCE).all(1)
    return read if np.allclose(theirs[safe], ours[safe], atol=TOLERANCE) else None


def evaluate(net: torch.nn.Module, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hidden activations (N, hid) and outputs (N) of a network at points (N, 2)."""
    with torch.no_grad():
        out = net(torch.from_numpy(points.astype(np.float32)))
        return net.hid.numpy().reshape(len(points), -1), out.numpy().reshape(-1)


def accuracy(out: np.ndarray, targets: np.ndarray) -> float:
    """Percent of outputs (N) on their target's side of 1/2."""
    return 100.0 * float(((out >= 0.5) == (targets > 0.5)).mean())


def distances(read: Weights, points: np.ndarray, act: str) -> np.ndarray:
    """How far each point is from each threshold, (N, hid + 1): the geometric margins.

    For a hidden unit |w p + b| / |w|, in the plane; for the output, the last column, |v h + c| / |v|, in the space of
    hidden activations. Unlike net inputs they stay the same when weights are multiplied, so designs can be compared.
    """
    net = np.column_stack([read.nets(points), read.outputs(points, act)[0]])
    norm = np.append(np.linalg.norm(read.w, axis=1), np.linalg.norm(read.v))
    with np.errstate(divide='ignore', invalid='ignore'):
        return np.nan_to_num(np.abs(net) / norm, nan=0.0, posinf=np.inf)


def smallest_scale(read: Weights, points: np.ndarray, targets: np.ndarray) -> float | None:
    """The smallest factor on all weights from which on the sigmoid network is right at every point.

    Found by looking at SCALES from above, then bisection; rounded up to 3 decimals. None where no factor below 1000
    will do. The network is not rounded like float32: each hidden activation is its step value and a tail, which is
    exp(-factor) small and still decides where the step values alone give exactly 0.
    """
    net = read.nets(points)
    base = np.where(net == 0, 0.5, net > 0) @ read.v + read.c

    def right(scale: float) -> bool:
        with np.errstate(over='ignore', under='ignore'):
            tail = -np.sign(net) / (1 + np.exp(scale * np.abs(net)))  # 0 where net is
        return bool(((base + tail @ read.v >= 0) == (targets > 0.5)).all())

    wrong = [scale for scale in SCALES if not right(scale)]
    if not wrong:
        return float(SCALES[0])
    low = wrong[-1]
    if low == SCALES[-1]:
        return None
    high = SCALES[np.searchsorted(SCALES, low) + 1]
    while high - low > 1e-6:
        middle = (low + high) / 2
        low, high = (low, middle) if right(middle) else (middle, high)
    return math.ceil(high * 1000) / 1000


def conditions(read: Weights) -> list[str]:
    """For each hidden unit, where it is on, as text: '2 x - y + 0.5 >= 0'."""
    return [f'{_sum([(x, " x"), (y, " y"), (bias, "")])} >= 0' for (x, y), bias in zip(read.w, read.b, strict=True)]


def equations(read: Weights) -> list[str]:
    """A line of text for each hidden unit, and one for the output: where it is on, and the unit's dividing line."""
    lines = []
    for k, text in enumerate(conditions(read)):
        (x, y), bias = read.w[k], read.b[k]
        if y:
            divide = f'line y = {_sum([(-x / y, " x"), (-bias / y, "")])}'
        else:
            divide = f'line x = {-bias / x + 0.0:.4g}' if x else 'no line: always the same'
        lines.append(f'h{k}: {text},  {divide}')
    terms = [(weight, f' h{k}') for k, weight in enumerate(read.v)]
    return [*lines, f'out: {_sum([*terms, (read.c, "")])} >= 0']


def _sum(terms: list[tuple[float, str]]) -> str:
    """'2 x - 0.5 y + 1' for [(2, ' x'), (-0.5, ' y'), (1, '')]; terms that are 0 are left out."""
    text = ''
    for value, name in terms:
        if value:
            sign = ('-' if value < 0 else '') if not text else (' - ' if value < 0 else ' + ')
            number = '' if name and abs(value) == 1 else f'{abs(value):.4g}'
            text += sign + (number + name).strip()
    return text or '0'


def table(points: np.ndarray, values: np.ndarray, columns: list[tuple[str, str]]) -> list[str]:
    """Lines of text: a heading, then each point (N, 2) with its values (N, C); columns: C names and number formats."""
    rows = [['x', 'y', *(name for name, _ in columns)]]
    for point, row in zip(points, values, strict=True):
        fields = [format(value, form) for value, (_, form) in zip(row, columns, strict=True)]
        rows.append([f'{point[0]:g}', f'{point[1]:g}', *fields])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ['  '.join(field.rjust(width) for field, width in zip(row, widths, strict=True)) for row in rows]
