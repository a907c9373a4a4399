"""What the flags of kuzu_main.py come to. Nothing here loads a slow package."""

import math
from dataclasses import dataclass

from lab.common.errors import UserError

SHAPE_FLAGS = {'lin': (), 'full': ('hid',), 'conv': ('channels', 'kernel', 'pad', 'fc')}
CLASSIC = 'optim', 'lr', 'mom', 'batch', 'shuffle'  # flags of the classic recipe; Settings holds their defaults
FAST = {'recipe': 'fast', 'batch': 32, 'shuffle': True}
ADAM_RATE = 0.001  # Adam's usual learning rate (Kingma and Ba 2015)
EXAMPLES = 4  # true images shown of each class of a confused pair
MISTAKES = 8  # real mistakes shown of each pair


@dataclass(frozen=True)
class Settings:
    """What decides the outcome of a run, beside the network and the data. Its fields are saved in the .resume file."""

    seed: int
    dataset: str
    images: int  # to train on
    epochs: int = 10
    batch: int = 64
    shuffle: bool = False
    recipe: str = 'classic'
    optim: str = 'sgd'
    lr: float = 0.01
    mom: float = 0.5

    @property
    def batches(self) -> int:
        """In an epoch."""
        return math.ceil(self.images / self.batch)


@dataclass(frozen=True)
class Network:
    """One network to train: its kind (lin, full or conv), the name of its files, and the arguments of its class."""

    kind: str
    name: str
    shape: dict


def networks_of(args: dict) -> list[Network]:
    """The networks to train: one, or three for --net all, or one for each value of a sweep."""
    net, hid = args['net'], args['hid'] or []
    for kind, flags in SHAPE_FLAGS.items():
        for flag in flags:
            if args[flag] is not None and net not in (kind, 'all'):
                raise UserError(f'--{flag} belongs to --net {kind}, not to --net {net}')
    if len(hid) > 1 and (net != 'full' or len(set(hid)) < len(hid)):
        raise UserError('several values for --hid are a sweep: it needs --net full, and each value once')
    for flag in 'kernel', 'pad':
        if len(args[flag] or []) > 2:
            raise UserError(f'--{flag} takes one number for both layers, or two')
    if len(hid) > 1:
        return [Network('full', f'kuzu_full{units}', {'hid': units}) for units in hid]
    networks = []
    for kind in SHAPE_FLAGS if net == 'all' else [net]:
        shape = {flag: args[flag] for flag in SHAPE_FLAGS[kind] if args[flag] is not None}
        for flag, value in shape.items():
            if isinstance(value, list):
                shape[flag] = value[0] if len(value) == 1 else tuple(value)
        networks.append(Network(kind, f'kuzu_{kind}', shape))
    return networks


def training_of(args: dict) -> dict:
    """The settings of the recipe that the user chose, or parts of it; {} where that is left to us."""
    given = {flag: args[flag] for flag in ('recipe', *CLASSIC) if args[flag] is not None}
    if args['recipe'] != 'fast':
        return {'lr': ADAM_RATE, **given} if args['optim'] == 'adam' else given
    if len(given) > 1:
        raise UserError(f'--{[*given][1]} belongs to --recipe classic: the fast recipe sets its own')
    return FAST
