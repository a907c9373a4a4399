"""The formulas of the compiled engine: the training loops of the two networks, their gradients and the optimizers.

Several starts are trained side by side: while one waits for a result, the others compute. Arrays are indexed by time t,
start s, unit j (or i, the unit that a weight comes from); g is a gate, k a symbol.
"""

import numpy as np
from numba import njit

from lab.common.compiling import compiled

OPTIONS = {'nogil': True, 'error_model': 'numpy'}
ADAM_MEANS = 0.9, 0.999  # Kingma and Ba (2015), as in torch.optim.Adam
ADAM_EPS = 1e-8


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
def cut(vector, shape):
    """The first numbers of a vector as an array of this shape, and the rest of the vector."""
    size = 1
    for length in shape:
        size *= length
    return vector[:size].reshape(shape), vector[size:]


@njit(**OPTIONS)
def take_sequences(sequences, epoch, x):
    """Write each start's sequence of an epoch into x (starts, T + 1); return each start's T, the symbols it reads."""
    symbols, begins, ends = sequences
    for s in range(len(x)):
        begin, end = begins[epoch, s], ends[epoch, s]
        for t in range(end - begin):
            x[s, t] = symbols[begin + t]
    return ends[epoch] - begins[epoch] - 1


@njit(**OPTIONS)
def output_gradient(units, alphabet, V, out_bias, dV, dout_bias, x, steps, states, dstates, errors):
    """The gradient of the mean negative log-likelihood of the symbols that follow, back to the hidden units.

    V (starts, hid, classes); steps: each start's T; states (T + 1, starts, hid), the first from before the first
    symbol. Adds to dV and dout_bias, fills dstates (T, starts, hid). errors (starts, T, classes): room to work.
    """
    for s in range(len(V)):
        for t in range(steps[s]):
            largest = -np.inf
            for k in range(len(alphabet)):
                net = out_bias[s, k]
                for j in range(len(units)):
                    net = fma(states[t + 1, s, j], V[s, j, k], net)
                errors[s, t, k] = net
                largest = max(largest, net)
            for k in range(len(alphabet)):
                errors[s, t, k] -= largest
        row = errors[s].reshape(-1)
        for n in range(steps[s] * len(alphabet)):
            row[n] = exp(row[n])
        for t in range(steps[s]):
            total = errors[s, t, 0]
            for k in range(1, len(alphabet)):
                total += errors[s, t, k]
            scale = 1 / steps[s] / total
            for k in range(len(alphabet)):
                errors[s, t, k] *= scale
            errors[s, t, x[s, t + 1]] -= 1 / steps[s]
            for k in range(len(alphabet)):
                dout_bias[s, k] += errors[s, t, k]
            for j in range(len(units)):
                back = errors[s, t, 0] * V[s, j, 0]
                for k in range(1, len(alphabet)):
                    back = fma(errors[s, t, k], V[s, j, k], back)
                dstates[t, s, j] = back
                for k in range(len(alphabet)):
                    dV[s, j, k] = fma(states[t + 1, s, j], errors[s, t, k], dV[s, j, k])


@njit(**OPTIONS)
def clip_norms(slopes, starts, tables, largest):
    """torch.nn.utils.clip_grad_norm_() for each start. tables: rows, gates and units of each parameter."""
    for s in range(starts):
        total, rest = 0.0, slopes
        for rows, gates, units in tables:  # summed unit by unit
            table, rest = cut(rest, (starts, rows, gates, units))
            for row in range(rows):
                for unit in range(units):
                    for gate in range(gates):
                        total = fma(table[s, row, gate, unit], table[s, row, gate, unit], total)
        scale, rest = min(largest / (np.sqrt(total) + 1e-6), 1.0), slopes
        for rows, gates, units in tables:
            table, rest = cut(rest, (starts, rows * gates * units))
            for n in range(rows * gates * units):
                table[s, n] *= scale


@njit(**OPTIONS)
def optimize(memory, slopes, starts, tables, epoch, settings):
    """One step of torch.optim.SGD or Adam, number `epoch` from 1; before it clip_norms(), where that is asked for.

    memory: the weights; Adam's first moment or SGD's momentum; Adam's second moment.
    """
    weights, means, squares = memory
    adam, rate, momentum, decay, clip = settings
    if clip > 0:
        clip_norms(slopes, starts, tables, clip)
    beta1, beta2 = ADAM_MEANS
    unbias1, unbias2 = 1 - beta1**epoch, 1 - beta2**epoch
    for n in range(len(weights)):
        slope = fma(weights[n], decay, slopes[n])
        if adam:
            means[n] = fma(means[n], beta1, (1 - beta1) * slope)
            squares[n] = fma(squares[n], beta2, (1 - beta2) * slope * slope)
            weights[n] -= rate * (means[n] / unbias1) / (np.sqrt(squares[n] / unbias2) + ADAM_EPS)
        else:
            means[n] = fma(means[n], momentum, slope)
            weights[n] = fma(means[n], -rate, weights[n])


@njit(**OPTIONS)
def srn_parameters(vector, starts, hid, classes):
    H0, rest = cut(vector, (starts, hid))
    W, rest = cut(rest, (starts, classes, hid))
    U, rest = cut(rest, (starts, hid, hid))
    hid_bias, rest = cut(rest, (starts, hid))
    V, rest = cut(rest, (starts, hid, classes))
    return H0, W, U, hid_bias, V, rest.reshape(starts, classes)


@compiled('the training step (some 5 seconds)', **OPTIONS)
def train_srn(units, alphabet, memory, done, sequences, settings):
    """Train SRNs, in each epoch every one on its own sequence, after `done` earlier epochs; see Trainer.

    units, alphabet: tuples as long as there are hidden units and symbols; then the code is compiled for these sizes.
    Or arrays, for any sizes. memory: see optimize(). sequences: symbols; begins, ends (epochs, starts): which of them.
    """
    hid, classes, starts = len(units), len(alphabet), sequences[1].shape[1]
    tables = ((1, 1, hid), (classes, 1, hid), (hid, 1, hid), (1, 1, hid), (hid, 1, classes), (1, 1, classes))
    longest = (sequences[2] - sequences[1]).max()
    slopes = np.zeros_like(memory[0])
    H0, W, U, hid_bias, V, out_bias = srn_parameters(memory[0], starts, hid, classes)
    dH0, dW, dU, dhid_bias, dV, dout_bias = srn_parameters(slopes, starts, hid, classes)
    x, errors = np.zeros((starts, longest), np.int8), np.zeros((starts, longest, classes))
    states, dstates, delta = np.zeros((longest, starts, hid)), np.zeros((longest, starts, hid)), np.zeros(hid)
    for epoch in range(len(sequences[1])):
        slopes[:] = 0
        steps = take_sequences(sequences, epoch, x)
        for s in range(starts):
            for j in range(len(units)):
                states[0, s, j] = tanh(H0[s, j])
        for t in range(steps.max()):  # read the symbols
            for s in range(starts):
                for j in range(len(units)):
                    net = hid_bias[s, j] + W[s, x[s, t], j]
                    for i in range(len(units)):
                        net = fma(states[t, s, i], U[s, i, j], net)
                    states[t + 1, s, j] = net
            row = states[t + 1].reshape(-1)
            for n in range(len(row)):
                row[n] = tanh(row[n])
        output_gradient(units, alphabet, V, out_bias, dV, dout_bias, x, steps, states, dstates, errors)
        for t in range(steps.max() - 1, -1, -1):  # back through time
            for s in range(starts):
                if t >= steps[s]:
                    continue
                for j in range(len(units)):
                    delta[j] = dstates[t, s, j] * (1 - states[t + 1, s, j] * states[t + 1, s, j])
                    dhid_bias[s, j] += delta[j]
                    dW[s, x[s, t], j] += delta[j]
                for i in range(len(units)):
                    back = U[s, i, 0] * delta[0]
                    for j in range(1, len(units)):
                        back = fma(U[s, i, j], delta[j], back)
                    for j in range(len(units)):
                        dU[s, i, j] = fma(states[t, s, i], delta[j], dU[s, i, j])
                    if t > 0:
                        dstates[t - 1, s, i] += back
                    else:
                        dH0[s, i] = back * (1 - states[0, s, i] * states[0, s, i])
        optimize(memory, slopes, starts, tables, done + epoch + 1, settings)


@njit(**OPTIONS)
def lstm_parameters(vector, starts, hid, classes):
    W, rest = cut(vector, (starts, classes, 4, hid))
    U, rest = cut(rest, (starts, hid, 4, hid))
    hid_bias, rest = cut(rest, (starts, 4, hid))
    V, rest = cut(rest, (starts, hid, classes))
    return W, U, hid_bias, V, rest.reshape(starts, classes)


@njit(**OPTIONS)
def lstm_states(units, W, U, hid_bias, x, steps, states, cells, squashed, gates):
    """Read the symbols: fill states and cells (T + 1, starts, hid), from before the first symbol on, and the gates.

    squashed (T, starts, hid): tanh of the cells; gates (T, starts, 4, hid): input, forget, new values, output.
    """
    for t in range(steps.max()):
        for s in range(len(x)):
            k = x[s, t]
            for j in range(len(units)):
                for g in range(4):
                    net = hid_bias[s, g, j] + W[s, k, g, j]
                    for i in range(len(units)):
                        net = fma(states[t, s, i], U[s, i, g, j], net)
                    gates[t, s, g, j] = -2 * net if g == 2 else -net
        row = gates[t].reshape(-1)
        for n in range(len(row)):
            row[n] = 1 / (1 + exp(row[n]))
        for s in range(len(x)):
            for j in range(len(units)):
                gates[t, s, 2, j] = 2 * gates[t, s, 2, j] - 1  # new values: tanh(x) is 2 sigmoid(2x) - 1
                new = gates[t, s, 0, j] * gates[t, s, 2, j]
                cells[t + 1, s, j] = fma(gates[t, s, 1, j], cells[t, s, j], new)
                states[t + 1, s, j] = cells[t + 1, s, j]
        row = states[t + 1].reshape(-1)
        for n in range(len(row)):
            row[n] = tanh(row[n])
        for s in range(len(x)):
            for j in range(len(units)):
                squashed[t, s, j] = states[t + 1, s, j]
                states[t + 1, s, j] *= gates[t, s, 3, j]


@compiled('the training step (some 5 seconds)', **OPTIONS)
def train_lstm(units, alphabet, memory, done, sequences, settings):
    """Train LSTMs, as train_srn() trains SRNs."""
    hid, classes, starts = len(units), len(alphabet), sequences[1].shape[1]
    tables = ((classes, 4, hid), (hid, 4, hid), (1, 4, hid), (hid, 1, classes), (1, 1, classes))
    longest = (sequences[2] - sequences[1]).max()
    slopes = np.zeros_like(memory[0])
    W, U, hid_bias, V, out_bias = lstm_parameters(memory[0], starts, hid, classes)
    dW, dU, dhid_bias, dV, dout_bias = lstm_parameters(slopes, starts, hid, classes)
    x, errors = np.zeros((starts, longest), np.int8), np.zeros((starts, longest, classes))
    states, dstates = np.zeros((longest, starts, hid)), np.zeros((longest, starts, hid))
    cells, dcell = np.zeros((longest, starts, hid)), np.zeros((starts, hid))
    squashed, gates = np.zeros((longest, starts, hid)), np.zeros((longest, starts, 4, hid))
    delta, back = np.zeros((4, hid)), np.zeros(4)
    for epoch in range(len(sequences[1])):
        slopes[:] = 0
        dcell[:] = 0
        steps = take_sequences(sequences, epoch, x)
        lstm_states(units, W, U, hid_bias, x, steps, states, cells, squashed, gates)
        output_gradient(units, alphabet, V, out_bias, dV, dout_bias, x, steps, states, dstates, errors)
        for t in range(steps.max() - 1, -1, -1):  # back through time
            for s in range(starts):
                if t >= steps[s]:
                    continue
                for j in range(len(units)):
                    i, f, g, o = gates[t, s, 0, j], gates[t, s, 1, j], gates[t, s, 2, j], gates[t, s, 3, j]
                    above, tanh_cell = dstates[t, s, j], squashed[t, s, j]
                    slope = fma(above * o, 1 - tanh_cell * tanh_cell, dcell[s, j])  # at the cell
                    dcell[s, j] = slope * f
                    delta[0, j] = slope * g * (i - i * i)
                    delta[1, j] = slope * cells[t, s, j] * (f - f * f)
                    delta[2, j] = slope * i * (1 - g * g)
                    delta[3, j] = above * tanh_cell * (o - o * o)
                for g in range(4):
                    for j in range(len(units)):
                        dhid_bias[s, g, j] += delta[g, j]
                        dW[s, x[s, t], g, j] += delta[g, j]
                for i in range(len(units)):
                    for g in range(4):
                        back[g] = U[s, i, g, 0] * delta[g, 0]
                        for j in range(1, len(units)):
                            back[g] = fma(U[s, i, g, j], delta[g, j], back[g])
                        for j in range(len(units)):
                            dU[s, i, g, j] = fma(states[t, s, i], delta[g, j], dU[s, i, g, j])
                    if t > 0:
                        dstates[t - 1, s, i] += (back[0] + back[1]) + (back[2] + back[3])
        optimize(memory, slopes, starts, tables, done + epoch + 1, settings)
