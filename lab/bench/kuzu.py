"""Part 1 beside its classic loop: the training and testing of each network, and how the cost grows."""

import copy
import os
import struct
import tempfile
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader, Subset

from lab.bench.measure import compare, grow, matrix_rate
from lab.common import cli
from lab.kuzu import classic
from lab.kuzu.data import Dataset, load
from lab.kuzu.fetch import OFFICIAL
from lab.kuzu.recipe import choose
from lab.kuzu.settings import Settings
from lab.kuzu.student import new_network as new
from lab.kuzu.train import batches, judge, predict

ROUNDS = 5  # each with another fifth of the images
BATCHES = 16, 32, 64, 128, 256, 512, 1024
UNITS = 50, 100, 200, 400, 800
GROWTH_IMAGES = 6144
NETWORKS = {
    'NetLin': lambda: new('lin', {}),
    'NetFull, 100 units': lambda: new('full', {'hid': 100}),
    'NetConv': lambda: new('conv', {}),
}


def layer_costs(model: torch.nn.Module) -> list[int]:
    """Multiply-adds of each linear and convolutional layer for one image, forward."""
    costs = []
    model = copy.deepcopy(model)
    for layer in model.modules():
        if isinstance(layer, torch.nn.Linear | torch.nn.Conv2d):
            layer.register_forward_hook(lambda layer, _, output: costs.append(output.numel() * layer.weight[0].numel()))
    model(torch.zeros(1, 1, 28, 28))
    return costs


def made_kmnist(root: str):
    """Write made images, of the real counts and shape, as the four files that torchvision reads."""
    raw = os.path.join(root, 'KMNIST', 'raw')
    os.makedirs(raw)
    chance = np.random.default_rng(1)
    for half, count in zip(('train', 't10k'), OFFICIAL, strict=True):
        for kind, high, shape in ('images-idx3', 256, (count, 28, 28)), ('labels-idx1', 10, (count,)):
            head = struct.pack(f'>{1 + len(shape)}i', 0x800 + len(shape), *shape)
            with open(os.path.join(raw, f'{half}-{kind}-ubyte'), 'wb') as file:
                file.write(head + chance.integers(0, high, shape, np.uint8).tobytes())


def fifths(data: Dataset, loaders: tuple) -> list[tuple]:
    """For each round its part of the images, as both ways take them: (Dataset of slices, DataLoaders)."""
    images, labels, test_images, test_labels = data.train_images, data.train_labels, data.test_images, data.test_labels
    found = []
    for k in range(ROUNDS):
        parts = train, tested = [slice(count * k // ROUNDS, count * (k + 1) // ROUNDS) for count in OFFICIAL]
        ours = Dataset(images[train], labels[train], test_images[tested], test_labels[tested], [])
        theirs = [
            DataLoader(Subset(loader.dataset, range(part.start, part.stop)), batch_size=64)
            for loader, part in zip(loaders, parts, strict=True)
        ]
        found.append((ours, theirs))
    return found


def trainer(network: torch.nn.Module, data: Dataset, batch: int = 64) -> Callable[..., None]:
    """A function that trains a network for one epoch of these images, or of others, and tests it."""
    model = network.to(data.train_images.device)
    settings = Settings(seed=1, dataset='kmnist', images=0, batch=batch)
    optimizer = choose(model, settings).optimizer

    def run(data=data):  # as kuzu_main.py does, with the same lines
        model.train()
        count, total = len(data.train_images), len(data.test_labels)
        for number, images, labels in batches(data, settings, 1, 0):
            optimizer.zero_grad()
            loss = F.nll_loss(model(images), labels)
            loss.backward()
            optimizer.step()
            if number % 100 == 0:
                done = f'{number * batch}/{count} ({100 * number * batch / count:.0f}%)'
                print(f'Train Epoch: 1 [{done}]\tLoss: {loss.item():.6f}')
        judged = judge(predict(model, data.test_images), data.test_labels)
        with np.printoptions(precision=4, suppress=True):
            print(type(judged.confusion), judged.confusion, sep='\n')
        score = f'{judged.correct}/{total} ({judged.accuracy:.0f}%)'
        print(f'\nTest set: Average loss: {judged.loss:.4f}, Accuracy: {score}\n')

    return run


def race() -> list[dict]:
    """A fifth of an epoch, 12,000 images to train and 2,000 to test, for each network."""
    every = torch.get_num_threads()
    networks = [(name, network, 1) for name, network in NETWORKS.items()]
    if every > 1:
        networks.append((f'NetConv, {every} threads', lambda: new('conv', {}), every))
    with tempfile.TemporaryDirectory() as root:
        made_kmnist(root)
        rounds = fifths(load('kmnist', root, cli.device(False)), classic.loaders(root))
        return [race_one(name, network(), threads, every, rounds) for name, network, threads in networks]


def race_one(name: str, network: torch.nn.Module, threads: int, every: int, rounds: list[tuple]) -> dict:
    """The suite trains a network on so many threads; the classic loop takes every thread there is."""
    device = cli.device(False, threads)
    rate = matrix_rate(device)
    first, *rest = layer_costs(network)  # the first layer needs no gradient of its input
    floor = (OFFICIAL[0] * (2 * first + 3 * sum(rest)) + OFFICIAL[1] * (first + sum(rest))) / rate / ROUNDS
    ours, theirs = iter(rounds), iter(rounds)
    suite = trainer(copy.deepcopy(network), rounds[0][0])
    optimizer = torch.optim.SGD(network.to(device).parameters(), lr=0.01, momentum=0.5)

    def lab(loaders):
        torch.set_num_threads(every)
        classic.train(network, device, loaders[0], optimizer, 1)
        classic.test(network, device, loaders[1])
        torch.set_num_threads(threads)

    unit = f'{OFFICIAL[0] // ROUNDS:,} images'
    return compare(name, unit, lambda: lab(next(theirs)[1]), lambda: suite(next(ours)[0]), ROUNDS, lambda: floor)


def growth() -> list[dict]:
    """An epoch of 6,144 made images by the size of a batch, and by the units of NetFull."""
    random = torch.Generator().manual_seed(1)
    images = torch.rand(GROWTH_IMAGES, 1, 28, 28, generator=random).to(cli.device(False))
    labels = torch.randint(10, (GROWTH_IMAGES,), generator=random).to(images.device)
    data = Dataset(images, labels, images[:64], labels[:64], [])
    rows = [
        grow(name, 'batch', {batch: trainer(network(), data, batch) for batch in BATCHES})
        for name, network in NETWORKS.items()
    ]
    by_units = {units: trainer(new('full', {'hid': units}), data) for units in UNITS}
    return [*rows, grow('NetFull', 'hidden units', by_units)]
