"""The suite against the classic loops, side by side in one run, on any machine.

    python3 bench.py                    everything, a few minutes
    python3 bench.py kuzu check seq     the parts named

A speed is a ratio: classic loop and suite take turns in one process, so that a noisy machine slows both; the table has
the median ratio and its range over the rounds. The floor is the time that the multiply-adds alone would take at the
matrix rate of this machine, measured first.
"""

import contextlib
import copy
import io
import itertools
import os
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

import cli

import numpy as np
import torch

IMAGES = 60_000, 10_000  # training and test images of Kuzushiji-MNIST
MATRIX = 1024  # side of the square matrices whose product measures the machine


def seconds(run: Callable[[], object]) -> float:
    """Wall-clock seconds of one call, its standard output thrown away."""
    with contextlib.redirect_stdout(io.StringIO()):
        start = time.perf_counter()
        run()
        return time.perf_counter() - start


def compare(
    name: str,
    unit: str,
    classic: Callable[[], object],
    suite: Callable[[], object],
    rounds: int,
    floor: float | None = None,
) -> dict:
    """Time two ways to do the same work in alternating rounds, print a table row, return its numbers.

    `classic` and `suite` each do one `unit` (an epoch, 1,000 epochs, a run) per call; `floor` is the least it can take,
    in seconds, if that is known.
    """
    pairs = [(seconds(classic), seconds(suite)) for _ in range(rounds)]
    ratios = [slow / fast for slow, fast in pairs]
    row = {
        'name': name,
        'unit': unit,
        'classic_s': statistics.median(slow for slow, _ in pairs),
        'suite_s': statistics.median(fast for _, fast in pairs),
        'floor_s': floor,
        'ratio': statistics.median(ratios),
        'ratio_range': (min(ratios), max(ratios)),
    }
    low, high = row['ratio_range']
    print(
        f'{name:24s} {unit:14s} {row["classic_s"]:10.4f} {row["suite_s"]:10.5f} '
        f'{"" if floor is None else f"{floor:.5f}":>10s} {row["ratio"]:8.1f}  ({low:.1f} to {high:.1f})',
        flush=True,
    )
    return row


def matrix_rate(device: torch.device) -> float:
    """Multiply-adds per second of a float32 matrix product: the best of ten."""
    a = torch.rand(MATRIX, MATRIX, device=device)
    return MATRIX**3 / min(seconds(lambda: (a @ a)[0, 0].item()) for _ in range(10))


def layer_costs(model: torch.nn.Module) -> list[int]:
    """Multiply-adds of each linear and convolutional layer for one image, forward."""
    costs = []

    def count(layer, _, output):
        costs.append(output[0].numel() * layer.weight[0].numel())

    layers = [layer for layer in model.modules() if isinstance(layer, torch.nn.Linear | torch.nn.Conv2d)]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    model(torch.zeros(1, 1, 28, 28))
    for hook in hooks:
        hook.remove()
    return costs


def made_kmnist(root: str):
    """Write made images, of the real counts and shape, as the four files that torchvision reads."""
    raw = os.path.join(root, 'KMNIST', 'raw')
    os.makedirs(raw)
    chance = np.random.default_rng(1)
    for half, count in zip(('train', 't10k'), IMAGES, strict=True):
        for kind, header, shape in (
            ('images-idx3', struct.pack('>4i', 0x803, count, 28, 28), (count, 28, 28)),
            ('labels-idx1', struct.pack('>2i', 0x801, count), (count,)),
        ):
            with open(os.path.join(raw, f'{half}-{kind}-ubyte'), 'wb') as file:
                file.write(header + chance.integers(0, 256 if len(shape) > 1 else 10, shape, np.uint8).tobytes())


def kuzu(rounds: int = 3) -> list[dict]:
    """One epoch of training and the test after it, for each network of Part 1."""
    import kuzu_classic
    import kuzu_data
    import kuzu_recipe
    import kuzu_train
    from kuzu import NetConv, NetFull, NetLin

    device = cli.device(False)
    rate = matrix_rate(device)
    rows = []
    with tempfile.TemporaryDirectory() as root:
        made_kmnist(root)
        loaders = kuzu_classic.loaders(root)
        data = kuzu_data.load('kmnist', root, device)
        settings = kuzu_train.Settings(seed=1, dataset='kmnist', images=len(data.train_images))
        for name, network in ('NetLin', NetLin()), ('NetFull, 100 units', NetFull(100)), ('NetConv', NetConv()):
            first, *rest = layer_costs(network)  # the first layer needs no gradient of its input
            floor = (IMAGES[0] * (2 * first + 3 * sum(rest)) + IMAGES[1] * (first + sum(rest))) / rate
            theirs = copy.deepcopy(network).to(device)
            optimizer = torch.optim.SGD(theirs.parameters(), lr=0.01, momentum=0.5)
            ours = kuzu_train.to_device(network, data.train_images)
            recipe = kuzu_recipe.classic(ours, 'sgd', 0.01, 0.5)

            def classic(theirs=theirs, optimizer=optimizer):
                kuzu_classic.train(theirs, device, loaders[0], optimizer, 1)
                kuzu_classic.test(theirs, device, loaders[1])

            def suite(ours=ours, recipe=recipe):
                kuzu_train.train_epoch(ours, recipe, data, settings, kuzu_train.Progress(), False)
                kuzu_train.test(ours, data.test_images, data.test_labels)

            rows.append(compare(name, 'epoch and test', classic, suite, rounds, floor))
    return rows


def check(rounds: int = 5, seeds: int = 100) -> list[dict]:
    """Part 2: time to hold 100%, the process with hand-set weights, and how many seeds succeed."""
    import check_classic
    import check_data
    import check_train
    from check import MLP

    points, targets = check_data.read(check_data.LAB)
    data, target = torch.from_numpy(points), torch.from_numpy(targets)[:, None]

    def start(seed: int, hid: int) -> MLP:
        torch.manual_seed(seed)
        return MLP(hid)

    def suite(seed: int, hid: int) -> tuple[bool, int]:
        """Whether the network is right in the end, and the epochs taken, to the next 100."""
        net = start(seed, hid)
        many = check_train.train_many(net, points, targets, 16, init=0.15, lr=0.001, epochs=200_000, stop=False)
        epochs = list(many)[-1][0] + check_train.EVERY
        return bool(((net(data) >= 0.5) == target).all()), epochs

    def classic(seed: int, hid: int):
        net = start(seed, hid)
        check_train.draw(net, 0.15)
        check_classic.train(net, data, target, max_epochs=60_000)

    def race(hid: int) -> dict:
        ours, theirs = itertools.count(), itertools.count()  # a new seed each round, the same for both
        with contextlib.redirect_stderr(io.StringIO()):
            suite(0, hid)  # the first call compiles
            return compare(
                f'check, {hid} units',
                'run to 100%',
                lambda: classic(next(theirs), hid),
                lambda: suite(next(ours), hid),
                rounds,
            )

    rows = [race(5)]
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(os.path.join(folder, 'plot'))

        def process(script: str):
            path = os.path.join(os.path.dirname(check_data.LAB), script)
            command = [sys.executable, path, '--act', 'step', '--hid', '4', '--set_weights']
            subprocess.run(command, cwd=folder, check=True, capture_output=True)

        pair = (lambda: process('check_classic.py')), (lambda: process('check_main.py'))
        rows.append(compare('check, set_weights', 'process', *pair, rounds))
    for hid in 4, 5, 6:
        with contextlib.redirect_stderr(io.StringIO()):
            right, epochs = zip(*(suite(seed, hid) for seed in range(seeds)), strict=True)
        spread = f'{statistics.median(epochs):.0f} epochs ({min(epochs)} to {max(epochs)})'
        print(f'check, {hid} units: {sum(right)} of {seeds} seeds right at all points, after {spread}', flush=True)
    return rows


def seq() -> list[dict]:
    """200 epochs of the lab's two training commands, in either engine."""
    import seq_starts
    import seq_train

    def epochs(args, engine):
        start = seq_starts.begin(args, engine, seed=0)
        start.trainer.run(start.lang, 1, args.lr)  # the first call compiles, or loads what was compiled
        return lambda: start.trainer.run(start.lang, 200, args.lr)

    rows = []
    for name, flags in {'srn 2, anb2n': '', 'lstm 3, anb2nc3n': '--lang anb2nc3n --model lstm'}.items():
        args = seq_train.parse(flags.split())
        classic, suite = (epochs(args, engine) for engine in (seq_starts.seq_classic, seq_starts.seq_kernel))
        rows.append(compare(name, '200 epochs', classic, suite, rounds=7))
    return rows


PARTS: dict[str, Callable[[], list[dict]]] = {'kuzu': kuzu, 'check': check, 'seq': seq}


def parse(argv: list[str] | None):
    parser = cli.Parser(__doc__.splitlines()[0])
    parser.add_argument('parts', nargs='*', choices=[*PARTS, []], default=[], help='which parts (default: all)')
    return parser.parse_args(argv)


def main(argv: list[str] | None = None):
    args = parse(argv)
    print(f'{"":24s} {"unit":14s} {"classic s":>10s} {"suite s":>10s} {"floor s":>10s} {"ratio":>8s}  (range)')
    for part in args.parts or PARTS:
        PARTS[part]()


if __name__ == '__main__':
    main()
