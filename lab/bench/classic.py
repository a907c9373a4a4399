"""The classic way: the three parts as the lab's starter code goes, with nothing made fast. Tests compare with it too.

    python3 -m lab.bench.classic kuzu lin FILE

does a part of what the command does, and writes into FILE the seconds of it, and how many such parts the command has.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader, Subset
from torchvision import datasets, transforms

import lab.check.student
import lab.kuzu.student
import lab.seq.student  # noqa: F401  these three load the modules that get() takes the classes from
from lab.check.settings import CHECK_CSV
from lab.common.student import get

Work = tuple[Callable[[], object], float]  # a part of a command, and how many such parts the command has
SHARE, KUZU_EPOCHS = 10, 10  # Part 1: the part is so small a fraction of an epoch; epochs of the command
SEQ_EPOCHS = {'srn': 500, 'lstm': 200}  # Part 3: the part
SEQ_ALL = 100_000  # and the command
HID = 4  # Part 2: hidden units of the weights set by hand

# --- Part 1


def loaders(data_path: str) -> tuple[DataLoader, DataLoader]:
    """Batches of 64 training and test images in file order, from the files under data_path/KMNIST/raw."""
    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
    train_set = datasets.KMNIST(data_path, train=True, transform=transform)
    test_set = datasets.KMNIST(data_path, train=False, transform=transform)
    return DataLoader(train_set, batch_size=64), DataLoader(test_set, batch_size=64)


def train(model, device, loader, optimizer, epoch: int):
    """One epoch, with the lab's line every 100 batches."""
    model.train()
    for index, (images, labels) in enumerate(loader):
        images, labels = images.to(device), labels.to(device)
        optimizer.zero_grad()
        loss = F.nll_loss(model(images), labels)
        loss.backward()
        optimizer.step()
        if index % 100 == 0:
            done, count = index * len(images), len(loader.dataset)
            print(f'Train Epoch: {epoch} [{done}/{count} ({100 * index / len(loader):.0f}%)]\tLoss: {loss.item():.6f}')


def test(model, device, loader):
    """The lab's test block: confusion matrix (rows = target), average loss, accuracy."""
    model.eval()
    loss, correct, confusion = 0.0, 0, np.zeros((10, 10))
    with torch.no_grad():
        for images, labels in loader:
            images, labels = images.to(device), labels.to(device)
            output = model(images)
            loss += F.nll_loss(output, labels, reduction='sum').item()
            chosen = output.argmax(dim=1)
            correct += chosen.eq(labels).sum().item()
            for target, choice in zip(labels.tolist(), chosen.tolist(), strict=True):
                confusion[target, choice] += 1
    np.set_printoptions(precision=4, suppress=True)
    print(type(confusion))
    print(confusion)
    count = len(loader.dataset)
    print(f'\nTest set: Average loss: {loss / count:.4f}, Accuracy: {correct}/{count} ({100 * correct / count:.0f}%)\n')


def kuzu(kind: str) -> Work:
    """A tenth of an epoch and of its test, on the images under data/, where a GPU is on it."""
    device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
    train_loader, test_loader = (
        DataLoader(Subset(loader.dataset, range(len(loader.dataset) // SHARE)), batch_size=64)
        for loader in loaders('data')
    )
    model = get('kuzu', {'lin': 'NetLin', 'full': 'NetFull', 'conv': 'NetConv'}[kind])()
    model.to(device, memory_format=torch.contiguous_format)  # PyTorch's own layout, not the faster one of our NetConv
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.5)

    def part():
        train(model, device, train_loader, optimizer, 1)
        test(model, device, test_loader)

    return part, SHARE * KUZU_EPOCHS


# --- Part 2 (its training loop is train() in check_main.py)


def scatter(data, target, path):
    """Draw the points over what is drawn, and write the picture."""
    import matplotlib.pyplot as plt

    plt.scatter(data[:, 0], data[:, 1], c=1 - target[:, 0], cmap='RdYlBu', edgecolors='black')
    plt.savefig(path)


def graph(net, data, target, path, unit=None):
    """Draw where the output, or hidden unit number `unit`, is on."""
    import matplotlib.pyplot as plt

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


def set_weights():
    """`--act step --hid 4 --set_weights`, with a picture for each unit."""
    table = np.genfromtxt(CHECK_CSV, delimiter=',', skip_header=1)
    data = torch.tensor(table[:, 0:2], dtype=torch.float32)
    target = torch.tensor(table[:, 2:3], dtype=torch.float32)
    net = get('check', 'MLP')(HID, 'step')
    net.set_weights()
    print('Initial Weights:')
    for parameter in net.parameters():
        print(parameter.data)
    with torch.no_grad():
        accuracy = 100 * ((net(data) >= 0.5).float() == target).float().mean()
    print('Initial Accuracy: ', accuracy.item())
    Path('plot').mkdir(exist_ok=True)
    scatter(data, target, 'plot/check.jpg')
    for unit in range(HID):
        graph(net, data, target, f'plot/hid_{HID}_{unit}.jpg', unit)
    graph(net, data, target, f'plot/out_{HID}.jpg')


# --- Part 3


def train_sequences(model, lang, optimizer, epochs: int):
    """Train on so many sequences, one after the other."""
    for _ in range(epochs):
        x, seq, _, _ = lang.get_sequence()
        optimizer.zero_grad()
        model.init_hidden()
        _, output = model(x)
        loss = F.nll_loss(F.log_softmax(output, dim=2).squeeze(0), torch.as_tensor(seq)[1:])
        loss.backward()
        optimizer.step()


def seq(kind: str) -> Work:
    """Some epochs of an SRN with 2 hidden units on anb2n, or of an LSTM with 3 on anb2nc3n."""
    torch.manual_seed(0)
    size = 3 if kind == 'lstm' else 2  # of the alphabet, and of the hidden layer
    model = get('seq_models', f'{kind.upper()}_model')(size, size, size)
    if kind == 'srn':
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter, 0, 0.001)
    lang = get('anb2n', 'lang_anb2n')(size, 4)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.005, weight_decay=1e-4)
    count = SEQ_EPOCHS[kind]
    return lambda: train_sequences(model, lang, optimizer, count), SEQ_ALL / count


def main(part: str, *rest: str):
    *kind, file = rest
    work, times = {'kuzu': kuzu, 'check': lambda: (set_weights, 1), 'seq': seq}[part](*kind)
    begin = time.perf_counter()
    work()
    Path(file).write_text(f'{time.perf_counter() - begin} {times}')


if __name__ == '__main__':
    main(*sys.argv[1:])
