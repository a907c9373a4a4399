"""The lab's training loop in PyTorch: it trains any model and any language with the lab's interface.

The compiled engine is tested against it.
"""

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional

from lab.seq import gates
from lab.seq.task import Part, Training


class Trainer:
    """Trains models in place, one after the other, each on its own language; the interface of compiled.Trainer, too."""

    def __init__(self, models: list[nn.Module], training: Training):
        self.models, self.training = models, training
        self.optimizers = [self.new_optimizer(model) for model in models]

    def new_optimizer(self, model: nn.Module) -> torch.optim.Optimizer:
        """The optimizer of PyTorch that --optim names."""
        if self.training.optim == 'adam':
            return torch.optim.Adam(model.parameters())
        return torch.optim.SGD(model.parameters(), momentum=self.training.mom)

    def run(self, langs: list, part: Part, stop: Callable[[], bool] = lambda: False):
        """Train each model on the next part.count sequences of its language, or fewer if stop() becomes true."""
        clip = self.training.clip
        for model, lang, optimizer in zip(self.models, langs, self.optimizers, strict=True):
            device = next(model.parameters()).device
            optimizer.param_groups[0].update(lr=part.rate, weight_decay=part.decay)
            for _ in range(part.count):
                if stop():
                    break
                x, seq, _, _ = lang.get_sequence()
                x, following = x.to(device), torch.as_tensor(seq)[1:].to(device)
                optimizer.zero_grad()
                model.init_hidden()
                hidden, output = model(x)
                loss = functional.cross_entropy(output.squeeze(0), following)
                if part.pressure > 0:
                    loss = loss + part.pressure * gates.undecided(model, x[0], hidden[0])
                loss.backward()
                if clip > 0:
                    nn.utils.clip_grad_norm_(model.parameters(), clip)
                optimizer.step()

    def states(self) -> list[dict[str, torch.Tensor] | None]:
        """A copy of each model's state_dict, on the CPU; None where it diverged: weights are NaN or infinite."""
        states = [
            {name: value.detach().clone().cpu() for name, value in model.state_dict().items()} for model in self.models
        ]
        return [state if all(value.isfinite().all() for value in state.values()) else None for state in states]
