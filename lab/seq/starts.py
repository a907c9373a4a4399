"""A start: a network and a language that both follow from a seed. One is trained alone, or many on all cores."""

import contextlib
import copy
import ctypes
import inspect
import itertools
import os
import random
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from lab.common import compiling
from lab.common.errors import UserError, note
from lab.common.run import Interrupt
from lab.seq import batch, classic, kernel, student
from lab.seq.task import Task, Training

LONG = 5e10  # epochs times symbols times weights: the compiled engine trains that in minutes
REPORT = 1000  # epochs between two snapshots; Training.epoch counts in these
MIXED = 10  # epochs with the same largest n, where training.mix draws it: in 1,000 a network forgets the other ones

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's mallopt()
KEPT = 100_000_000  # bytes


class Start(NamedTuple):
    task: Task
    training: Training
    seed: int
    model: nn.Module
    lang: object  # of anb2n.py
    trainer: kernel.Trainer | classic.Trainer


class Snapshot(NamedTuple):
    """A network after so many epochs. The next sequence of `lang` is the one to print with it."""

    epoch: int
    state: student.State
    lang: object | None  # of anb2n.py; None where starts are trained together: complete() finds it


Record = list[Snapshot | None]  # all of one start, in order; a None at the end says that it diverged


def choose_engine(name: str, task: Task) -> ModuleType:
    """The module whose Trainer trains: kernel if it fits the student's model and language, else classic.

    name: 'auto', or 'kernel' or 'torch' to have just this one. Raises UserError if 'kernel' does not fit.
    """
    if name == 'torch':
        return classic
    model, lang = student.new_network(task), student.new_language(task)
    if compiling.fault():
        reason = compiling.fault()
    elif not kernel.fits(model):
        reason = f'the {type(model).__name__} in {_file(model)} is not the compiled one'
    elif not kernel.draws(lang):
        reason = f'{_file(lang)} has no get_symbols() that draws what its get_one_example() does'
    else:
        return kernel
    if name == 'kernel':
        raise UserError(f'{reason}: train it with --engine torch')
    note(f'engine: torch, as {reason}')
    return classic


def _file(thing: object) -> str:
    """The name of the file that has its class."""
    return os.path.basename(inspect.getfile(type(getattr(thing, 'lang', thing))))


def is_long(task: Task, training: Training, engine: ModuleType) -> bool:
    """Whether a start takes minutes. It depends on no clock, so the same command does the same on every machine."""
    weights = sum(parameter.numel() for parameter in student.new_network(task).parameters())
    symbols = 5 * (1 + task.length) / 2 * task.classes * (task.classes + 1) / 2  # in a sequence, on average
    return engine is classic or training.epoch * REPORT * symbols * weights > LONG


def begin(task: Task, training: Training, engine: ModuleType, seed: int) -> Start:
    """A start whose first weights and sequences all follow from its seed.

    Raises UserError where training changes the length of the language, and a student's takes no notice.
    """
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)
    model = student.new_network(task)
    if task.model == 'srn':
        for parameter in model.parameters():
            nn.init.normal_(parameter, 0, training.init)
    trainer = engine.Trainer(model, training.optim, training.mom, training.decay, training.clip)
    lang = student.new_language(task)
    if (training.grow or training.mix) and not student.grows(lang):
        raise UserError(
            f'--grow and --mix set the attribute length of a language, and that in {_file(lang)} does not follow it: '
            'try --grow 0 --mix 0'
        )
    return Start(task, training, seed, model, lang, trainer)


def plan(task: Task, training: Training, langs: list) -> Iterator[tuple[int, int, float, float]]:
    """(epoch reached, epochs to train until then, learning rate, share of the weight decay) for each part of a run.

    A part ends at each snapshot, or before. With training.grow or training.mix it also sets the languages' length.
    """
    part = MIXED if training.mix else REPORT
    random = np.random.default_rng(0)
    for epoch in range(0, training.epoch * REPORT + 1, part):
        done = max(0, epoch - 1) // REPORT / training.epoch
        longest = task.length
        if training.grow:
            longest = min(longest, 1 + int(done / training.grow * longest))
        if random.random() < training.mix:
            longest = int(longest ** random.random())  # as often 1 to 9 as 10 to 99
        if training.grow or training.mix:
            for lang in langs:
                lang.length = longest
        rate = training.lr * (1 - done if training.schedule == 'linear' else 1)
        held = max(0, 1 - done / training.decay_until) if training.decay_until else 1
        yield epoch, part if epoch else 1, rate, held


def take(start: Start, epoch: int) -> Snapshot | None:
    """The snapshot of a start after so many epochs, or None where it diverged: weights are NaN or infinite."""
    state = classic.state(start.model)
    snapshot = state and Snapshot(epoch, state, copy.deepcopy(start.lang))
    start.lang.get_sequence()  # the one to print: training goes on with the next
    return snapshot


def complete(start: Start, record: Record) -> Record:
    """The record of a start that was trained together with others, with its languages. The start must be a new one.

    All that the language drew is drawn again: that takes less time than to copy it at each snapshot of each start.
    """
    whole = []
    for epoch, count, *_ in plan(start.task, start.training, [start.lang]):
        if len(whole) == len(record):
            break
        start.lang.get_symbols(count)
        if epoch % REPORT == 0:
            snapshot = record[len(whole)]
            whole.append(snapshot and snapshot._replace(lang=copy.deepcopy(start.lang)))
            start.lang.get_symbols(1)
    return whole


def train(start: Start, stop: Interrupt) -> Iterator[Snapshot | None]:
    """Train, and yield a snapshot every REPORT epochs, from epoch 0 on; the last one is None where training diverged.

    Ctrl-C ends it; what was trained since the last snapshot is lost.
    """
    for epoch, count, rate, held in plan(start.task, start.training, [start.lang]):
        start.trainer.run(start.lang, count, rate, stop.__bool__, held)
        if stop and epoch:
            return
        if epoch % REPORT:
            continue
        snapshot = take(start, epoch)
        yield snapshot
        if snapshot is None:
            return


class _Halt:
    """True once Ctrl-C was pressed, or nobody needs more starts."""

    def __init__(self, stop: Interrupt):
        self.stop, self.enough = stop, False

    def __bool__(self):
        return self.enough or bool(self.stop)


def _threads(count: int) -> ThreadPoolExecutor:
    """Threads that train. One that comes out of compiled code waits for Python: 0.1 ms, and not the usual 5.

    On Linux, freed memory stays with the process: to give it back and get it anew, cleared, takes time.
    """
    sys.setswitchinterval(1e-4)
    with contextlib.suppress(AttributeError, TypeError):  # not glibc: macOS, Windows
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_MMAP_THRESHOLD, KEPT)
        mallopt(M_TRIM_THRESHOLD, 2 * KEPT)
    return ThreadPoolExecutor(count)


def ahead(start: Start, stop: Interrupt) -> Iterator[Snapshot | None]:
    """train(), where the compiled engine trains on another core while the caller shows a snapshot."""
    if not isinstance(start.trainer, kernel.Trainer):  # a student's model may draw random numbers that all share
        yield from train(start, stop)
        return
    halt = _Halt(stop)
    snapshots = train(start, halt)
    with _threads(1) as pool:
        try:
            later = pool.submit(list, itertools.islice(snapshots, 1))
            while found := later.result():
                later = pool.submit(list, itertools.islice(snapshots, 1))
                yield from found
        finally:
            halt.enough = True


def train_all(
    starts: list[Start], stop: Interrupt, device: torch.device | None = None, tell: Callable[[], None] = lambda: None
) -> Iterator[Record]:
    """Train starts on all cores, or as one batch on `device`; yield their records in order.

    The record of a start that Ctrl-C came before is empty. Whoever needs no more starts closes this generator: then
    those under way stop after their step. tell() is called after each snapshot.
    """
    if device is not None and kernel.draws(starts[0].lang):
        models, *settings = _models(starts)
        place = starts[0].task.classes, device
        if batch.fits(models[:2], [start.lang for start in starts[:2]], *place):
            yield from train_team(starts, batch.Trainer(models, *settings, *place), stop, tell)
            return
        note(f'PyTorch cannot train the {type(models[0]).__name__} in {_file(models[0])} as a batch: one on each core')
    halt = _Halt(stop)

    def run(team: list[Start]) -> list[Record]:
        if len(team) > 1 and not halt:
            return train_team(team, kernel.Team(*_models(team), lanes), halt, tell)
        records = [[] for _ in team]
        for start, record in zip(team, records, strict=True):
            for snapshot in [] if halt else train(start, halt):
                record.append(snapshot)
                tell()
        return records

    cores = os.cpu_count()
    lanes = kernel.MOST_LANES if len(starts) > 2 * cores * kernel.MOST_LANES else kernel.LANES
    with _threads(cores) as pool:
        try:
            for records in pool.map(run, teams(starts, cores, lanes)):
                yield from records
        finally:
            halt.enough = True


def teams(starts: list[Start], cores: int, lanes: int) -> list[list[Start]]:
    """Which starts are trained together. The compiled engine trains `lanes` side by side: less time for each.

    The first on each core is trained alone: it is there sooner, and may be enough.
    """
    size = lanes if isinstance(starts[0].trainer, kernel.Trainer) else 1
    rest = starts[cores:]
    return [[start] for start in starts[:cores]] + [rest[n : n + size] for n in range(0, len(rest), size)]


def _models(starts: list[Start]) -> tuple:
    """The models of starts of one task, and their optimizer's settings."""
    training = starts[0].training
    return [start.model for start in starts], training.optim, training.mom, training.decay, training.clip


def train_team(
    starts: list[Start], trainer: kernel.Team | batch.Trainer, stop: Interrupt | _Halt, tell: Callable[[], None]
) -> list[Record]:
    """Train starts of one task together: in each epoch, each on its own sequence. Returns their records."""
    task, training, *_ = starts[0]
    langs = [start.lang for start in starts]
    records = [[] for _ in starts]
    for epoch, count, rate, held in plan(task, training, langs):
        trainer.run(langs, count, rate, stop.__bool__, held)
        if stop and epoch:
            break
        if epoch % REPORT:
            continue
        for lang, record, state in zip(langs, records, trainer.states(), strict=True):
            if not record or record[-1]:
                record.append(state and Snapshot(epoch, state, None))
                lang.get_symbols(1)  # the one to print: training goes on with the next
                tell()
    return records
