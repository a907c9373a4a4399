"""The only place that loads check.py, which a student may replace by their own."""

import numpy as np
import torch
from torch import nn

from lab.check.lines import read_weights
from lab.common import compiling
from lab.common.student import Fault, adapt, call, faults, get, module, signature, tensors, trial, weights_set

with module('check'):
    import check

TRIAL_SIZES = 0.1, 1, 10  # standard deviations of the weights at which a network is compared with the compiled formulas


def new_network(hid: int, act: str) -> nn.Module:
    """A new MLP with `hid` hidden units; act: 'step' or 'sig'.

    Raises Fault where check.py has none or refuses it, or where it does not do what an MLP of the lab does.
    """
    with trial():  # the lab makes one network
        _check(_new(hid, act), hid, act)
    return _new(hid, act)


def _new(hid: int, act: str) -> nn.Module:
    net = call(get('check', 'MLP'), hid, act, least=1 if act == 'sig' else 2)
    return adapt(net, 'MLP in check.py', output)


def output(returned):
    """The outputs (N, 1) among what an MLP returned for points (N, 2)."""
    found = [value for value in tensors(returned) if value.dim() == 1 or value.shape[1:] == (1,)]
    return found[0].reshape(-1, 1) if found else returned


def _check(net: nn.Module, hid: int, act: str):
    """Raise Fault unless the network gives outputs (N, 1) for points (N, 2), and keeps hidden units (N, hid)."""
    name, points = 'MLP in check.py', torch.tensor([[99.0, 99.0], [-99.0, -99.0], [99.0, -99.0]])
    with faults(get('check', 'MLP')):
        out = net(points)
    if not isinstance(out, torch.Tensor) or out.shape != (3, 1):
        raise Fault(f'{name} returns {_shape(out)} for 3 points: it should return (3, 1)')
    if act == 'sig' and not out.requires_grad:
        raise Fault(f'what {name} returns does not depend on its parameters, so it cannot be trained')
    if not ((out >= 0) & (out <= 1)).all():
        raise Fault(f'{name} returns {out.abs().max():.4g}: outputs should lie between 0 and 1, as of a sigmoid')
    kept = getattr(net, 'hid', None)
    if not isinstance(kept, torch.Tensor) or len(kept) != 3:
        raise Fault(f'{name} should keep its hidden units, (3, {hid}) for 3 points, in self.hid: it is {_shape(kept)}')


def _shape(value: object) -> tuple | str:
    return tuple(value.shape) if isinstance(value, torch.Tensor) else type(value).__name__


def why_not_compiled(hid: int, inputs: np.ndarray) -> str | None:
    """Why many starts of an MLP cannot be trained at once by compiled code, or None. inputs (N, 2).

    Small weights and large ones are tried: a forward() that clamps its weights, say, is another function at large ones.
    """
    with trial():
        net = _new(hid, 'sig')
        for size in TRIAL_SIZES:
            draw_weights(net, size)
            if not read_weights(net, 'sig', inputs):
                return 'this MLP is not two sigmoid layers'
    return compiling.fault()


def draw_weights(net: nn.Module, init: float):
    """Draw every parameter of a network from N(0, init), one after the other."""
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.normal_(0, init)


def designs() -> dict[str, tuple]:
    """The hand-made weights of check.py by name, in the order of MLP's parameters; another check.py may have none."""
    return getattr(check, 'DESIGNS', {})


def set_weights(net: nn.Module, design: str | None, scale: float | None):
    """Set the network's hand-made weights; None: leave the argument out, since not every set_weights() takes it.

    Raises Fault where there is no set_weights(), where it does not take an argument that is given, or refuses it.
    """
    if not hasattr(net, 'set_weights'):
        raise Fault('MLP in check.py has no set_weights()')
    options = {name: value for name, value in (('design', design), ('scale', scale)) if value is not None}
    try:
        signature(net.set_weights).bind(**options)
    except TypeError as error:
        flags = ' and '.join(f'--{name}' for name in options)
        wrong = f'does not take {flags}' if flags else 'needs arguments: it should work without'
        raise Fault(f'set_weights() of this check.py {wrong}') from error
    with weights_set(net, 'check.py'):
        net.set_weights(**options)
        with trial(), torch.no_grad():
            net(torch.zeros(3, 2))
