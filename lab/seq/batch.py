"""Many starts as one batch of PyTorch, on a GPU or not: every epoch, all networks read a sequence of their own."""

import numpy as np
import torch
from torch import nn
from torch.func import functional_call, grad, stack_module_state, vmap
from torch.nn import functional

NOTHING = -100  # the symbol that cross_entropy leaves out of its mean: what follows the end of a sequence


class Trainer:
    """Trains many models of one kind in place: as classic.Trainer, with lists of models and of languages."""

    def __init__(
        self, models: list[nn.Module], optim: str, momentum: float, decay: float, clip: float, device: torch.device
    ):
        self.models, self.clip, self.device = models, clip, device
        stacked = {name: value.detach().to(device) for name, value in stack_module_state(models)[0].items()}
        self.weights = {name: nn.Parameter(value) for name, value in stacked.items()}
        if optim == 'adam':
            self.optimizer = torch.optim.Adam(self.weights.values(), weight_decay=decay)
        else:
            self.optimizer = torch.optim.SGD(self.weights.values(), momentum=momentum, weight_decay=decay)
        self.gradient = vmap(grad(self.loss))

    def loss(self, weights: dict[str, torch.Tensor], symbols: torch.Tensor) -> torch.Tensor:
        """Mean negative log-likelihood of the symbols (T + 1) after the first, for one network."""
        classes = weights['out_bias'].shape[0]
        one_hot = (symbols[:-1, None] == torch.arange(classes, device=self.device)).float()
        _, output = functional_call(self.models[0], weights, (one_hot.unsqueeze(0),))
        return functional.cross_entropy(output.squeeze(0), symbols[1:], ignore_index=NOTHING)

    def run(self, langs: list, count: int, rate: float, stop=lambda: False):
        """Train each model on the next `count` sequences of its own language; on fewer once stop() is true."""
        self.optimizer.param_groups[0]['lr'] = rate
        symbols, starts, lengths = self.draw(langs, count)
        places = torch.arange(int(lengths.max()), device=self.device)
        for epoch in range(count):
            if stop():
                break
            found = symbols[(starts[:, epoch, None] + places).clamp(max=len(symbols) - 1)].long()
            found = found.where(places < lengths[:, epoch, None], NOTHING)
            slopes = self.gradient(dict(self.weights), found)
            if self.clip > 0:
                norm = sum(slope.flatten(1).square().sum(1) for slope in slopes.values()).sqrt()
                scale = (self.clip / (norm + 1e-6)).clamp(max=1)
                slopes = {name: slope * scale.view(-1, *[1] * (slope.dim() - 1)) for name, slope in slopes.items()}
            for name, weight in self.weights.items():
                weight.grad = slopes[name]
            self.optimizer.step()
        with torch.no_grad():
            for n, model in enumerate(self.models):
                for name, parameter in model.named_parameters():
                    parameter.copy_(self.weights[name][n])

    def draw(self, langs: list, count: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The next sequences of all languages: symbols, and (languages, count) where each starts and how long it is."""
        parts, lengths = [], []
        for lang in langs:
            symbols, ends = lang.get_symbols(count)
            parts.append(symbols.astype(np.int8))
            lengths.append(np.diff(ends, prepend=0))
        lengths = np.array(lengths)
        starts = np.append(0, lengths.ravel().cumsum()[:-1]).reshape(lengths.shape)
        arrays = np.concatenate(parts), starts, lengths
        return tuple(torch.from_numpy(array).to(self.device) for array in arrays)
