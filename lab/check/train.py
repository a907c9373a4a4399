"""Training the two-layer perceptron from many random starts at once; the first to hold 100% wins.

Every start is trained exactly as the classic loop trains its single one (full batch, binary cross-entropy, Adam, weight
decay 1e-5), so the winner is a classic run with a good start. With nine points, a tensor library spends nearly all its
time on calls; the compiled step takes about a microsecond per start and epoch.
"""

import sys
from collections.abc import Iterator

import numpy as np
import torch
from torch.nn.utils import parameters_to_vector, vector_to_parameters
from tqdm import tqdm

from lab.check.classic import Line, draw
from lab.check.settings import EVERY, HOLD, WEIGHT_DECAY, Settings
from lab.common.compiling import compiled
from lab.common.errors import note
from lab.common.run import Interrupt

BETA1, BETA2, EPS = 0.9, 0.999, 1e-8  # Adam's own defaults (Kingma and Ba 2015)
LOG_FLOOR = -100.0  # torch's binary cross-entropy does not let log(0) go below this


@compiled('the training step', error_model='numpy')
def advance(starts, first, second, streak, last, loss, right, points, targets, begin, end, lr):
    """Train every start from epoch `begin` up to `end`; one ends early when it has held 100% for HOLD epochs.

    Arrays are float64 unless another type is named. starts, first, second (starts, 4 hid + 1): each start's parameters,
    one after the other as in the network, and Adam's two moments. streak, last (starts) int64: epochs in a row at 100%,
    last epoch trained. loss, right (starts): filled with the loss and the number of points right in epoch `begin`.
    points (N, 2), targets (N) of 0 and 1.
    """
    size = starts.shape[1]
    hid = (size - 1) // 4
    h = np.empty(hid)
    slope = np.empty(size)
    for s in range(len(starts)):
        p = starts[s]
        w, bias, v = p[: 2 * hid].reshape(hid, 2), p[2 * hid : 3 * hid], p[3 * hid : 4 * hid]
        for epoch in range(begin, end):
            for j in range(size):  # one by one: an array that is assigned to a slice takes much longer to compile
                slope[j] = WEIGHT_DECAY * p[j]
            total, count = 0.0, 0
            for i in range(len(points)):
                x, y = points[i]
                net = p[4 * hid]
                for k in range(hid):
                    h[k] = 1 / (1 + np.exp(-(w[k, 0] * x + w[k, 1] * y + bias[k])))
                    net += v[k] * h[k]
                out = 1 / (1 + np.exp(-net))
                total -= max(np.log(out if targets[i] == 1 else 1 - out), LOG_FLOOR)
                count += (out >= 0.5) == (targets[i] == 1)
                d = (out - targets[i]) / len(points)  # derivative of the loss by the net input of the output
                for k in range(hid):
                    g = d * v[k] * h[k] * (1 - h[k])
                    slope[2 * k] += g * x
                    slope[2 * k + 1] += g * y
                    slope[2 * hid + k] += g
                    slope[3 * hid + k] += d * h[k]
                slope[4 * hid] += d
            if epoch == begin:
                loss[s], right[s] = total / len(points), count
            warm1, warm2 = 1 - BETA1 ** (epoch + 1), 1 - BETA2 ** (epoch + 1)
            for j in range(size):
                first[s, j] += (1 - BETA1) * (slope[j] - first[s, j])
                second[s, j] += (1 - BETA2) * (slope[j] ** 2 - second[s, j])
                p[j] -= lr * first[s, j] / warm1 / (np.sqrt(second[s, j] / warm2) + EPS)
            last[s] = epoch
            streak[s] = streak[s] + 1 if count == len(points) else 0
            if streak[s] >= HOLD:
                break


def train(
    net: torch.nn.Module, points: np.ndarray, targets: np.ndarray, settings: Settings, stop: Interrupt | bool = False
) -> Iterator[Line]:
    """Train many random starts of a two-layer sigmoid perceptron; leave the winner in `net`, yield its transcript.

    The winner is the first to be right at all points (N, 2), with targets (N), for HOLD epochs in a row. Where none is,
    or when `stop` turns true, it is the start with the most points right, and of these the one with the smallest loss.
    The first start drawn is the one that is trained when settings.restarts is 1.
    """
    starts = []
    for _ in range(settings.restarts):
        draw(net, settings.init)
        starts.append(parameters_to_vector(net.parameters()).detach().double().numpy())
    starts = np.array(starts)
    first, second = np.zeros_like(starts), np.zeros_like(starts)
    streak, last = np.zeros((2, len(starts)), dtype=np.int64)
    points, targets = points.astype(float), targets.astype(float)
    lines = []
    with tqdm(total=settings.epochs, unit='epoch', disable=None, leave=False, delay=1, file=sys.stderr) as bar:
        for begin in range(0, settings.epochs, EVERY):
            end = min(begin + EVERY, settings.epochs)
            loss, right = np.empty((2, len(starts)))
            advance(starts, first, second, streak, last, loss, right, points, targets, begin, end, settings.lr)
            lines.append((begin, loss, 100 * right / len(points)))
            bar.update(end - begin)
            if stop or streak.max() >= HOLD:
                break
    if streak.max() >= HOLD:
        winner = np.where(streak >= HOLD, last, settings.epochs).argmin()
        note(f'start {winner + 1} of {len(starts)} was the first to hold 100% for {HOLD} epochs')
    else:
        winner = np.lexsort([loss, -right])[0]
        note(f'no start of {len(starts)} held 100% for {HOLD} epochs: this is the best; try more --hid or --epoch')
    vector_to_parameters(torch.from_numpy(starts[winner]).float(), net.parameters())
    for epoch, loss, percent in lines:
        yield epoch, loss[winner], percent[winner]
