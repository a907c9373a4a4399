// What runs in a Web Worker: the page starts one with the text of all computing rooms, and sends it an order.

const worker = (() => {
  const TICK = 40; // milliseconds between two reports
  const EVERY = 1000; // epochs between two verdicts
  let net = null, order = null, timer = null, judged = []; // judged: verdicts that are not reported yet

  const look = () => judged.push({ epoch: net.epoch, ...judge.verdict(net.task, net.weights), weights: net.weights.slice() });

  // Part 3: train on, until order.epochs, at most order.pace epochs per second; report weights and verdicts.
  function recur() {
    if (!order.running) return;
    const until = performance.now() + TICK, most = order.pace ? net.epoch + Math.ceil(order.pace * TICK / 1000) : Infinity;
    while (net.epoch < Math.min(most, order.epochs) && performance.now() < until) {
      recurrent.train(net, Math.min(50 - net.epoch % 50, order.epochs - net.epoch), order.rate);
      if (net.epoch % EVERY === 0) look();
    }
    if (!net.weights.every(Number.isFinite)) order.running = false;
    postMessage({ epoch: net.epoch, weights: net.weights.slice(), judged });
    judged = [];
    if (net.epoch < order.epochs) timer = setTimeout(recur, most < Infinity ? until - performance.now() : 0);
  }

  // Part 2: train a start from each seed, one after the other, and report each.
  function starts({ seeds, hid, init, points, targets, epochs, rate }) {
    for (const seed of seeds) {
      const run = perceptron.begin(perceptron.draw(hid, init, seed));
      perceptron.train(run, points, targets, epochs, rate);
      postMessage({ seed, learned: run.held >= perceptron.HOLD, epoch: run.epoch, right: run.right, weights: run.weights });
    }
  }

  // An order: {job: 'starts', ...}, or {job: 'recur', task, seed, epochs, rate, pace, running} and later changes of it.
  function obey(given) {
    if (given.job === 'starts') return starts(given);
    order = { ...order, ...given };
    if (!net) {
      net = recurrent.begin(order.task, new Random(order.seed));
      look();
    }
    clearTimeout(timer);
    recur();
  }

  if (typeof WorkerGlobalScope !== 'undefined') onmessage = event => obey(event.data);

  // A worker with the page's computing rooms, `code`; null, or a call of fail(), in a browser that has none.
  function start(code, hear, fail) {
    try {
      const made = new Worker(URL.createObjectURL(new Blob([code])));
      made.onmessage = event => hear(event.data);
      made.onerror = fail;
      return made;
    } catch {
      return null;
    }
  }

  return { start };
})();
