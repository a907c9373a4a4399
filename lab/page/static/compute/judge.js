// Part 3: has a network learned, and how far does it count? The rules of lab/seq/verdict.py, on sequences of its own.

const judge = (() => {
  const AFTER_A = [0.8, 0.2, 0], SEED = 1;
  const LIMIT = { 2: 0.05, 3: 0.02 }, LAB_LENGTH = 4; // by number of symbols
  const MOST = 30; // the largest n that is tried
  const WHOLE = { fresh: 1000, mixed: 100 }, QUICK = { fresh: 100, mixed: 10 }; // sequences, and those for each n

  // The mean loss of the predictor that knows the true probabilities; the sums of the four other n by convolution.
  function floor(classes, length) {
    let others = [1];
    for (let block = 1; block < recurrent.BLOCKS; block++) {
      const sums = Array(others.length + length).fill(0);
      others.forEach((share, sum) => { for (let n = 1; n <= length; n++) sums[sum + n] += share / length; });
      others = sums;
    }
    const symbols = classes * (classes + 1) / 2;
    let squares = 0, total = 0;
    for (let n = 1; n <= length; n++) {
      squares += ((length - n) / (length - n + 1) - AFTER_A[0]) ** 2 * 2 / classes;
      total += squares * others.reduce((mean, share, sum) => mean + share / (symbols * (sum + n)), 0) / length;
    }
    return recurrent.BLOCKS * total;
  }

  // Who has learned has a smaller loss: the lab's limit, as far above the floor at every length.
  const threshold = (classes, length) => LIMIT[classes] + floor(classes, length) - floor(classes, LAB_LENGTH);

  // Of a sequence of these blocks: its loss, and whether each determined symbol, that follows no A, is predicted.
  function examine(net, blocks) {
    const { x, p, task: { classes } } = net, steps = recurrent.spell(net, blocks);
    let squares = 0, right = true;
    recurrent.read(net, steps);
    for (let t = 1; t <= steps; t++) {
      const open = x[t - 1] === 0;
      recurrent.predict(net, t);
      for (let k = 0; k < classes; k++) {
        squares += (p[k] - (open ? AFTER_A[k] : k === x[t] ? 1 : 0)) ** 2;
        if (!open && k !== x[t] && p[k] >= p[x[t]]) right = false;
      }
    }
    return { loss: squares / steps / classes, right };
  }

  const draw = (random, n) => Array.from({ length: recurrent.BLOCKS }, () => random.whole(n));

  // The largest n with no mistake in sequences of mixed blocks, each with at least one block of n.
  function counts(net, mixed) {
    for (let n = 1; n <= MOST; n++) {
      const random = new Random(SEED + n);
      for (let row = 0; row < mixed; row++) {
        const blocks = draw(random, n);
        blocks[row % recurrent.BLOCKS] = n;
        if (!examine(net, row ? blocks : blocks.fill(n)).right) return n - 1;
      }
    }
    return MOST;
  }

  // The verdict on a task's weights: a quick one, and if that is good the whole one.
  function verdict(task, weights, { fresh, mixed } = QUICK) {
    const { classes, length } = task, net = recurrent.begin({ ...task, length: MOST }), random = new Random(SEED);
    net.weights.set(weights);
    let loss = 0, right = true;
    for (let n = 0; n < fresh; n++) {
      const found = examine(net, draw(random, length));
      loss += found.loss / fresh;
      right &&= found.right;
    }
    const reach = counts(net, mixed), learned = right && loss < threshold(classes, length) && reach >= length;
    return learned && fresh < WHOLE.fresh ? verdict(task, weights, WHOLE) : { loss, counts: reach, learned };
  }

  return { MOST, WHOLE, floor, threshold, examine, verdict };
})();
