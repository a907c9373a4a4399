"""The lab's training loop, plainly: a sequence, the loss, its gradient by autograd, a step of the optimizer.

It trains any model and language with the lab's interface, and is what the compiled loop is measured against.
"""

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional


class Trainer:
    """Trains a model in place; the same interface as kernel.Trainer."""

    def __init__(self, model: nn.Module, optim: str, momentum: float, decay: float, clip: float):
        self.model, self.clip = model, clip
        if optim == 'adam':
            self.optimizer = torch.optim.Adam(model.parameters(), weight_decay=decay)
        else:
            self.optimizer = torch.optim.SGD(model.parameters(), momentum=momentum, weight_decay=decay)

    def run(self, lang, count: int, rate: float, stop: Callable[[], bool] = lambda: False):
        """Train on the next `count` sequences of `lang` with this learning rate; on fewer once stop() is true."""
        self.optimizer.param_groups[0]['lr'] = rate
        for _ in range(count):
            if stop():
                break
            x, seq, _, _ = lang.get_sequence()
            self.optimizer.zero_grad()
            self.model.init_hidden()
            _, output = self.model(x)
            log_prob = functional.log_softmax(output, dim=2)
            loss = functional.nll_loss(log_prob.squeeze(0), torch.as_tensor(seq)[1:])
            loss.backward()
            if self.clip > 0:
                nn.utils.clip_grad_norm_(self.model.parameters(), self.clip)
            self.optimizer.step()
