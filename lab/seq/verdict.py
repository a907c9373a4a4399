"""Has a network learned its language, and how far does it count? Judged by fresh sequences of mixed blocks."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:  # who draws a verdict does without
    import torch

SEQUENCES = 1000
BLOCKS = 5  # in a sequence; then comes the first A of a sixth
AFTER_A = 0.8, 0.2  # the lab's target after an A: another A, or the first B
NONE = -1  # stands in a sequence where its end is past
SEED = 900450186894289455  # of the sequences: all networks are judged by the same ones
OTHER = SEED + 1  # of those by which gates are rounded: on them, the network looks too good
LAB_LENGTH = 4
LAB_LIMIT = {2: 0.05, 3: 0.02}  # by number of symbols; from the lab: at n up to 4 who has learned has a smaller loss
EACH, FAR, FARTHEST = 30, 1000, 10_000  # every n up to EACH is tried, then steps of 10%, from FAR on of 29%
TRIED = [*range(1, EACH + 1), *np.geomspace(EACH * 1.1, FAR, 37).round().astype(int).tolist()]
TRIED += np.geomspace(FAR, FARTHEST, 10).round().astype(int).tolist()[1:]
MIXED, FEWER = 100, 20  # sequences for each n that is tried, up to EACH and beyond
BEYOND = 10  # a network that counts so many times as far as it was taught has learned, whatever it guesses after A's
PART = 3_000_000  # symbols that are read at once: more would only take more memory

# one-hot (batch, T, classes) -> outputs before softmax, the same shape
Read = Callable[['torch.Tensor'], 'torch.Tensor']
# The same of a part of the sequences, and the memory that the part before has left, or None -> outputs, and memory
Stream = Callable[['torch.Tensor', Any], tuple['torch.Tensor', Any]]


class Verdict(NamedTuple):
    """What judge() found."""

    loss: float  # mean over sequences of the mean squared difference of output probabilities and target
    below: float  # share of sequences whose loss is under the threshold
    right: float  # share of the determined symbols that get the highest probability
    learned: bool  # every determined symbol is right, counts >= length, loss under the threshold (or see BEYOND)
    counts: int  # the network counts up to this n, see count()
    guesses: bool  # mean loss under the threshold: guesses after A's are near the true probabilities
    most: int = FARTHEST  # the largest n that was tried


@functools.cache
def floor(classes: int, length: int) -> float:
    """The mean loss of the predictor that knows the true probabilities, for n uniform in 1..length.

    It is not 0: after the k-th A of a block the truth is (length - k) / (length - k + 1) for another A, but the target
    is always 0.8.
    """
    n = np.arange(1, length + 1)
    squares = ((length - n) / (length - n + 1) - AFTER_A[0]) ** 2 * 2 / classes  # after the n-th A
    share = np.append(0, np.full(length, 1 / length))  # of blocks, by their n
    others = functools.reduce(np.convolve, [share] * (BLOCKS - 1))  # by the sum of their n
    sums = n[:, None] + np.arange(len(others))
    symbols = classes * (classes + 1) // 2  # in a block, for each A
    return BLOCKS * float(np.mean(squares.cumsum() * (others / (symbols * sums)).sum(axis=1)))


def threshold(classes: int, length: int) -> float:
    """A network that has learned has a smaller loss: the lab's limit, as far above the floor at every length."""
    return LAB_LIMIT[classes] + (floor(classes, length) - floor(classes, LAB_LENGTH))


def spell(blocks: np.ndarray, classes: int) -> np.ndarray:
    """Sequences of blocks, each with the A that follows its last block: (N, T) symbols, then NONE.

    blocks: (N, B), the n of each block; a block of 0 is left out.
    """
    runs = (blocks[:, :, None] * np.arange(1, classes + 1)).reshape(len(blocks), -1)
    runs = np.hstack([runs, np.ones((len(blocks), 1), dtype=int)])
    symbols = np.append(np.tile(np.arange(classes), blocks.shape[1]), 0)
    lengths = runs.sum(axis=1)
    sequences = np.full((len(blocks), lengths.max()), NONE)
    sequences[np.arange(lengths.max()) < lengths[:, None]] = np.repeat(np.tile(symbols, len(blocks)), runs.ravel())
    return sequences


def examine(read: Read, blocks: np.ndarray, classes: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Of each sequence with these blocks, see spell(): (loss, determined symbols right, determined symbols).

    Determined are the symbols that do not follow an A. The loss is the mean squared difference of the output
    probabilities and the lab's target.
    """
    import torch
    from torch.nn.functional import one_hot

    found = []
    rows = max(1, PART // int(blocks.sum(axis=1).max() * classes * (classes + 1) // 2))
    for first in range(0, len(blocks), rows):
        symbols = torch.from_numpy(spell(blocks[first : first + rows], classes))
        following, real = symbols[:, 1:], symbols[:, 1:] != NONE
        after_a = symbols[:, :-1] == 0
        output = read(one_hot(symbols[:, :-1].clamp(min=0), classes).float())
        target = one_hot(following.clamp(min=0), classes).to(output.dtype)
        target[after_a] = torch.tensor([*AFTER_A, 0][:classes], dtype=output.dtype)
        by_symbol = output.movedim(2, 0).contiguous()  # PyTorch is slow along an axis as short as the last one
        squares = (by_symbol.softmax(dim=0).movedim(0, 2) - target).square().mean(dim=2)
        determined = real & ~after_a
        right = determined & (output.argmax(dim=2) == following)
        losses = (squares * real).sum(dim=1) / real.sum(dim=1)
        found.append([losses, right.sum(dim=1), determined.sum(dim=1)])
    return tuple(map(torch.cat, zip(*found, strict=True)))


def judge(read: Read, classes: int, length: int, stream: Stream | None = None) -> Verdict:
    """Judge a network that was trained on blocks of n up to `length`, by SEQUENCES fresh sequences and by count()."""
    blocks = np.random.default_rng(SEED).integers(1, length + 1, (SEQUENCES, BLOCKS))
    losses, right, determined = examine(read, blocks, classes)
    limit, counts = threshold(classes, length), count(read, classes, length, stream)
    loss, share = losses.mean().item(), right.sum().item() / determined.sum().item()
    learned = share == 1 and counts >= length and (loss < limit or counts >= BEYOND * length)
    below = (losses < limit).double().mean().item()
    return Verdict(loss, below, share, learned, counts, loss < limit, tried_by(length, stream)[-1])


def tried_by(length: int, stream: Stream | None) -> list[int]:
    """The n that count() tries of a network that was taught up to `length`; without a stream none above FAR."""
    return sorted({n for n in TRIED if n <= FAR or stream} | {length})


def count(read: Read, classes: int, length: int = 1, stream: Stream | None = None) -> int:
    """How far a network counts: no mistake in sequences of mixed blocks with n up to this.

    A mistake is a determined symbol that does not get the highest probability. See mixed() for the sequences. The n of
    TRIED are tried, and `length`; those above FAR only with a stream, as their sequences are too long to be read whole.
    """

    def wrong(now: list[int]) -> set[int]:
        """Those of these n that have a sequence with a mistake; many n at once, as the longest decides the time."""
        blocks = [mixed(n) for n in now]
        rows = np.concatenate(blocks)
        if now[-1] > EACH and stream:
            mistaken = stumbles(stream, rows, classes)
        else:
            _, right, determined = examine(read, rows, classes)
            mistaken = right < determined
        return set(np.repeat(now, [len(each) for each in blocks])[mistaken.cpu().numpy()].tolist())

    tried = tried_by(length, stream)
    reached = 0
    while reached < tried[-1]:
        now = [n for n in tried if reached < n <= 2 * max(reached, 4)]
        if bad := wrong(now):
            return max([n for n in tried if n < min(bad)], default=0)
        reached = now[-1]
    return reached


def stumbles(stream: Stream, blocks: np.ndarray, classes: int) -> torch.Tensor:
    """Which of the sequences with these blocks have a mistake (N,), read in parts."""
    import torch
    from torch.nn.functional import one_hot

    symbols = torch.from_numpy(spell(blocks, classes).astype(np.int8))
    mistaken, memory = torch.zeros(len(symbols), dtype=torch.bool), None
    part = PART // len(symbols)
    for first in range(0, symbols.shape[1] - 1, part):
        here = symbols[:, first : first + part + 1]
        read, following = here[:, :-1], here[:, 1:]
        output, memory = stream(one_hot(read.clamp(min=0).long(), classes).float(), memory)
        mistaken |= ((read > 0) & (following != NONE) & (output.argmax(dim=2) != following)).any(dim=1)
    return mistaken


def mixed(n: int) -> np.ndarray:
    """Blocks of sequences that show whether a network counts up to n, (sequences, BLOCKS).

    The first has only blocks of n; the others one of n, in any place, and four of 1..n.
    """
    blocks = np.random.default_rng([SEED, n]).integers(1, n + 1, (MIXED if n <= EACH else FEWER, BLOCKS))
    rows = np.arange(len(blocks))
    blocks[rows, rows % BLOCKS] = n
    blocks[0] = n
    return blocks


def interval(good: int, total: int) -> tuple[float, float]:
    """Wilson's 95% interval (1927) of the true share, if `good` of `total` were counted."""
    z2 = 1.96**2
    middle = (good + z2 / 2) / (total + z2)
    half = (z2 * (good * (total - good) / total + z2 / 4)) ** 0.5 / (total + z2)
    return middle - half, middle + half


def lines(found: Verdict, classes: int, length: int, trained: bool = True) -> list[str]:
    """The verdict in words, all but whether the network has learned. Of one made by hand, nothing about training."""
    limit = f'{threshold(classes, length):.4f}'.rstrip('0')
    tried = [n for n in {*TRIED, length} if EACH < n <= found.counts]
    most = ', the largest that was tried' if found.counts == found.most else ''
    fewer = f'; above {EACH} only some n were tried ({len(tried)}), with {FEWER} each' if tried else ''
    return [
        f'evaluation on {SEQUENCES} fresh sequences:',
        f' mean loss: {found.loss:.4f} ({"learned:" if trained else "should be"} under {limit}; '
        f'with the true probabilities: {floor(classes, length):.4f})',
        f' sequences under it: {found.below:.1%}',
        f' right where only one symbol can follow: {found.right:.2%}',
        f' counts up to n = {found.counts}{most}' + f' (trained on n up to {length})' * trained,
        f' that is: no mistake in {MIXED} sequences of mixed blocks for each n{fewer}',
    ] + [" its guesses after A's are not near the true probabilities"] * (found.learned and not found.guesses)
