"""The lab's plain training loop: a sequence, the loss, its gradient by autograd, a step of the optimizer.

It trains any model and any language with the lab's interface. bench.py measures the compiled engine against it.
"""

from collections.abc import Callable, Iterable

import torch
from torch import nn
from torch.nn import functional


def make_optimizer(parameters: Iterable[nn.Parameter], optim: str, momentum: float, decay: float):
    """The optimizer of PyTorch that --optim names."""
    if optim == 'adam':
        return torch.optim.Adam(parameters, weight_decay=decay)
    return torch.optim.SGD(parameters, momentum=momentum, weight_decay=decay)


def state(model: nn.Module) -> dict[str, torch.Tensor] | None:
    """A copy of what a model has learned, or None where it diverged: weights are NaN or infinite."""
    values = {name: value.clone() for name, value in model.state_dict().items()}
    return values if all(value.isfinite().all() for value in values.values()) else None


class Trainer:
    """Trains a model in place; the same interface as kernel.Trainer."""

    def __init__(self, model: nn.Module, optim: str, momentum: float, decay: float, clip: float):
        self.model, self.decay, self.clip = model, decay, clip
        self.optimizer = make_optimizer(model.parameters(), optim, momentum, decay)

    def run(self, lang, count: int, rate: float, stop: Callable[[], bool] = lambda: False, held: float = 1):
        """Train on the next `count` sequences of `lang` with this learning rate, or fewer if stop() becomes true.

        held: share of the weight decay that is applied.
        """
        self.optimizer.param_groups[0].update(lr=rate, weight_decay=self.decay * held)
        for _ in range(count):
            if stop():
                break
            x, seq, _, _ = lang.get_sequence()
            self.optimizer.zero_grad()
            self.model.init_hidden()
            _, output = self.model(x)
            loss = functional.cross_entropy(output.squeeze(0), torch.as_tensor(seq)[1:])
            loss.backward()
            if self.clip > 0:
                nn.utils.clip_grad_norm_(self.model.parameters(), self.clip)
            self.optimizer.step()
