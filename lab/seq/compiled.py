"""The compiled engine: what plain.py does with an SRN_model or LSTM_model, by formulas.py and in double precision.

Several starts are trained side by side. A start's weights are the same to the last bit, whether it is trained alone or
beside others. tests/seq/test_compiled.py holds them to PyTorch's, with a difference under 1e-9.
"""

import copy
from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from lab.seq import formulas
from lab.seq.task import Part, Training

CONSTANT = 6  # up to so many hidden units the code is compiled for their number: it takes a third less time
KEEPING = 0.1  # weights so many times smaller that hidden units stay where tanh is steep
PART = 100_000_000  # symbols times weights between two looks at whether Ctrl-C was pressed: under a second


class Trainer:
    """Trains SRN_models or LSTM_models side by side, as plain.Trainer would; the models themselves stay as they are.

    Several threads may train at once, each with its own Trainer.
    """

    def __init__(self, models: list[nn.Module], training: Training):
        self.models, self.training, self.done = models, training, 0
        shapes = [value.shape for value in models[0].parameters()]
        lengths = tuple((0.0,) * size if size <= CONSTANT else np.zeros(size) for size in models[0].V.shape)
        self.sizes = *lengths, np.array([shape.numel() for shape in shapes])
        if hasattr(models[0], 'H0'):
            self.train = formulas.train_srn
        else:
            self.train = formulas.train_lstm
            W, U, hid_bias, *rest = shapes
            shapes = [(*shape[:-1], 4, shape[-1] // 4) for shape in (W, U, hid_bias)] + rest
        columns = zip(*(model.parameters() for model in models), strict=True)  # each parameter, of all models
        weights = torch.cat([value.detach().double().flatten() for column in columns for value in column]).numpy()
        slopes = np.zeros_like(weights)

        def by_parameter(vector: np.ndarray) -> tuple[np.ndarray, ...]:
            parts = np.split(vector, (len(models) * self.sizes[-1]).cumsum()[:-1])
            return tuple(part.reshape(-1, *shape) for part, shape in zip(parts, shapes, strict=True))

        # The weights and their gradient; Adam's first moment or SGD's momentum; Adam's second moment
        self.memory = weights, slopes, np.zeros_like(weights), np.zeros_like(weights)
        self.tables = by_parameter(weights), by_parameter(slopes)

    def run(self, langs: list, part: Part, stop: Callable[[], bool] = lambda: False):
        """Train each model on the next part.count sequences of its language, or fewer if stop() becomes true."""
        drawn = [lang.get_symbols(part.count) for lang in langs]
        symbols = np.concatenate([symbols for symbols, _ in drawn])
        lengths = np.array([np.diff(ends, prepend=0) for _, ends in drawn])
        ends = lengths.cumsum().reshape(lengths.shape)
        some = max(1, PART * part.count * len(langs) // (len(symbols) * len(self.memory[0])))
        for first in range(0, part.count, some):
            if not stop():
                now = slice(first, first + some)
                self.step(symbols, (ends - lengths)[:, now].T, ends[:, now].T, part)

    def step(self, symbols: np.ndarray, begins: np.ndarray, ends: np.ndarray, part: Part):
        """One epoch on each row of sequences symbols[begin:end]; begins and ends: (epochs, starts)."""
        sequences = symbols.astype(np.int8, copy=False), np.ascontiguousarray(begins), np.ascontiguousarray(ends)
        numbers = part.rate, self.training.mom, part.decay, self.training.clip, part.pressure
        settings = self.training.optim == 'adam', *map(float, numbers)
        self.train(self.sizes, self.tables, self.memory, self.done, sequences, settings)
        self.done += len(begins)

    def parameters(self) -> list[dict[str, np.ndarray]]:
        """Each model's parameters by now, by name, in double precision."""
        tables = [*zip(self.models[0].named_parameters(), self.tables[0], strict=True)]
        return [
            {name: table[start].reshape(value.shape) for (name, value), table in tables}
            for start in range(len(self.models))
        ]

    def states(self) -> list[dict[str, torch.Tensor] | None]:
        """Each model's state_dict by now, in its own precision; None where it diverged: weights are NaN or infinite."""
        states = []
        for model, parameters in zip(self.models, self.parameters(), strict=True):
            learned = {name: torch.tensor(array).to(model.V.dtype) for name, array in parameters.items()}
            finite = all(value.isfinite().all() for value in learned.values())
            states.append(dict(model.state_dict()) | learned if finite else None)
        return states


def gradient(model: nn.Module, symbols: np.ndarray) -> dict[str, np.ndarray]:
    """The gradient of the mean negative log-likelihood of a sequence's symbols after the first, by parameter."""
    trainer = Trainer([model], Training())
    trainer.step(symbols, np.zeros((1, 1), int), np.array([[len(symbols)]]), Part(1, 1, rate=1))
    [after] = trainer.parameters()
    return {name: value.detach().double().numpy() - after[name] for name, value in model.named_parameters()}


def fits(model: nn.Module, longest: int) -> bool:
    """Whether the compiled step is right for a model: it has the same parameters, and autograd the same gradient.

    So a student's own model is never trained as if it were ours. Two sequences are tried: a short one with large
    weights, which an activation of its own would show; and one of `longest` symbols with weights that keep the state
    long, which a state that is cut off on the way would show.
    """
    shapes = [(name, tuple(value.shape)) for name, value in model.named_parameters()]
    hid, classes = dict(shapes).get('V', (0, 0))
    ends = [('V', (hid, classes)), ('out_bias', (classes,))]
    srn = [('H0', (hid,)), ('W', (classes, hid)), ('U', (hid, hid)), ('hid_bias', (hid,)), *ends]
    lstm = [('W', (classes, 4 * hid)), ('U', (hid, 4 * hid)), ('hid_bias', (4 * hid,)), *ends]
    if shapes not in (srn, lstm):
        return False
    model, random = copy.deepcopy(model), np.random.default_rng(0)
    for count, size in (20, hid**-0.5), (longest, KEEPING * hid**-0.5):
        for parameter in model.parameters():
            parameter.data.copy_(torch.from_numpy(random.normal(0, size, parameter.shape)))
        if count == longest and shapes == srn:
            model.U.data.copy_(0.95 * torch.linalg.qr(model.U.data)[0])
        elif count == longest:
            model.hid_bias.data[hid : 2 * hid] = 3  # forget gates are open by 0.95
        symbols = random.integers(0, classes, count)
        one_hot = functional.one_hot(torch.tensor(symbols[:-1]), classes).to(model.V.dtype)
        model.init_hidden()
        loss = functional.cross_entropy(model(one_hot.unsqueeze(0))[1][0], torch.tensor(symbols[1:]))
        by_autograd = torch.autograd.grad(loss, list(model.parameters()), allow_unused=True, materialize_grads=True)
        ours = gradient(model, symbols).values()
        if not all(np.allclose(a, b, rtol=1e-3, atol=1e-5) for a, b in zip(ours, by_autograd, strict=True)):
            return False
    return True


def draws(lang) -> bool:
    """Whether a language has a get_symbols() that draws the same sequences as its get_one_example()."""
    if not hasattr(lang, 'get_symbols'):
        return False
    single, once = copy.deepcopy(lang), copy.deepcopy(lang)
    symbols, ends = once.get_symbols(3)
    if not all(list(single.get_one_example()[0]) == some.tolist() for some in np.split(symbols, ends[:-1])):
        return False
    return single.get_sequence()[1].tolist() == once.get_symbols(1)[0].tolist()  # both go on alike
