"""The compiled training step of the two networks: read a sequence, go back through time, change the weights.

Here a network is one vector of float64: its parameters one after the other, in the order of its state_dict. Its
gradient and the optimizer's means are such vectors, too. A sequence is T + 1 symbols, integers from 0. The functions
work in arrays that train() makes once, for the longest sequence: states and cells (T + 1, hid), dstates and squashed
(T, hid), gates or deltas (T, 4 hid), errors (T, classes).
"""

import numpy as np

from lab.common.compiling import compiled

ADAM_MEANS = 0.9, 0.999  # Kingma and Ba (2015), as in torch.optim.Adam
ADAM_EPS = 1e-8
OPTIONS = {'nogil': True, 'error_model': 'numpy', 'fastmath': {'reassoc', 'contract', 'nsz', 'arcp'}}
INNER = OPTIONS | {'inline': 'always'}  # otherwise rounding could depend on which functions come from the cache


@compiled(**INNER)
def exp(x):
    """e^x, relative error below 1e-12; e^36 for all x > 36, e^-36 for all x < -36: a sigmoid is 1 or 0 there.

    Taylor's series at x / 64, squared six times. Unlike math.exp it has no branches, so loops over it become SIMD code.
    """
    x = min(max(x, -36.0), 36.0) / 64
    x2 = x * x
    x4 = x2 * x2
    low = (1 + x) + x2 * (1 / 2 + x / 6) + x4 * ((1 / 24 + x / 120) + x2 * (1 / 720 + x / 5040))
    high = (1 / 40320 + x / 362880) + x2 * (1 / 3628800 + x / 39916800) + x4 * (1 / 479001600 + x / 6227020800)
    return (low + x4 * x4 * high) ** 64


@compiled(**INNER)
def tanh(x):
    return 1 - 2 / (1 + exp(2 * x))


@compiled(**INNER)
def matrix(vector, start, rows, columns):
    """The part of a weight vector that holds one parameter, as a matrix."""
    return vector[start : start + rows * columns].reshape(rows, columns)


@compiled(**INNER)
def output_gradient(V, bias, dV, dbias, states, following, errors, dstates):
    """The gradient of the mean negative log-likelihood of the following symbols, back to the states.

    states: (T + 1, hid), the first one is from before the first symbol. dV, dbias and dstates (T, hid) are overwritten.
    """
    steps, classes = len(following), len(bias)
    for t in range(steps):
        for k in range(classes):
            errors[t, k] = bias[k]
            for i in range(len(V)):
                errors[t, k] += states[t + 1, i] * V[i, k]
        largest = errors[t, 0]
        for k in range(1, classes):
            largest = max(largest, errors[t, k])
        for k in range(classes):
            errors[t, k] -= largest
    flat = errors.reshape(-1)
    for n in range(steps * classes):
        flat[n] = exp(flat[n])
    dV[:] = 0
    dbias[:] = 0
    dstates[:steps] = 0
    for t in range(steps):
        total = 0.0
        for k in range(classes):
            total += errors[t, k]
        for k in range(classes):
            errors[t, k] /= total * steps
        errors[t, following[t]] -= 1 / steps
        for k in range(classes):
            dbias[k] += errors[t, k]
            for i in range(len(V)):
                dV[i, k] += states[t + 1, i] * errors[t, k]
                dstates[t, i] += errors[t, k] * V[i, k]


@compiled(**INNER)
def srn_gradient(weights, gradient, symbols, hid, classes, states, deltas, errors, dstates):
    """Write the gradient of a sequence's mean negative log-likelihood into `gradient`, for SRN_model."""
    at = np.cumsum(np.array([0, hid, classes * hid, hid * hid, hid, hid * classes]))
    H0, W, U = weights[:hid], matrix(weights, at[1], classes, hid), matrix(weights, at[2], hid, hid)
    bias, V, out_bias = weights[at[3] : at[4]], matrix(weights, at[4], hid, classes), weights[at[5] :]
    dH0, dW, dU = gradient[:hid], matrix(gradient, at[1], classes, hid), matrix(gradient, at[2], hid, hid)
    dbias, dV, dout_bias = gradient[at[3] : at[4]], matrix(gradient, at[4], hid, classes), gradient[at[5] :]
    steps = len(symbols) - 1
    for j in range(hid):
        states[0, j] = tanh(H0[j])
    for t in range(steps):
        for j in range(hid):
            net = bias[j] + W[symbols[t], j]
            for i in range(hid):
                net += states[t, i] * U[i, j]
            states[t + 1, j] = tanh(net)
    output_gradient(V, out_bias, dV, dout_bias, states, symbols[1:], errors[:steps], dstates)
    gradient[: at[4]] = 0
    for t in range(steps - 1, -1, -1):
        for j in range(hid):
            deltas[t, j] = dstates[t, j] * (1 - states[t + 1, j] ** 2)
            dbias[j] += deltas[t, j]
            dW[symbols[t], j] += deltas[t, j]
        for i in range(hid):
            back = 0.0
            for j in range(hid):
                dU[i, j] += states[t, i] * deltas[t, j]
                back += U[i, j] * deltas[t, j]
            if t > 0:
                dstates[t - 1, i] += back
            else:
                dH0[i] = back * (1 - states[0, i] ** 2)


@compiled(**INNER)
def lstm_gradient(weights, gradient, symbols, hid, classes, states, gates, errors, dstates, cells, squashed):
    """Write the gradient of a sequence's mean negative log-likelihood into `gradient`, for LSTM_model."""
    four = 4 * hid
    at = np.cumsum(np.array([0, classes * four, hid * four, four, hid * classes]))
    W, U, bias = matrix(weights, 0, classes, four), matrix(weights, at[1], hid, four), weights[at[2] : at[3]]
    V, out_bias = matrix(weights, at[3], hid, classes), weights[at[4] :]
    dW, dU, dbias = matrix(gradient, 0, classes, four), matrix(gradient, at[1], hid, four), gradient[at[2] : at[3]]
    dV, dout_bias = matrix(gradient, at[3], hid, classes), gradient[at[4] :]
    steps = len(symbols) - 1
    states[0] = 0
    cells[0] = 0
    for t in range(steps):
        for j in range(four):
            gates[t, j] = bias[j] + W[symbols[t], j]
        for i in range(hid):
            for j in range(four):
                gates[t, j] += states[t, i] * U[i, j]
        for j in range(2 * hid, 3 * hid):  # new values: tanh(x) is 2 sigmoid(2x) - 1, so one loop serves all gates
            gates[t, j] *= 2
        for j in range(four):
            gates[t, j] = 1 / (1 + exp(-gates[t, j]))
        for j in range(hid):
            gates[t, 2 * hid + j] = 2 * gates[t, 2 * hid + j] - 1
            cells[t + 1, j] = gates[t, hid + j] * cells[t, j] + gates[t, j] * gates[t, 2 * hid + j]
            squashed[t, j] = tanh(cells[t + 1, j])
            states[t + 1, j] = gates[t, 3 * hid + j] * squashed[t, j]
    output_gradient(V, out_bias, dV, dout_bias, states, symbols[1:], errors[:steps], dstates)
    gradient[: at[3]] = 0
    dcell = np.zeros(hid)
    for t in range(steps - 1, -1, -1):
        delta = gates[t]
        for j in range(hid):
            i, f, g, o = gates[t, j], gates[t, hid + j], gates[t, 2 * hid + j], gates[t, 3 * hid + j]
            dcell[j] += dstates[t, j] * o * (1 - squashed[t, j] ** 2)
            delta[3 * hid + j] = dstates[t, j] * squashed[t, j] * o * (1 - o)
            delta[j] = dcell[j] * g * i * (1 - i)
            delta[hid + j] = dcell[j] * cells[t, j] * f * (1 - f)
            delta[2 * hid + j] = dcell[j] * i * (1 - g * g)
            dcell[j] *= f
        for j in range(four):
            dbias[j] += delta[j]
            dW[symbols[t], j] += delta[j]
        for i in range(hid):
            back = 0.0
            for j in range(four):
                dU[i, j] += states[t, i] * delta[j]
                back += U[i, j] * delta[j]
            if t > 0:
                dstates[t - 1, i] += back


@compiled(**INNER)
def update(weights, gradient, means, squares, done, adam, rate, momentum, decay, clip):
    """The step number `done`, from 1, of torch.optim.SGD or Adam. Where clip > 0, clip_grad_norm_ comes first.

    It changes weights, means (Adam's first moment, SGD's momentum), squares (Adam's second moment) and gradient.
    """
    if clip > 0:
        gradient *= min(1.0, clip / (np.sqrt(np.sum(gradient**2)) + 1e-6))
    beta1, beta2 = ADAM_MEANS
    unbias1, unbias2 = 1 - beta1**done, 1 - beta2**done
    for n in range(len(weights)):
        slope = gradient[n] + decay * weights[n]
        if adam:
            means[n] = beta1 * means[n] + (1 - beta1) * slope
            squares[n] = beta2 * squares[n] + (1 - beta2) * slope * slope
            weights[n] -= rate * (means[n] / unbias1) / (np.sqrt(squares[n] / unbias2) + ADAM_EPS)
        else:
            means[n] = momentum * means[n] + slope
            weights[n] -= rate * means[n]


@compiled('the training step', **OPTIONS)
def train(lstm, adam, weights, means, squares, done, symbols, starts, ends, hid, classes, rate, momentum, decay, clip):
    """Train on sequences, one epoch each, after `done` earlier epochs. It changes weights, means and squares.

    lstm, adam: whether the network is an LSTM, and the optimizer Adam. Sequence n is symbols[starts[n] : ends[n]].
    """
    steps = (ends - starts).max() - 1
    states, cells = np.empty((steps + 1, hid)), np.empty((steps + 1, hid))
    dstates, squashed = np.empty((steps, hid)), np.empty((steps, hid))
    gates, errors = np.empty((steps, 4 * hid)), np.empty((steps, classes))
    gradient = np.empty(len(weights))
    for n in range(len(ends)):
        seq = symbols[starts[n] : ends[n]]
        if lstm:
            lstm_gradient(weights, gradient, seq, hid, classes, states, gates, errors, dstates, cells, squashed)
        else:
            srn_gradient(weights, gradient, seq, hid, classes, states, gates, errors, dstates)
        update(weights, gradient, means, squares, done + n + 1, adam, rate, momentum, decay, clip)
