"""Training and testing one network of Part 1: the lab's transcript, and checkpoints that a killed run goes on from."""

import os
from dataclasses import asdict, dataclass, field

import numpy as np
import torch
import torch.nn.functional as F

from lab.common import checkpoint, files, processes, processes_end
from lab.common.endings import Interrupt, UserError
from lab.kuzu import recipe as kuzu_recipe
from lab.kuzu.data import Dataset

REPORT_EVERY = 100  # batches between two lines of the transcript
TEST_BATCH = 100  # images: of more, what the layers of NetConv hand on does not stay in the cache


@dataclass(frozen=True)
class Settings:
    """What decides the outcome of a run, beside the network and the data."""

    seed: int
    dataset: str
    images: int
    epochs: int = 10
    batch: int = 64
    shuffle: bool = False
    recipe: str = 'classic'
    optim: str = 'sgd'
    lr: float = 0.01
    mom: float = 0.5


@dataclass
class Progress:
    """How far a run has come: its next batch, the losses of the epoch under way, a row per epoch done."""

    epoch: int = 1
    batch: int = 0
    losses: list[float] = field(default_factory=list)
    history: list[list[float]] = field(default_factory=list)  # epoch, training loss, test loss, accuracy


def to_device(model: torch.nn.Module, images: torch.Tensor) -> torch.nn.Module:
    """The model on the device of the images, laid out channels-last, where pooling and convolution run fastest.

    A network that needs its feature maps in the ordinary layout (one that uses view(), say) gets that.
    """
    model.to(images.device, memory_format=torch.channels_last).eval()
    try:
        with torch.no_grad():
            model(images[:1])
    except RuntimeError:
        model.to(memory_format=torch.contiguous_format)
    return model


def train(
    model, data: Dataset, settings: Settings, path: str, resume: bool, stop: Interrupt
) -> tuple[list, float, np.ndarray]:
    """Train to the end, or until Ctrl-C; print the transcript; after each epoch write `path`.pth, .csv and .resume.

    Returns the history (rows of epoch, training loss, test loss, accuracy in percent), and the test loss and confusion
    matrix of the network as it then is. Raises UserError where the loss overflows, or nothing is there to be resumed.
    """
    recipe = _recipe(model, settings)
    progress = _restore(model, recipe.optimizer, settings, path) if resume else Progress()
    processes.same_weights(model)
    tested = None
    while progress.epoch <= settings.epochs and not stop:
        tested = None
        train_epoch(model, recipe, data, settings, progress, stop)
        if progress.batch == _batches(data, settings):
            tested = test(model, data.test_images, data.test_labels)
            accuracy = float(100 * tested[1].trace() / tested[1].sum())
            progress.history.append([progress.epoch, float(np.mean(progress.losses)), tested[0], accuracy])
            progress.epoch, progress.batch, progress.losses = progress.epoch + 1, 0, []
        if processes.RANK == 0:
            _keep(model, recipe.optimizer, settings, progress, path)
        processes_end.advise(f'type the same command with --resume, {path}.resume goes on in epoch {progress.epoch}')
    if tested is None:  # stopped amid an epoch, or resumed when all was done
        tested = test(model, data.test_images, data.test_labels)
    return progress.history, *tested


def train_epoch(model, recipe: kuzu_recipe.Recipe, data: Dataset, settings: Settings, progress: Progress, stop):
    """One pass over the training images, from batch progress.batch on; a batch is a slice of the tensors in memory."""
    images, labels, size = data.train_images, data.train_labels, settings.batch
    count, batches = len(images), _batches(data, settings)
    order = None
    if settings.shuffle:  # an order that depends on seed and epoch alone, so that a resumed epoch finds it again
        generator = torch.Generator().manual_seed(settings.seed * 100_003 + progress.epoch)
        order = torch.randperm(count, generator=generator).to(images.device)
    model.train()
    losses = []
    for index in range(progress.batch, batches):
        chosen = slice(index * size, (index + 1) * size)
        if order is not None:
            chosen = order[chosen]
        batch, wanted = images[chosen], labels[chosen]
        if recipe.augment:
            batch = recipe.augment(batch)
        if recipe.rate:
            share = (progress.epoch - 1 + index / batches) / settings.epochs
            for group in recipe.optimizer.param_groups:
                group['lr'] = recipe.rate(share)
        recipe.optimizer.zero_grad()
        loss = gradients(model, recipe, batch, wanted, stop)
        recipe.optimizer.step()
        losses.append(loss)
        if index % REPORT_EVERY == 0:
            print(
                f'Train Epoch: {progress.epoch} [{index * size}/{count} ({100 * index / batches:.0f}%)]'
                f'\tLoss: {loss.item():.6f}'
            )
        if stop:
            break
    progress.batch += len(losses)
    progress.losses += torch.stack(losses).tolist()
    if not np.isfinite(progress.losses).all():
        raise UserError(f'the loss overflowed in epoch {progress.epoch}: try a smaller --lr')


def gradients(model, recipe: kuzu_recipe.Recipe, images: torch.Tensor, labels: torch.Tensor, stop) -> torch.Tensor:
    """Give the model the gradients of a batch, of which each process takes a slice; return the loss of the batch."""
    mine = processes.share(len(labels))
    images, part = images[mine], labels[mine]
    loss = torch.zeros((), device=labels.device)
    if len(part):
        loss = recipe.loss(model(images), part)
        loss.backward()
    return processes.add_up(model, len(part) / len(labels), loss.detach(), stop)


def test(model: torch.nn.Module, images: torch.Tensor, labels: torch.Tensor) -> tuple[float, np.ndarray]:
    """Print the lab's test block; return the average loss and the confusion matrix (10, 10), rows = target."""
    log_probabilities = predict_together(model, images) if processes.TOGETHER else predict(model, images)
    loss = F.nll_loss(log_probabilities.double(), labels).item()
    cells = labels * 10 + log_probabilities.argmax(1)
    confusion = torch.bincount(cells, minlength=100).view(10, 10).double().cpu().numpy()
    with np.printoptions(precision=4, suppress=True):
        print(type(confusion), confusion, sep='\n')
    correct, count = int(confusion.trace()), len(labels)
    print(
        f'\nTest set: Average loss: {loss:.4f}, Accuracy: {correct}/{count} ({100 * correct / count:.0f}%)\n',
        flush=True,
    )
    return loss, confusion


def predict(model: torch.nn.Module, images: torch.Tensor) -> torch.Tensor:
    """Log-probabilities (N, 10) of a model for images (N, 1, 28, 28)."""
    model.eval()
    with torch.no_grad():
        return torch.cat([model(batch) for batch in images.split(TEST_BATCH)])


def predict_together(model: torch.nn.Module, images: torch.Tensor) -> torch.Tensor:
    """What predict() returns, to which each process contributes a slice."""
    processes.same_weights(model)  # they may have drifted: machines of two kinds round differently
    mine, whole = processes.share(len(images)), images.new_zeros(len(images), 10)
    if len(images[mine]):
        whole[mine] = predict(model, images[mine])
    return processes.assemble(whole)


def saved_seed(path: str) -> int:
    """The seed of the run that `path`.resume goes on with. Raises UserError where there is none to go on with."""
    return _saved(path)['settings']['seed']


def _batches(data, settings):
    return -(-len(data.train_images) // settings.batch)


def _recipe(model, settings):
    if settings.recipe == 'fast':
        return kuzu_recipe.fast(model)
    return kuzu_recipe.classic(model, settings.optim, settings.lr, settings.mom)


def _keep(model, optimizer, settings, progress, path):
    """Write the weights, the table of epochs, and, last, all that a resumed run needs, in one file."""
    weights = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    checkpoint.save(f'{path}.pth', weights)
    rows = [f'{epoch},{train:.6f},{test:.6f},{accuracy:.2f}\n' for epoch, train, test, accuracy in progress.history]
    files.write(f'{path}.csv', ''.join(['epoch,train_loss,test_loss,accuracy\n', *rows]).encode())
    state = {'settings': asdict(settings), 'progress': asdict(progress), 'weights': weights}
    state |= {'optimizer': optimizer.state_dict(), 'random': torch.get_rng_state()}
    if torch.cuda.is_initialized():
        state['random_cuda'] = torch.cuda.get_rng_state()
    checkpoint.save(f'{path}.resume', state)


def _saved(path):
    file = f'{path}.resume'
    if not os.path.isfile(file):
        raise UserError(f'nothing to resume: there is no {file}; start the run without --resume')
    state = checkpoint.load(file)
    parts = {'settings': dict, 'progress': dict, 'weights': dict, 'optimizer': dict, 'random': torch.Tensor}
    if type(state) is not dict or any(type(state.get(name)) is not kind for name, kind in parts.items()):
        raise _not_ours(file)
    seed = state['settings'].get('seed')
    if type(seed) is not int or not 0 <= seed < 2**32:
        raise _not_ours(file)
    return state


def _not_ours(file):
    return UserError(f'{file} was not written by this script: start the run without --resume')


def _is_whole(progress: Progress, settings: Settings) -> bool:
    """Whether a run with these settings can have come so far."""
    losses, rows = [0.0] * len(progress.losses), [[1, 0.0, 0.0, 0.0]] * len(progress.history)
    return (
        checkpoint.alike(vars(progress), vars(Progress(1, 0, losses, rows)))
        and len(progress.losses) == progress.batch < -(-settings.images // settings.batch)
        and len(progress.history) == progress.epoch - 1
        and all(row[0] == epoch for epoch, row in enumerate(progress.history, 1))
    )


def _after_a_step(model, settings) -> dict:
    """What the optimizer keeps of the steps taken, of the form that it has after the first."""
    twin = torch.nn.ParameterList(torch.zeros_like(parameter) for parameter in model.parameters())
    for parameter in twin:
        parameter.grad = torch.zeros_like(parameter)
    optimizer = _recipe(twin, settings).optimizer
    optimizer.step()
    return optimizer.state_dict()['state']


def _restore(model, optimizer, settings, path):
    saved = processes.given(lambda: _saved(path))
    for name, value in asdict(settings).items():
        before = saved['settings'].get(name)
        longer = name == 'epochs' and settings.recipe == 'classic'  # more epochs of the same are fine
        if type(before) is not type(value):
            raise _not_ours(f'{path}.resume')
        if before != value and not longer:
            raise UserError(f'{path}.resume is of a run with {name} {before}, not {value}: --resume needs the same')
    checkpoint.fit(model, saved['weights'], f'{path}.resume')
    try:
        if saved['progress'].keys() != vars(Progress()).keys():
            raise ValueError
        progress, moments = Progress(**saved['progress']), saved['optimizer']['state']
        groups = optimizer.state_dict()['param_groups']  # are as the settings say
        if not (_is_whole(progress, settings) and checkpoint.alike(moments, _after_a_step(model, settings))):
            raise ValueError
        optimizer.load_state_dict({'state': moments, 'param_groups': groups})
        torch.set_rng_state(saved['random'])
        if 'random_cuda' in saved and torch.cuda.is_available():
            torch.cuda.set_rng_state(saved['random_cuda'])
    except (LookupError, TypeError, ValueError, RuntimeError) as error:
        raise _not_ours(f'{path}.resume') from error
    return progress
