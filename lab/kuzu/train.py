"""What the training loop of Part 1 takes and what it gives: batches, predictions, what is confused with what."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lab.kuzu.data import Dataset
from lab.kuzu.settings import EXAMPLES, MISTAKES, Settings

TEST_BATCH = 64  # images, as the lab: a student's network may normalise over the batch


@dataclass(frozen=True)
class Judged:
    """What a network makes of N test images: the mean loss, the confusion matrix (10, 10), and each choice (N,).

    In the matrix, rows = target, columns = chosen. A choice above 9, of a network with more outputs, is in no column,
    and wrong.
    """

    loss: float
    confusion: np.ndarray
    chosen: np.ndarray

    @property
    def correct(self) -> int:
        return int(self.confusion.trace())

    @property
    def accuracy(self) -> float:
        """In percent."""
        return 100 * self.correct / len(self.chosen)


def batches(data: Dataset, settings: Settings, epoch: int, first: int) -> Iterator[tuple[int, Tensor, Tensor]]:
    """The batches of an epoch from batch `first` on: number, images, labels.

    The images are copies, as a DataLoader's: a student's network may change its input in place.
    """
    images, labels, size = data.train_images, data.train_labels, settings.batch
    if not settings.shuffle:
        slices = zip(map(torch.clone, images.split(size)), labels.split(size), strict=True)
    else:  # the order depends on seed and epoch alone, so a resumed run has the same one
        generator = torch.Generator().manual_seed(settings.seed * 100_003 + epoch)
        order = torch.randperm(len(images), generator=generator).to(images.device)
        slices = ((images[chosen], labels[chosen]) for chosen in order.split(size))
    for number, (some_images, some_labels) in enumerate(slices):
        if number >= first:
            yield number, some_images, some_labels


def predict(model: nn.Module, images: Tensor) -> Tensor:
    """Log-probabilities (N, 10) of a model for images (N, 1, 28, 28)."""
    model.eval()
    with torch.no_grad():
        return torch.cat([model(batch) for batch in map(torch.clone, images.split(TEST_BATCH))])


def judge(log_probabilities: Tensor, labels: Tensor) -> Judged:
    """Compare log-probabilities (N, 10) with labels (N,)."""
    loss = F.nll_loss(log_probabilities.double(), labels).item()
    chosen = log_probabilities.argmax(1)
    cells = (labels * 10 + chosen)[chosen < 10]
    confusion = torch.bincount(cells, minlength=100).view(10, 10).double()
    return Judged(loss, confusion.cpu().numpy(), chosen.cpu().numpy())


def confused_pairs(confusion: np.ndarray, most: int = 5) -> list[tuple[int, int, int]]:
    """The pairs (target, chosen, count) that are confused most often, the most frequent first, at most `most`."""
    wrong = confusion.astype(int) * (1 - np.eye(len(confusion), dtype=int))
    order = np.argsort(-wrong, axis=None, kind='stable')[:most]
    pairs = [divmod(int(cell), len(wrong)) for cell in order]
    return [(target, chosen, int(wrong[target, chosen])) for target, chosen in pairs if wrong[target, chosen]]


def examples(data: Dataset, chosen: np.ndarray, pairs: list[tuple[int, int, int]]) -> list[list[np.ndarray]]:
    """For each of the pairs three arrays of test images: right ones of both classes, and those of the first that were
    taken for the second.
    """
    images, labels = data.test_images[:, 0].cpu().numpy(), data.test_labels.cpu().numpy()
    return [
        [
            images[np.flatnonzero((labels == label) & (chosen == choice))[:most]]
            for most, label, choice in ((EXAMPLES, target, target), (EXAMPLES, taken, taken), (MISTAKES, target, taken))
        ]
        for target, taken, _ in pairs
    ]
