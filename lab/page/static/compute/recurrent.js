// Part 3: training an SRN or an LSTM, by the formulas of lab/seq/formulas.py, in double precision. Weights are one vector,
// in the order of the parameters of seq_models.py; t is a time, j a unit, i the unit a weight comes from, k a symbol.

const recurrent = (() => {
  const tanh = x => 1 - 2 / (1 + Math.exp(2 * x)); // Math.tanh takes three times as long
  const sigmoid = x => 1 / (1 + Math.exp(-x));
  const DECAY = 1e-4, INIT = 0.001, BLOCKS = 5; // of the lab

  // Names and shapes of the parameters.
  function shapes({ model, classes, hid }) {
    const wide = model === 'lstm' ? 4 * hid : hid;
    const own = [['W', [classes, wide]], ['U', [hid, wide]], ['hid_bias', [wide]], ['V', [hid, classes]], ['out_bias', [classes]]];
    return model === 'lstm' ? own : [['H0', [hid]], ...own];
  }

  const size = shape => shape.reduce((product, side) => product * side);

  // The parts of a vector of weights, by name; they share its memory.
  function split(task, all) {
    let at = 0;
    return Object.fromEntries(shapes(task).map(([name, shape]) => [name, all.subarray(at, (at += size(shape)))]));
  }

  // The same as lists, a row for each symbol or unit, as net.js and the data of the page have them; and back.
  function lists(task, all) {
    const parts = split(task, all);
    const rows = (part, wide) => Array.from({ length: part.length / wide }, (_, row) => [...part.subarray(row * wide, (row + 1) * wide)]);
    return Object.fromEntries(shapes(task).map(([name, shape]) => [name, shape[1] ? rows(parts[name], shape[1]) : [...parts[name]]]));
  }

  function vector(task, named) {
    return Float64Array.from(shapes(task).flatMap(([name]) => named[name].flat()));
  }

  // How many symbols a sequence with n up to `length` has at most.
  const longestOf = ({ classes, length }) => BLOCKS * length * classes * (classes + 1) / 2;

  // A network {model, classes, hid} with a language of n up to `length`, its first weights drawn as the lab does, and
  // room for sequences of which it reads so many symbols.
  function begin(task, random = new Random(0), longest = longestOf(task)) {
    const { model, classes, hid } = task;
    const weights = new Float64Array(shapes(task).reduce((sum, [, shape]) => sum + size(shape), 0));
    weights.forEach((_, n) => (weights[n] = model === 'lstm' ? (2 * random.next() - 1) / Math.sqrt(hid) : INIT * random.normal()));
    const room = (wide = hid) => new Float64Array((longest + 1) * wide), slopes = new Float64Array(weights.length);
    return {
      task, weights, slopes, random, epoch: 0, w: split(task, weights), d: split(task, slopes), x: new Int8Array(longest + 1),
      states: room(), cells: room(), squashed: room(), gates: room(4 * hid), above: room(), // of each time
      p: new Float64Array(classes), delta: new Float64Array(4 * hid), dcell: new Float64Array(hid),
    };
  }

  // Write blocks of these n, and the A that follows, into net.x; return how many symbols are read: all but the last.
  function spell(net, blocks) {
    let at = 0;
    for (const n of blocks) for (let k = 0; k < net.task.classes; k++) for (let left = (k + 1) * n; left; left--) net.x[at++] = k;
    net.x[at] = 0;
    return at;
  }

  // Fill net.states: before the first symbol, then after each of `steps` symbols.
  function read(net, steps) {
    const { task: { model, hid }, w: { H0, W, U, hid_bias }, x, states, cells, squashed, gates } = net;
    const wide = model === 'lstm' ? 4 * hid : hid, nets = model === 'lstm' ? gates : states;
    for (let j = 0; j < hid; j++) [states[j], cells[j]] = [H0 ? tanh(H0[j]) : 0, 0];
    for (let t = 0; t < steps; t++) {
      const before = t * hid, now = before + hid, out = model === 'lstm' ? t * wide : now, symbol = x[t] * wide;
      for (let j = 0; j < wide; j++) {
        let sum = hid_bias[j] + W[symbol + j];
        for (let i = 0; i < hid; i++) sum += states[before + i] * U[i * wide + j];
        nets[out + j] = model === 'lstm' && (j < 2 * hid || j >= 3 * hid) ? sigmoid(sum) : tanh(sum);
      }
      if (model === 'srn') continue;
      for (let j = 0; j < hid; j++) { // gates: input, forget, new values, output
        cells[now + j] = gates[out + hid + j] * cells[before + j] + gates[out + j] * gates[out + 2 * hid + j];
        squashed[now + j] = tanh(cells[now + j]);
        states[now + j] = gates[out + 3 * hid + j] * squashed[now + j];
      }
    }
  }

  // Fill net.p: the probabilities of the symbol after the t-th state.
  function predict(net, t) {
    const { task: { classes, hid }, w: { V, out_bias }, states, p } = net;
    let most = -Infinity, total = 0;
    for (let k = 0; k < classes; k++) {
      p[k] = out_bias[k];
      for (let j = 0; j < hid; j++) p[k] += states[t * hid + j] * V[j * classes + k];
      if (p[k] > most) most = p[k];
    }
    for (let k = 0; k < classes; k++) total += p[k] = Math.exp(p[k] - most);
    for (let k = 0; k < classes; k++) p[k] /= total;
  }

  // The gradient of the mean negative log-likelihood back to the hidden units, net.above.
  function output(net, steps) {
    const { task: { classes, hid }, w: { V }, d, x, states, above, p } = net;
    for (let t = 1; t <= steps; t++) {
      predict(net, t);
      p[x[t]] -= 1;
      for (let k = 0; k < classes; k++) d.out_bias[k] += p[k] /= steps;
      for (let j = 0, at = t * hid; j < hid; j++, at++) {
        above[at] = 0;
        for (let k = 0; k < classes; k++) {
          above[at] += p[k] * V[j * classes + k];
          d.V[j * classes + k] += states[at] * p[k];
        }
      }
    }
  }

  // By the net inputs of what the unit j is made of at time t: tanh' is 1 - y y, sigmoid' is y (1 - y).
  function local(net, t, j) {
    const { task: { model, hid }, states, cells, squashed, gates, above, delta, dcell } = net, at = t * hid + j;
    if (model === 'srn') return void (delta[j] = above[at] * (1 - states[at] * states[at]));
    const g = (t - 1) * 4 * hid + j, [enter, forget, fresh, out] = [gates[g], gates[g + hid], gates[g + 2 * hid], gates[g + 3 * hid]];
    const slope = above[at] * out * (1 - squashed[at] * squashed[at]) + dcell[j];
    dcell[j] = slope * forget;
    delta[j] = slope * fresh * enter * (1 - enter);
    delta[hid + j] = slope * cells[at - hid] * forget * (1 - forget);
    delta[2 * hid + j] = slope * enter * (1 - fresh * fresh);
    delta[3 * hid + j] = above[at] * squashed[at] * out * (1 - out);
  }

  // One epoch of the lab: a step of gradient descent on the sequence in net.x.
  function step(net, steps, rate, decay = DECAY) {
    const { task: { model, hid }, w: { U, H0 }, d, x, states, above, delta, weights, slopes } = net;
    const wide = model === 'lstm' ? 4 * hid : hid;
    slopes.fill(0);
    net.dcell.fill(0);
    read(net, steps);
    output(net, steps);
    for (let t = steps; t > 0; t--) { // back through time
      const symbol = x[t - 1] * wide, before = (t - 1) * hid;
      for (let j = 0; j < hid; j++) local(net, t, j);
      for (let j = 0; j < wide; j++) {
        d.hid_bias[j] += delta[j];
        d.W[symbol + j] += delta[j];
      }
      for (let i = 0; i < hid; i++) {
        let back = 0;
        for (let j = 0; j < wide; j++) {
          back += U[i * wide + j] * delta[j];
          d.U[i * wide + j] += states[before + i] * delta[j];
        }
        if (t > 1) above[before + i] += back;
        else if (H0) d.H0[i] = back * (1 - states[i] * states[i]);
      }
    }
    for (let n = 0; n < weights.length; n++) weights[n] -= rate * (slopes[n] + decay * weights[n]);
    net.epoch++;
  }

  // So many epochs, each on a fresh sequence.
  function train(net, epochs, rate) {
    const blocks = Array(BLOCKS);
    for (let epoch = 0; epoch < epochs; epoch++) {
      for (let b = 0; b < BLOCKS; b++) blocks[b] = net.random.whole(net.task.length);
      step(net, spell(net, blocks), rate);
    }
  }

  return { BLOCKS, shapes, lists, vector, begin, spell, read, predict, step, train };
})();
