"""The files of a run: its weights, its table of epochs, and all that a stopped or killed run needs to go on."""

import math
import os
from dataclasses import asdict, dataclass, field

import torch
from torch import nn
from torch.optim import Optimizer

from lab.common import files
from lab.common.errors import UserError
from lab.kuzu.recipe import choose
from lab.kuzu.settings import Settings

HEAD = 'epoch,train_loss,test_loss,accuracy\n'
PARTS = {'settings': dict, 'progress': dict, 'weights': dict, 'optimizer': dict, 'random': torch.Tensor}


@dataclass
class Progress:
    """How far a run has come: its next batch, the losses of this epoch's batches so far, a row per finished epoch."""

    epoch: int = 1
    batch: int = 0
    losses: list[float] = field(default_factory=list)
    history: list[list[float]] = field(default_factory=list)  # epoch, training loss, test loss, accuracy in percent


def contents(
    path: str, model: nn.Module, optimizer: Optimizer, settings: Settings, progress: Progress
) -> dict[str, bytes]:
    """What a run is at this moment: the bytes of `path`.pth, `path`.csv and, last, `path`.resume.

    To be written in this order, see save(). The last one alone is enough to go on.
    """
    weights = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    rows = [f'{epoch},{train:.6f},{test:.6f},{accuracy:.2f}\n' for epoch, train, test, accuracy in progress.history]
    state = {'settings': asdict(settings), 'progress': asdict(progress), 'weights': weights}
    state |= {'optimizer': optimizer.state_dict(), 'random': torch.get_rng_state()}
    if torch.cuda.is_initialized():
        state['random_cuda'] = torch.cuda.get_rng_state()
    table = ''.join([HEAD, *rows]).encode()
    return {
        f'{path}.pth': files.tensor_bytes(weights),
        f'{path}.csv': table,
        f'{path}.resume': files.tensor_bytes(state),
    }


def save(contents: dict[str, bytes]):
    """Write these files, in this order. Raises OSError."""
    for path, data in contents.items():
        files.write(path, data)


def load(path: str) -> dict:
    """Read `path`.resume. Raises UserError if there is none, or if it is not of the form that contents() gives it."""
    file = f'{path}.resume'
    if not os.path.isfile(file):
        raise UserError(f'nothing to resume: there is no {file}; start the run without --resume')
    state = files.read_tensors(file)
    whole = type(state) is dict and all(type(state.get(name)) is kind for name, kind in PARTS.items())
    seed = state['settings'].get('seed') if whole else None
    if type(seed) is not int or not 0 <= seed < 2**32:
        raise _not_ours(path)
    return state


def restore(saved: dict, path: str, model: nn.Module, optimizer: Optimizer, settings: Settings) -> Progress:
    """Put what load() has read from `path`.resume into model, optimizer and torch's random state. Returns the progress.

    Raises UserError if it is of a run with other settings (more epochs are fine) or with another network, or if its
    parts do not fit together.
    """
    # The recipe first: it decides about others
    for name, value in sorted(asdict(settings).items(), key=lambda item: item[0] != 'recipe'):
        before = saved['settings'].get(name)
        longer = name == 'epochs' and settings.recipe == 'classic'  # the fast recipe's learning rate depends on them
        if type(before) is not type(value):
            raise _not_ours(path)
        if before != value and not longer:
            raise UserError(f'{path}.resume is of a run with {name} {before}, not {value}: --resume needs the same')
    files.fit(model, saved['weights'], f'{path}.resume')
    try:
        if saved['progress'].keys() != vars(Progress()).keys():
            raise ValueError
        progress, moments = Progress(**saved['progress']), saved['optimizer']['state']
        groups = optimizer.state_dict()['param_groups']  # these follow from the settings
        if not (_is_whole(progress, settings) and files.alike(moments, _after_a_step(model, settings))):
            raise ValueError
        optimizer.load_state_dict({'state': moments, 'param_groups': groups})
        torch.set_rng_state(saved['random'])
        if 'random_cuda' in saved and torch.cuda.is_available():
            torch.cuda.set_rng_state(saved['random_cuda'])
    except (LookupError, TypeError, ValueError, RuntimeError) as error:
        raise _not_ours(path) from error
    return progress


def _not_ours(path):
    return UserError(f'{path}.resume was not written by this script: start the run without --resume')


def _is_whole(progress: Progress, settings: Settings) -> bool:
    """Whether a run with these settings can have come so far."""
    losses, rows = [0.0] * len(progress.losses), [[1, 0.0, 0.0, 0.0]] * len(progress.history)
    return (
        files.alike(vars(progress), vars(Progress(1, 0, losses, rows)))
        and len(progress.losses) == progress.batch < math.ceil(settings.images / settings.batch)
        and len(progress.history) == progress.epoch - 1
        and all(row[0] == epoch for epoch, row in enumerate(progress.history, 1))
    )


def _after_a_step(model, settings) -> dict:
    """What an optimizer remembers of its steps (momentum, say), in the shapes that it has after the first step."""
    twin = nn.ParameterList(torch.zeros_like(parameter) for parameter in model.parameters())
    for parameter in twin:
        parameter.grad = torch.zeros_like(parameter)
    optimizer = choose(twin, settings).optimizer
    optimizer.step()
    return optimizer.state_dict()['state']
