"""How a step of Part 1 is taken: the lab's classic settings, or the best that ten epochs can do."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F

# The fast recipe: the best of some forty settings that were tried on 6,284 training images, two seeds each
BATCH = 32
PEAK_RATE = 0.01
WARM_UP = 0.25  # share of all steps in which the learning rate rises to its peak
WEIGHT_DECAY = 0.1
SMOOTHING = 0.1
SHIFT = 2  # pixels, in each direction


@dataclass
class Recipe:
    """optimizer; the loss of (log-probabilities, labels); what is done to the images of a batch, if anything; and the
    learning rate as a function of the share of all steps taken, if it changes."""

    optimizer: torch.optim.Optimizer
    loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] = F.nll_loss
    augment: Callable[[torch.Tensor], torch.Tensor] | None = None
    rate: Callable[[float], float] | None = None


def classic(model: torch.nn.Module, optim: str, lr: float, mom: float) -> Recipe:
    """The lab's step: SGD with momentum, or Adam, at one learning rate."""
    if optim == 'adam':
        return Recipe(torch.optim.Adam(model.parameters(), lr=lr, fused=True))
    return Recipe(torch.optim.SGD(model.parameters(), lr=lr, momentum=mom, fused=True))


def fast(model: torch.nn.Module) -> Recipe:
    """AdamW (Loshchilov and Hutter 2019), a one-cycle schedule, images shifted at random, smoothed labels."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=PEAK_RATE, weight_decay=WEIGHT_DECAY, fused=True)
    return Recipe(optimizer, smoothed_loss, shift, one_cycle)


def one_cycle(share: float) -> float:
    """Learning rate after `share` (0..1) of all steps: a linear rise, then half a cosine down to zero (Smith 2018)."""
    if share < WARM_UP:
        return PEAK_RATE * (0.01 + 0.99 * share / WARM_UP)
    return PEAK_RATE * 0.5 * (1 + math.cos(math.pi * (share - WARM_UP) / (1 - WARM_UP)))


def smoothed_loss(log_probabilities: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Mean negative log-likelihood of labels that are right with 1 - SMOOTHING and uniform otherwise."""
    right = F.nll_loss(log_probabilities, labels)
    return (1 - SMOOTHING) * right - SMOOTHING * log_probabilities.mean()


def shift(images: torch.Tensor) -> torch.Tensor:
    """Each image of a batch (N, 1, side, side) moved by whole pixels, SHIFT at most; what comes in is background."""
    count, side, device = len(images), images.shape[-1], images.device
    framed = F.pad(images, [SHIFT] * 4, value=-1.0)[:, 0]
    rows, columns = torch.randint(2 * SHIFT + 1, (2, count, 1), device=device) + torch.arange(side, device=device)
    which = torch.arange(count, device=device)[:, None, None]
    return framed[which, rows[:, :, None], columns[:, None, :]].unsqueeze(1)
