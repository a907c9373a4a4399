"""The compiled engine: trains an SRN_model or LSTM_model by the loop in loop.py, if fits() and draws() allow it.

It does in double precision what PyTorch does with the definitions in seq_models.py: tests/seq/test_kernel.py holds the
two to a difference under 1e-9.
"""

import copy
from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.nn import functional

LANES = 8  # networks side by side: as many numbers as the largest registers hold (AVX-512)
MOST_LANES = 16  # while one half waits for a result, the other half computes
PART = 100_000_000  # symbols times weights between two checks for Ctrl-C: under a second


class Trainer:
    """Trains an SRN_model or LSTM_model in place, as torch.optim.SGD or Adam would, in double precision.

    Each run() ends with the new weights in the model. Several threads may train at once, each with its own Trainer.
    """

    def __init__(self, model: nn.Module, optim: str, momentum: float, decay: float, clip: float):
        self.model, self.team = model, Team([model], optim, momentum, decay, clip, 1)

    def run(self, lang, count: int, rate: float, stop: Callable[[], bool] = lambda: False, held: float = 1):
        """Train on the next `count` sequences of `lang` with this learning rate, or fewer if stop() becomes true.

        held: share of the weight decay that is applied.
        """
        self.team.run([lang], count, rate, stop, held)
        set_vector(self.model, *self.team.vectors())


class Team:
    """Trains several models of one class side by side, as a Trainer would train each: the same to the last bit.

    Models that are fewer than `lanes` take as long as so many.
    """

    def __init__(self, models: list[nn.Module], optim: str, momentum: float, decay: float, clip: float, lanes: int):
        from lab.seq import loop  # loads numba, which cannot be loaded everywhere

        self.models = models
        self.hid, self.classes = models[0].V.shape
        self.train = loop.train_srn if hasattr(models[0], 'H0') else loop.train_lstm
        self.settings = optim == 'adam', float(momentum), float(decay), float(clip)  # one type: only it is compiled
        self.lanes = lanes
        self.order = order(models[0])
        self.weights = np.ascontiguousarray(self.fill([vector(model)[self.order] for model in models]).T)
        self.means, self.squares = np.zeros((2, *self.weights.shape))
        self.done = 0
        self.others = [dict(model.state_dict()) for model in models]  # with what a student's model has besides weights
        self.dtype = models[0].V.detach().numpy().dtype
        ends = np.cumsum([value.numel() for value in models[0].parameters()]).tolist()
        named = models[0].named_parameters()
        self.parts = [
            (name, slice(end - value.numel(), end), value.shape) for (name, value), end in zip(named, ends, strict=True)
        ]

    def fill(self, columns: list) -> np.ndarray:
        """An array of what belongs to each model; the first one's also goes to lanes that are left over."""
        return np.array([*columns, *columns[:1] * (self.lanes - len(columns))])

    def run(self, langs: list, count: int, rate: float, stop: Callable[[], bool] = lambda: False, held: float = 1):
        """As Trainer.run(), each model on the sequences of its own language."""
        drawn = [lang.get_symbols(count) for lang in langs]
        symbols = np.concatenate([symbols for symbols, _ in drawn])
        lengths = np.array([np.diff(ends, prepend=0) for _, ends in drawn])
        ends = lengths.cumsum().reshape(lengths.shape)
        starts, ends = (np.ascontiguousarray(self.fill(list(array)).T) for array in (ends - lengths, ends))
        part = max(1, PART * count // (len(symbols) * len(self.weights)))
        for first in range(0, count, part):
            if not stop():
                self.step(symbols, starts[first : first + part], ends[first : first + part], rate, held)

    def vectors(self) -> np.ndarray:
        """The weights of each model by now, as vector() orders them, (models, size); run() leaves the models alone."""
        return self.weights[np.argsort(self.order), : len(self.models)].T

    def states(self) -> list[dict[str, torch.Tensor] | None]:
        """What each model has learned by now, in its own precision, see classic.state()."""
        with np.errstate(over='ignore'):
            vectors = np.ascontiguousarray(self.vectors(), self.dtype)
        found = []
        for others, vector, finite in zip(self.others, vectors, np.isfinite(vectors).all(axis=1).tolist(), strict=True):
            parts = {name: torch.from_numpy(vector[part].reshape(shape).copy()) for name, part, shape in self.parts}
            found.append(others | parts if finite else None)
        return found

    def step(self, symbols: np.ndarray, starts: np.ndarray, ends: np.ndarray, rate: float, held: float = 1):
        """One epoch on each row of sequences symbols[start:end]; starts and ends: (epochs, lanes)."""
        adam, momentum, decay, clip = self.settings
        symbols = symbols.astype(np.int8, copy=False)  # likewise
        lanes, vectors = (0.0,) * self.lanes, (self.weights, self.means, self.squares)
        how = adam, float(rate), momentum, decay * held, clip
        self.train(lanes, *vectors, self.done, symbols, starts, ends, self.hid, self.classes, *how)
        self.done += len(ends)


def order(model: nn.Module) -> np.ndarray:
    """In which order loop.split() wants the elements of vector(): those of an LSTM's four gates unit by unit."""
    places = [torch.arange(parameter.numel()).reshape(parameter.shape) for parameter in model.parameters()]
    if not hasattr(model, 'H0'):
        hid = len(model.V)
        places[:3] = [place.unflatten(-1, (4, hid)).transpose(-1, -2) for place in places[:3]]
    offsets = np.cumsum([0, *(place.numel() for place in places)])
    return np.concatenate([place.flatten().numpy() + first for place, first in zip(places, offsets, strict=False)])


def vector(model: nn.Module) -> np.ndarray:
    """The parameters of a model, one after the other, in double precision."""
    return nn.utils.parameters_to_vector(model.parameters()).detach().double().numpy().copy()


def set_vector(model: nn.Module, weights: np.ndarray):
    """Give a model the parameters that vector() returned, in the model's own precision."""
    nn.utils.vector_to_parameters(torch.tensor(weights, dtype=model.V.dtype), model.parameters())


def gradient(model: nn.Module, symbols: np.ndarray) -> np.ndarray:
    """The gradient of the mean negative log-likelihood of a sequence's symbols after the first, as one vector."""
    team = Team([model], 'sgd', 0.0, 0.0, 0.0, 1)
    end = np.array([[len(symbols)]])
    team.step(symbols, 0 * end, end, 1.0)
    return vector(model) - team.vectors()[0]


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
    if not all(list(single.get_one_example()[0]) == some.tolist() for some in np.split(symbols, ends[:-1])):
        return False
    return single.get_sequence()[1].tolist() == once.get_symbols(1)[0].tolist()  # both go on alike
