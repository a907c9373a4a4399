"""Many starts as one batch of PyTorch, on a GPU or a CPU: in every epoch, each network reads its own sequence."""

import contextlib
import copy
import itertools
import warnings

import numpy as np
import torch
from torch import nn
from torch.func import functional_call, grad, stack_module_state, vmap
from torch.nn import functional

from lab.common.student import trial
from lab.seq import classic

NOTHING = -100  # stands after the end of a sequence; cross_entropy leaves it out of the mean
TRIED = 3  # epochs that fits() trains


class Trainer:
    """Trains many models of one class in place: as classic.Trainer, but with a list of models and one of languages."""

    def __init__(
        self,
        models: list[nn.Module],
        optim: str,
        momentum: float,
        decay: float,
        clip: float,
        classes: int,
        device: torch.device,
    ):
        self.models, self.decay, self.clip, self.classes, self.device = models, decay, clip, classes, device
        stacked = {name: value.detach().to(device) for name, value in stack_module_state(models)[0].items()}
        self.weights = {name: nn.Parameter(value) for name, value in stacked.items()}
        self.optimizer = classic.make_optimizer(self.weights.values(), optim, momentum, decay)
        self.gradient = vmap(grad(self.loss))

    def loss(self, weights: dict[str, torch.Tensor], symbols: torch.Tensor) -> torch.Tensor:
        """Mean negative log-likelihood of the symbols (T + 1) after the first, for one network."""
        one_hot = (symbols[:-1, None] == torch.arange(self.classes, device=self.device)).float()
        _, output = functional_call(self.models[0], weights, (one_hot.unsqueeze(0),))
        return functional.cross_entropy(output.squeeze(0), symbols[1:], ignore_index=NOTHING)

    def run(self, langs: list, count: int, rate: float, stop=lambda: False, held: float = 1):
        """As classic.Trainer.run(), each model on the sequences of its own language."""
        self.optimizer.param_groups[0].update(lr=rate, weight_decay=self.decay * held)
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

    def states(self) -> list[dict[str, torch.Tensor] | None]:
        """What each model has learned by now, see classic.state()."""
        return [classic.state(model) for model in self.models]

    def draw(self, langs: list, count: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The next sequences of all languages: all symbols in a row, where each sequence starts, how long it is.

        The last two have the shape (languages, count).
        """
        drawn = [lang.get_symbols(count) for lang in langs]
        symbols = np.concatenate([symbols.astype(np.int8) for symbols, _ in drawn])
        lengths = np.array([np.diff(ends, prepend=0) for _, ends in drawn])
        starts = lengths.cumsum().reshape(lengths.shape) - lengths
        return tuple(torch.from_numpy(array).to(self.device) for array in (symbols, starts, lengths))


def fits(models: list[nn.Module], langs: list, classes: int, device: torch.device) -> bool:
    """Whether a Trainer does with these models, in a few epochs, what classic.Trainer does with each.

    PyTorch cannot run every model of a student as a batch: not one that has an nn.LSTM, say, or asks for numbers.
    """
    settings = 'sgd', 0.0, 0.0, 0.0
    with trial(), contextlib.suppress(Exception):
        warnings.filterwarnings('error', 'There is a performance drop')  # vmap would go from model to model itself
        alone = copy.deepcopy(models)
        for parameter in itertools.chain(*(model.parameters() for model in alone)):
            nn.init.normal_(parameter, 0, 0.5)  # an SRN starts almost linear
        together = copy.deepcopy(alone)
        Trainer(together, *settings, classes, device).run(copy.deepcopy(langs), TRIED, 0.1)
        for model, lang in zip(alone, copy.deepcopy(langs), strict=True):
            classic.Trainer(model, *settings).run(lang, TRIED, 0.1)
        weights = ([nn.utils.parameters_to_vector(model.parameters()) for model in some] for some in (alone, together))
        return torch.allclose(*map(torch.cat, weights), rtol=1e-3, atol=1e-4)
    return False
