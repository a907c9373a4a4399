"""How a step of Part 1 is taken: the lab's classic settings, or the best that ten epochs can do."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F

# The fast recipe; each number was chosen on the first 6,284 training images, see README.md
BATCH = 32
PEAK_RATE = 0.006
WARM_UP = 0.25  # share of all steps in which the learning rate rises to its peak
SHIFT = 2 / 28  # of the image's side, in each direction
TURN = 0.15  # radians
STRETCH = 0.1
SMOOTHING = 0.1
WEIGHT_DECAY = 0.01


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
    """AdamW under a one-cycle schedule, on images shifted, turned and stretched at random, with smoothed labels."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=PEAK_RATE, weight_decay=WEIGHT_DECAY, fused=True)
    return Recipe(optimizer, smoothed_loss, distort, one_cycle)


def one_cycle(share: float) -> float:
    """Learning rate after `share` (0..1) of all steps: a linear rise, then half a cosine down to zero (Smith 2018)."""
    if share < WARM_UP:
        return PEAK_RATE * (0.01 + 0.99 * share / WARM_UP)
    return PEAK_RATE * 0.5 * (1 + math.cos(math.pi * (share - WARM_UP) / (1 - WARM_UP)))


def smoothed_loss(log_probabilities: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Mean negative log-likelihood of labels that are right with 1 - SMOOTHING and uniform otherwise."""
    right = F.nll_loss(log_probabilities, labels)
    return (1 - SMOOTHING) * right - SMOOTHING * log_probabilities.mean()


def distort(images: torch.Tensor) -> torch.Tensor:
    """Each image of a batch (N, 1, 28, 28) under a random affine map of its own; what comes in is background, -1."""
    count, device = len(images), images.device

    def spread(limit, *shape):
        return (torch.rand(count, *shape, device=device) * 2 - 1) * limit

    turn = spread(TURN)
    matrix = torch.stack([turn.cos(), -turn.sin(), turn.sin(), turn.cos()], 1).view(count, 2, 2)
    matrix = matrix @ (torch.eye(2, device=device) + spread(STRETCH, 2, 2))
    move = spread(2 * SHIFT, 2, 1)  # the grid is 2 wide
    grid = F.affine_grid(torch.cat([matrix, move], 2), images.shape, align_corners=False)
    return F.grid_sample(images + 1, grid, align_corners=False) - 1
