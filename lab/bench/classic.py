"""The classic way of a command, as a process of its own: a part of the work, and how many such parts there are.

    python3 -m lab.bench.classic kuzu lin FILE

writes into FILE the seconds of the part, and the number of parts in the whole command.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

SHARE = 10  # Part 1: the part is this fraction of an epoch
KUZU_EPOCHS = 10
SEQ_EPOCHS = {'srn': 500, 'lstm': 200}  # of the 100,000: the part
SEQ_ALL = 100_000


def kuzu(kind: str) -> tuple[Callable[[], None], float]:
    """A tenth of an epoch and of its test, on the images under data/, where a GPU is on it."""
    import torch
    from torch.utils.data import DataLoader, Subset

    from lab.kuzu import classic
    from lab.kuzu.student import new_network as new

    device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
    train, test = (
        DataLoader(Subset(loader.dataset, range(len(loader.dataset) // SHARE)), batch_size=64)
        for loader in classic.loaders('data')
    )
    network = new(kind, {}).to(device)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.5)

    def part():
        classic.train(network, device, train, optimizer, 1)
        classic.test(network, device, test)

    return part, SHARE * KUZU_EPOCHS


def seq(kind: str) -> tuple[Callable[[], None], float]:
    """Some epochs of an SRN on anb2n, or of an LSTM on anb2nc3n."""
    from lab.seq import classic, starts
    from lab.seq.task import Task, Training

    task = Task('anb2nc3n', model='lstm') if kind == 'lstm' else Task()
    start = starts.begin(task, Training(), classic, seed=0)
    count = SEQ_EPOCHS[kind]
    return lambda: start.trainer.run(start.lang, count, Training.lr), SEQ_ALL / count


def check() -> tuple[Callable[[], None], float]:
    """The lab's `--act step --hid 4 --set_weights`, all of it."""
    from lab.check import classic

    return classic.main, 1


def main(part: str, *rest: str):
    *kind, file = rest
    work, times = {'kuzu': kuzu, 'seq': seq, 'check': check}[part](*kind)
    begin = time.perf_counter()
    work()
    Path(file).write_text(f'{time.perf_counter() - begin} {times}')


if __name__ == '__main__':
    main(*sys.argv[1:])
