"""The files of a run: its weights, its table of epochs, and all that a stopped or killed run needs to go on."""

import math
import os
from dataclasses import asdict, dataclass, field

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from lab.common import files
from lab.common.errors import UserError
from lab.common.student import trial
from lab.kuzu.data import SIDE
from lab.kuzu.settings import Settings

HEAD = 'epoch,train_loss,test_loss,accuracy\n'
PARTS = {'settings': dict, 'progress': dict, 'weights': dict, 'optimizer': dict, 'random': Tensor}


@dataclass
class Progress:
    """How far a run has come: the losses of this epoch's batches so far, and a row for each finished epoch.

    A row: epoch, training loss (mean over the batches), test loss, accuracy in percent.
    """

    losses: list[float] = field(default_factory=list)
    history: list[list[float]] = field(default_factory=list)

    @property
    def epoch(self) -> int:
        """The epoch under way, from 1."""
        return len(self.history) + 1

    @property
    def batch(self) -> int:
        """The next batch of this epoch, from 0."""
        return len(self.losses)

    def add(self, losses: list[Tensor]):
        """So many batches more. Raises UserError if their loss has overflowed."""
        self.losses += torch.stack(losses).tolist()
        if not np.isfinite(self.losses).all():
            raise UserError(f'the loss overflowed in epoch {self.epoch}: try a smaller --lr')

    def end_epoch(self, test_loss: float, accuracy: float):
        self.history.append([self.epoch, float(np.mean(self.losses)), test_loss, accuracy])
        self.losses = []

    def as_saved(self) -> dict:
        return {'epoch': self.epoch, 'batch': self.batch, 'losses': self.losses, 'history': self.history}


def save(path: str, model: nn.Module, optimizer: Optimizer, settings: Settings, progress: Progress):
    """Write what a run is at this moment: `path`.pth, `path`.csv and, last, `path`.resume. Raises OSError.

    Each file is whole or not written, and the last one alone is enough to go on. So a run can be killed at any moment.
    """
    weights = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    rows = [f'{epoch},{train:.6f},{test:.6f},{accuracy:.2f}\n' for epoch, train, test, accuracy in progress.history]
    state = {'settings': asdict(settings), 'progress': progress.as_saved(), 'weights': weights}
    state |= {'optimizer': optimizer.state_dict(), 'random': torch.get_rng_state()}
    if torch.cuda.is_initialized():
        state['random_cuda'] = torch.cuda.get_rng_state()
    files.write_tensors(f'{path}.pth', weights)
    files.write(f'{path}.csv', ''.join([HEAD, *rows]).encode())
    files.write_tensors(f'{path}.resume', state)


def load(path: str) -> dict:
    """Read `path`.resume. Raises UserError if there is none, or if it is not of the form that save() gives it."""
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
    if any(map(nn.parameter.is_lazy, model.parameters())):  # the first image gives it its shapes
        with trial(), torch.no_grad():
            model.eval()(torch.zeros(1, 1, SIDE, SIDE, device=next(model.parameters()).device))
    files.fit(model, saved['weights'], f'{path}.resume')
    try:
        progress = Progress(saved['progress']['losses'], saved['progress']['history'])
        moments = saved['optimizer']['state']
        whole = _is_whole(progress, settings) and progress.as_saved() == saved['progress']
        if not (whole and _fits(moments, model, optimizer)):
            raise ValueError
        groups = optimizer.state_dict()['param_groups']  # these follow from the settings
        optimizer.load_state_dict({'state': moments, 'param_groups': groups})
        torch.set_rng_state(saved['random'])
        if 'random_cuda' in saved and torch.cuda.is_available():
            torch.cuda.set_rng_state(saved['random_cuda'])
    except (LookupError, TypeError, ValueError, RuntimeError, AttributeError) as error:
        raise _not_ours(path) from error
    return progress


def _not_ours(path):
    return UserError(f'{path}.resume was not written by this script: start the run without --resume')


def _is_whole(progress: Progress, settings: Settings) -> bool:
    """Whether a run with these settings can have come so far."""
    row = [1, 0.0, 0.0, 0.0]
    return (
        all(type(loss) is float and math.isfinite(loss) for loss in progress.losses)
        and files.alike(progress.history, [row] * len(progress.history))
        and [epoch for epoch, *_ in progress.history] == [*range(1, progress.epoch)]
        and progress.batch < settings.batches
    )


def _fits(moments: dict, model: nn.Module, optimizer: Optimizer) -> bool:
    """Whether `moments` are what this optimizer remembers of parameters; it may know nothing of those not trained."""
    parameters = [*model.parameters()]
    names = ['step', 'exp_avg', 'exp_avg_sq'] if 'betas' in optimizer.defaults else ['momentum_buffer']
    for number, values in moments.items():
        wanted = {name: torch.tensor(0.0) if name == 'step' else parameters[number].detach() for name in names}
        if not files.alike(values, wanted):
            return False
    return True
