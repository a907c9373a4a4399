"""Has a network learned its language? The lab's two conditions, measured on fresh sequences, and how far it counts."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

SEQUENCES = 1000
# The lab's: the loss of a network that has learned stays below. It belongs to the language: whoever knows the true
# probabilities of an A after an A (3/4, 2/3, 1/2, 0 for n up to 4) has 0.027 on anb2n and 0.009 on anb2nc3n, not 0,
# as `target` has 0.8 for all of them.
THRESHOLD = {'anb2n': 0.05, 'anb2nc3n': 0.02}
COUNT_LIMIT = 100  # blocks longer than this are not tried
PART = 200  # sequences read at once: more only take more memory
BATCH = 10
BLOCKS = 5

Read = Callable[[torch.Tensor], torch.Tensor]  # one-hot (batch, T, classes) -> outputs before softmax, the same shape


class Examples(NamedTuple):
    """Sequences side by side, the shorter ones filled up with zeros: (SEQUENCES, T, classes), and following (., T)."""

    inputs: torch.Tensor
    target: torch.Tensor
    following: torch.Tensor
    lengths: torch.Tensor


class Verdict(NamedTuple):
    """What judge() found."""

    loss: float  # mean over sequences of the mean squared difference of output probabilities and target
    below: float  # share of sequences whose loss is under the threshold
    right: float  # share of the determined symbols that are given the highest probability
    learned: bool  # mean loss under the threshold and every determined symbol right
    counts: int  # the network counts up to this n


def draw(lang) -> Examples:
    """Fresh sequences of a language that has get_sequence()."""
    drawn = [lang.get_sequence() for _ in range(SEQUENCES)]
    inputs = pad_sequence([x[0] for x, _, _, _ in drawn], batch_first=True)
    target = pad_sequence([target[0] for _, _, target, _ in drawn], batch_first=True)
    following = pad_sequence([torch.as_tensor(seq)[1:] for _, seq, _, _ in drawn], batch_first=True)
    return Examples(inputs, target, following, torch.tensor([x.shape[1] for x, _, _, _ in drawn]))


def judge(read: Read, examples: Examples, threshold: float) -> Verdict:
    """Let a network read the examples, and longer and longer blocks."""
    output = torch.cat([read(part) for part in examples.inputs.split(PART)])
    real = torch.arange(output.shape[1]) < examples.lengths.unsqueeze(1)
    squares = (functional.softmax(output, dim=2) - examples.target).square().mean(dim=2)
    losses = (squares * real).sum(dim=1) / examples.lengths
    loss, below = losses.mean().item(), (losses < threshold).double().mean().item()
    determined = examples.target.amax(dim=2) == 1
    right = (output.argmax(dim=2) == examples.following)[determined].double().mean().item()
    return Verdict(loss, below, right, loss < threshold and right == 1, count(read, output.shape[2]))


def interval(good: int, total: int) -> tuple[float, float]:
    """Wilson's 95% interval (1927) of a share that was measured as good / total."""
    z2 = 1.96**2
    middle = (good + z2 / 2) / (total + z2)
    half = (z2 * (good * (total - good) / total + z2 / 4)) ** 0.5 / (total + z2)
    return middle - half, middle + half


def count(read: Read, classes: int) -> int:
    """The largest n (up to COUNT_LIMIT) such that every determined symbol is right in blocks of 1, of 2, .. of n."""
    for first in range(1, COUNT_LIMIT, BATCH):
        drawn = [equal_blocks(n, classes) for n in range(first, first + BATCH)]
        symbols = pad_sequence(drawn, batch_first=True)
        chosen = read(functional.one_hot(symbols[:, :-1], classes).float()).argmax(dim=2)
        wrong = (chosen != symbols[:, 1:]) & (symbols[:, :-1] != 0)  # what follows an A is not determined
        for n, mistakes in enumerate(wrong.any(dim=1).tolist(), first):
            if mistakes:
                return n - 1
    return COUNT_LIMIT


def equal_blocks(n: int, classes: int) -> torch.Tensor:
    """The symbols of five blocks with the same n, and an A."""
    block = np.repeat(np.arange(classes), n * np.arange(1, classes + 1))
    return torch.tensor([*np.tile(block, BLOCKS), 0])
