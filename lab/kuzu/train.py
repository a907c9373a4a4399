"""Training and testing one network of Part 1, with the lab's transcript."""

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lab.common import processes
from lab.common.errors import UserError
from lab.common.run import Interrupt
from lab.kuzu import resume, step
from lab.kuzu.data import Dataset
from lab.kuzu.recipe import Recipe, choose
from lab.kuzu.resume import Progress
from lab.kuzu.settings import Settings

REPORT_EVERY = 100  # batches between two lines of the transcript
TEST_BATCH = 64  # images, as the lab: a student's network may normalise over the batch


def train(
    model: nn.Module, data: Dataset, settings: Settings, path: str, saved: dict | None, stop: Interrupt
) -> tuple[list[list[float]], float, np.ndarray]:
    """Train to the end, or until Ctrl-C; print the transcript; after each epoch write the files, see resume.contents().

    saved: what resume.load() has read from `path`.resume, if the run is to go on from there.
    Returns the history (see Progress), and the test loss and confusion matrix of the network as it is then.
    Raises UserError if the loss overflows, or if `saved` does not fit.
    """
    recipe = choose(model, settings)
    progress = resume.restore(saved, path, model, recipe.optimizer, settings) if saved else Progress()
    batches = math.ceil(len(data.train_images) / settings.batch)
    tested = None
    with ThreadPoolExecutor(1) as writer:  # the disk takes its time, and the next epoch need not wait for it
        written = writer.submit(int)  # nothing yet
        while progress.epoch <= settings.epochs and not stop:
            tested = None
            train_epoch(model, recipe, data, settings, progress, stop)
            if progress.batch == batches:
                tested = test(model, data.test_images, data.test_labels)
                accuracy = float(100 * tested[1].trace() / len(data.test_labels))
                progress.history.append([progress.epoch, float(np.mean(progress.losses)), tested[0], accuracy])
                progress.epoch, progress.batch, progress.losses = progress.epoch + 1, 0, []
            written.result()  # raises what went wrong
            written = writer.submit(resume.save, resume.contents(path, model, recipe.optimizer, settings, progress))
        written.result()
    if tested is None:  # stopped in the middle of an epoch, or there was nothing left to do
        tested = test(model, data.test_images, data.test_labels)
    return progress.history, *tested


def train_epoch(
    model: nn.Module, recipe: Recipe, data: Dataset, settings: Settings, progress: Progress, stop: Interrupt
):
    """Train on all images once, from batch progress.batch on, until Ctrl-C. Raises UserError if the loss overflows."""
    images, labels, size = data.train_images, data.train_labels, settings.batch
    count, batches = len(images), math.ceil(len(images) / size)
    order = None
    if settings.shuffle:  # the order depends on seed and epoch alone, so a resumed run has the same one
        generator = torch.Generator().manual_seed(settings.seed * 100_003 + progress.epoch)
        order = torch.randperm(count, generator=generator).to(images.device)
    direct = step.find(model, images[:size], labels[:size]) if recipe.loss is F.nll_loss else None
    parts = list(zip(images.split(size), labels.split(size), strict=True))  # views
    model.train()
    losses = []
    for index in range(progress.batch, batches):
        batch, wanted = parts[index]
        if order is not None:
            chosen = order[index * size : (index + 1) * size]
            batch, wanted = images[chosen], labels[chosen]
        if recipe.augment:
            batch = recipe.augment(batch)
        if recipe.rate:
            share = (progress.epoch - 1 + index / batches) / settings.epochs
            for group in recipe.optimizer.param_groups:
                group['lr'] = recipe.rate(share)
        loss = gradients(model, recipe, direct, batch, wanted, stop)
        recipe.optimizer.step()
        losses.append(loss)
        if index % REPORT_EVERY == 0:
            done = f'{index * size}/{count} ({100 * index / batches:.0f}%)'
            print(f'Train Epoch: {progress.epoch} [{done}]\tLoss: {loss.item():.6f}')
        if stop:
            break
    progress.batch += len(losses)
    progress.losses += torch.stack(losses).tolist()
    if not np.isfinite(progress.losses).all():
        raise UserError(f'the loss overflowed in epoch {progress.epoch}: try a smaller --lr')


def gradients(
    model: nn.Module, recipe: Recipe, direct: step.Step | None, images: Tensor, labels: Tensor, stop: Interrupt
) -> Tensor:
    """Give the model the gradients of a batch, and return the loss of the batch. With torchrun the batch is shared.

    direct: a faster way to the same gradients, where step.find() has found one.
    """
    if direct and processes.SIZE == 1:
        return direct(images, labels)
    mine = processes.share(len(labels))
    images, part = images[mine], labels[mine]
    loss = torch.zeros((), device=labels.device)
    if direct and len(part):
        loss = direct(images, part)
    elif not direct:
        recipe.optimizer.zero_grad()
        if len(part):
            loss = recipe.loss(model(images), part)
            loss.backward()
    return processes.add_up(model, len(part) / len(labels), loss.detach(), stop)


def test(model: nn.Module, images: Tensor, labels: Tensor) -> tuple[float, np.ndarray]:
    """Print the lab's test block; return the average loss and the confusion matrix (10, 10), rows = target.

    A choice above 9, of a network with more outputs, is in no column, and wrong.
    """
    log_probabilities = predict(model, images)
    loss = F.nll_loss(log_probabilities.double(), labels).item()
    chosen = log_probabilities.argmax(1)
    cells = (labels * 10 + chosen)[chosen < 10]
    confusion = torch.bincount(cells, minlength=100).view(10, 10).double().cpu().numpy()
    with np.printoptions(precision=4, suppress=True):
        print(type(confusion), confusion, sep='\n')
    correct, count = int(confusion.trace()), len(labels)
    percent = 100 * correct / count
    print(f'\nTest set: Average loss: {loss:.4f}, Accuracy: {correct}/{count} ({percent:.0f}%)\n', flush=True)
    return loss, confusion


def predict(model: nn.Module, images: Tensor) -> Tensor:
    """Log-probabilities (N, 10) of a model for images (N, 1, 28, 28)."""
    model.eval()
    with torch.no_grad():
        return torch.cat([model(batch) for batch in images.split(TEST_BATCH)])
