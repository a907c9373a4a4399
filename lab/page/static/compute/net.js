// Part 3: a recurrent network on a sequence, and what its language demands. Weights are lists with the names and shapes
// of seq_models.py.

const net = (() => {
  const SYMBOLS = 'ABC';
  const GATES = ['input', 'forget', 'new', 'output']; // the order of the columns of an LSTM's weights

  // The states on the way through these symbols, by compute/recurrent.js: before the first, then after each, with the
  // probabilities of the next symbol; hidden units, and the cells and gates of an LSTM.
  function states(weights, symbols) {
    const classes = weights.W.length, hid = weights.V.length, lstm = !weights.H0;
    const made = recurrent.begin({ model: lstm ? 'lstm' : 'srn', classes, hid }, new Random(0), symbols.length);
    made.weights.set(recurrent.vector(made.task, weights));
    made.x.set(symbols);
    recurrent.read(made, symbols.length);
    const part = (all, row) => [...all.subarray(row * hid, (row + 1) * hid)];
    return [null, ...symbols].map((_, t) => {
      recurrent.predict(made, t);
      const gates = lstm && t ? Object.fromEntries(GATES.map((gate, g) => [gate, part(made.gates, 4 * (t - 1) + g)])) : null;
      return { hidden: part(made.states, t), cell: lstm ? part(made.cells, t) : null, gates, prob: [...made.p] };
    });
  }

  const follow = (weights, symbols) => states(weights, symbols).slice(1);

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

  return { SYMBOLS, states, follow, spell, places };
})();
