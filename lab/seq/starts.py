"""Starts: a network and a language that follow from a seed, trained one at a time or many at once on all cores."""

import argparse
import copy
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from anb2n import lang_anb2n
from lab.common import cli, endings, processes
from lab.seq import batch, classic, kernel, student
from lab.seq.verdict import Verdict

REPORT = 1000  # epochs between two snapshots; --epoch counts in these


class Start(NamedTuple):
    seed: int
    model: nn.Module
    lang: lang_anb2n
    trainer: kernel.Trainer | classic.Trainer


class Snapshot(NamedTuple):
    """A network after so many epochs, and the language about to give the fresh sequence that shows it."""

    epoch: int
    state: dict[str, torch.Tensor]
    lang: lang_anb2n


class Result(NamedTuple):
    seed: int
    verdict: Verdict | None  # None: the weights became NaN or infinite
    epoch: int | None  # of the snapshot that was judged

    def rank(self) -> tuple:
        """The larger, the better: learned, counts further, smaller loss."""
        return (self.verdict.learned, self.verdict.counts, -self.verdict.loss) if self.verdict else (False, -1)


class Diverged(endings.UserError):
    pass


def network(args: argparse.Namespace, state: dict[str, torch.Tensor] | None = None, batch_size: int = 1) -> nn.Module:
    """A network with the weights `state`, or with those that training starts from."""
    model = student.network(args.task, batch_size)
    if state is not None:
        model.load_state_dict(state)
    elif args.model == 'srn':
        for parameter in model.parameters():
            nn.init.normal_(parameter, 0, args.init)
    return model


def language(args: argparse.Namespace) -> lang_anb2n:
    return student.language(args.task)


def read(
    args: argparse.Namespace, state: dict[str, torch.Tensor], x: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Hidden units and outputs of the network with the weights `state` on sequences x (batch, T, classes)."""
    model = network(args, state, len(x))
    with torch.no_grad():
        model.init_hidden()
        return model(x)


def choose_engine(args: argparse.Namespace):
    """The module whose Trainer trains: seq_kernel where it does what the given model and language define."""
    if args.engine == 'torch':
        return classic
    if not kernel.is_kept():
        endings.note('compiling the training step; the next run finds it compiled')
    model, lang = network(args), language(args)
    if not kernel.fits(model):
        reason = f'the {type(model).__name__} in {type(model).__module__}.py is not the compiled one'
    elif not kernel.draws(lang):
        reason = f'{type(lang).__module__}.py has no get_symbols() that draws what its get_one_example() does'
    else:
        return kernel
    if args.engine == 'kernel':
        raise endings.UserError(f'{reason}: train it with --engine torch')
    endings.note(f'engine: torch, as {reason}')
    return classic


def begin(args: argparse.Namespace, engine, seed: int) -> Start:
    """All that chance decides about a start follows from its seed."""
    torch.manual_seed(seed)
    model, lang = network(args), language(args)
    return Start(seed, model, lang, engine.Trainer(model, args.optim, args.mom, args.decay, args.clip))


def plan(args: argparse.Namespace, langs: list[lang_anb2n]) -> Iterator[tuple[int, int, float]]:
    """(epoch reached, epochs to train, learning rate) for each REPORT; --grow and --mix set the languages' length."""
    for epoch in range(0, args.epoch * REPORT + 1, REPORT):
        done = max(0, epoch - REPORT) / (args.epoch * REPORT)
        longest = min(args.task.length, 1 + int(done / args.grow * args.task.length)) if args.grow else args.task.length
        if args.mix and epoch // REPORT % 2 == 0:
            longest = 1 + int(np.random.default_rng(epoch // REPORT).integers(longest))
        if args.grow or args.mix:
            for lang in langs:
                lang.length = longest
        yield epoch, REPORT if epoch else 1, args.lr * (1 - done if args.schedule == 'linear' else 1)


def take(args: argparse.Namespace, start: Start, epoch: int) -> Snapshot:
    """Raises Diverged where weights are NaN or infinite."""
    state = {name: value.clone() for name, value in start.model.state_dict().items()}
    if not all(value.isfinite().all() for value in state.values()):
        raise Diverged(
            f'training diverged: weights are NaN or infinite at epoch {epoch}; '
            f'try --clip 1, or --lr smaller than {args.lr:g}'
        )
    snapshot = Snapshot(epoch, state, copy.deepcopy(start.lang))
    start.lang.get_one_example()  # the one that shows the snapshot
    return snapshot


def train(args: argparse.Namespace, start: Start, stop: endings.Interrupt) -> Iterator[Snapshot]:
    """Train; yield a snapshot every REPORT epochs, epoch 0 included. After Ctrl-C the last whole REPORT counts.

    Raises Diverged where weights become NaN or infinite.
    """
    for epoch, count, rate in plan(args, [start.lang]):
        start.trainer.run(start.lang, count, rate, stop.__bool__)
        if stop and epoch:
            return
        yield take(args, start, epoch)


def train_batch(args: argparse.Namespace, starts: list[Start], stop: endings.Interrupt) -> list[list[Snapshot | None]]:
    """Train all starts as one batch; return what records() yields."""
    models, langs = [start.model for start in starts], [start.lang for start in starts]
    trainer = batch.Trainer(models, args.optim, args.mom, args.decay, args.clip, cli.device(args.no_cuda))
    found = [[] for _ in starts]
    for epoch, count, rate in plan(args, langs):
        trainer.run(langs, count, rate, stop.__bool__)
        if stop and epoch:
            break
        for start, record in zip(starts, found, strict=True):
            if not record or record[-1]:
                try:
                    record.append(take(args, start, epoch))
                except Diverged:
                    record.append(None)
    return found


def records(args: argparse.Namespace, starts: list[Start], stop: endings.Interrupt) -> Iterator[list[Snapshot | None]]:
    """Train starts on all cores; yield the snapshots of each in turn, with None at the end where it diverged.

    With --engine torch they are one batch, on the GPU where there is one.
    """
    if args.engine == 'torch' and kernel.draws(starts[0].lang):
        yield from train_batch(args, starts, stop)
        return

    def record(start):
        kept = []
        try:
            for snapshot in () if stop else train(args, start, stop):
                kept.append(snapshot)
        except Diverged:
            kept.append(None)
        return kept

    with ThreadPoolExecutor(max(1, os.cpu_count() // processes.LOCAL_SIZE)) as pool:
        yield from pool.map(record, starts)


def choose_best(
    starts: list[Start],
    found: Iterable[list[Snapshot | None]],
    judge: Callable[[int, list[Snapshot | None]], Result],
    progress: Callable[[list[Result]], None],
) -> tuple[list[Result], list[Snapshot | None]]:
    """Judge each start by its seed and snapshots; return all results, and the snapshots of the best one."""
    results, best, best_record = [], None, []
    for start, record in zip(starts, found, strict=True):
        if not record:  # Ctrl-C came first
            continue
        result = judge(start.seed, record)
        results.append(result)
        if best is None or result.rank() > best.rank():
            best, best_record = result, record
        progress(results)
    return results, best_record


def spread(
    args: argparse.Namespace,
    engine,
    seed: int,
    stop: endings.Interrupt,
    judge: Callable[[int, list[Snapshot | None]], Result],
    progress: Callable[[list[Result]], None],
) -> tuple[list[Result], list[Snapshot]]:
    """Deal the starts to all processes in turn; return the results of all, and the snapshots of the best one.

    Raises Diverged where all starts did.
    """
    starts = [begin(args, engine, seed + n) for n in range(processes.RANK, args.restarts, processes.SIZE)]
    if processes.TOGETHER:
        results = []

        def work(say):
            found = records(args, starts, stop) if starts else []
            return choose_best(starts, found, judge, lambda judged: say(judged[-1]))[1]

        def hear(result):
            results.append(result)
            progress(results)

        record = processes.meanwhile(work, hear, stop)
        results.sort(key=lambda result: result.seed)
    else:
        results, record = choose_best(starts, records(args, starts, stop), judge, progress)
    if not results:
        return [], []
    best = max(results, key=Result.rank)
    if best.verdict is None:
        raise Diverged(f'training diverged in all {len(results)} starts: weights are NaN or infinite; try --clip 1')
    return results, processes.given(lambda: record, by=(best.seed - seed) % processes.SIZE)
