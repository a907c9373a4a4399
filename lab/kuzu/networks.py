"""The networks of a run: counted, checked for size, on their device."""

import contextlib

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from lab.common.errors import UserError
from lab.common.student import trial
from lab.kuzu import student
from lab.kuzu.data import SIDE
from lab.kuzu.settings import Run

MOST_PARAMETERS = 200_000_000  # 3 GB with gradients and Adam's two moments
MOST_ACTIVATIONS = 2_000_000_000  # 8 GB for a batch, or for LEAST_IMAGES: a larger network would train for weeks
LEAST_IMAGES = 1000


def check_size(run: Run, batch: int):
    """Raise UserError if the network of a run, trained with batches of `batch` images, is too large for the memory."""
    parameters = activations = 0
    with contextlib.suppress(Exception), trial(), torch.device('meta'), _NoDraws():  # shapes alone take no memory
        parameters = count_parameters(student.network(run.kind, run.shape))
    if parameters > MOST_PARAMETERS:
        raise UserError(f'{parameters:,} parameters are too many: {MOST_PARAMETERS:,} at most')
    with contextlib.suppress(Exception), trial():
        activations = count_activations(student.network(run.kind, run.shape))
    images = max(batch, LEAST_IMAGES)
    if activations * images > MOST_ACTIVATIONS:
        size = 4 * activations * images / 1e9
        raise UserError(
            f'{size:.0f} GB for a batch of {images:,} images: fewer channels or a smaller --batch take less'
        )


class _NoDraws(TorchFunctionMode):
    """Draws no weights: on torch's device 'meta' there are none, and to draw them loads a part of torch's compiler."""

    def __torch_function__(self, function, types, values=(), kwargs=None):
        kwargs = kwargs or {}
        module, name = (getattr(function, what, '') for what in ('__module__', '__name__'))
        draws = module == 'torch.nn.init' or name in ('uniform_', 'normal_')
        return [*values, *kwargs.values()][0] if draws else function(*values, **kwargs)


def count_parameters(model: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def count_activations(model: torch.nn.Module) -> int:
    """How many numbers all layers together output for one image; 0 if the model cannot be run.

    The image is a real one: on torch's device 'meta' this would load a large part of torch's compiler.
    """
    counts = []
    hooks = [
        layer.register_forward_hook(lambda layer, inputs, output: counts.append(output.numel()))
        for layer in model.modules()
    ]
    model.eval()
    with contextlib.suppress(Exception), torch.no_grad():
        model(torch.zeros(1, 1, SIDE, SIDE))
    for hook in hooks:
        hook.remove()
    model.train()
    return sum(counts)


def to_device(model: torch.nn.Module, images: torch.Tensor) -> torch.nn.Module:
    """Move the model to the device of the images, in the memory layout channels-last.

    Convolution and pooling are fastest in this layout. A network that does not work with it (one that uses view() on
    its feature maps, say) gets the ordinary layout.
    """
    if any(map(nn.parameter.is_lazy, model.parameters())):  # the first images give it its shapes
        with trial(), torch.no_grad():
            model.to(images.device).eval()(images[:1])
    model.to(images.device, memory_format=torch.channels_last).eval()
    try:
        with trial(), torch.no_grad():
            model(images[:1])
    except RuntimeError:
        model.to(memory_format=torch.contiguous_format)
    return model
