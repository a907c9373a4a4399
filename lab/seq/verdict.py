"""Has a network learned its language? The lab's two conditions on fresh sequences, and how far the network counts."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

SEQUENCES = 1000
# From the lab: a network that has learned has a smaller loss. The loss never comes down to 0: after an A, the target is
# always 0.8 for another A, but the true probabilities are 3/4, 2/3, 1/2 and 0 (n up to 4). A network that predicts the
# true ones has the loss 0.027 on anb2n and 0.009 on anb2nc3n.
THRESHOLD = {'anb2n': 0.05, 'anb2nc3n': 0.02}
COUNT_LIMIT = 100  # blocks with a larger n are not tried
PART = 200  # sequences that are read at once: more would only take more memory
BATCH = 10  # values of n that are tried at once
BLOCKS = 5

Read = Callable[[torch.Tensor], torch.Tensor]  # one-hot (batch, T, classes) -> outputs before softmax, the same shape


class Verdict(NamedTuple):
    """What judge() found."""

    loss: float  # mean over sequences of the mean squared difference of output probabilities and target
    below: float  # share of sequences whose loss is under the threshold
    right: float  # share of the determined symbols that get the highest probability
    learned: bool  # mean loss under the threshold and every determined symbol right
    counts: int  # the network counts up to this n, see count()


def draw(lang) -> tuple[torch.Tensor, torch.Tensor]:
    """SEQUENCES fresh sequences of a language: one-hot inputs, and the probabilities that are their targets.

    Both have the shape (SEQUENCES, T, classes); shorter sequences end with zeros.
    """
    drawn = [lang.get_sequence() for _ in range(SEQUENCES)]
    inputs = pad_sequence([x[0] for x, _, _, _ in drawn], batch_first=True)
    return inputs, pad_sequence([target[0] for _, _, target, _ in drawn], batch_first=True)


def judge(read: Read, inputs: torch.Tensor, targets: torch.Tensor, threshold: float) -> Verdict:
    """Judge a network by what draw() returned, and by longer and longer blocks. threshold: of the loss."""
    output = torch.cat([read(part) for part in inputs.split(PART)])
    real = inputs.any(dim=2)
    squares = (functional.softmax(output, dim=2) - targets).square().mean(dim=2)
    losses = (squares * real).sum(dim=1) / real.sum(dim=1)
    loss, below = losses.mean().item(), (losses < threshold).double().mean().item()
    most, following = targets.max(dim=2)
    right = (output.argmax(dim=2) == following)[most == 1].double().mean().item()
    return Verdict(loss, below, right, loss < threshold and right == 1, count(read, output.shape[2]))


def interval(good: int, total: int) -> tuple[float, float]:
    """Wilson's 95% interval (1927) of the true share, if `good` of `total` were counted."""
    z2 = 1.96**2
    middle = (good + z2 / 2) / (total + z2)
    half = (z2 * (good * (total - good) / total + z2 / 4)) ** 0.5 / (total + z2)
    return middle - half, middle + half


def count(read: Read, classes: int) -> int:
    """How far a network counts: up to this n (at most COUNT_LIMIT), it gets every determined symbol right.

    It reads sequences of BLOCKS equal blocks, with the A that follows the last one.
    """
    for first in range(1, COUNT_LIMIT, BATCH):
        blocks = [np.repeat(np.arange(classes), n * np.arange(1, classes + 1)) for n in range(first, first + BATCH)]
        symbols = pad_sequence([torch.tensor([*np.tile(block, BLOCKS), 0]) for block in blocks], batch_first=True)
        chosen = read(functional.one_hot(symbols[:, :-1], classes).float()).argmax(dim=2)
        wrong = (chosen != symbols[:, 1:]) & (symbols[:, :-1] != 0)  # what follows an A is not determined
        for n, mistakes in enumerate(wrong.any(dim=1).tolist(), first):
            if mistakes:
                return n - 1
    return COUNT_LIMIT
