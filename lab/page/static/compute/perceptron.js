// Part 2: what a two-layer perceptron {act, w, b, v, c} computes, and its training as in lab/check/train.py.

const perceptron = (() => {
  const sigmoid = net => 1 / (1 + Math.exp(-net));
  const step = net => (net >= 0 ? 1 : 0);

  // Net inputs, activations and output of a network {act, w, b, v, c} at a point.
  function evaluate(network, [x, y]) {
    const act = network.act === 'step' ? step : sigmoid;
    const nets = network.w.map(([wx, wy], k) => wx * x + wy * y + network.b[k]);
    const hidden = nets.map(act);
    const net = hidden.reduce((total, h, k) => total + h * network.v[k], network.c);
    return { nets, hidden, net, out: act(net) };
  }

  // Percent of the points that are right: 0.5 or more where the target is 1.
  function accuracy(network, points, targets) {
    const right = points.filter((point, i) => evaluate(network, point).out >= 0.5 === (targets[i] === 1));
    return (100 * right.length) / points.length;
  }

  function times(network, factor) {
    const by = value => value * factor;
    return { ...network, w: network.w.map(row => row.map(by)), b: network.b.map(by), v: network.v.map(by), c: network.c * factor };
  }

  // '2 x - y + 0.5' for [[2, 'x'], [-1, 'y'], [0.5, '']]; terms that are 0 are left out.
  function sum(terms) {
    const short = value => String(Number(value.toPrecision(4)));
    const words = terms
      .filter(([value]) => value !== 0)
      .map(([value, name]) => (name && Math.abs(value) === 1 ? (value === 1 ? name : '-' + name) : `${short(value)} ${name}`.trim()));
    return words.join(' + ').replaceAll('+ -', '- ') || '0';
  }

  // Where a unit is on, and its line.
  function equation([x, y], bias) {
    const on = `${sum([[x, 'x'], [y, 'y'], [bias, '']])} >= 0`;
    if (y) return `${on},  line y = ${sum([[-x / y, 'x'], [-bias / y, '']])}`;
    return x ? `${on},  line x = ${sum([[-bias / x, '']])}` : `${on},  no line: always the same`;
  }

  const BETA1 = 0.9, BETA2 = 0.999, EPS = 1e-8, DECAY = 1e-5; // Adam's own defaults (Kingma and Ba 2015), the lab's decay
  const HOLD = 2000; // so many epochs in a row with all points right: it has learned

  // Weights as one vector, in the order of MLP's parameters: rows (x, y), biases, weights to the output, its bias.
  const flat = ({ w, b, v, c }) => Float64Array.from([...w.flat(), ...b, ...v, c]);

  function unflat(weights, act = 'sig') {
    const hid = (weights.length - 1) / 4, part = from => [...weights.subarray(from * hid, (from + 1) * hid)];
    const w = Array.from({ length: hid }, (_, k) => [weights[2 * k], weights[2 * k + 1]]);
    return { act, w, b: part(2), v: part(3), c: weights[4 * hid] };
  }

  // Random first weights, N(0, init).
  const draw = (hid, init, seed, random = new Random(seed)) => Float64Array.from({ length: 4 * hid + 1 }, () => init * random.normal());

  // A run of training from these weights; loss and right (points) are those of its last epoch.
  function begin(weights) {
    const room = () => new Float64Array(weights.length);
    return { weights: weights.slice(), slope: room(), first: room(), second: room(), epoch: 0, held: 0, loss: NaN, right: 0 };
  }

  // The loss, and run.slope: its gradient. h: room for the hidden units.
  function gradient(run, points, targets, h) {
    const { weights: p, slope } = run, hid = h.length, count = points.length;
    for (let n = 0; n < p.length; n++) slope[n] = DECAY * p[n];
    run.loss = run.right = 0;
    for (let i = 0; i < count; i++) {
      const x = points[i][0], y = points[i][1], target = targets[i];
      let total = p[4 * hid];
      for (let k = 0; k < hid; k++) {
        h[k] = sigmoid(p[2 * k] * x + p[2 * k + 1] * y + p[2 * hid + k]);
        total += p[3 * hid + k] * h[k];
      }
      const out = sigmoid(total), d = (out - target) / count; // by the net input of the output
      run.loss -= Math.max(Math.log(target ? out : 1 - out), -100) / count; // as torch's binary cross-entropy
      if (out >= 0.5 === (target === 1)) run.right++;
      for (let k = 0; k < hid; k++) {
        const g = d * p[3 * hid + k] * h[k] * (1 - h[k]);
        slope[2 * k] += g * x;
        slope[2 * k + 1] += g * y;
        slope[2 * hid + k] += g;
        slope[3 * hid + k] += d * h[k];
      }
      slope[4 * hid] += d;
    }
  }

  // Fill in run.loss and run.right without training.
  const measure = (run, points, targets) => gradient(run, points, targets, new Float64Array((run.weights.length - 1) / 4));

  // So many epochs of Adam on all points; it ends early once it has learned.
  function train(run, points, targets, epochs, rate) {
    const { weights, slope, first, second } = run, h = new Float64Array((weights.length - 1) / 4);
    for (let left = epochs; left > 0 && run.held < HOLD; left--) {
      gradient(run, points, targets, h);
      run.epoch++;
      const warm1 = 1 - BETA1 ** run.epoch, warm2 = 1 - BETA2 ** run.epoch;
      for (let n = 0; n < weights.length; n++) {
        first[n] += (1 - BETA1) * (slope[n] - first[n]);
        second[n] += (1 - BETA2) * (slope[n] * slope[n] - second[n]);
        weights[n] -= rate * first[n] / warm1 / (Math.sqrt(second[n] / warm2) + EPS);
      }
      run.held = run.right === points.length ? run.held + 1 : 0;
    }
    return run;
  }

  return { HOLD, evaluate, accuracy, times, equation, flat, unflat, draw, begin, measure, train };
})();
