"""The gradient of the two networks, compiled: read a sequence, go back through time.

It trains one network, or several side by side: each number is then as many floats, one of each network (see simd.py). A
network's weights are the same to the last bit, whether it is trained alone or beside others, and on every machine: each
rounding is written down here, in its place.

Weights and gradient are the arrays of loop.split(). A sequence is x (T + 1, classes), its symbols one-hot, and share
(T): 1 / T, the weight of a step in the mean. Where a network's sequence is shorter than its neighbours', it reads
zeros, and the share is 0. The functions work in arrays made once, for the longest sequence: states and cells
(T + 1, hid), dstates, squashed and gates (T, hid), delta (hid), errors (T, classes), and flat, the same memory in one
row.
"""

from numba import njit

from lab.common.simd import fma, join, larger, quarter, smaller

OPTIONS = {'nogil': True, 'error_model': 'numpy'}
INNER = OPTIONS | {'no_cpython_wrapper': True, 'no_cfunc_wrapper': True}  # not called from Python: half the time


@njit(**OPTIONS)
def exp(x):
    """e^x, relative error below 1e-12; e^36 for all x > 36, e^-36 for all x < -36: a sigmoid is 1 or 0 there.

    Taylor's series at x / 64, squared six times. Unlike math.exp it has no branches.
    """
    x = larger(smaller(x, 36.0), -36.0) * (1 / 64)
    x2 = x * x
    x4 = x2 * x2
    first = fma(x2, fma(x, 1 / 6, 1 / 2), 1 + x)
    second = fma(x2, fma(x, 1 / 5040, 1 / 720), fma(x, 1 / 120, 1 / 24))
    third = fma(x2, fma(x, 1 / 39916800, 1 / 3628800), fma(x, 1 / 362880, 1 / 40320))
    y = fma(x4, fma(x4, fma(x4, fma(x, 1 / 6227020800, 1 / 479001600), third), second), first)
    y = y * y
    y = y * y
    y = y * y
    y = y * y
    y = y * y
    return y * y


@njit(**OPTIONS)
def tanh(x):
    return 1 - 2 / (1 + exp(2 * x))


@njit(**INNER)
def repeat(x, lanes):
    return join(x, x, x, x, lanes)


@njit(**INNER)
def output_gradient(V, bias, dV, dbias, states, x, share, steps, errors, flat, dstates):
    """The gradient of the mean negative log-likelihood of the symbols that follow, back to the states.

    states: (T + 1, hid), the first one is from before the first symbol. dV and dbias must be 0; dstates is overwritten.
    """
    hid, classes = V.shape
    for t in range(steps):
        for k in range(classes):
            net = bias[k]
            for i in range(hid):
                net = fma(states[t + 1, i], V[i, k], net)
            errors[t, k] = net
        largest = errors[t, 0]
        for k in range(1, classes):
            largest = larger(largest, errors[t, k])
        for k in range(classes):
            errors[t, k] = errors[t, k] - largest
    for n in range(steps * classes):  # one long loop, which becomes SIMD code for a single network, too
        flat[n] = exp(flat[n])
    for t in range(steps):
        total = errors[t, 0]
        for k in range(1, classes):
            total = total + errors[t, k]
        scale = share[t] / total
        for k in range(classes):
            errors[t, k] = errors[t, k] * scale - share[t] * x[t + 1, k]
            dbias[k] = dbias[k] + errors[t, k]
        for i in range(hid):
            back = errors[t, 0] * V[i, 0]
            for k in range(1, classes):
                back = fma(errors[t, k], V[i, k], back)
            dstates[t, i] = back
            for k in range(classes):
                dV[i, k] = fma(states[t + 1, i], errors[t, k], dV[i, k])


@njit(**INNER)
def srn_gradient(weights, gradient, x, share, steps, states, errors, flat, dstates, delta):
    """Add the gradient of a sequence's mean negative log-likelihood to `gradient`, which must be 0, for SRN_model."""
    H0, W, U, bias, V, out_bias = weights
    dH0, dW, dU, dbias, dV, dout_bias = gradient
    classes, hid = W.shape
    for j in range(hid):
        states[0, j] = tanh(H0[j])
    for t in range(steps):
        for j in range(hid):
            net = bias[j]
            for k in range(classes):
                net = fma(x[t, k], W[k, j], net)
            for i in range(hid):
                net = fma(states[t, i], U[i, j], net)
            states[t + 1, j] = tanh(net)
    output_gradient(V, out_bias, dV, dout_bias, states, x, share, steps, errors, flat, dstates)
    for t in range(steps - 1, -1, -1):
        for j in range(hid):
            delta[j] = dstates[t, j] * (1 - states[t + 1, j] * states[t + 1, j])
            dbias[j] = dbias[j] + delta[j]
            for k in range(classes):
                dW[k, j] = fma(x[t, k], delta[j], dW[k, j])
        for i in range(hid):
            back = U[i, 0] * delta[0]
            for j in range(1, hid):
                back = fma(U[i, j], delta[j], back)
            for j in range(hid):
                dU[i, j] = fma(states[t, i], delta[j], dU[i, j])
            if t > 0:
                dstates[t - 1, i] = dstates[t - 1, i] + back
            else:
                dH0[i] = back * (1 - states[0, i] * states[0, i])


@njit(**INNER)
def lstm_forward(weights, lanes, x, steps, states, gates, cells, squashed):
    """Fill states, gates, cells and squashed (the tanh of the cells)."""
    _, W, U, bias, _, _ = weights
    slope, factor, shift = join(-1, -1, -2, -1, lanes), join(1, 1, 2, 1, lanes), join(0, 0, -1, 0, lanes)
    for t in range(steps):
        for j in range(len(bias)):
            net = bias[j]
            for k in range(len(W)):
                net = fma(repeat(x[t, k], lanes), W[k, j], net)
            for i in range(len(bias)):
                net = fma(repeat(states[t, i], lanes), U[i, j], net)
            gates[t, j] = fma(1 / (1 + exp(slope * net)), factor, shift)  # new values: tanh(x) is 2 sigmoid(2x) - 1
            new = quarter(gates[t, j], 0, lanes) * quarter(gates[t, j], 2, lanes)
            cells[t + 1, j] = fma(quarter(gates[t, j], 1, lanes), cells[t, j], new)
        for j in range(len(bias)):
            squashed[t, j] = tanh(cells[t + 1, j])
            states[t + 1, j] = quarter(gates[t, j], 3, lanes) * squashed[t, j]


@njit(**INNER)
def lstm_gradient(
    weights, gradient, lanes, x, share, steps, states, errors, flat, dstates, delta, gates, cells, squashed
):
    """Add the gradient of a sequence's mean negative log-likelihood to `gradient`, which must be 0, for LSTM_model.

    A number of W, U, bias, gates and delta is four numbers in one: those of a unit's gates.
    """
    lstm_forward(weights, lanes, x, steps, states, gates, cells, squashed)
    _, _, U, _, V, out_bias = weights
    _, dW, dU, dbias, dV, dout_bias = gradient
    hid = len(U)
    output_gradient(V, out_bias, dV, dout_bias, states, x, share, steps, errors, flat, dstates)
    dcell = cells[steps]  # not needed any more: its place serves for the gradient
    for j in range(hid):
        dcell[j] = 0 * dcell[j]
    for t in range(steps - 1, -1, -1):
        for j in range(hid):
            gate, above = gates[t, j], dstates[t, j]
            i, f = quarter(gate, 0, lanes), quarter(gate, 1, lanes)
            g, o = quarter(gate, 2, lanes), quarter(gate, 3, lanes)
            back = fma(above * o, 1 - squashed[t, j] * squashed[t, j], dcell[j])
            dcell[j] = back * f
            outer = join(back * g, back * cells[t, j], back * i, above * squashed[t, j], lanes)
            delta[j] = outer * (join(i, f, 1, o, lanes) - gate * gate)
            dbias[j] = dbias[j] + delta[j]
            for k in range(len(dW)):
                dW[k, j] = fma(repeat(x[t, k], lanes), delta[j], dW[k, j])
        for i in range(hid):
            state, total = repeat(states[t, i], lanes), U[i, 0] * delta[0]
            for j in range(1, hid):
                total = fma(U[i, j], delta[j], total)
            for j in range(hid):
                dU[i, j] = fma(state, delta[j], dU[i, j])
            if t > 0:
                early = quarter(total, 0, lanes) + quarter(total, 1, lanes)
                late = quarter(total, 2, lanes) + quarter(total, 3, lanes)
                dstates[t - 1, i] = dstates[t - 1, i] + (early + late)
