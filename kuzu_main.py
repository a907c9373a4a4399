"""Part 1: train a network to recognise handwritten hiragana (Kuzushiji-MNIST), and show what it confuses.

    python3 kuzu_main.py --net lin | full | conv | all

prints the lab's transcript, then the number of parameters and the pairs confused most often; writes the weights and the
table of epochs to net/, and the confusion matrix, the mistakes and the learning curve to plot/.
"""

import contextlib
import inspect
import os
from dataclasses import dataclass

import torch

from kuzu import NetConv, NetFull, NetLin
from lab.common import cli, endings, files, picture, processes, processes_end
from lab.common.endings import UserError
from lab.kuzu import data as kuzu_data
from lab.kuzu import pictures, train
from lab.kuzu import recipe as kuzu_recipe

NETS = {'lin': NetLin, 'full': NetFull, 'conv': NetConv}
SHAPE_FLAGS = {'lin': (), 'full': ('hid',), 'conv': ('channels', 'kernel', 'pad', 'fc')}
CLASSIC_FLAGS = {'optim': 'sgd', 'lr': 0.01, 'mom': 0.5, 'batch': 64, 'shuffle': False}  # and their defaults
ADAM_RATE = 0.001  # Adam's usual learning rate (Kingma and Ba 2015)
MOST_PARAMETERS = 200_000_000  # 3 GB with gradients and Adam's two moments
MOST_ACTIVATIONS = 2_000_000_000  # 8 GB, of a batch, or of LEAST_IMAGES: a larger network would train for weeks
LEAST_IMAGES = 1000
FULL_MARK = 84.0  # percent that the lab asks of the fully connected network


@dataclass
class Run:
    """One network to train: its kind, the name of its files, and what its class is called with."""

    kind: str
    name: str
    shape: dict


@dataclass
class Result:
    """A trained network's numbers, for the table at the end."""

    run: Run
    parameters: int
    accuracy: float
    loss: float
    pairs: list[str]


def parse(argv: list[str] | None):
    """Parse and check the flags; those that were not given, and have a default elsewhere, are None."""
    parser = cli.Parser(__doc__.splitlines()[0])
    add = parser.add_argument
    add('--net', choices=[*NETS, 'all'], default='full', help='linear, fully connected, convolutional, or all three')
    add('--hid', type=cli.whole(1, 100_000), nargs='+', help='full: hidden units; several values = a sweep')
    add('--channels', type=cli.whole(1, 4096), nargs=2, help='conv: feature maps of the two layers')
    add('--kernel', type=cli.whole(1, 28), nargs='+', help='conv: side of the filters, one number or two')
    add('--pad', type=cli.whole(0, 14), nargs='+', help='conv: zero padding, one number or two')
    add('--fc', type=cli.whole(0, 100_000), help='conv: units of the fully connected layer; 0 = none')
    add('--recipe', choices=['classic', 'fast'], default='classic', help="the lab's way to train, or the most accurate")
    add('--optim', choices=['sgd', 'adam'], help='optimizer (classic: sgd)')
    add('--lr', type=cli.real(1e-9, 100), help=f'learning rate (classic: 0.01, adam {ADAM_RATE})')
    add('--mom', type=cli.real(0, 0.9999), help='momentum of sgd (classic: 0.5)')
    add('--batch', type=cli.whole(1, 65_536), help='images in a batch (classic: 64)')
    add('--shuffle', action='store_true', default=None, help='a new order of the images in each epoch')
    add('--epochs', type=cli.whole(1, 100_000), default=10, help='passes over the training images')
    add('--dataset', choices=['kmnist', 'digits'], default='kmnist', help='digits: 1,797 digits, no download')
    add('--data_path', type=cli.folder, default='./data', help='where the files are, or are downloaded to')
    add('--out_path', type=cli.folder, default='net', help='folder for the weights')
    add('--plot_path', type=cli.folder, default='plot', help='folder for the pictures')
    add('--resume', action='store_true', help='go on with a run that was stopped')
    add('--threads', type=cli.whole(1, os.cpu_count() or 1), default=1, help='on the CPU; more round otherwise')
    add('--no_cuda', action='store_true', help='run on the CPU even if there is a CUDA device')
    cli.add_seed(parser)
    args = parser.parse_args(argv)
    try:
        _check(args)
    except UserError as error:
        parser.error(str(error))
    return args


def _check(args):
    """Refuse flags that do not go together, and fill in the classic settings."""
    for kind, flags in SHAPE_FLAGS.items():
        for flag in flags:
            if getattr(args, flag) is not None and args.net not in (kind, 'all'):
                raise UserError(f'--{flag} belongs to --net {kind}, not to --net {args.net}')
    if args.hid and len(args.hid) > 1 and (args.net != 'full' or len(set(args.hid)) < len(args.hid)):
        raise UserError('several values for --hid are a sweep: it needs --net full, and each value once')
    for flag in 'kernel', 'pad':
        if len(getattr(args, flag) or []) > 2:
            raise UserError(f'--{flag} takes one number for both layers, or two')
    for flag, default in CLASSIC_FLAGS.items():
        if getattr(args, flag) is None:
            setattr(args, flag, ADAM_RATE if (flag, args.optim) == ('lr', 'adam') else default)
        elif args.recipe == 'fast':
            raise UserError(f'--{flag} belongs to --recipe classic: the fast recipe sets its own')
    if args.recipe == 'fast':
        args.batch, args.shuffle = kuzu_recipe.BATCH, True


def plan(args) -> list[Run]:
    """The networks to be trained: one, or three for --net all, or one per value of a sweep."""
    if args.hid and len(args.hid) > 1:
        return [Run('full', f'kuzu_full{hid}', {'hid': hid}) for hid in args.hid]
    runs = []
    for kind in NETS if args.net == 'all' else [args.net]:
        shape = {flag: getattr(args, flag) for flag in SHAPE_FLAGS[kind] if getattr(args, flag) is not None}
        for flag, value in shape.items():
            if isinstance(value, list):
                shape[flag] = value[0] if len(value) == 1 else tuple(value)
        runs.append(Run(kind, f'kuzu_{kind}', shape))
    return runs


def build(run: Run, batch: int) -> torch.nn.Module:
    """Make the network of a run. Raises UserError where its class does not take the shape, or memory would not."""
    network = NETS[run.kind]
    try:
        inspect.signature(network).bind(**run.shape)
    except TypeError:
        flags = ' '.join(f'--{flag}' for flag in run.shape)
        raise UserError(f'{network.__name__} of this kuzu.py does not take {flags}') from None
    try:
        with torch.device('meta'):  # counts without taking memory
            model = network(**run.shape)
            parameters, activations = count_parameters(model), count_activations(model)
    except ValueError as error:
        raise UserError(str(error)) from error
    if parameters > MOST_PARAMETERS:
        raise UserError(f'{parameters:,} parameters are too many: {MOST_PARAMETERS:,} at most')
    images = max(batch, LEAST_IMAGES)
    if activations * images > MOST_ACTIVATIONS:
        gigabytes = 4 * activations * images / 1e9
        raise UserError(
            f'{gigabytes:.0f} GB for a batch of {images:,} images: fewer channels or a smaller --batch take less'
        )
    return network(**run.shape)


def count_parameters(model: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def count_activations(model: torch.nn.Module) -> int:
    """Numbers that the layers of a network without memory give for an image; 0 if it cannot be run so."""
    counts = []
    for layer in model.modules():
        layer.register_forward_hook(lambda layer, inputs, output: counts.append(output.numel()))
    with contextlib.suppress(Exception):
        model(torch.zeros(1, 1, kuzu_data.SIDE, kuzu_data.SIDE))
    return sum(counts)


def train_one(run: Run, data: kuzu_data.Dataset, args, settings: train.Settings, stop: endings.Interrupt) -> Result:
    """Train the network of a run, print what the lab prints and what is new, and draw its pictures."""
    torch.manual_seed(settings.seed)  # so that a network's result does not depend on those trained before it
    model = train.to_device(build(run, args.batch), data.train_images)
    path = os.path.join(args.out_path, run.name)
    resume = args.resume and processes.given(lambda: os.path.exists(f'{path}.resume'))
    history, loss, confusion = train.train(model, data, settings, path, resume, stop)
    pairs = pictures.confused_pairs(confusion)
    names = [f'{data.classes[target]} -> {data.classes[chosen]} {count}' for target, chosen, count in pairs]
    parameters = count_parameters(model)
    print(f'Model parameters: {parameters}')
    print(*names, sep='\n', flush=True)
    if processes.RANK == 0:
        draw(run, model, data, args.plot_path, history, confusion, pairs)
    return Result(run, parameters, 100 * confusion.trace() / confusion.sum(), loss, names)


def draw(run, model, data, plot_path, history, confusion, pairs):
    """Write the three pictures of a trained network."""
    right, count = int(confusion.trace()), len(data.test_labels)
    title = f'{NETS[run.kind].__name__}: {right:,} of {count:,} test images right ({100 * right / count:.1f}%)'
    path = os.path.join(plot_path, run.name)
    picture.save(pictures.confusion_picture(confusion, data.classes, title), f'{path}_confusion.jpg')
    images, labels = data.test_images[:, 0].cpu().numpy(), data.test_labels.cpu().numpy()
    chosen = train.predict(model, data.test_images).argmax(1).cpu().numpy()
    title = f'{NETS[run.kind].__name__}: the pairs it confuses most, and some of its mistakes'
    picture.save(pictures.mistakes_picture(images, labels, chosen, pairs, data.classes, title), f'{path}_mistakes.jpg')
    if history:
        title = f'{NETS[run.kind].__name__}: loss and accuracy, epoch by epoch'
        picture.save(pictures.curve_picture(history, title), f'{path}_curve.jpg')


def print_table(results: list[Result]):
    """One line per network: parameters, accuracy, test loss, pairs confused most."""
    print(f'\n{"network":14s} {"parameters":>10s} {"accuracy":>9s} {"test loss":>10s}  most confused')
    for result in results:
        name = result.run.name.removeprefix('kuzu_')
        pairs = ', '.join(result.pairs[:3])
        print(f'{name:14s} {result.parameters:10d} {result.accuracy:8.2f}% {result.loss:10.4f}  {pairs}')


def print_sweep(results: list[Result], plot_path: str):
    """The smallest number of hidden units that reaches the lab's mark, and the picture of accuracy against units."""
    ordered = sorted(results, key=lambda result: result.run.shape['hid'])
    hidden, accuracy = [r.run.shape['hid'] for r in ordered], [r.accuracy for r in ordered]
    reached = [units for units, percent in zip(hidden, accuracy, strict=True) if percent >= FULL_MARK]
    print(f'Smallest that reaches {FULL_MARK:.0f}%: {f"{reached[0]} hidden units" if reached else "none of these"}')
    picture.save(pictures.sweep_picture(hidden, accuracy, FULL_MARK), os.path.join(plot_path, 'kuzu_full_sweep.jpg'))


def prepare(args, runs: list[Run]) -> int:
    """See to it that the folders can be written, and that there is something to resume; return the run's seed."""
    files.prepare(args.out_path)
    files.prepare(args.plot_path)
    seed = args.seed
    if args.resume:
        paths = [os.path.join(args.out_path, run.name) for run in runs]
        saved = train.saved_seed(next((path for path in paths if os.path.exists(f'{path}.resume')), paths[0]))
        seed = saved if seed is None else seed
    return cli.draw_seed() if seed is None else seed


def main(argv: list[str] | None = None):
    processes_end.start()
    args = parse(argv)
    runs = plan(args)
    for run in runs:
        build(run, args.batch)  # so that a shape that does not fit is told before anything is trained
    device = cli.device(args.no_cuda, args.threads)
    processes.join(args, device)
    seed = processes.given(lambda: prepare(args, runs))
    with processes.in_turn():
        data = kuzu_data.load(args.dataset, args.data_path, device)
    processes.check_alike('the data set', data.about())
    settings = train.Settings(
        seed=cli.seed_all(seed),
        dataset=args.dataset,
        images=len(data.train_images),
        epochs=args.epochs,
        recipe=args.recipe,
        **{flag: getattr(args, flag) for flag in CLASSIC_FLAGS},
    )
    results = []
    with processes.interrupt() as stop:
        for run in runs:
            if not stop:
                results.append(train_one(run, data, args, settings, stop))
        if len(runs) > 1:
            print_table(results)
        if len(runs) > 1 and args.net == 'full' and processes.RANK == 0:
            print_sweep(results, args.plot_path)
    stop.leave()
    picture.show()


if __name__ == '__main__':
    main()
