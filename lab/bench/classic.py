"""The classic way: Parts 1 and 3 as the lab's starter code goes, with nothing made fast. Tests compare with it too.

    python3 -m lab.bench.classic kuzu lin

does a part of what the command does, and prints last the seconds of it, and how many such parts the command has.
"""

import sys
import time
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader, Subset
from torchvision import datasets, transforms

import lab.seq.student  # noqa: F401  it loads the modules that get() takes classes from
from lab.common.student import get
from lab.kuzu.student import CLASSES

Work = tuple[Callable[[], None], float]  # a part of a command, and how many such parts the command has
SHARE, KUZU_EPOCHS = 10, 10  # Part 1: the part is so small a fraction of an epoch; epochs of the command
SEQ_EPOCHS = {'srn': 500, 'lstm': 200}  # Part 3: the part
SEQ_ALL = 100_000  # and the command

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
    model = get('kuzu', CLASSES[kind])()
    model.to(device, memory_format=torch.contiguous_format)  # PyTorch's own layout, not the faster one of our NetConv
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.5)

    def part():
        train(model, device, train_loader, optimizer, 1)
        test(model, device, test_loader)

    return part, SHARE * KUZU_EPOCHS


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
    lang = get('anb2n', 'lang_anb2n')(size, 4)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.005, weight_decay=1e-4)
    count = SEQ_EPOCHS[kind]
    return lambda: train_sequences(model, lang, optimizer, count), SEQ_ALL / count


def main(part: str, kind: str):
    work, times = {'kuzu': kuzu, 'seq': seq}[part](kind)
    begin = time.perf_counter()
    work()
    print(time.perf_counter() - begin, times)


if __name__ == '__main__':
    main(*sys.argv[1:])
