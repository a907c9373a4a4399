"""Part 1 of the page: the three networks, taken from their files or trained by the lab's command, and their numbers."""

import json
import math
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from lab.common.children import Command
from lab.common.cli import typed
from lab.common.errors import UserError, note
from lab.common.student import trial
from lab.kuzu import resume, student
from lab.kuzu.data import KMNIST_NAMES, Dataset
from lab.kuzu.recipe import choose
from lab.kuzu.settings import FAST, Network, Settings
from lab.kuzu.train import confused_pairs, judge, predict
from lab.page import charts, images, readers
from lab.page.commands import Options, Place, flags, search

NAMES = {'lin': 'linear', 'full': 'fully connected', 'conv': 'convolutional'}
REPORTS = Path(__file__).parent / 'reports.json'
SHARED = 'conv'  # kuzu_main.py gives it all cores, and the others one
CORES = torch.get_num_threads()
SAME = 1e-3  # the test loss of the file and the one computed here differ by less: other threads round in another way
PAIRS, TRUE, MISTAKES = 5, 4, 8  # confused pairs shown, true examples of each character, mistakes
RIGHT = 12  # images shown of those that are right, per character
PRINTED = dict(zip(KMNIST_NAMES, 'おきすつなはまやれを', strict=True))


class Trained(NamedTuple):
    """A trained network and what it makes of the test images."""

    kind: str
    command: str
    seed: int
    model: nn.Module
    history: list[list[float]]  # epoch, training loss, test loss, accuracy in percent
    loss: float  # of the test images
    confusion: np.ndarray  # (10, 10), rows = target
    prob: np.ndarray  # (N, 10), of each class, for each test image

    @property
    def chosen(self) -> np.ndarray:
        """The class (N,) that is chosen for each test image."""
        return self.prob.argmax(1)


def written(device: torch.device) -> list[str]:
    """The networks that this kuzu.py has. Others are noted; raises Fault where there is none that can be trained."""
    networks = student.trainable([Network(kind, f'kuzu_{kind}', {}) for kind in NAMES], device)
    return [network.kind for network in networks]


def words(kind: str, seed: int, options: Options) -> list[str]:
    """The command that trains a network, as it stands on the page: without folders."""
    chosen = ['--dataset', 'digits', '--recipe', 'fast'] if options.dataset == 'digits' else []
    return ['kuzu_main.py', '--net', kind, '--seed', str(seed), *chosen]


def job(kind: str, seed: int, options: Options, folder: str, *extra: str) -> Command:
    """The same command with the folders, and with `extra` flags that change nothing of what comes out."""
    folders = flags(data_path=options.data_path, out_path=folder, plot_path=options.plot_path)
    return Command([*words(kind, seed, options), *folders], [*extra], alone=kind in SHARED)


def find_trained(kind: str, options: Options, data: Dataset, seed: int) -> Place:
    """The folder of a network's files, and the network, or the command that trains it or goes on with it.

    seed: of a network that has not been begun. Files that are of another run are left alone, and a note says so.
    """
    return search(
        options.out_path,
        lambda folder: read_trained(kind, options, data, folder),
        lambda folder: job(kind, seed, options, folder),
    )


def read_trained(kind: str, options: Options, data: Dataset, folder: str) -> Trained | Command | None:
    """The trained network of the files in `folder`, or the command that goes on with it; None if there are no files.

    Raises UserError where they are of another run than the page's command.
    """
    path = os.path.join(folder, f'kuzu_{kind}')
    if not any(os.path.exists(f'{path}.{ending}') for ending in ('resume', 'pth', 'csv')):
        return None
    if not os.path.exists(f'{path}.resume'):
        raise UserError(f'{path}.pth: it is not known how it was trained, there is no {path}.resume')
    saved = resume.load(path)
    seed = saved['settings']['seed'] if options.seed is None else options.seed
    recipe = FAST if options.dataset == 'digits' else {}  # 1,400 images teach a conv too little otherwise
    settings = Settings(seed, options.dataset, len(data.train_images), **recipe)
    model = student.new_network(kind, {}).to(data.test_images.device)
    progress = resume.restore(saved, path, model, choose(model, settings).optimizer, settings)
    if progress.epoch > settings.epochs + 1:
        raise UserError(f'{path}.resume is of a run with {progress.epoch - 1} epochs, not {settings.epochs}')
    if progress.epoch <= settings.epochs:
        return job(kind, seed, options, folder, '--resume')
    torch.set_num_threads(CORES if kind in SHARED else 1)  # as it was tested then
    with trial():  # what the student's own code prints, too
        outputs = predict(model, data.test_images)
        tested = judge(outputs, data.test_labels)
    *_, loss_then, accuracy_then = progress.history[-1]
    if abs(tested.loss - loss_then) > SAME or abs(tested.accuracy - accuracy_then) > 150 / len(tested.chosen):
        raise UserError(f'{path}.resume is of a run with other test images or another network')
    confusion = tested.confusion.astype(int)
    return Trained(
        kind,
        typed(words(kind, seed, options)),
        seed,
        model,
        progress.history,
        loss_then,
        confusion,
        outputs.softmax(1).cpu().numpy(),
    )


def terms(model: nn.Module) -> list[tuple[str, str, int]]:
    """How the parameters of a model add up: for each layer its name, the calculation, and the number."""
    rows, maps = [], 1
    for name, layer in model.named_modules():
        own = [parameter for parameter in layer.parameters(recurse=False)]
        if not own:
            continue
        bias = getattr(layer, 'bias', None) is not None
        if isinstance(layer, nn.Conv2d):
            high, wide = layer.kernel_size
            text = f'{layer.out_channels} filters of {layer.in_channels // layer.groups} × {high} × {wide}'
            text += f' + {layer.out_channels}' * bias
            maps = layer.out_channels
        elif isinstance(layer, nn.Linear):
            text = f'{_inputs(layer.in_features, maps)} × {layer.out_features}' + f' + {layer.out_features}' * bias
            maps = None
        else:
            text = ' + '.join(' × '.join(map(str, parameter.shape)) for parameter in own)
        rows.append((name or type(layer).__name__, text, sum(parameter.numel() for parameter in own)))
    return rows


def _inputs(count: int, maps: int | None) -> str:
    """The inputs of a layer: after an image or after feature maps their size."""
    side = math.isqrt(count // maps) if maps else 0
    size = (side, side) if maps == 1 else (maps, side, side)
    return f'({" × ".join(map(str, size))})' if side and math.prod(size) == count else str(count)


def sprites(trained: list[Trained], data: Dataset) -> tuple[list[int], list[dict[int, list[int]]]]:
    """The test images that the page shows, and for each network their numbers by cell of its confusion matrix.

    A cell is 10 * target + chosen. Off the diagonal it has all its images, on the diagonal the first RIGHT.
    """
    labels, cells = data.test_labels.cpu().numpy(), []
    for each in trained:
        where = 10 * labels + each.chosen
        found = {cell: np.flatnonzero(where == cell).tolist() for cell in range(100)}
        cells.append({cell: some if cell % 11 else some[:RIGHT] for cell, some in found.items() if some})
    return sorted({image for each in cells for some in each.values() for image in some}), cells


def describe(trained: list[Trained], data: Dataset, options: Options) -> dict:
    """All that the page says of Part 1, as plain data."""
    shown, cells = sprites(trained, data)
    reports = json.loads(REPORTS.read_text()) if data.official else None
    described = [describe_network(each, data, found) for each, found in zip(trained, cells, strict=True)]
    sheet = images.sheet(data.test_images[shown].cpu())
    return charts.of_kuzu(described, reports) | {
        'classes': data.classes,
        'printed': [PRINTED.get(name, '') for name in data.classes],
        'dataset': options.dataset,
        'counts': (len(data.train_labels), len(data.test_labels)),
        'official': data.official,
        'networks': described,
        'reports': reports,
        'sheet': sheet,
        'places': {image: divmod(index, sheet['columns'])[::-1] for index, image in enumerate(shown)},
        'same': _same(trained, data, shown),
        'view': view(trained, data, options, shown, cells),
    }


def _same(trained: list[Trained], data: Dataset, shown: list[int]) -> tuple[int, int]:
    """How many of the answers to test images are the same where pixels are bytes, as on the page; of how many."""
    with trial():
        counts = [
            readers.same(each.model, data.test_images[shown], torch.from_numpy(each.chosen[shown])) for each in trained
        ]
    return sum(counts), len(shown) * len(trained)


def view(trained: list[Trained], data: Dataset, options: Options, shown: list[int], cells: list[dict]) -> dict:
    """What the page's own code needs: the images shown, what each network makes of them, and its weights."""
    networks = [
        {
            'kind': each.kind,
            'cells': found,
            'chosen': each.chosen[shown].tolist(),
            'layers': readers.layers(each.model, data.test_images),
        }
        for each, found in zip(trained, cells, strict=True)
    ]
    for each in networks:
        if each['layers'] is None:
            note(f'kuzu_{each["kind"]} does not read what is drawn on the page: its layers are not those of the lab')
    return {
        'classes': data.classes,
        'printed': [PRINTED.get(name, '') for name in data.classes],
        'images': shown,
        'labels': data.test_labels[shown].tolist(),
        'how': readers.DIGITS if options.dataset == 'digits' else readers.KMNIST,
        'networks': networks,
    }


def describe_network(trained: Trained, data: Dataset, cells: dict[int, list[int]]) -> dict:
    """What the page says of one network."""
    confusion, classes = trained.confusion, data.classes
    rows = terms(trained.model)
    pairs = []
    for target, chosen, count in confused_pairs(confusion, PAIRS):
        true = cells.get(11 * target, [])[:TRUE], cells.get(11 * chosen, [])[:TRUE]
        mistakes = [
            (image, first_two(trained.prob[image], classes)) for image in cells[10 * target + chosen][:MISTAKES]
        ]
        pairs.append({'target': target, 'chosen': chosen, 'count': count, 'true': true, 'mistakes': mistakes})
    return {
        'kind': trained.kind,
        'name': NAMES[trained.kind],
        'command': trained.command,
        'seed': trained.seed,
        'terms': rows,
        'parameters': sum(count for *_, count in rows),
        'correct': int(confusion.trace()),
        'total': len(trained.chosen),
        'accuracy': 100 * confusion.trace() / len(trained.chosen),
        'loss': trained.loss,
        'confusion': confusion.tolist(),
        'worst': max(1, int((confusion - np.diag(np.diag(confusion))).max())),
        'pairs': pairs,
        'history': trained.history,
        'recall': (100 * np.diag(confusion) / np.maximum(confusion.sum(axis=1), 1)).tolist(),
    }


def first_two(prob: np.ndarray, classes: list[str]) -> list[str]:
    """The most probable class and the runner-up, each with its probability."""
    return [f'{classes[place]}: {100 * prob[place]:.0f}%' for place in np.argsort(-prob)[:2]]
