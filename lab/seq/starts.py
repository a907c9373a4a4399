"""A start: a network and a language that both follow from a seed. One is trained alone, or many."""

import inspect
import itertools
import os
import random
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from lab.common import cli, compiling
from lab.common.errors import UserError, note
from lab.seq import gates, plain, student
from lab.seq.task import SRN_INIT, Part, Task, Training

MINUTES = 5e10  # epochs times symbols times weights: the compiled engine trains that in minutes
REPORT = 1000  # epochs between two snapshots; Training.epoch counts in these
MIXED = 10  # epochs with the same largest n, where training.mix draws it: in 1,000 a network forgets the other ones
DECAYING = 0.8  # share of the run in which weight decay falls to 0, where gates are pressed
TOGETHER = 8  # starts that the compiled engine trains side by side: half the time of as many one after the other


class Start(NamedTuple):
    task: Task
    training: Training
    model: nn.Module
    lang: object  # of anb2n.py


class Snapshot(NamedTuple):
    """A network after so many epochs, and the sequence to print with it."""

    epoch: int
    state: student.State
    lang: object  # of anb2n.py
    sequence: tuple  # what its get_sequence() returned


Record = list[Snapshot | None]  # all of one start, in order; a None at the end says that it diverged


def choose_engine(name: str, task: Task) -> ModuleType:
    """The module `compiled` if it fits the student's model and language, else `plain`; their Trainers train alike.

    name: 'auto', or 'kernel' or 'torch' to have just this one. Raises UserError if 'kernel' does not fit.
    """
    if name == 'torch':
        return plain
    model, lang = student.new_network(task), student.new_language(task)
    reason = compiling.fault()
    if not reason:
        from lab.seq import compiled

        if not compiled.fits(model, task.longest):
            reason = f'the {type(model).__name__} in {_file(model)} is not the compiled one'
        elif not compiled.draws(lang):
            reason = f'{_file(lang)} has no get_symbols() that draws what its get_one_example() does'
        else:
            return compiled
    if name == 'kernel':
        raise UserError(f'{reason}: train it with --engine torch')
    note(f'engine: torch, as {reason}')
    return plain


def _file(thing: object) -> str:
    """The name of the file that has its class."""
    return os.path.basename(inspect.getfile(type(getattr(thing, 'lang', thing))))


def is_long(task: Task, training: Training, engine: ModuleType) -> bool:
    """Whether a start takes minutes. It depends on no clock, so the same command does the same on every machine."""
    weights = sum(parameter.numel() for parameter in student.new_network(task).parameters())
    symbols = task.longest * (1 + task.length) / (2 * task.length)  # in a sequence, on average
    return engine is plain or training.epoch * REPORT * symbols * weights > MINUTES


def begin(task: Task, training: Training, seed: int, device: torch.device | None = None) -> Start:
    """A start whose first weights and sequences all follow from its seed; device: of the network, if not the CPU.

    Raises UserError where training changes the length of the language, and a student's takes no notice.
    """
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    model = student.new_network(task)
    init = SRN_INIT if training.init is None and task.model == 'srn' else training.init
    for parameter in model.parameters() if init is not None else ():
        nn.init.normal_(parameter, 0, init)
    if not all(parameter.isfinite().all() for parameter in model.parameters()):
        raise UserError(f'the weights of the {type(model).__name__} in {_file(model)} are NaN or infinite at first')
    if training.saturate:
        gates.check(task, model)
    lang = student.new_language(task)
    if (training.grow or training.mix) and not student.grows(lang):
        raise UserError(
            f'--grow and --mix set the attribute length of a language, and that in {_file(lang)} does not follow it: '
            'try --grow 0 --mix 0'
        )
    return Start(task, training, model.to(device), lang)


def plan(task: Task, training: Training, langs: list) -> Iterator[Part]:
    """The parts of a run. One ends at each snapshot, or before.

    With training.grow or training.mix it also sets the languages' length. Where gates are pressed, the pressure rises
    from half the run on, and weight decay, which pulls them open, falls to 0.
    """
    count = MIXED if training.mix else REPORT
    generator = np.random.default_rng(0)
    for epoch in range(0, training.epoch * REPORT + 1, count):
        done = max(0, epoch - 1) // REPORT / training.epoch
        longest = task.length
        if training.grow:
            longest = min(longest, 1 + int(done / training.grow * longest))
        if generator.random() < training.mix:
            longest = int((longest + 1) ** generator.random())  # as often 1 to 9 as 10 to 99
        if training.grow or training.mix:
            for lang in langs:
                lang.length = longest
        rate = training.lr * (1 - done if training.schedule == 'linear' else 1)
        left = max(0, 1 - done / DECAYING) if training.saturate else 1
        pressure = training.saturate * max(0, 2 * done - 1)
        yield Part(epoch, count if epoch else 1, rate, training.decay * left, pressure)


def take(starts: list[Start], trainer, epoch: int) -> Record:
    """A snapshot of each start after so many epochs; None where it diverged: weights are NaN or infinite.

    The last one of a start that was trained with training.saturate has its gates rounded.
    """
    task, training, *_ = starts[0]
    states = trainer.states()
    if training.saturate and epoch == training.epoch * REPORT:
        states = [state and gates.rounded(task, state) for state in states]
    pairs = zip(starts, states, strict=True)
    return [state and Snapshot(epoch, state, start.lang, start.lang.get_sequence()) for start, state in pairs]


def train_together(starts: list[Start], engine: ModuleType, stop: Callable[[], bool]) -> list[Record]:
    """Train starts of one task, in each epoch each on its own sequence. Returns their records, of every REPORT epochs.

    Once stop() is true it ends; what was trained since the last snapshot is lost.
    """
    task, training, *_ = starts[0]
    langs, records = [start.lang for start in starts], [[] for _ in starts]
    trainer = engine.Trainer([start.model for start in starts], training)
    for part in plan(task, training, langs):
        epoch = part.epoch
        trainer.run(langs, part, stop)
        if epoch and (stop() or not any(record[-1] for record in records)):
            break
        if epoch % REPORT == 0:
            for record, snapshot in zip(records, take(starts, trainer, epoch), strict=True):
                if not record or record[-1]:
                    record.append(snapshot)
    return records


def train_all(starts: Iterable[Start], engine: ModuleType, stop: Callable[[], bool]) -> Iterator[Record]:
    """Train starts of one task; yield their records in order. That of a start that Ctrl-C came before is empty.

    The compiled engine trains on all cores; whoever needs no more starts closes this generator. PyTorch trains one by
    one, each made when its turn comes: threads would wait for each other, and share a student's random numbers.
    """
    if engine is plain:
        for start in starts:
            yield [] if stop() else train_together([start], engine, stop)[0]
        return
    enough = threading.Event()

    def halt() -> bool:
        return enough.is_set() or stop()

    def run(team: list[Start]) -> list[Record]:
        return [[] for _ in team] if halt() else train_together(team, engine, halt)

    cores = cli.cores()
    made = list(itertools.takewhile(lambda _: not stop(), starts))
    with ThreadPoolExecutor(cores) as pool:
        try:
            yield from itertools.chain.from_iterable(pool.map(run, teams(made, cores)))
        finally:
            enough.set()


def teams(starts: list[Start], cores: int) -> list[list[Start]]:
    """Which starts are trained together. The first on each core is trained alone: it may be enough."""
    rest = starts[cores:]
    return [[start] for start in starts[:cores]] + [rest[n : n + TOGETHER] for n in range(0, len(rest), TOGETHER)]
