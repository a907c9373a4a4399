"""The gradient of NetLin and NetFull without autograd: by the same kernels of PyTorch, so that each bit is the same.

For these small networks autograd takes longer than the arithmetic. The kernels below that PyTorch does not document may
change; find() tries them, and compares every bit, before they are used.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lab.common.student import trial

MEAN = None, 1, -100  # of nll_loss_forward(): all classes count the same, the mean over the images, PyTorch's default
FACTOR = 8.0  # on the weights of the second comparison: larger net inputs, where a function that is cut off shows


class Step:
    """Gives the parameters of a network the gradient of the negative log-likelihood, and returns the mean of that.

    The network is linear with log softmax, or has one hidden layer of tanh units before that.
    images (N, 1, 28, 28), labels (N,). The gradients stand in each parameter's .grad, always in the same memory.
    """

    def __init__(self, parameters: list[nn.Parameter]):
        for parameter in parameters:
            parameter.grad = torch.zeros_like(parameter)
        # Transposed views take time, too: they are made once
        layers = [(w.detach(), w.detach().t(), b.detach(), w.grad, b.grad) for w, b in _pairs(parameters)]
        self.hidden, self.out = layers[:-1], layers[-1]
        self.one = torch.ones((), dtype=parameters[0].dtype)
        self.nll, self.of_nll = torch.ops.aten.nll_loss_forward.default, torch.ops.aten.nll_loss_backward.default
        self.of_log_softmax = torch._log_softmax_backward_data
        self.of_tanh = torch.ops.aten.tanh_backward.default

    def __call__(self, images: Tensor, labels: Tensor) -> Tensor:
        pixels = images.flatten(1)
        w, w_across, b, w_grad, b_grad = self.out
        x = pixels
        for _, across, bias, _, _ in self.hidden:
            x = torch.tanh(torch.addmm(bias, pixels, across))
        log_probabilities = torch.log_softmax(torch.addmm(b, x, w_across), 1)
        loss, total = self.nll(log_probabilities, labels, *MEAN)
        slope = self.of_nll(self.one, log_probabilities, labels, *MEAN, total)
        slope = self.of_log_softmax(slope, log_probabilities, 1, slope.dtype)
        torch.mm(slope.t(), x, out=w_grad)
        torch.sum(slope, 0, out=b_grad)
        for _, _, _, hidden_w_grad, hidden_b_grad in self.hidden:
            slope = self.of_tanh(slope.mm(w), x)
            torch.mm(slope.t(), pixels, out=hidden_w_grad)
            torch.sum(slope, 0, out=hidden_b_grad)
        return loss


def find(model: nn.Module, images: Tensor, labels: Tensor) -> Step | None:
    """A Step for this network, if it is provably the same as autograd for it; else None.

    Three things are compared with autograd, on a batch of images and labels: the operations that autograd records (so
    there is nothing else in the network that shows only now and then), and, bit for bit, the loss and the gradients,
    with the network's weights and with FACTOR times these.
    """
    parameters = list(model.parameters())
    if not _fits(model, parameters, images):
        return None
    before = [parameter.detach().clone() for parameter in parameters]
    try:
        with trial() as printed:
            found = _compare(model, parameters, images, labels)
        return None if printed.getvalue() else found  # who prints in forward() waits for it in training
    except (AttributeError, RuntimeError, TypeError, ValueError):  # this PyTorch has not these kernels, or other ones
        return None
    finally:
        with torch.no_grad():
            for parameter, values in zip(parameters, before, strict=True):
                parameter.copy_(values)


def _pairs(parameters) -> list[tuple]:
    return list(zip(parameters[::2], parameters[1::2], strict=True))


def _fits(model, parameters, images) -> bool:
    """Whether the network has the parameters of one or two linear layers, on the CPU, and nothing else."""
    inputs, shapes = images[0].numel(), [tuple(parameter.shape) for parameter in parameters]
    hid = shapes[0][0] if shapes and shapes[0] else 0
    return (
        shapes in ([(10, inputs), (10,)], [(hid, inputs), (hid,), (10, hid), (10,)])
        and images.device.type == 'cpu'
        and not any(True for _ in model.buffers())
        and all(p.dtype == images.dtype and p.requires_grad and p.is_contiguous() for p in parameters)
    )


def _compare(model, parameters, images, labels) -> Step | None:
    step = Step(parameters)
    model.train()
    for factor in 1.0, FACTOR:
        with torch.no_grad():
            for parameter in parameters:
                parameter.mul_(factor)
        theirs, ours = model(images), _definition(parameters, images)
        if _operations(theirs.grad_fn) != _operations(ours.grad_fn):
            return None
        loss = F.nll_loss(theirs, labels)
        gradients = torch.autograd.grad(loss, parameters)
        pairs = [(step(images, labels), loss), *((p.grad, g) for p, g in zip(parameters, gradients, strict=True))]
        if not all(torch.equal(a, b) for a, b in pairs):
            return None
    return step


def _definition(parameters, images) -> Tensor:
    """The log-probabilities of the network that Step is for."""
    *hidden, (w, b) = _pairs(parameters)
    x = images.flatten(1)
    for hidden_w, hidden_b in hidden:
        x = torch.tanh(F.linear(x, hidden_w, hidden_b))
    return F.log_softmax(F.linear(x, w, b), 1)


def _operations(node) -> tuple | None:
    """The operations that autograd has recorded up to this one: names, nested."""
    return node and (node.name(), *(_operations(before) for before, _ in node.next_functions))
