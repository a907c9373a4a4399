"""Results: the verdict on each start, which start is the best, and what is printed about them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import NamedTuple

from tqdm import tqdm

from lab.common.errors import UserError
from lab.seq import student, verdict
from lab.seq.starts import Record
from lab.seq.stream import stream_of
from lab.seq.task import MOST_EPOCHS, MOST_STARTS, Task, Training
from lab.seq.verdict import Verdict

CHECKPOINT = 10_000  # epochs between two files
TRIES = 20  # starts at most, where they are trained until one has learned


class Result(NamedTuple):
    seed: int
    verdict: Verdict | None  # None: the start diverged

    def rank(self) -> tuple:
        """The larger, the better: has learned, then counts further, then has the smaller loss."""
        return (self.verdict.learned, self.verdict.counts, -self.verdict.loss) if self.verdict else (False, -1)


def judge(task: Task, seed: int, record: Record) -> Result:
    """The verdict on a start, by its seed and its record: on the network that it ends with."""
    return Result(seed, record[-1] and verdict_of(task, record[-1].state))


def verdict_of(task: Task, state: student.State) -> Verdict:
    """The verdict on a network with these weights."""
    stream = stream_of(task, state)
    return verdict.judge(lambda x: student.outputs_of(task, state, x)[1], task.classes, task.length, stream)


def choose(
    seeds: Sequence[int], records: Iterator[Record], judge: Callable[[int, Record], Result], first: bool
) -> tuple[list[Result], Record]:
    """Judge each start as soon as it is trained, by its seed and record. Return all results and the best one's record.

    first: take no more records once a start has learned; so it is the one of the lowest seed that learns, whatever the
    number of cores. Starts with an empty record (Ctrl-C came before them) are left out. Raises UserError if all others
    diverged.
    """
    results, best, best_record = [], None, []
    bar = {'total': len(seeds), 'unit': 'start', 'disable': None, 'leave': False, 'delay': 1}  # on a terminal
    with closing(records), tqdm(records, **bar) as shown:
        for seed, record in zip(seeds, shown, strict=False):
            if record:
                results.append(judge(seed, record))
                if best is None or results[-1].rank() > best.rank():
                    best, best_record = results[-1], record
                if first and learned(results):
                    break
    if best and best.verdict is None:
        raise UserError(f'training diverged in all {len(results)} starts: weights are NaN or infinite; try --clip 1')
    return results, best_record


def learned(results: list[Result]) -> int:
    """How many starts have learned."""
    return sum(result.verdict is not None and result.verdict.learned for result in results)


def print_table(results: list[Result]):
    """Print a line for each start, and the share that learned."""
    print('\n      seed    loss   below   right  counts  learned')
    for seed, found in results:
        text = 'diverged'
        if found:
            text = f'{found.loss:.4f} {found.below:7.1%} {found.right:7.2%}  {found.counts:6d}  '
            text += 'yes' if found.learned else 'no'
        print(f'{seed:10d}  {text}')
    good = learned(results)
    low, high = verdict.interval(good, len(results))
    print(f'learned: {good} of {len(results)} ({good / len(results):.1%}; 95% interval {low:.0%} to {high:.0%})')


def print_verdict(task: Task, found: Verdict, retry: str):
    """Say whether the network has learned, and if not, which command to try."""
    print('', *verdict.lines(found, task.classes, task.length), sep='\n')
    print(' learned: yes' if found.learned else f' learned: no; try: {retry}')


def advice(task: Task, training: Training, recipe: str, tried: int | None) -> dict[str, str]:
    """Flags that make a network learn that has not. tried: number of starts asked for, None: until one learns."""
    usual = Task(task.lang, model=task.model)
    if training.epoch < usual.epochs:
        return {'--epoch': str(usual.epochs)}
    if task.hid < usual.hid:
        return {'--hid': str(usual.hid)}
    better = {'--recipe': 'hard' if task.hard else 'sure'} if recipe == 'lab' else {}
    longer = {'--epoch': str(min(2 * training.epoch, MOST_EPOCHS))}
    if training.epoch == MOST_EPOCHS:
        longer = {'--hid': str(task.hid + 1)}
    if tried is None or tried == MOST_STARTS:
        return better or longer
    return (better if task.hard else {}) | {'--restarts': str(min(max(TRIES, 2 * tried), MOST_STARTS))}
