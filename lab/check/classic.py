"""The classic check_main.py: one random start, torch's autograd and Adam, a mesh for each picture.

Written plainly, as the lab's starter code goes, to compare with. check_main.py uses the training loop for a check.py
whose network is not two sigmoid layers.
"""

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F

from lab.check.settings import CHECK_CSV, EVERY, HOLD, WEIGHT_DECAY, Settings
from lab.check.student import network
from lab.common.run import Interrupt

Line = tuple[int, float, float]  # of the transcript: epoch, loss, accuracy in percent
HID = 4  # hidden units of the weights set by hand


def draw(net: torch.nn.Module, init: float):
    """Draw every parameter of a network from N(0, init), one after the other."""
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.normal_(0, init)


def train(
    net: torch.nn.Module, points: np.ndarray, targets: np.ndarray, settings: Settings, stop: Interrupt | bool = False
) -> Iterator[Line]:
    """Train a network until 100% has held for HOLD epochs, or `stop` is true; yield its transcript.

    points (N, 2) and targets (N): arrays of the type of the network's weights.
    """
    data, target = torch.from_numpy(points), torch.from_numpy(targets)[:, None]
    optimizer = torch.optim.Adam(net.parameters(), lr=settings.lr, weight_decay=WEIGHT_DECAY)
    count = 0
    for epoch in range(settings.epochs):
        optimizer.zero_grad()
        output = net(data)
        loss = F.binary_cross_entropy(output, target)
        loss.backward()
        optimizer.step()
        pred = (output >= 0.5).float()
        accuracy = (100 * (pred == target).float().mean()).item()
        if epoch % EVERY == 0:
            yield epoch, loss.item(), accuracy
        count = count + 1 if accuracy == 100 else 0
        if stop or count >= HOLD:
            break


def graph(net, data, target, path, unit=None):
    """Draw where the output, or hidden unit number `unit`, is on."""
    import matplotlib.pyplot as plt  # here: training alone does not need it

    xrange = np.arange(-0.5, 2.5, 0.01)
    x, y = np.meshgrid(xrange, xrange)
    grid = torch.tensor(np.column_stack([x.ravel(), y.ravel()]), dtype=torch.float32)
    with torch.no_grad():
        output = net(grid)
        if unit is not None:
            output = net.hid[:, unit]
    pred = (output >= 0.5).float()
    plt.clf()
    plt.pcolormesh(x, y, pred.numpy().reshape(x.shape), cmap='Wistia')
    scatter(data, target, path)


def scatter(data, target, path):
    import matplotlib.pyplot as plt

    plt.scatter(data[:, 0], data[:, 1], c=1 - target[:, 0], cmap='RdYlBu', edgecolors='black')
    plt.savefig(path)


def main():
    """What bench.py times: the lab's `--act step --hid 4 --set_weights`, with a picture for each unit."""
    table = np.genfromtxt(CHECK_CSV, delimiter=',', skip_header=1)
    data = torch.tensor(table[:, 0:2], dtype=torch.float32)
    target = torch.tensor(table[:, 2:3], dtype=torch.float32)
    net = network(HID, 'step')
    net.set_weights()
    print('Initial Weights:')
    for parameter in net.parameters():
        print(parameter.data)
    with torch.no_grad():
        accuracy = 100 * ((net(data) >= 0.5).float() == target).float().mean()
    print('Initial Accuracy: ', accuracy.item())
    scatter(data, target, 'plot/check.jpg')
    for unit in range(HID):
        graph(net, data, target, f'plot/hid_{HID}_{unit}.jpg', unit)
    graph(net, data, target, f'plot/out_{HID}.jpg')


if __name__ == '__main__':
    main()
