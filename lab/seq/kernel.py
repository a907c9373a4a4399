"""The compiled engine: trains an SRN_model or LSTM_model by the step in gradient.py, if fits() and draws() allow it.

It does in double precision what PyTorch does with the definitions in seq_models.py: tests/seq/test_kernel.py holds the
two to a difference under 1e-9.
"""

import copy
from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.nn import functional

PART = 100_000_000  # symbols times weights between two checks for Ctrl-C: under a second


class Trainer:
    """Trains an SRN_model or LSTM_model in place, as torch.optim.SGD or Adam would, in double precision.

    Each run() ends with the new weights in the model. Several threads may train at once, each with its own Trainer.
    """

    def __init__(self, model: nn.Module, optim: str, momentum: float, decay: float, clip: float):
        from lab.seq import gradient  # loads numba, which cannot be loaded everywhere

        self.model, self.train = model, gradient.train
        self.hid, self.classes = model.V.shape
        self.kind = not hasattr(model, 'H0'), optim == 'adam'
        self.settings = momentum, decay, clip
        self.weights = vector(model)
        self.means, self.squares = np.zeros((2, len(self.weights)))
        self.done = 0

    def run(self, lang, count: int, rate: float, stop: Callable[[], bool] = lambda: False):
        """Train on the next `count` sequences of `lang` with this learning rate, or fewer if stop() becomes true."""
        symbols, ends = lang.get_symbols(count)
        starts = np.append(0, ends[:-1])
        part = max(1, PART * count // (len(symbols) * len(self.weights)))
        for first in range(0, count, part):
            if not stop():
                self.step(symbols, starts[first : first + part], ends[first : first + part], rate)
        set_vector(self.model, self.weights)

    def step(self, symbols: np.ndarray, starts: np.ndarray, ends: np.ndarray, rate: float):
        """One epoch on each of the sequences symbols[start:end]."""
        vectors = self.weights, self.means, self.squares
        self.train(*self.kind, *vectors, self.done, symbols, starts, ends, self.hid, self.classes, rate, *self.settings)
        self.done += len(ends)


def vector(model: nn.Module) -> np.ndarray:
    """The parameters of a model, one after the other, in double precision."""
    return nn.utils.parameters_to_vector(model.parameters()).detach().double().numpy().copy()


def set_vector(model: nn.Module, weights: np.ndarray):
    """Give a model the parameters that vector() returned, in the model's own precision."""
    nn.utils.vector_to_parameters(torch.tensor(weights, dtype=model.V.dtype), model.parameters())


def gradient(model: nn.Module, symbols: np.ndarray) -> np.ndarray:
    """The gradient of the mean negative log-likelihood of a sequence's symbols after the first, as one vector."""
    trainer = Trainer(model, 'sgd', 0.0, 0.0, 0.0)
    end = np.array([len(symbols)])
    trainer.step(symbols, 0 * end, end, 1.0)
    return vector(model) - trainer.weights


def fits(model: nn.Module) -> bool:
    """Whether the compiled step is right for a model: it has the same parameters, and autograd the same gradient.

    So a student's own model is never trained as if it were ours.
    """
    shapes = [(name, tuple(value.shape)) for name, value in model.named_parameters()]
    hid, classes = dict(shapes).get('V', (0, 0))
    ends = [('V', (hid, classes)), ('out_bias', (classes,))]
    srn = [('H0', (hid,)), ('W', (classes, hid)), ('U', (hid, hid)), ('hid_bias', (hid,)), *ends]
    lstm = [('W', (classes, 4 * hid)), ('U', (hid, 4 * hid)), ('hid_bias', (4 * hid,)), *ends]
    if shapes not in (srn, lstm):
        return False
    before = vector(model)
    random = np.random.default_rng(0)
    set_vector(model, random.normal(0, hid**-0.5, len(before)))  # an SRN starts almost linear
    symbols = random.integers(0, classes, 20)
    one_hot = functional.one_hot(torch.tensor(symbols[:-1]), classes).to(model.V.dtype)
    model.init_hidden()
    loss = functional.cross_entropy(model(one_hot.unsqueeze(0))[1][0], torch.tensor(symbols[1:]))
    by_autograd = torch.autograd.grad(loss, list(model.parameters()), allow_unused=True, materialize_grads=True)
    alike = np.allclose(gradient(model, symbols), nn.utils.parameters_to_vector(by_autograd), rtol=1e-3, atol=1e-5)
    set_vector(model, before)
    return alike


def draws(lang) -> bool:
    """Whether a language has a get_symbols() that draws the same sequences as its get_one_example()."""
    if not hasattr(lang, 'get_symbols'):
        return False
    single, once = copy.deepcopy(lang), copy.deepcopy(lang)
    symbols, ends = once.get_symbols(3)
    return all(list(single.get_one_example()[0]) == some.tolist() for some in np.split(symbols, ends[:-1]))
