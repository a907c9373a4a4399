"""The two ways to train in Part 1: the lab's classic settings, and the fast recipe, the best found for ten epochs."""

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from lab.kuzu.settings import Settings

# The fast recipe: the best of some forty settings that were tried on 6,284 training images, two seeds each.
# Its batch size is in settings.py.
PEAK_RATE = 0.01
WARM_UP = 0.25  # share of all steps in which the learning rate rises to its peak
WEIGHT_DECAY = 0.1
SMOOTHING = 0.1
SHIFT = 2  # pixels, in each direction


@dataclass
class Recipe:
    """How a step is taken.

    loss: of log-probabilities (N, 10) and labels (N,). augment: changes the images of a batch. rate: the learning rate,
    as a function of the share (0..1) of all steps that are done; None: it is constant.
    """

    optimizer: torch.optim.Optimizer
    loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] = F.nll_loss
    augment: Callable[[torch.Tensor], torch.Tensor] | None = None
    rate: Callable[[float], float] | None = None

    def begin_step(self, images: torch.Tensor, share: float) -> torch.Tensor:
        """The images of a batch as they are trained on. share (0..1): of all steps of the run, those that are done."""
        if self.rate:
            for group in self.optimizer.param_groups:
                group['lr'] = self.rate(share)
        return self.augment(images) if self.augment else images


def choose(model: torch.nn.Module, settings: Settings) -> Recipe:
    """The recipe that the settings name, for the parameters of this model.

    classic: SGD with momentum, or Adam, with a constant learning rate. fast: AdamW (Loshchilov and Hutter 2019), a
    one-cycle learning rate, images shifted at random, smoothed labels.
    """
    parameters, rate = model.parameters(), settings.lr
    if settings.recipe == 'fast':
        optimizer = plain(torch.optim.AdamW)(parameters, lr=PEAK_RATE, weight_decay=WEIGHT_DECAY, fused=True)
        return Recipe(optimizer, smoothed_loss, shift, one_cycle)
    if settings.optim == 'adam':
        return Recipe(plain(torch.optim.Adam)(parameters, lr=rate, fused=True))
    return Recipe(plain(torch.optim.SGD)(parameters, lr=rate, momentum=settings.mom, fused=True))


def plain(kind: type[torch.optim.Optimizer]) -> type[torch.optim.Optimizer]:
    """An optimizer class without the decorators of its methods.

    They import torch._dynamo, which takes a second, and tell torch's profiler of each step, which takes as long as a
    fifth of a step of NetLin.
    """
    methods = {name: getattr(kind, name) for name in dir(kind)}
    bare = {name: inspect.unwrap(method) for name, method in methods.items() if hasattr(method, '__wrapped__')}
    step = torch.no_grad()(inspect.unwrap(kind.step))
    step.hooked = True  # else torch decorates it again; where torch does not know this name, it just does
    return type(kind.__name__, (kind,), {**bare, 'step': step})


def one_cycle(share: float) -> float:
    """The learning rate after `share` (0..1) of all steps: a linear rise, then half a cosine to zero (Smith 2018)."""
    if share < WARM_UP:
        return PEAK_RATE * (0.01 + 0.99 * share / WARM_UP)
    return PEAK_RATE * 0.5 * (1 + math.cos(math.pi * (share - WARM_UP) / (1 - WARM_UP)))


def smoothed_loss(log_probabilities: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """PyTorch's cross_entropy() with label_smoothing, for log-probabilities (N, 10): a scalar.

    A label counts as right with probability 1 - SMOOTHING; the rest is shared equally among all classes.
    """
    right = F.nll_loss(log_probabilities, labels)
    return (1 - SMOOTHING) * right - SMOOTHING * log_probabilities.mean()


def shift(images: torch.Tensor) -> torch.Tensor:
    """Move each image of a batch (N, 1, side, side) at random, by at most SHIFT pixels each way, over background."""
    count, side, device = len(images), images.shape[-1], images.device
    framed = F.pad(images, [SHIFT] * 4, value=-1.0)[:, 0]
    rows, columns = torch.randint(2 * SHIFT + 1, (2, count, 1), device=device) + torch.arange(side, device=device)
    which = torch.arange(count, device=device)[:, None, None]
    return framed[which, rows[:, :, None], columns[:, None, :]].unsqueeze(1)
