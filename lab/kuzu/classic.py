"""Part 1 in the way of the lab's starter code, with a DataLoader. Tests and bench.py compare the suite with it."""

import numpy as np
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader
from torchvision import datasets, transforms


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
