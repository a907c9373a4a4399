"""Part 1: train a network to recognise handwritten hiragana (Kuzushiji-MNIST), and show what it confuses.

    python3 kuzu_main.py --net lin | full | conv | all

prints the lab's transcript, then the number of parameters and the pairs that are confused most often. It writes the
weights and a table of the epochs to net/, and the confusion matrix, the mistakes and the learning curve to plot/.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

sys.path.append(os.path.dirname(os.path.abspath(__file__)))  # python3 -I, and PYTHONSAFEPATH, leave it out

from lab.common import cli, files, picture, processes
from lab.common.errors import UserError, note
from lab.common.run import Interrupt, loaded, run
from lab.kuzu.settings import Options, Run, Settings

if TYPE_CHECKING:
    from lab.kuzu.data import Dataset

SHAPE_FLAGS = {'lin': (), 'full': ('hid',), 'conv': ('channels', 'kernel', 'pad', 'fc')}
CLASSIC = 'optim', 'lr', 'mom', 'batch', 'shuffle'  # flags of the classic recipe; Settings holds their defaults
FAST = {'recipe': 'fast', 'batch': 32, 'shuffle': True}
ADAM_RATE = 0.001  # Adam's usual learning rate (Kingma and Ba 2015)
FULL_MARK = 84.0  # percent that the lab asks of the fully connected network


@dataclass(frozen=True)
class Result:
    """A trained network's numbers, for the table at the end."""

    run: Run
    parameters: int
    accuracy: float  # percent
    loss: float
    pairs: list[str]


def parse(argv: list[str] | None) -> Options:
    """Read and check the flags."""
    parser = cli.Parser(__doc__, lab='net lr mom epochs no_cuda')
    add = parser.add_argument
    add('--net', choices=[*SHAPE_FLAGS, 'all'], default='full', help='linear, fully connected, convolutional, or all')
    add('--hid', type=cli.whole(1, 100_000), nargs='+', help='full: hidden units; several values = a sweep')
    add('--channels', type=cli.whole(1, 4096), nargs=2, help='conv: feature maps of the two layers')
    add('--kernel', type=cli.whole(1, 28), nargs='+', help='conv: side of the filters, one number or two')
    add('--pad', type=cli.whole(0, 14), nargs='+', help='conv: zero padding, one number or two')
    add('--fc', type=cli.whole(0, 100_000), help='conv: units of the fully connected layer; 0 = none')
    recipe = "the lab's way to train, or the most accurate (default: classic; with --resume: the earlier run's)"
    add('--recipe', choices=['classic', 'fast'], help=recipe)
    add('--optim', choices=['sgd', 'adam'], help='optimizer (classic: sgd)')
    add('--lr', type=cli.real(1e-9, 100), help=f'learning rate (classic: 0.01, adam {ADAM_RATE})')
    add('--mom', type=cli.real(0, 0.9999), help='momentum of sgd (classic: 0.5)')
    add('--batch', type=cli.whole(1, 65_536), help='images in a batch (classic: 64)')
    add('--shuffle', action='store_true', default=None, help='take the images in a new order in each epoch')
    add('--epochs', type=cli.whole(1, 100_000), default=10, help='passes over the training images')
    add('--dataset', choices=['kmnist', 'digits'], default='kmnist', help='kmnist, or 1,797 digits (no download)')
    add('--data_path', type=cli.folder, default='./data', help='folder with the images, or to download them to')
    add('--out_path', type=cli.folder, default='net', help='folder for the weights')
    add('--plot_path', type=cli.folder, default='plot', help='folder for the pictures')
    add('--resume', action='store_true', help='go on with a run that was stopped')
    threads = 'CPU threads (default: conv: one per core, lin and full: 1, which is fastest); more change the rounding'
    add('--threads', type=cli.whole(1, os.cpu_count() or 1), help=threads)
    add('--no_cuda', action='store_true', help='run on the CPU even if there is a CUDA device')
    cli.add_seed(parser)
    args = vars(parser.parse_args(argv))
    try:
        runs, training = networks_of(args), training_of(args)
    except UserError as error:
        parser.error(str(error))
    settings = Settings(seed=args['seed'], dataset=args['dataset'], images=0, epochs=args['epochs'], **training)
    rest = 'data_path', 'out_path', 'plot_path', 'resume', 'threads', 'no_cuda'
    chosen = any(args[flag] is not None for flag in ('recipe', *CLASSIC))
    return Options(runs, settings, chosen, **{name: args[name] for name in rest})


def networks_of(args: dict) -> list[Run]:
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
        return [Run('full', f'kuzu_full{units}', {'hid': units}) for units in hid]
    runs = []
    for kind in SHAPE_FLAGS if net == 'all' else [net]:
        shape = {flag: args[flag] for flag in SHAPE_FLAGS[kind] if args[flag] is not None}
        for flag, value in shape.items():
            if isinstance(value, list):
                shape[flag] = value[0] if len(value) == 1 else tuple(value)
        runs.append(Run(kind, f'kuzu_{kind}', shape))
    return runs


def training_of(args: dict) -> dict:
    """The settings of the recipe that differ from the lab's."""
    given = {flag: args[flag] for flag in CLASSIC if args[flag] is not None}
    if args['recipe'] == 'fast':
        for flag in given:
            raise UserError(f'--{flag} belongs to --recipe classic: the fast recipe sets its own')
        return FAST
    rate = {'lr': ADAM_RATE} if args['optim'] == 'adam' else {}
    return rate | given


def trainable(runs: list[Run], batch: int, device) -> list[Run]:
    """The runs whose networks can be trained. The others are noted, with the reason; if none can, that is raised."""
    from lab.common.student import Fault
    from lab.kuzu import networks, student

    left_out = {}
    for run in runs:
        try:
            networks.check_size(run, batch)
            student.try_out(run.kind, run.shape, device)
        except Fault as fault:
            left_out[run.name] = fault
    if len(left_out) == len(runs):
        raise left_out[runs[0].name]
    for name, fault in left_out.items():
        note(f'{name} is left out: {fault}')
    return [run for run in runs if run.name not in left_out]


def prepare(options: Options) -> tuple[int, dict[str, dict]]:
    """Check that the folders can be written to. Return the seed and, by the name of the run, what --resume found."""
    from lab.kuzu import resume

    files.prepare(options.out_path)
    files.prepare(options.plot_path)
    seed, saved = options.settings.seed, {}
    if options.resume:
        paths = {run.name: os.path.join(options.out_path, run.name) for run in options.runs}
        begun = [name for name, path in paths.items() if os.path.exists(f'{path}.resume')] or [*paths][:1]
        saved = {name: resume.load(paths[name]) for name in begun}
        seed = saved[begun[0]]['settings']['seed'] if seed is None else seed
    return cli.draw_seed() if seed is None else seed, saved


def threads_of(options: Options) -> dict[str, int]:
    """CPU threads by kind of network: as asked, or what is fastest. The small ones wait longer for a second thread."""
    import torch

    cores = max(1, torch.get_num_threads() // processes.LOCAL_SIZE)  # torch's own number: the physical cores
    return {run.kind: options.threads or (cores if run.kind == 'conv' else 1) for run in options.runs}


def train_one(
    options: Options,
    run: Run,
    threads: int,
    data: Dataset,
    saved: dict | None,
    stop: Interrupt,
    draw: Callable[..., None],
) -> Result:
    """Train one network on so many threads, print what the lab prints and what is new, and draw its pictures."""
    import torch

    from lab.common.student import trial
    from lab.kuzu import networks, student
    from lab.kuzu.confused import confused_pairs, shown
    from lab.kuzu.train import predict, train

    settings = options.settings
    torch.set_num_threads(threads)
    torch.manual_seed(settings.seed)  # so that a network's result does not depend on those trained before it
    model = networks.to_device(student.network(run.kind, run.shape), data.train_images)
    history, loss, confusion = train(model, data, settings, os.path.join(options.out_path, run.name), saved, stop)
    parameters, pairs = networks.count_parameters(model), confused_pairs(confusion)
    names = [f'{data.classes[target]} -> {data.classes[chosen]} {count}' for target, chosen, count in pairs]
    print(f'Model parameters: {parameters}')
    print(*names, sep='\n', flush=True)
    with trial():
        chosen = predict(model, data.test_images).argmax(1)
    arrays = (values.cpu().numpy() for values in (data.test_images[:, 0], data.test_labels, chosen))
    path, count = os.path.join(options.plot_path, run.name), len(data.test_labels)
    images = shown(*arrays, pairs)
    draw('draw', path, student.CLASSES[run.kind], data.classes, count, images, confusion, pairs, history)
    return Result(run, parameters, 100 * confusion.trace() / len(data.test_labels), loss, names)


def print_table(results: list[Result]):
    """Print a line per network: parameters, accuracy, test loss, most confused pairs."""
    print(f'\n{"network":14s} {"parameters":>10s} {"accuracy":>9s} {"test loss":>10s}  most confused')
    for result in results:
        name = result.run.name.removeprefix('kuzu_')
        pairs = ', '.join(result.pairs[:3])
        print(f'{name:14s} {result.parameters:10d} {result.accuracy:8.2f}% {result.loss:10.4f}  {pairs}')


def print_sweep(results: list[Result], plot_path: str, draw: Callable[..., None]):
    """Print the smallest number of hidden units that reaches the lab's mark; draw accuracy against hidden units."""
    ordered = sorted(results, key=lambda result: result.run.shape['hid'])
    hidden, accuracy = [r.run.shape['hid'] for r in ordered], [r.accuracy for r in ordered]
    reached = [units for units, percent in zip(hidden, accuracy, strict=True) if percent >= FULL_MARK]
    print(f'Smallest that reaches {FULL_MARK:.0f}%: {f"{reached[0]} hidden units" if reached else "none of these"}')
    draw('draw_sweep', os.path.join(plot_path, 'kuzu_full_sweep.jpg'), hidden, accuracy, FULL_MARK)


def main(argv: list[str] | None = None):
    processes.start()
    options = parse(argv)

    from lab.kuzu.data import load  # loads torch, so not before the flags are read

    threads = threads_of(options)
    device = cli.device(options.no_cuda)
    options = replace(options, runs=trainable(options.runs, options.settings.batch, device))
    (seed, saved), data = processes.begin(
        device,
        prepare=lambda: prepare(options),
        load=lambda: load(options.settings.dataset, options.data_path, device),
        alike=lambda data: dict(device=device.type, networks=options.runs, data=data.about(), **vars(options.settings)),
    )
    told = ', '.join(f'{count} ({kind})' for kind, count in threads.items())
    seed = cli.seed_all(seed, f', threads: {told}' if device.type == 'cpu' else '')
    settings = replace(options.settings, seed=seed, images=len(data.train_images))
    if not options.chosen and any(before['settings'].get('recipe') == 'fast' for before in saved.values()):
        settings = replace(settings, **FAST)
    options = replace(options, settings=settings)
    results = []
    loaded()
    with processes.interrupt() as stop, picture.painter('lab.kuzu.pictures') as draw:
        for run in options.runs:
            if not stop:
                before = saved.get(run.name)
                results.append(train_one(options, run, threads[run.kind], data, before, stop, draw.call))
        if len(options.runs) > 1:
            print_table(results)
            if {run.kind for run in options.runs} == {'full'}:
                print_sweep(results, options.plot_path, draw.call)
    stop.leave()
    picture.show()


if __name__ == '__main__':
    run(main)
