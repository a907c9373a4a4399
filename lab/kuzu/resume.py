"""The files of a run: its weights, its table of epochs, and all that a stopped or killed run needs to go on."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from lab.common import files
from lab.common.errors import UserError
from lab.kuzu.settings import Settings

HEAD = 'epoch,train_loss,test_loss,accuracy\n'


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
        if self.epoch == 1 and not np.isfinite(self.losses[0]):
            raise UserError('the loss is NaN or infinite before the first step: look at forward() and the weights')
        if not np.isfinite(self.losses).all():
            raise UserError(f'the loss overflowed in epoch {self.epoch}: try a smaller --lr')

    def end_epoch(self, test_loss: float, accuracy: float):
        self.history.append([self.epoch, float(np.mean(self.losses)), test_loss, accuracy])
        self.losses = []


def save(path: str, model: nn.Module, optimizer: Optimizer, settings: Settings, progress: Progress):
    """Write what a run is at this moment: `path`.pth, `path`.csv and, last, `path`.resume. Raises OSError.

    Each file is whole or not written, and the last one alone is enough to go on. So a run can be killed at any moment.
    """
    weights = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    rows = [f'{epoch},{train:.6f},{test:.6f},{accuracy:.2f}\n' for epoch, train, test, accuracy in progress.history]
    state = {
        'settings': asdict(settings),
        'progress': {'epoch': progress.epoch, 'batch': progress.batch, **asdict(progress)},
        'weights': weights,
        'optimizer': optimizer.state_dict(),
        'random': torch.get_rng_state(),
    }
    if torch.cuda.is_initialized():
        state['random_cuda'] = torch.cuda.get_rng_state()
    files.write_tensors(f'{path}.pth', weights)
    files.write(f'{path}.csv', ''.join([HEAD, *rows]).encode())
    files.write_tensors(f'{path}.resume', state)


def load(path: str) -> dict:
    """Read `path`.resume. Raises UserError if there is none, or if it holds no settings of a run."""
    file = f'{path}.resume'
    if not os.path.isfile(file):
        raise UserError(f'nothing to resume: there is no {file}; start the run without --resume')
    saved = files.read_tensors(file)
    with _ours(path):
        Settings(**dict.copy(saved)['settings'])
    return saved


def restore(saved: dict, path: str, model: nn.Module, optimizer: Optimizer, settings: Settings) -> Progress:
    """Put what load() has read from `path`.resume into model, optimizer and torch's random state. Returns the progress.

    Raises UserError if it is of a run with other settings (more epochs are fine) or with another network, or if it was
    not written by save().
    """
    wanted = asdict(settings)
    if settings.recipe == 'classic':  # the fast recipe's learning rate depends on the number of epochs
        del wanted['epochs']
    for name in ['recipe', *wanted]:  # it decides about others
        before = saved['settings'].get(name)
        if before != wanted[name]:
            differs = f'{name} {before}, not {wanted[name]}'
            raise UserError(f'{path}.resume is of a run with {differs}: --resume needs the same')
    with _ours(path):
        files.fit(model, saved['weights'], f'{path}.resume')
        groups = optimizer.state_dict()['param_groups']  # these follow from the settings
        optimizer.load_state_dict({**dict.copy(saved['optimizer']), 'param_groups': groups})
        for parameter, moments in optimizer.state.items():
            if any(value.shape not in (parameter.shape, ()) for value in moments.values()):
                raise ValueError('moments of another network')
        torch.set_rng_state(saved['random'])
        if 'random_cuda' in saved and torch.cuda.is_available():
            torch.cuda.set_rng_state(saved['random_cuda'])
        progress = dict.copy(saved['progress'])  # of a huge tensor, dict() would make a dict of its rows
        return Progress(progress['losses'], progress['history'])


@contextlib.contextmanager
def _ours(path: str) -> Iterator[None]:
    """What goes wrong while a file is taken apart becomes a UserError: the file is not one of save()."""
    try:
        yield
    except (LookupError, TypeError, ValueError, RuntimeError, AttributeError) as error:
        raise UserError(f'{path}.resume was not written by this script: start the run without --resume') from error
