"""Part 1: train a network to recognise handwritten hiragana (Kuzushiji-MNIST), and show what it confuses.

    python3 kuzu_main.py --net lin | full | conv | all

prints the lab's transcript, then the number of parameters and the pairs that are confused most often. It writes the
weights and a table of the epochs to net/, and the confusion matrix, the mistakes and the learning curve to plot/.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, NamedTuple

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # also with python3 -I: our lab, our kuzu

from lab.common import cli, files, picture
from lab.common.errors import UserError, note
from lab.common.run import Interrupt, loaded, run
from lab.kuzu import distributed
from lab.kuzu.settings import ADAM_RATE, FAST, SHAPE_FLAGS, Network, Settings, networks_of, training_of

if TYPE_CHECKING:  # these load torch, which waits until the flags are read
    import torch
    from torch import Tensor, nn

    from lab.common.picture import Painter
    from lab.kuzu.data import Dataset
    from lab.kuzu.recipe import Recipe
    from lab.kuzu.resume import Progress
    from lab.kuzu.train import Judged

REPORT_EVERY = 100  # batches between two lines of the transcript
FULL_MARK = 84.0  # percent that the lab asks of the fully connected network


class Result(NamedTuple):
    """A trained network, for the table at the end and for the pictures."""

    network: Network
    parameters: int
    tested: Judged
    pairs: list[str]  # those that are confused most often, as printed


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Read and check the flags. Beside them stand `networks`, and `training`, the fields of Settings that they set."""
    parser = cli.Parser(__doc__, lab='net lr mom epochs no_cuda')
    add = parser.add_argument
    add('--net', choices=[*SHAPE_FLAGS, 'all'], default='full', help='linear, fully connected, convolutional, or all')
    add('--hid', type=cli.whole(1, 10_000), nargs='+', help='full: hidden units; several values = a sweep')
    add('--channels', type=cli.whole(1, 256), nargs=2, help='conv: feature maps of the two layers')
    add('--kernel', type=cli.whole(1, 28), nargs='+', help='conv: side of the filters, one number or two')
    add('--pad', type=cli.whole(0, 14), nargs='+', help='conv: zero padding, one number or two')
    add('--fc', type=cli.whole(0, 2_000), help='conv: units of the fully connected layer; 0 = none')
    recipe = "the lab's way to train, or the most accurate (default: classic; with --resume: the earlier run's)"
    add('--recipe', choices=['classic', 'fast'], help=recipe)
    add('--optim', choices=['sgd', 'adam'], help='optimizer (classic: sgd)')
    add('--lr', type=cli.real(1e-9, 100), help=f'learning rate (classic: 0.01, adam {ADAM_RATE})')
    add('--mom', type=cli.real(0, 0.9999), help='momentum of sgd (classic: 0.5)')
    add('--batch', type=cli.whole(1, 10_000), help='images in a batch (classic: 64)')
    add('--shuffle', action='store_true', default=None, help='take the images in a new order in each epoch')
    add('--epochs', type=cli.whole(1, 100_000), default=10, help='passes over the training images')
    add('--dataset', choices=['kmnist', 'digits'], default='kmnist', help='kmnist, or 1,797 digits (no download)')
    add('--data_path', type=cli.folder, default='./data', help='folder with the images, or to download them to')
    add('--out_path', type=cli.folder, default='net', help='folder for the weights')
    add('--plot_path', type=cli.folder, default='plot', help='folder for the pictures')
    add('--resume', action='store_true', help='go on with a run that was stopped')
    threads = 'CPU threads (default: conv: one per core, lin and full: 1, which is fastest); more change the rounding'
    add('--threads', type=cli.whole(1, cli.cores()), help=threads)
    add('--no_cuda', action='store_true', help='run on the CPU even if there is a CUDA device')
    cli.add_seed(parser)
    args = parser.parse_args(argv)
    try:
        args.networks, args.training = networks_of(vars(args)), training_of(vars(args))
    except UserError as error:
        parser.error(str(error))
    return args


def prepare(args: argparse.Namespace, networks: list[Network]) -> tuple[int, dict[str, dict]]:
    """Check that the folders can be written to. Return the seed and, by a network's name, what --resume found."""
    from lab.kuzu import resume

    files.prepare(args.out_path)
    files.prepare(args.plot_path)
    seed, saved = args.seed, {}
    if args.resume:
        paths = {network.name: os.path.join(args.out_path, network.name) for network in networks}
        begun = [name for name, path in paths.items() if os.path.exists(f'{path}.resume')] or [*paths][:1]
        saved = {name: resume.load(paths[name]) for name in begun}
        seed = saved[begun[0]]['settings']['seed'] if seed is None else seed
    return cli.draw_seed() if seed is None else seed, saved


def begin(
    network: Network, path: str, settings: Settings, device: torch.device, saved: dict | None
) -> tuple[nn.Module, Recipe, Progress]:
    """A network at the beginning of its training, or as far as --resume found it."""
    import torch

    from lab.kuzu import recipe, resume, student

    torch.manual_seed(settings.seed)  # so that a network's result does not depend on those trained before it
    model = student.new_network(network.kind, network.shape).to(device)
    chosen = recipe.choose(model, settings)
    progress = resume.restore(saved, path, model, chosen.optimizer, settings) if saved else resume.Progress()
    return model, chosen, progress


def conclude(network: Network, model: nn.Module, tested: Judged, classes: list[str]) -> Result:
    """Print what is new beside the lab's transcript: the number of parameters, and the most confused pairs."""
    from lab.kuzu.train import confused_pairs

    pairs = confused_pairs(tested.confusion)
    names = [f'{classes[target]} -> {classes[chosen]} {count}' for target, chosen, count in pairs]
    parameters = sum(parameter.numel() for parameter in model.parameters())
    print(f'Model parameters: {parameters}')
    print(*names, sep='\n', flush=True)
    return Result(network, parameters, tested, names)


def draw(painter: Painter, path: str, result: Result, data: Dataset, history: list[list[float]]) -> list[str]:
    """Draw the pictures of a trained network. Returns the names of their files."""
    from lab.kuzu import student
    from lab.kuzu.train import confused_pairs, examples

    name, tested = student.CLASSES[result.network.kind], result.tested
    pairs = confused_pairs(tested.confusion)
    share = f'{tested.correct:,} of {len(tested.chosen):,} test images right ({tested.accuracy:.1f}%)'
    images = examples(data, tested.chosen, pairs)
    drawn = {
        'confusion': (f'{name}: {share}', data.classes, tested.confusion),
        'mistakes': (f'{name}: the pairs it confuses most, and some of its mistakes', data.classes, pairs, images),
    }
    if history:
        drawn['curve'] = f'{name}: loss and accuracy, epoch by epoch', history
    for what, values in drawn.items():
        painter.call(f'draw_{what}', f'{path}_{what}.jpg', *values)
    return [f'{path}_{what}.jpg' for what in drawn]


def print_table(results: list[Result]):
    """Print a line per network: parameters, accuracy, test loss, most confused pairs."""
    print(f'\n{"network":14s} {"parameters":>10s} {"accuracy":>9s} {"test loss":>10s}  most confused')
    for result in results:
        name, tested, pairs = result.network.name.removeprefix('kuzu_'), result.tested, ', '.join(result.pairs[:3])
        print(f'{name:14s} {result.parameters:10d} {tested.accuracy:8.2f}% {tested.loss:10.4f}  {pairs}')


def print_sweep(painter: Painter, path: str, results: list[Result]):
    """Print the smallest number of hidden units that reaches the lab's mark; draw accuracy against hidden units."""
    ordered = sorted(results, key=lambda result: result.network.shape['hid'])
    hidden = [result.network.shape['hid'] for result in ordered]
    accuracy = [result.tested.accuracy for result in ordered]
    reached = [units for units, percent in zip(hidden, accuracy, strict=True) if percent >= FULL_MARK]
    print(f'Smallest that reaches {FULL_MARK:.0f}%: {f"{reached[0]} hidden units" if reached else "none of these"}')
    painter.call('draw_sweep', path, hidden, accuracy, FULL_MARK)


def train(model: nn.Module, recipe: Recipe, data: Dataset, settings: Settings, progress: Progress, stop: Interrupt):
    """Train on all images once, from batch progress.batch on, or until Ctrl-C; print the lab's lines.

    What `distributed` does is for several processes; in one it changes nothing. Raises UserError if the loss overflows.
    """
    from lab.kuzu.train import batches

    epoch, count, losses = progress.epoch, settings.batches, []
    model.train()
    for number, images, labels in batches(data, settings, epoch, progress.batch):
        images = recipe.begin_step(images, (epoch - 1 + number / count) / settings.epochs)
        images, labels = distributed.share(images), distributed.share(labels)
        model.zero_grad()
        loss = recipe.loss(model(images), labels)
        loss.backward()
        loss, stopped = distributed.average(model, loss.detach(), len(labels), stop)
        recipe.optimizer.step()
        losses.append(loss)
        if number % REPORT_EVERY == 0:
            taken = f'{number * settings.batch}/{settings.images} ({100 * number / count:.0f}%)'
            print(f'Train Epoch: {epoch} [{taken}]\tLoss: {loss.item():.6f}')
        if stopped:
            break
    progress.add(losses)


def test(model: nn.Module, images: Tensor, labels: Tensor) -> Judged:
    """Print the lab's test block: confusion matrix (rows = target, columns = chosen), average loss, accuracy."""
    import numpy as np

    from lab.kuzu.train import judge, predict

    tested = judge(predict(model, images), labels)
    with np.printoptions(precision=4, suppress=True):
        print(type(tested.confusion), tested.confusion, sep='\n')
    score = f'{tested.correct}/{len(labels)} ({tested.accuracy:.0f}%)'
    print(f'\nTest set: Average loss: {tested.loss:.4f}, Accuracy: {score}\n', flush=True)
    return tested


def main(argv: list[str] | None = None):
    args = parse(argv)

    import torch  # slow, so not before the flags are read

    from lab.kuzu import resume, student
    from lab.kuzu.data import load

    fastest = {'conv': torch.get_num_threads()}  # of physical cores, before device() sets it; lin and full: 1 thread
    threads = {each.kind: args.threads or fastest.get(each.kind, 1) for each in args.networks}
    device = cli.device(args.no_cuda)
    networks = student.trainable(args.networks, device)
    distributed.start(device)
    seed, saved = distributed.from_first(lambda: prepare(args, networks))
    data = load(args.dataset, args.data_path, device)
    by_kind = ', '.join(f'{count} ({kind})' for kind, count in threads.items())
    cli.seed_all(seed, f', threads: {by_kind}' if device.type == 'cpu' else '')
    resumes_fast = any(before['settings'].get('recipe') == 'fast' for before in saved.values())
    training = args.training or (FAST if resumes_fast else {})
    settings = Settings(seed, args.dataset, len(data.train_images), args.epochs, **training)
    results, drawn = [], []
    loaded()
    with Interrupt() as stop, picture.painter('lab.kuzu.pictures') as painter:
        for network in networks:
            torch.set_num_threads(threads[network.kind])
            path, tested = os.path.join(args.out_path, network.name), None
            model, recipe, progress = begin(network, path, settings, device, saved.get(network.name))
            if progress.epoch > settings.epochs:
                note(f'{path}.resume belongs to a finished run: there was nothing to do')
                tested = test(model, data.test_images, data.test_labels)
            while progress.epoch <= settings.epochs and not stop:
                train(model, recipe, data, settings, progress, stop)
                tested = test(model, data.test_images, data.test_labels)
                if progress.batch == settings.batches:  # else Ctrl-C came before the end of the epoch
                    progress.end_epoch(tested.loss, tested.accuracy)
                if distributed.RANK == 0:
                    resume.save(path, model, recipe.optimizer, settings, progress)
            if tested and distributed.RANK == 0:
                results.append(conclude(network, model, tested, data.classes))
                plot = os.path.join(args.plot_path, network.name)
                drawn += draw(painter, plot, results[-1], data, progress.history)
        if results and len(networks) > 1:
            print_table(results)
            if {network.kind for network in networks} == {'full'}:
                drawn.append(os.path.join(args.plot_path, 'kuzu_full_sweep.jpg'))
                print_sweep(painter, drawn[-1], results)
    if drawn:
        note(f'pictures: {", ".join(drawn)}')
    stop.leave()
    picture.show()


if __name__ == '__main__':
    run(main)
