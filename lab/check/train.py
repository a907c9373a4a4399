"""Training the two-layer perceptron from many random starts at once; the first that holds 100% wins.

Every start is trained exactly as the classic loop trains its single one (full batch, binary cross-entropy, Adam, weight
decay 1e-5), so that the winner is a classic run that was lucky. Nine points are far too few to keep a tensor library
busy: the step is compiled for the CPU, about a microsecond per start and epoch.
"""

import sys
from collections.abc import Iterator

import numpy as np
import torch
from tqdm import tqdm

from lab.check.lines import accuracy
from lab.common import endings
from lab.common.compiling import compiled

HOLD = 2000  # epochs in a row with all points right, then training ends
EVERY = 100  # epochs between two lines of the transcript
BETA1, BETA2, EPS = 0.9, 0.999, 1e-8  # Adam's own defaults (Kingma and Ba 2015)
WEIGHT_DECAY = 1e-5  # the lab's
LOG_FLOOR = -100.0  # torch's binary cross-entropy lets log(0) go no lower

Line = tuple[int, float, float]  # epoch, loss, accuracy in percent


@compiled(error_model='numpy')
def advance(starts, first, second, streak, done, loss, right, points, targets, begin, end, lr):
    """Train every start from epoch `begin` up to `end`; one ends early when it has held 100% for HOLD epochs.

    All float64 unless said. starts, first, second (starts, 4 hid + 1): the parameters of each start in the order of
    pack(), and Adam's two moments. streak, done (starts) int64: epochs in a row at 100%, epochs trained.
    loss, right (starts): filled with the loss and the number of points right in epoch `begin`.
    points (N, 2), targets (N) of 0 and 1.
    """
    size = starts.shape[1]
    hid = (size - 1) // 4
    h = np.empty(hid)
    slope = np.empty(size)
    for s in range(len(starts)):
        p = starts[s]
        w_x, w_y, bias, v = p[:hid], p[hid : 2 * hid], p[2 * hid : 3 * hid], p[3 * hid : 4 * hid]
        for epoch in range(begin, end):
            slope[:] = WEIGHT_DECAY * p
            total, count = 0.0, 0
            for i in range(len(points)):
                x, y = points[i]
                net = p[4 * hid]
                for k in range(hid):
                    h[k] = 1 / (1 + np.exp(-(w_x[k] * x + w_y[k] * y + bias[k])))
                    net += v[k] * h[k]
                out = 1 / (1 + np.exp(-net))
                total -= max(np.log(out if targets[i] == 1 else 1 - out), LOG_FLOOR)
                count += (out >= 0.5) == (targets[i] == 1)
                d = (out - targets[i]) / len(points)  # of the loss by the output's net input
                for k in range(hid):
                    g = d * v[k] * h[k] * (1 - h[k])
                    slope[k] += g * x
                    slope[hid + k] += g * y
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
            done[s] = epoch + 1
            streak[s] = streak[s] + 1 if count == len(points) else 0
            if streak[s] >= HOLD:
                break


def draw(net: torch.nn.Module, init: float):
    """Draw every parameter of a network from N(0, init), in their order, as the classic script does."""
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.normal_(0, init)


def pack(net: torch.nn.Module) -> np.ndarray:
    """The parameters of a two-layer perceptron in one row: x weights, y weights, biases, output weights, its bias."""
    w, b, v, c = (p.detach().double().numpy() for p in net.parameters())
    return np.concatenate([w[:, 0], w[:, 1], b, v[0], c])


def unpack(net: torch.nn.Module, packed: np.ndarray):
    """The reverse of pack(): write the numbers into the network."""
    hid = (len(packed) - 1) // 4
    x, y, b, v, c = np.split(packed, hid * np.arange(1, 5))
    with torch.no_grad():
        for parameter, values in zip(net.parameters(), (np.column_stack([x, y]), b, v[None], c), strict=True):
            parameter.copy_(torch.from_numpy(values))


def train_many(
    net: torch.nn.Module,
    points: np.ndarray,
    targets: np.ndarray,
    restarts: int,
    init: float,
    lr: float,
    epochs: int,
    stop: endings.Interrupt,
) -> Iterator[Line]:
    """Train many random starts of a two-layer sigmoid perceptron; leave the winner in `net`, yield its transcript.

    The winner is the first that is right at all points (N, 2) with their targets (N) for HOLD epochs in a row; if none
    is after `epochs`, or when `stop` turns true, the one with the most points right and then the smallest loss.
    The first start is the one that `restarts` = 1 trains.
    """
    starts = []
    for _ in range(restarts):
        draw(net, init)
        starts.append(pack(net))
    starts = np.array(starts)
    first, second = np.zeros_like(starts), np.zeros_like(starts)
    streak, done = np.zeros((2, restarts), dtype=np.int64)
    points, targets = points.astype(float), targets.astype(float)
    lines = []
    with tqdm(total=epochs, unit='epoch', disable=None, leave=False, delay=1, file=sys.stderr) as bar:
        for begin in range(0, epochs, EVERY):
            end = min(begin + EVERY, epochs)
            loss, right = np.empty((2, restarts))
            advance(starts, first, second, streak, done, loss, right, points, targets, begin, end, lr)
            lines.append((begin, loss, 100 * right / len(points)))
            bar.update(end - begin)
            if stop or streak.max() >= HOLD:
                break
    if streak.max() >= HOLD:
        winner = np.where(streak >= HOLD, done, epochs + 1).argmin()
        endings.note(f'start {winner + 1} of {restarts} was the first to hold 100% for {HOLD} epochs')
    else:
        winner = np.lexsort([loss, -right])[0]
        endings.note(f'no start of {restarts} held 100% for {HOLD} epochs: this is the best; try more --hid or --epoch')
    unpack(net, starts[winner])
    for epoch, loss, percent in lines:
        yield epoch, loss[winner], percent[winner]


def train_one(
    net: torch.nn.Module,
    points: np.ndarray,
    targets: np.ndarray,
    init: float,
    lr: float,
    epochs: int,
    stop: endings.Interrupt,
) -> Iterator[Line]:
    """Train one random start of any network by autograd, the classic loop: for an MLP that computes something else."""
    draw(net, init)
    x, t = torch.from_numpy(points), torch.from_numpy(targets)[:, None]
    optimizer = torch.optim.Adam(net.parameters(), lr=lr, weight_decay=WEIGHT_DECAY)
    streak = 0
    for epoch in range(epochs):
        optimizer.zero_grad()
        out = net(x)
        loss = torch.nn.functional.binary_cross_entropy(out, t)
        loss.backward()
        optimizer.step()
        percent = accuracy(out.detach().numpy()[:, 0], targets)
        if epoch % EVERY == 0:
            yield epoch, loss.item(), percent
        streak = streak + 1 if percent == 100 else 0
        if stop or streak >= HOLD:
            break
