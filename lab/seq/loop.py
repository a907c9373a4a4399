"""The compiled training loop: a sequence, its gradient, a step of the optimizer, for one network or several at once.

A network is one vector, in the order of split(); its gradient and the optimizer's means are such vectors, too. Several
networks are the columns of a matrix, one for each lane of a number (see simd.py).
"""

import numpy as np
from numba import njit

from lab.common.compiling import compiled
from lab.common.simd import fma, numbers, smaller, sqrt
from lab.seq.gradient import INNER, OPTIONS, lstm_gradient, srn_gradient

ADAM_MEANS = 0.9, 0.999  # Kingma and Ba (2015), as in torch.optim.Adam
ADAM_EPS = 1e-8


@njit(**INNER)
def zeros(shape, lanes):
    """An array of zeros, and its memory as plain floats, with one axis more."""
    floats = np.zeros((*shape, len(lanes)))
    return numbers(floats, lanes), floats


@njit(**INNER)
def split(vectors, lanes, wide, first, hid, classes):
    """The parameters in weight vectors (size, networks) as arrays of numbers: H0, W, U, hid_bias, V, out_bias.

    first: the size of H0. A number of W, U or hid_bias has the lanes of `wide`: all four gates of an LSTM's unit.
    """
    u = first + classes * hid * len(wide) // len(lanes)
    b = u + hid * hid * len(wide) // len(lanes)
    v = b + hid * len(wide) // len(lanes)
    o = v + hid * classes
    return (
        numbers(vectors[:first], lanes),
        numbers(vectors[first:u].reshape(classes, hid, len(wide)), wide),
        numbers(vectors[u:b].reshape(hid, hid, len(wide)), wide),
        numbers(vectors[b:v].reshape(hid, len(wide)), wide),
        numbers(vectors[v:o].reshape(hid, classes, len(lanes)), lanes),
        numbers(vectors[o:], lanes),
    )


@njit(**INNER)
def read(symbols, starts, ends, x, share):
    """Write the sequences symbols[start:end], one for each network, into x and share; return the largest T."""
    steps = (ends - starts).max() - 1
    x[: steps + 1] = 0
    share[:steps] = 0
    for n in range(len(ends)):
        length = ends[n] - starts[n]
        for t in range(length):
            x[t, symbols[starts[n] + t], n] = 1
        share[: length - 1, n] = 1 / (length - 1)
    return steps


@njit(**INNER)
def update(vectors, gradient, done, adam, rate, momentum, decay, clip):
    """The step number `done`, from 1, of torch.optim.SGD or Adam. Where clip > 0, clip_grad_norm_ comes first.

    It changes the vectors (weights; Adam's first moment or SGD's momentum; Adam's second moment) and gradient.
    """
    weights, means, squares = vectors
    if clip > 0:
        total = gradient[0] * gradient[0]
        for n in range(1, len(gradient)):
            total = fma(gradient[n], gradient[n], total)
        scale = smaller(clip / (sqrt(total) + 1e-6), 1.0)
        for n in range(len(gradient)):
            gradient[n] = gradient[n] * scale
    beta1, beta2 = ADAM_MEANS
    unbias1, unbias2 = 1 - beta1**done, 1 - beta2**done
    for n in range(len(weights)):
        slope = fma(weights[n], decay, gradient[n])
        if adam:
            means[n] = fma(means[n], beta1, (1 - beta1) * slope)
            squares[n] = fma(squares[n], beta2, (1 - beta2) * slope * slope)
            weights[n] = weights[n] - rate * (means[n] / unbias1) / (sqrt(squares[n] / unbias2) + ADAM_EPS)
        else:
            means[n] = fma(means[n], momentum, slope)
            weights[n] = fma(means[n], -rate, weights[n])


@compiled('the training step (some 5 seconds)', **OPTIONS)
def train_srn(
    lanes, weights, means, squares, done, symbols, starts, ends, hid, classes, adam, rate, momentum, decay, clip
):
    """Train SRNs on sequences, one epoch each, after `done` earlier epochs. It changes weights, means and squares.

    lanes: a tuple as long as there are networks. weights, means, squares: (size, networks), see split() and update().
    adam: whether Adam is the optimizer, or SGD. In epoch n, network l reads symbols[starts[n, l] : ends[n, l]].
    """
    vectors = numbers(weights, lanes), numbers(means, lanes), numbers(squares, lanes)
    total, slopes = zeros((len(weights),), lanes)
    parts, dparts = split(weights, lanes, lanes, hid, hid, classes), split(slopes, lanes, lanes, hid, hid, classes)
    longest = (ends - starts).max() - 1
    x, one_hot = zeros((longest + 1, classes), lanes)
    share, shares = zeros((longest,), lanes)
    states, dstates = zeros((longest + 1, hid), lanes)[0], zeros((longest, hid), lanes)[0]
    delta, (errors, memory) = zeros((hid,), lanes)[0], zeros((longest, classes), lanes)
    flat = numbers(memory.reshape(-1, len(lanes)), lanes)
    for n in range(len(ends)):
        steps = read(symbols, starts[n], ends[n], one_hot, shares)
        slopes[:] = 0
        srn_gradient(parts, dparts, x, share, steps, states, errors, flat, dstates, delta)
        update(vectors, total, done + n + 1, adam, rate, momentum, decay, clip)


@compiled('the training step (some 5 seconds)', **OPTIONS)
def train_lstm(
    lanes, weights, means, squares, done, symbols, starts, ends, hid, classes, adam, rate, momentum, decay, clip
):
    """Train LSTMs, as train_srn() trains SRNs."""
    wide = (*lanes, *lanes, *lanes, *lanes)
    vectors = numbers(weights, lanes), numbers(means, lanes), numbers(squares, lanes)
    total, slopes = zeros((len(weights),), lanes)
    parts, dparts = split(weights, lanes, wide, 0, hid, classes), split(slopes, lanes, wide, 0, hid, classes)
    longest = (ends - starts).max() - 1
    x, one_hot = zeros((longest + 1, classes), lanes)
    share, shares = zeros((longest,), lanes)
    states, dstates = zeros((longest + 1, hid), lanes)[0], zeros((longest, hid), lanes)[0]
    delta, (errors, memory) = zeros((hid,), wide)[0], zeros((longest, classes), lanes)
    flat = numbers(memory.reshape(-1, len(lanes)), lanes)
    gates, cells = zeros((longest, hid), wide)[0], zeros((longest + 1, hid), lanes)[0]
    squashed = zeros((longest, hid), lanes)[0]
    for n in range(len(ends)):
        steps = read(symbols, starts[n], ends[n], one_hot, shares)
        slopes[:] = 0
        lstm_gradient(
            parts, dparts, lanes, x, share, steps, states, errors, flat, dstates, delta, gates, cells, squashed
        )
        update(vectors, total, done + n + 1, adam, rate, momentum, decay, clip)
