"""The classic check_main.py, to compare with: one random start, torch's autograd and Adam, a mesh for each picture.

Written as the lab's starter code goes, plainly; nothing here is used by check_main.py.
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F

from check import MLP


def train(net, data, target, lr=0.001, max_epochs=200000, hold=2000, show=print):
    """Train a network until 100% has held for `hold` epochs; return the epochs taken and the last accuracy."""
    optimizer = torch.optim.Adam(net.parameters(), lr=lr, weight_decay=0.00001)
    count = 0
    for epoch in range(max_epochs):
        optimizer.zero_grad()
        output = net(data)
        loss = F.binary_cross_entropy(output, target)
        loss.backward()
        optimizer.step()
        pred = (output >= 0.5).float()
        accuracy = (100 * (pred == target).float().mean()).item()
        if epoch % 100 == 0:
            show(f'ep:{epoch:5d} loss: {loss.item():6.4f} acc: {accuracy:5.2f}')
        count = count + 1 if accuracy == 100 else 0
        if count >= hold:
            break
    return epoch + 1, accuracy


def graph(net, data, target, path, unit=None):
    """Draw where the output, or hidden unit number `unit`, is on."""
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
    points(data, target)
    plt.savefig(path)


def points(data, target):
    plt.scatter(data[:, 0], data[:, 1], c=1 - target[:, 0], cmap='RdYlBu', edgecolors='black')


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--hid', type=int, default=4)
    parser.add_argument('--act', type=str, default='sig')
    parser.add_argument('--init', type=float, default=0.15)
    parser.add_argument('--set_weights', action='store_true')
    parser.add_argument('--lr', type=float, default=0.001)
    parser.add_argument('--epoch', type=int, default=200000)
    parser.add_argument('--plot_path', type=str, default='plot')
    args = parser.parse_args()

    table = np.genfromtxt(Path(__file__).resolve().parents[2] / 'check.csv', delimiter=',', skip_header=1)
    data = torch.tensor(table[:, 0:2], dtype=torch.float32)
    target = torch.tensor(table[:, 2:3], dtype=torch.float32)
    net = MLP(args.hid, args.act)

    if args.set_weights:
        net.set_weights()
        print('Initial Weights:')
        for parameter in net.parameters():
            print(parameter.data)
        with torch.no_grad():
            accuracy = 100 * ((net(data) >= 0.5).float() == target).float().mean()
        print('Initial Accuracy: ', accuracy.item())
    else:
        for parameter in net.parameters():
            parameter.data.normal_(0, args.init)
        _, accuracy = train(net, data, target, args.lr, args.epoch)
        print('Final Weights:')
        for parameter in net.parameters():
            print(parameter.data)
        print('Final Accuracy: ', accuracy)

    points(data, target)
    plt.savefig(f'{args.plot_path}/check.jpg')
    for unit in range(args.hid):
        graph(net, data, target, f'{args.plot_path}/hid_{args.hid}_{unit}.jpg', unit)
    graph(net, data, target, f'{args.plot_path}/out_{args.hid}.jpg')


if __name__ == '__main__':
    main()
