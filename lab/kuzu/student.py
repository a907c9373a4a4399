"""The only place that loads kuzu.py, which a student may replace by their own."""

import torch
import torch.nn.functional as F
from torch import nn

from lab.common.errors import note
from lab.common.student import Fault, adapt, faults, get, module, signature, tensors, trial
from lab.kuzu.data import SIDE
from lab.kuzu.settings import Network

with module('kuzu'):
    import kuzu  # noqa: F401  get() reads it

CLASSES = {'lin': 'NetLin', 'full': 'NetFull', 'conv': 'NetConv'}
OUTPUTS = 10
TRIAL_IMAGES = 64  # as in the lab's batches


def new_network(kind: str, shape: dict) -> nn.Module:
    """A new network: its class in kuzu.py, called with the arguments `shape`.

    Raises Fault if there is no such class, if it does not take these arguments, or if it fails.
    """
    made = get('kuzu', CLASSES[kind])
    takes = signature(made)
    try:
        takes.bind(**shape)
    except TypeError as error:
        names = list(takes.parameters)
        unknown = ' '.join(f'--{name}' for name in shape if name not in names)
        needs = f'needs arguments ({", ".join(names)}): {CLASSES[kind]}() should work without'
        wrong = f'does not take {unknown}' if unknown else needs
        raise Fault(f'{CLASSES[kind]} of this kuzu.py {wrong}') from error
    with faults(made):
        model = made(**shape)
    return adapt(model, f'{CLASSES[kind]} in kuzu.py', log_probabilities)


def log_probabilities(outputs):
    """What a network returns; where it returns several values, the first that can be log-probabilities."""
    return next(filter(_fits, tensors(outputs)), outputs)


def _fits(value: torch.Tensor) -> bool:
    return value.dim() == 2 and value.shape[1] >= OUTPUTS and value.is_floating_point()


def trainable(networks: list[Network], device: torch.device) -> list[Network]:
    """The networks that can be trained. The others are noted, with the reason. If none can: the Fault of the first."""
    left_out = {}
    for network in networks:
        try:
            try_out(network.kind, network.shape, device)
        except Fault as fault:
            left_out[network.name] = fault
    if len(left_out) == len(networks):
        raise left_out[networks[0].name]
    for name, fault in left_out.items():
        note(f'{name} is left out: {fault}')
    return [network for network in networks if network.name not in left_out]


def try_out(kind: str, shape: dict, device: torch.device):
    """Train a network on some noise and throw it away. Raises Fault if it cannot be trained; notes what looks wrong."""
    name = f'{CLASSES[kind]} in kuzu.py'
    with trial():
        model = new_network(kind, shape)
        with faults(get('kuzu', CLASSES[kind])):
            outputs = model.to(device)(2 * torch.rand(TRIAL_IMAGES, 1, SIDE, SIDE, device=device) - 1)
            _check(name, outputs)
            F.nll_loss(outputs, torch.zeros(TRIAL_IMAGES, dtype=torch.long, device=device)).backward()
    if outputs.shape[1] > OUTPUTS:
        note(f'{name} has {outputs.shape[1]} outputs: a choice above {OUTPUTS - 1} counts as wrong, outside the matrix')
    if ((outputs.exp().sum(1) - 1).abs() > 1e-3).any():
        note(f'{name} returns no log-probabilities, which sum to 1 for each image: log_softmax with dim=1 gives them')


def _check(name: str, outputs):
    wanted = f'it should return log-probabilities of shape (images, {OUTPUTS})'
    if outputs is None:
        raise Fault(f'forward() of {name} returns nothing yet: {wanted}')
    if not isinstance(outputs, torch.Tensor):
        raise Fault(f'forward() of {name} returns a value of type {type(outputs).__name__}: {wanted}')
    if not _fits(outputs) or len(outputs) != TRIAL_IMAGES:
        raise Fault(f'forward() of {name} returns {tuple(outputs.shape)} for {TRIAL_IMAGES} images: {wanted}')
    if not outputs.requires_grad:
        raise Fault(f'what forward() of {name} returns does not depend on its parameters, so it cannot be trained')
