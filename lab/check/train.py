"""Training the two-layer perceptron from many random starts at once; the first to hold 100% wins.

Every start is trained exactly as train() in check_main.py trains its single one (full batch, binary cross-entropy,
Adam, weight decay 1e-5), so the winner is a run of the lab with a good start. With nine points, a tensor library spends
nearly all its time on calls; the compiled step takes about a microsecond per start and epoch.
"""

import sys
from typing import NamedTuple

import numpy as np
import torch
from torch.nn.utils import parameters_to_vector, vector_to_parameters
from tqdm import tqdm

from lab.check.points import Points
from lab.check.settings import EVERY, HOLD, WEIGHT_DECAY, Settings
from lab.check.student import draw_weights
from lab.common.compiling import compiled
from lab.common.errors import note
from lab.common.run import Interrupt

BETA1, BETA2, EPS = 0.9, 0.999, 1e-8  # Adam's own defaults (Kingma and Ba 2015)
LOG_FLOOR = -100.0  # torch's binary cross-entropy does not let log(0) go below this


class Starts(NamedTuple):
    """All starts and how far they have come; a row, or a number, for each start."""

    weights: np.ndarray  # (starts, 4 hid + 1) float64: the parameters, one after the other as in the network
    first: np.ndarray  # of the same shape: Adam's first moment
    second: np.ndarray  # and its second
    held: np.ndarray  # (starts) int64: epochs in a row at 100%
    last: np.ndarray  # (starts) int64: the last epoch trained, counted from 1
    loss: np.ndarray  # (starts) float64: the loss in that epoch
    right: np.ndarray  # (starts) float64: how many points were right in it


def draw_starts(net: torch.nn.Module, settings: Settings) -> Starts:
    """As many random starts of a network as settings.restarts says; the first is the one that train() would have."""
    rows = []
    for _ in range(settings.restarts):
        draw_weights(net, settings.init)
        rows.append(parameters_to_vector(net.parameters()).detach().double().numpy())
    weights = np.array(rows)
    held, last = np.zeros((2, len(rows)), dtype=np.int64)
    loss, right = np.empty((2, len(rows)))
    return Starts(weights, np.zeros_like(weights), np.zeros_like(weights), held, last, loss, right)


@compiled('the training step', error_model='numpy')
def advance(starts, points, begin, end, lr):
    """Train every start from epoch `begin` to `end`; one ends early when it has held 100% for HOLD epochs.

    starts: a Starts, changed in place. points: Points, float64.
    """
    size = starts.weights.shape[1]
    hid = (size - 1) // 4  # a row holds in_hid.weight (hid, 2), in_hid.bias (hid), hid_out.weight (hid), hid_out.bias
    count = len(points.inputs)
    h = np.empty(hid)
    slope = np.empty(size)
    for s in range(len(starts.weights)):
        p, first, second = starts.weights[s], starts.first[s], starts.second[s]
        w, bias, v = p[: 2 * hid].reshape(hid, 2), p[2 * hid : 3 * hid], p[3 * hid : 4 * hid]
        for epoch in range(begin, end + 1):
            for j in range(size):  # one by one: an array that is assigned to a slice takes much longer to compile
                slope[j] = WEIGHT_DECAY * p[j]
            loss, right = 0.0, 0
            for i in range(count):
                x, y = points.inputs[i]
                target = points.targets[i]
                total = p[4 * hid]
                for k in range(hid):
                    h[k] = 1 / (1 + np.exp(-(w[k, 0] * x + w[k, 1] * y + bias[k])))
                    total += v[k] * h[k]
                out = 1 / (1 + np.exp(-total))
                loss -= max(np.log(out if target == 1 else 1 - out), LOG_FLOOR)
                right += (out >= 0.5) == (target == 1)
                d = (out - target) / count  # derivative of the loss by the net input of the output
                for k in range(hid):
                    g = d * v[k] * h[k] * (1 - h[k])
                    slope[2 * k] += g * x
                    slope[2 * k + 1] += g * y
                    slope[2 * hid + k] += g
                    slope[3 * hid + k] += d * h[k]
                slope[4 * hid] += d
            warm1, warm2 = 1 - BETA1**epoch, 1 - BETA2**epoch
            for j in range(size):
                first[j] += (1 - BETA1) * (slope[j] - first[j])
                second[j] += (1 - BETA2) * (slope[j] ** 2 - second[j])
                p[j] -= lr * first[j] / warm1 / (np.sqrt(second[j] / warm2) + EPS)
            starts.last[s], starts.loss[s], starts.right[s] = epoch, loss / count, right
            starts.held[s] = starts.held[s] + 1 if right == count else 0
            if starts.held[s] >= HOLD:
                break


def train_many_starts(
    net: torch.nn.Module, points: Points, settings: Settings, stop: Interrupt | bool = False
) -> list[tuple[int, float, float]]:
    """Train many random starts of a two-layer sigmoid perceptron and leave the winner in `net`.

    Returns the winner's transcript: epoch, loss, accuracy in percent. The winner is the first to be right at all points
    for HOLD epochs in a row. Where none is, or when `stop` turns true, it is the start with the most points right, and
    of these the one with the smallest loss.
    """
    starts = draw_starts(net, settings)
    points = Points(*(part.astype(float) for part in points))
    lines = []
    with tqdm(total=settings.epochs, unit='epoch', disable=None, leave=False, delay=1, file=sys.stderr) as bar:
        for done in range(0, settings.epochs, EVERY):
            end = min(done + EVERY, settings.epochs)
            advance(starts, points, done + 1, end, settings.lr)
            lines.append((end, starts.loss.copy(), 100 * starts.right / len(points.inputs)))
            bar.update(end - done)
            if stop or starts.held.max() >= HOLD:
                break
    if starts.held.max() >= HOLD:
        winner = np.where(starts.held >= HOLD, starts.last, settings.epochs).argmin()
        note(f'start {winner + 1} of {settings.restarts} was the first to hold 100% for {HOLD} epochs')
    else:
        winner = np.lexsort([starts.loss, -starts.right])[0]
        note(
            f'no start of {settings.restarts} held 100% for {HOLD} epochs: this is the best; try more --hid or --epoch'
        )
    vector_to_parameters(torch.from_numpy(starts.weights[winner]).float(), net.parameters())
    lines = lines[: starts.last[winner] // EVERY]  # those of whole EVERY epochs
    return [(epoch, loss[winner], percent[winner]) for epoch, loss, percent in lines]
