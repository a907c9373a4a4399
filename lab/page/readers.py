"""The networks of Part 1 as layers that the page computes (lab/page/static/compute/readers.js), and how it draws."""

import base64
import itertools

import torch
import torch.nn.functional as F
from torch import nn

from lab.common.student import trial
from lab.kuzu.train import predict

LARGEST = 1_000_000  # parameters of a network on the page: 4 bytes each
TRIED, CLOSE = 100, 1e-3  # so many test images must be read as the layers do, outputs no farther apart than this
ACTS = {'relu': F.relu, 'tanh': torch.tanh, '': lambda values: values}
GUESSES = list(itertools.product(('tanh', 'relu'), (1, 2)))  # activation of hidden layers; side of the pooling

# How a drawing becomes an image like those of the data set, in pixels of 28: longer side of the box round it, which is
# centred; width of a stroke; width of its edge; cells along a side (digits are 8 x 8, enlarged). Measured: docs/page.md
KMNIST = {'box': 28.0, 'width': 2.5, 'soft': 2.0, 'grid': 28}
DIGITS = {'box': 28.0, 'width': 4.5, 'soft': 2.0, 'grid': 8}


def layers(model: nn.Module, images: torch.Tensor) -> list[dict] | None:
    """The layers of a model as plain data, weights as the text of their bytes (float32); None where it has others.

    images: of the test set. The model counts as understood if its log-probabilities are those of the layers.
    """
    own = [layer for layer in model.modules() if isinstance(layer, nn.Linear | nn.Conv2d)]
    count = sum(parameter.numel() for parameter in model.parameters())
    square = all(len({*layer.weight.shape[2:]}) < 2 for layer in own)
    if not own or not square or count > LARGEST or any(layer.bias is None for layer in own):
        return None
    with trial(), torch.no_grad():
        outputs = model.eval()(images[:TRIED])
        for act, pool in GUESSES:
            found = [_layer(layer, '' if layer is own[-1] else act, pool) for layer in own]
            try:
                close = torch.allclose(run(found, images[:TRIED]), outputs, rtol=0, atol=CLOSE)
            except (RuntimeError, TypeError):  # shapes that do not fit
                continue
            if close:
                return [{**layer, 'weight': _text(layer['weight']), 'bias': _text(layer['bias'])} for layer in found]
    return None


def same(model: nn.Module, images: torch.Tensor, chosen: torch.Tensor) -> int:
    """How many images a model reads as `chosen` (N,) says, where they are as on the page: pixels are whole bytes."""
    on_page = images.mul(127.5).add(127.5).round().div(127.5).sub(1)
    return int((predict(model, on_page).argmax(1).cpu() == chosen).sum())


def _layer(layer: nn.Linear | nn.Conv2d, act: str, pool: int) -> dict:
    found = {
        'kind': 'linear',
        'shape': list(layer.weight.shape),
        'weight': layer.weight,
        'bias': layer.bias,
        'act': act,
    }
    if isinstance(layer, nn.Conv2d):
        found |= {'kind': 'conv', 'stride': layer.stride[0], 'pad': layer.padding[0], 'pool': pool}
    return found


def run(found: list[dict], images: torch.Tensor) -> torch.Tensor:
    """The log-probabilities (N, 10) of layers for images (N, 1, 28, 28)."""
    values = images
    for layer in found:
        if layer['kind'] == 'conv':
            values = F.conv2d(values, layer['weight'], layer['bias'], layer['stride'], layer['pad'])
            values = F.max_pool2d(values, layer['pool'])
        else:
            values = F.linear(values.flatten(1), layer['weight'], layer['bias'])
        values = ACTS[layer['act']](values)
    return F.log_softmax(values, dim=1)


def _text(values: torch.Tensor) -> str:
    return base64.b64encode(values.detach().cpu().float().contiguous().numpy().tobytes()).decode()
