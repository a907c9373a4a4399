"""The formulas of the compiled engine: the training loops of the two networks, their gradients and the optimizers.

Several starts are trained side by side: while one waits for a result, the others compute. Arrays are indexed by time t,
start s, unit j (or i, the unit that a weight comes from); g is a gate, k a symbol.
"""

import numpy as np
from numba import njit

from lab.common.compiling import compiled

OPTIONS = {'nogil': True, 'error_model': 'numpy'}
BETA1, BETA2, EPS = 0.9, 0.999, 1e-8  # Adam's own defaults (Kingma and Ba 2015)


@njit(fastmath={'contract'}, **OPTIONS)
def fma(a, b, c):
    """a * b + c, rounded once where the processor can do that."""
    return a * b + c


@njit(**OPTIONS)
def exp(x):
    """e^x, relative error below 1e-12; e^36 for all x > 36, e^-36 for all x < -36: a sigmoid is 1 or 0 there.

    Taylor's series at x / 64, squared six times. It has no branches: the compiler can do several at once.
    """
    x = 36.0 if x > 36.0 else x
    x = (-36.0 if x < -36.0 else x) * (1 / 64)
    x2 = x * x
    x4 = x2 * x2
    first = fma(x2, fma(x, 1 / 6, 1 / 2), 1 + x)
    second = fma(x2, fma(x, 1 / 5040, 1 / 720), fma(x, 1 / 120, 1 / 24))
    third = fma(x2, fma(x, 1 / 39916800, 1 / 3628800), fma(x, 1 / 362880, 1 / 40320))
    y = fma(x4, fma(x4, fma(x4, fma(x, 1 / 6227020800, 1 / 479001600), third), second), first)
    for _ in range(6):
        y = y * y
    return y


@njit(**OPTIONS)
def tanh(x):
    return 1 - 2 / (1 + exp(2 * x))


@njit(**OPTIONS)
def take_sequences(symbols, begins, ends, x):
    """Write each start's sequence into x (starts, T + 1); return each start's T, the number of symbols it reads."""
    for s in range(len(x)):
        for t in range(ends[s] - begins[s]):
            x[s, t] = symbols[begins[s] + t]
    return ends - begins - 1


@njit(**OPTIONS)
def output_gradient(sizes, weights, slopes, reading, states, work):
    """The gradient of the mean negative log-likelihood of the symbols that follow, back to the hidden units.

    weights: V (starts, hid, classes) and out_bias; slopes: theirs, to which it adds. reading: symbols x (starts, T + 1)
    and steps, each start's T. states (T + 1, starts, hid), from before the first symbol on. work: dstates (T, starts,
    hid), which it fills, and errors (starts, T, classes), room to compute.
    """
    hid, classes = len(sizes[0]), len(sizes[1])
    (V, out_bias), (dV, dout_bias), (x, steps), (dstates, errors) = weights, slopes, reading, work
    for s in range(len(V)):
        for t in range(steps[s]):
            largest = -np.inf
            for k in range(classes):
                net = out_bias[s, k]
                for j in range(hid):
                    net = fma(states[t + 1, s, j], V[s, j, k], net)
                errors[s, t, k] = net
                largest = max(largest, net)
            for k in range(classes):
                errors[s, t, k] -= largest  # the same probabilities, and no overflow
        row = errors[s].reshape(-1)
        for n in range(steps[s] * classes):
            row[n] = exp(row[n])
        for t in range(steps[s]):
            total = errors[s, t, 0]
            for k in range(1, classes):
                total += errors[s, t, k]
            scale = 1 / steps[s] / total
            for k in range(classes):
                errors[s, t, k] *= scale  # the probabilities, as parts of a mean over the steps
            errors[s, t, x[s, t + 1]] -= 1 / steps[s]  # minus the target
            for k in range(classes):
                dout_bias[s, k] += errors[s, t, k]
            for j in range(hid):
                back = errors[s, t, 0] * V[s, j, 0]
                for k in range(1, classes):
                    back = fma(errors[s, t, k], V[s, j, k], back)
                dstates[t, s, j] = back
                for k in range(classes):
                    dV[s, j, k] = fma(states[t + 1, s, j], errors[s, t, k], dV[s, j, k])


@njit(**OPTIONS)
def clip_norms(slopes, starts, sizes, largest):
    """torch.nn.utils.clip_grad_norm_() for each start. slopes: of each parameter in turn, for all starts."""
    for s in range(starts):
        total, first = 0.0, 0
        for size in sizes:
            for slope in slopes[first + s * size : first + (s + 1) * size]:
                total = fma(slope, slope, total)
            first += starts * size
        scale, first = min(largest / (np.sqrt(total) + 1e-6), 1.0), 0
        for size in sizes:
            for n in range(first + s * size, first + (s + 1) * size):
                slopes[n] *= scale
            first += starts * size


@njit(**OPTIONS)
def optimize(memory, settings, epoch):
    """One step of torch.optim.SGD or Adam, number `epoch` from 1."""
    weights, slopes, means, squares = memory
    adam, rate, momentum, decay, _, _ = settings
    unbias1, unbias2 = 1 - BETA1**epoch, 1 - BETA2**epoch
    for n in range(len(weights)):
        slope = fma(weights[n], decay, slopes[n])
        if adam:
            means[n] = fma(means[n], BETA1, (1 - BETA1) * slope)
            squares[n] = fma(squares[n], BETA2, (1 - BETA2) * slope * slope)
            weights[n] -= rate * (means[n] / unbias1) / (np.sqrt(squares[n] / unbias2) + EPS)
        else:
            means[n] = fma(means[n], momentum, slope)
            weights[n] = fma(means[n], -rate, weights[n])


@njit(**OPTIONS)
def srn_states(units, weights, reading, states):
    """Read the symbols: fill states (T + 1, starts, hid), h(0) = tanh(H0), h(t + 1) = tanh(W[x(t)] + h(t) U + bias)."""
    hid, (H0, W, U, hid_bias), (x, steps) = len(units), weights, reading
    for s in range(len(x)):
        for j in range(hid):
            states[0, s, j] = tanh(H0[s, j])
    for t in range(steps.max()):
        for s in range(len(x)):
            for j in range(hid):
                net = hid_bias[s, j] + W[s, x[s, t], j]
                for i in range(hid):
                    net = fma(states[t, s, i], U[s, i, j], net)
                states[t + 1, s, j] = net
        row = states[t + 1].reshape(-1)
        for n in range(len(row)):
            row[n] = tanh(row[n])


@compiled('the training step (some 5 seconds)', **OPTIONS)
def train_srn(sizes, tables, memory, done, sequences, settings):
    """Train SRNs, in each epoch every one on its own sequence, after `done` earlier epochs; see Trainer.

    sizes: two things as long as there are hidden units and symbols (for tuples the code is compiled for these lengths),
    and the sizes of the parameters. sequences: symbols; begins, ends (epochs, starts): which of them.
    settings: Adam or SGD? learning rate, momentum, weight decay, largest norm of the gradient (0 = any), and for an
    LSTM the pressure on its gates.
    """
    hid, classes = len(sizes[0]), len(sizes[1])
    symbols, begins, ends = sequences
    starts, longest, slopes, clip = begins.shape[1], (ends - begins).max(), memory[1], settings[-2]
    H0, W, U, hid_bias, V, out_bias = tables[0]
    dH0, dW, dU, dhid_bias, dV, dout_bias = tables[1]
    x, errors = np.zeros((starts, longest), np.int8), np.zeros((starts, longest, classes))
    states, dstates, delta = np.zeros((longest, starts, hid)), np.zeros((longest, starts, hid)), np.zeros(hid)
    for epoch in range(len(begins)):
        slopes[:] = 0
        steps = take_sequences(symbols, begins[epoch], ends[epoch], x)
        srn_states(sizes[0], (H0, W, U, hid_bias), (x, steps), states)
        output_gradient(sizes, (V, out_bias), (dV, dout_bias), (x, steps), states, (dstates, errors))
        for t in range(steps.max() - 1, -1, -1):  # back through time
            for s in range(starts):
                if t >= steps[s]:
                    continue
                for j in range(hid):
                    delta[j] = dstates[t, s, j] * (1 - states[t + 1, s, j] * states[t + 1, s, j])
                    dhid_bias[s, j] += delta[j]
                    dW[s, x[s, t], j] += delta[j]
                for i in range(hid):
                    back = U[s, i, 0] * delta[0]
                    for j in range(1, hid):
                        back = fma(U[s, i, j], delta[j], back)
                    for j in range(hid):
                        dU[s, i, j] = fma(states[t, s, i], delta[j], dU[s, i, j])
                    if t > 0:
                        dstates[t - 1, s, i] += back
                    else:
                        dH0[s, i] = back * (1 - states[0, s, i] * states[0, s, i])
        if clip > 0:
            clip_norms(slopes, starts, sizes[2], clip)
        optimize(memory, settings, done + epoch + 1)


@njit(**OPTIONS)
def lstm_states(units, weights, reading, memory):
    """Read the symbols, and fill memory: states and cells (T + 1, starts, hid), from before the first symbol on;

    squashed (T, starts, hid): tanh of the cells; gates (T, starts, 4, hid): input, forget, new values, output.
    """
    hid, (W, U, hid_bias), (x, steps), (states, cells, squashed, gates) = len(units), weights, reading, memory
    for t in range(steps.max()):
        for s in range(len(x)):
            k = x[s, t]
            for j in range(hid):
                for g in range(4):
                    net = hid_bias[s, g, j] + W[s, k, g, j]
                    for i in range(hid):
                        net = fma(states[t, s, i], U[s, i, g, j], net)
                    gates[t, s, g, j] = -2 * net if g == 2 else -net
        row = gates[t].reshape(-1)
        for n in range(len(row)):
            row[n] = 1 / (1 + exp(row[n]))
        for s in range(len(x)):
            for j in range(hid):
                gates[t, s, 2, j] = 2 * gates[t, s, 2, j] - 1  # new values: tanh(x) is 2 sigmoid(2x) - 1
                new = gates[t, s, 0, j] * gates[t, s, 2, j]
                cells[t + 1, s, j] = fma(gates[t, s, 1, j], cells[t, s, j], new)
                states[t + 1, s, j] = cells[t + 1, s, j]
        row = states[t + 1].reshape(-1)
        for n in range(len(row)):
            row[n] = tanh(row[n])
        for s in range(len(x)):
            for j in range(hid):
                squashed[t, s, j] = states[t + 1, s, j]
                states[t + 1, s, j] *= gates[t, s, 3, j]


@compiled('the training step (some 5 seconds)', **OPTIONS)
def train_lstm(sizes, tables, memory, done, sequences, settings):
    """Train LSTMs, as train_srn() trains SRNs."""
    hid, classes = len(sizes[0]), len(sizes[1])
    symbols, begins, ends = sequences
    starts, longest, slopes, (clip, pressure) = begins.shape[1], (ends - begins).max(), memory[1], settings[-2:]
    W, U, hid_bias, V, out_bias = tables[0]
    dW, dU, dhid_bias, dV, dout_bias = tables[1]
    x, errors = np.zeros((starts, longest), np.int8), np.zeros((starts, longest, classes))
    states, dstates = np.zeros((longest, starts, hid)), np.zeros((longest, starts, hid))
    cells, dcell = np.zeros((longest, starts, hid)), np.zeros((starts, hid))
    squashed, gates = np.zeros((longest, starts, hid)), np.zeros((longest, starts, 4, hid))
    delta, back = np.zeros((4, hid)), np.zeros(4)
    for epoch in range(len(begins)):
        slopes[:] = 0
        dcell[:] = 0
        steps = take_sequences(symbols, begins[epoch], ends[epoch], x)
        lstm_states(sizes[0], (W, U, hid_bias), (x, steps), (states, cells, squashed, gates))
        output_gradient(sizes, (V, out_bias), (dV, dout_bias), (x, steps), states, (dstates, errors))
        for t in range(steps.max() - 1, -1, -1):  # back through time
            for s in range(starts):
                if t >= steps[s]:
                    continue
                press = pressure / steps[s]
                for j in range(hid):  # cell = forget * cell before + enter * new; unit = out * tanh(cell)
                    enter, forget, new, out = gates[t, s, 0, j], gates[t, s, 1, j], gates[t, s, 2, j], gates[t, s, 3, j]
                    above, tanh_cell = dstates[t, s, j], squashed[t, s, j]
                    slope = fma(above * out, 1 - tanh_cell * tanh_cell, dcell[s, j])  # of the loss by the cell
                    dcell[s, j] = slope * forget  # by the cell before
                    # By the net inputs of the gates: sigmoid' is y (1 - y), tanh' is 1 - y y. The pressure adds
                    # y (1 - y) of a gate to the loss and (1 - y y) / 2 of a new value: by y, 1 - 2 y and -y
                    delta[0, j] = (slope * new + press * (1 - 2 * enter)) * (enter - enter * enter)
                    delta[1, j] = (slope * cells[t, s, j] + press * (1 - 2 * forget)) * (forget - forget * forget)
                    delta[2, j] = (slope * enter - press * new) * (1 - new * new)
                    delta[3, j] = (above * tanh_cell + press * (1 - 2 * out)) * (out - out * out)
                for g in range(4):
                    for j in range(hid):
                        dhid_bias[s, g, j] += delta[g, j]
                        dW[s, x[s, t], g, j] += delta[g, j]
                for i in range(hid):
                    for g in range(4):
                        back[g] = U[s, i, g, 0] * delta[g, 0]
                        for j in range(1, hid):
                            back[g] = fma(U[s, i, g, j], delta[g, j], back[g])
                        for j in range(hid):
                            dU[s, i, g, j] = fma(states[t, s, i], delta[g, j], dU[s, i, g, j])
                    if t > 0:
                        dstates[t - 1, s, i] += (back[0] + back[1]) + (back[2] + back[3])
        if clip > 0:
            clip_norms(slopes, starts, sizes[2], clip)
        optimize(memory, settings, done + epoch + 1)
