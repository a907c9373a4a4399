'use strict';

// Part 3: a recurrent network, step by step, and what its language demands. Weights have the names and shapes of
// seq_models.py; numbers are in double precision, as in lab/insight/step.py.

const net = (() => {
  const SYMBOLS = 'ABC';
  const GATES = ['input', 'forget', 'new', 'output']; // the order of the columns of an LSTM's weights
  const sigmoid = value => 1 / (1 + Math.exp(-value));

  // The state before the first symbol.
  function start(weights) {
    const hid = weights.V.length;
    const hidden = weights.H0 ? weights.H0.map(Math.tanh) : Array(hid).fill(0);
    return { hidden, cell: weights.H0 ? null : Array(hid).fill(0), gates: null };
  }

  // The state after one more symbol (0, 1, 2): hidden units, cells and gates of an LSTM.
  function step(weights, state, symbol) {
    const nets = weights.hid_bias.map((bias, k) =>
      state.hidden.reduce((sum, h, j) => sum + h * weights.U[j][k], weights.W[symbol][k] + bias));
    if (weights.H0) return { hidden: nets.map(Math.tanh), cell: null, gates: null };
    const hid = state.hidden.length, gates = {};
    GATES.forEach((gate, i) => (gates[gate] = nets.slice(i * hid, (i + 1) * hid).map(gate === 'new' ? Math.tanh : sigmoid)));
    const cell = state.cell.map((c, k) => gates.forget[k] * c + gates.input[k] * gates.new[k]);
    return { hidden: cell.map((c, k) => gates.output[k] * Math.tanh(c)), cell, gates };
  }

  // The probabilities of the next symbol.
  function predict(weights, state) {
    const out = weights.out_bias.map((bias, k) => state.hidden.reduce((sum, h, j) => sum + h * weights.V[j][k], bias));
    const largest = Math.max(...out), powers = out.map(value => Math.exp(value - largest));
    const total = powers.reduce((sum, value) => sum + value);
    return powers.map(value => value / total);
  }

  // The state after every symbol, with its predictions.
  function follow(weights, symbols) {
    let state = start(weights);
    return symbols.map(symbol => {
      state = step(weights, state, symbol);
      return { ...state, prob: predict(weights, state) };
    });
  }

  // Blocks of these n, and the A that follows.
  function spell(blocks, classes) {
    const run = (symbol, count) => Array(count).fill(symbol);
    return [...blocks.flatMap(n => [...Array(classes).keys()].flatMap(symbol => run(symbol, (symbol + 1) * n))), 0];
  }

  // For every symbol its place: nth in its run, and what must come next: a symbol, 'open', or null once the sequence
  // has left the language, and then why. n is known after the A's.
  function places(symbols, classes) {
    let phase = classes - 1, n = 0, nth = 0, left = 0, why = null;
    const found = symbols.map((symbol, t) => {
      const again = t > 0 && symbol === phase;
      const after = (phase + 1) % classes, due = (phase + 1) * n, runs = `${SYMBOLS[phase]}'s`;
      if (t === 0 && symbol !== 0) why ??= 'it does not begin with an A';
      else if (again && phase > 0 && left === 0) why ??= `it has more than ${due} ${runs} after ${n} A's`;
      else if (!again && t > 0 && phase > 0 && left > 0) why ??= `it has ${nth} ${runs} instead of ${due} after ${n} A's`;
      else if (!again && symbol !== after) why ??= `after its ${runs} it has no ${SYMBOLS[after]}`;
      if (again) { nth++; left--; } else { nth = 1; phase = symbol; left = (symbol + 1) * n - 1; }
      if (symbol === 0) n = nth;
      const next = why ? null : symbol === 0 ? 'open' : left ? symbol : (symbol + 1) % classes;
      return { symbol, nth, due: next, why, n: symbol === 0 ? null : n, of: symbol === 0 ? null : (symbol + 1) * n };
    });
    for (let t = found.length - 2; t >= 0; t--) { // the n of A's stands where their run ends
      if (found[t].symbol === 0) found[t].n = found[t + 1].symbol === 0 ? found[t + 1].n : found[t].nth;
    }
    return found;
  }

  return { SYMBOLS, GATES, start, step, predict, follow, spell, places };
})();
