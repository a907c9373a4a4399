// Part 2: a perceptron that trains before the reader's eyes, on points that can be moved.

(() => {
  const root = document.getElementById('watch-lines'), view = page.data('check');
  const form = root.querySelector('form'), { elements } = form;
  const find = name => root.querySelector('.' + name), tell = (name, text) => page.tell(find(name), text);
  const still = matchMedia('(prefers-reduced-motion: reduce)');
  const LONGEST = 200000, STARTS = 100; // epochs of the lab; starts at once
  const state = { run: null, points: [], targets: [], curve: [], every: 50, before: 0, chosen: 0, frame: null, drawn: 0, teams: [] };

  const network = () => perceptron.unflat(state.run.weights, elements.act.value);
  const total = () => state.before + state.run.epoch; // before: those on other points, or at another learning rate
  const idle = () => (elements.act.value === 'step' ? 'The step function has no slope to train by: its weights are made by hand.' : ' ');
  const number = name => Number(elements[name].value), rate = () => number('rate');

  // The weights that the choice `start from` names; with sigmoids those made by hand are ten times as large.
  function first() {
    const [from, which] = elements.from.value.split(' '), sigmoid = elements.act.value === 'sig';
    if (from === 'trained') return perceptron.flat(view.networks.trained);
    if (from === 'preset') return perceptron.flat(perceptron.times(Object.values(view.presets)[which], sigmoid ? 10 : 1));
    if (from === 'typed' && check.typed()) return perceptron.flat(check.typed());
    if (from === 'these') return state.from;
    elements.from.value = 'random';
    return perceptron.draw(number('hid'), number('init'), number('seed'));
  }

  // Begin anew from weights; what was trained is lost.
  function begin(weights) {
    state.from = weights;
    state.run = perceptron.begin(weights);
    Object.assign(state, { curve: [], every: 50, before: 0 });
    elements.hid.value = (weights.length - 1) / 4;
    const units = ['out', ...Array((weights.length - 1) / 4).keys()].map(unit => page.make('option', { value: unit }, unit === 'out' ? 'the output' : `h${unit}`));
    if (elements.unit.options.length !== units.length) elements.unit.replaceChildren(...units);
    perceptron.measure(state.run, state.points, state.targets);
    draw();
  }

  // The problem changes on the way: go on from the weights of now, as the address has them.
  function rebase() {
    const { curve, every } = state, epoch = total();
    if (epoch) elements.from.value = 'these';
    begin(state.run.weights.map(value => Number(value.toPrecision(9))));
    Object.assign(state, { curve, every, before: epoch });
    draw();
  }

  function train(epochs) {
    for (let left = epochs; left > 0;) {
      const some = Math.min(left, state.every - total() % state.every), before = total();
      perceptron.train(state.run, state.points, state.targets, some, rate());
      left -= some;
      if (total() === before) break; // it has learned
      if (total() % state.every === 0) state.curve.push([total(), state.run.loss]);
      if (state.curve.length > 400) {
        state.every *= 2;
        state.curve = state.curve.filter(([epoch]) => epoch % state.every === 0);
      }
    }
  }

  function frame(now) {
    train(Number(elements.pace.value));
    if (!still.matches || now - state.drawn > 1000) draw();
    if (state.run.held >= perceptron.HOLD) return run(false, `It has learned: all points right for ${perceptron.HOLD.toLocaleString('en')} epochs in a row.`);
    state.frame = requestAnimationFrame(frame);
  }

  function run(on, says = on ? 'It trains.' : 'It pauses.') {
    cancelAnimationFrame(state.frame);
    state.frame = on ? requestAnimationFrame(frame) : null;
    elements.run.textContent = on ? '❚❚ pause' : '▶ train';
    tell('says', says);
    draw();
    share.changed('watch-lines');
  }

  function draw() {
    const { points, targets } = state, now = network(), unit = elements.unit.value, step = now.act === 'step';
    state.drawn = performance.now();
    const svg = check.plane(now, unit === 'out' ? 'out' : Number(unit), points, targets, 'The points, the lines, and where the unit is on');
    const [cx, cy] = check.place(...points[state.chosen]);
    if (find('chosen').textContent.trim()) svg.append(page.make('svg:circle', { class: 'ring', cx, cy, r: 11 }));
    find('editable').replaceChildren(svg);
    find('drawn').replaceChildren(check.diagram(now, 'The network with its weights of now'));
    curve.draw(find('curve'), state.curve, null, `The loss by epoch, now ${state.run.loss.toFixed(4)}`);
    tell('epoch', total().toLocaleString('en'));
    tell('loss', step ? '–' : state.run.loss.toFixed(4));
    tell('right', `${Math.round(check.accuracy(now, points, targets) * points.length / 100)} of ${points.length}`);
    elements.run.disabled = elements.one.disabled = step;
    const data = JSON.stringify([points, targets]) === JSON.stringify([view.points, view.targets]) ? '' : ' --data points.csv';
    tell('how', `python3 check_main.py --act ${now.act} --hid ${now.b.length} --set_weights perceptron.pth${data}`);
  }

  // Points: moved, turned, added, removed; all stand on a grid of tenths.
  function move(index, [x, y]) {
    state.points[index] = [x, y].map(value => Math.round(10 * Math.max(check.LOW, Math.min(check.HIGH, value))) / 10);
  }
  const acts = {
    add(at = [1, 1]) {
      if (state.points.length >= 40) return;
      state.targets.push(state.targets[state.chosen]);
      state.chosen = state.points.push(at) - 1;
      move(state.chosen, at);
    },
    turn: () => (state.targets[state.chosen] = 1 - state.targets[state.chosen]),
    remove() {
      if (state.points.length === 1) return;
      state.points.splice(state.chosen, 1);
      state.targets.splice(state.chosen, 1);
      state.chosen = Math.max(0, state.chosen - 1);
    },
    nine: () => Object.assign(state, { points: view.points.map(point => [...point]), targets: [...view.targets], chosen: 0 }),
  };

  function changed(points = true) {
    tell('chosen', `point ${state.chosen + 1} of ${state.points.length}: (${state.points[state.chosen].join(', ')}), target ${state.targets[state.chosen]}`);
    if (points) rebase();
    else draw();
    share.changed('watch-lines');
  }
  for (const name in acts) elements[name].addEventListener('click', () => { acts[name](); changed(); });

  const KEYS = { // to another point, an act, or a move
    PageDown: 1, PageUp: -1, Enter: 'turn', ' ': 'turn', Delete: 'remove', Insert: 'add',
    ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1],
  };
  find('editable').addEventListener('keydown', event => {
    const key = KEYS[event.key];
    if (!key) return;
    event.preventDefault();
    if (typeof key === 'number') state.chosen = (state.chosen + key + state.points.length) % state.points.length;
    else if (typeof key === 'string') acts[key]();
    else move(state.chosen, state.points[state.chosen].map((value, axis) => value + key[axis]));
    changed(typeof key !== 'number');
  });

  let held = null; // {index or null, moved, out}
  const at = event => check.unplace(find('editable').firstChild, event);
  find('editable').addEventListener('pointerdown', event => {
    const [x, y] = at(event), far = state.points.map(([px, py]) => Math.hypot(px - x, py - y)), near = Math.min(...far);
    held = { index: near < 0.2 ? far.indexOf(near) : null, moved: false };
    if (held.index === null) return;
    state.chosen = held.index;
    event.currentTarget.setPointerCapture(event.pointerId);
  });
  find('editable').addEventListener('pointermove', event => {
    if (!held || held.index === null) return;
    const there = at(event), [x, y] = state.points[held.index];
    if (!held.moved && Math.hypot(there[0] - x, there[1] - y) < 0.1) return;
    held.moved = true;
    held.out = there.some(value => value < check.LOW - 0.1 || value > check.HIGH + 0.1);
    move(held.index, there);
    changed();
  });
  find('editable').addEventListener('pointerup', event => {
    if (!held) return;
    if (held.out) acts.remove();
    else if (held.index === null) acts.add(at(event));
    else if (!held.moved) acts.turn();
    changed(!held.moved || held.out);
    held = null;
  });
  find('editable').addEventListener('pointercancel', () => (held = null));

  elements.run.addEventListener('click', () => form.reportValidity() && run(!state.frame));
  elements.one.addEventListener('click', () => { train(1); run(false, `One epoch: ${total().toLocaleString('en')} now.`); });
  elements.reset.addEventListener('click', () => { begin(first()); run(false, 'It begins anew.'); });
  form.addEventListener('submit', event => event.preventDefault());
  form.addEventListener('change', event => {
    const { name } = event.target;
    if (!form.checkValidity()) return tell('says', `${event.target.labels[0].firstChild.textContent.trim()}: ${event.target.validationMessage}`);
    if (name === 'hid') elements.from.value = 'random';
    if (['hid', 'init', 'seed', 'from'].includes(name)) { begin(first()); run(false, idle()); }
    if (name === 'act') {
      if (!elements.from.value.match('random|trained|these')) begin(first());
      run(false, idle());
    }
    if (name === 'rate') rebase();
    if (name === 'unit') draw();
    share.changed('watch-lines');
  });
  document.addEventListener('repaint', () => draw());

  // 100 starts, shared among workers; those that get stuck are shown by the points that they have wrong.
  function hundred() {
    if (state.teams.length) return halt('Stopped.');
    const seeds = Array.from({ length: STARTS }, (_, n) => number('seed') + n), found = [], { points, targets } = state;
    const order = { job: 'starts', hid: number('hid'), init: number('init'), rate: rate(), epochs: LONGEST, points, targets };
    const hear = result => {
      found.push(result);
      tell('progress', `${found.length} of ${STARTS}: ${found.filter(one => one.learned).length} have learned`);
      if (found.length === STARTS) halt(summary(found, seeds));
    };
    const none = () => halt('This browser lets no page start a worker: try another one.');
    const code = document.getElementById('compute').textContent, count = Math.min(4, navigator.hardwareConcurrency || 1);
    state.teams = Array.from({ length: count }, () => worker.start(code, hear, none));
    if (state.teams.includes(null)) return none();
    find('hundred').textContent = 'stop';
    find('stuck').replaceChildren();
    state.teams.forEach((team, n) => team.postMessage({ ...order, seeds: seeds.filter((_, k) => k % count === n) }));
  }

  function halt(says) {
    for (const team of state.teams) team?.terminate();
    state.teams = [];
    find('hundred').textContent = '100 starts';
    tell('progress', '');
    tell('hundred-says', says);
  }

  function summary(found, seeds) {
    const good = found.filter(one => one.learned).map(one => one.epoch).sort((a, b) => a - b);
    const groups = new Map();
    for (const one of found.filter(each => !each.learned).sort((a, b) => a.seed - b.seed)) {
      const made = perceptron.unflat(one.weights);
      const wrong = state.points.filter((point, i) => perceptron.evaluate(made, point).out >= 0.5 !== (state.targets[i] === 1)).map(point => `(${point})`).join(' ');
      groups.set(wrong, [...(groups.get(wrong) ?? []), { ...one, made }]);
    }
    const sorted = [...groups].sort((a, b) => b[1].length - a[1].length);
    find('stuck').replaceChildren(...sorted.slice(0, 10).map(([wrong, all]) => {
      const says = `${all.length} ${all.length === 1 ? 'start' : 'starts'}: ${wrong ? 'wrong at ' + wrong : 'right at last, but not for long enough'}`;
      const watch = page.make('button', { type: 'button', class: 'small' }, `take seed ${all[0].seed}`);
      watch.addEventListener('click', () => {
        Object.assign(elements.seed, { value: all[0].seed });
        elements.from.value = 'random';
        begin(first());
        run(false, `Seed ${all[0].seed}, from the beginning.`);
      });
      return page.make('figure', {}, page.make('figcaption', {}, says), check.plane(all[0].made, 'out', state.points, state.targets, says), watch);
    }));
    const median = good.length ? `, the middle one after ${good[good.length >> 1].toLocaleString('en')} epochs` : '';
    const stuck = STARTS - good.length, kinds = sorted.length > 10 ? '; the ten most frequent ends are shown' : stuck ? ', in the ways shown here' : '';
    const those = `Of ${STARTS} starts (seeds ${seeds[0]} to ${seeds.at(-1)}) ${good.length} learn${median}.`;
    return `${those} ${stuck} do not in ${LONGEST.toLocaleString('en')} epochs${kinds}.`;
  }
  find('hundred').addEventListener('click', hundred);

  find('weights').addEventListener('click', () => {
    const { w, b, v, c } = network();
    const lines = [['in_hid.weight', [b.length, 2], w.flat()], ['in_hid.bias', [b.length], b]];
    save.file('perceptron.pth', pth.write([...lines, ['hid_out.weight', [1, b.length], v], ['hid_out.bias', [1], [c]]]));
  });
  const rows = () => state.points.map((point, i) => [...point, state.targets[i]]);
  find('csv').addEventListener('click', () => save.file('points.csv', ['X,Y,T', ...rows(), ''].join('\n')));

  const SHARED = ['hid', 'rate', 'init', 'seed', 'act', 'from'];
  acts.nine();
  begin(first());
  share.join(() => ({
    ...Object.fromEntries(SHARED.map(name => ['p.' + name, elements[name].value])),
    'p.w': elements.from.value === 'random' ? '' : [...state.from].map(value => Number(value.toPrecision(9))).join('_'),
    'p.points': rows().flat().join('_'),
    'p.before': String(state.before), 'p.epoch': String(state.run.epoch),
  }), values => {
    const numbers = text => (text ? text.split('_').map(Number) : []), flat = numbers(values['p.points']), weights = numbers(values['p.w']);
    for (const name of SHARED) elements[name].value = values['p.' + name];
    const size = weights.length || 4 * number('hid') + 1, told = [...flat, ...weights, values['p.before'], values['p.epoch']];
    if (!flat.length || flat.length % 3 || size !== 4 * number('hid') + 1 || !told.every(value => isFinite(value)) || !form.checkValidity()) {
      throw new Error('address');
    }
    state.points = Array.from({ length: flat.length / 3 }, (_, n) => [flat[3 * n], flat[3 * n + 1]]);
    state.targets = state.points.map((_, n) => flat[3 * n + 2]);
    state.chosen = 0;
    begin(weights.length ? Float64Array.from(weights) : first());
    state.before = Number(values['p.before']);
    train(Math.min(Number(values['p.epoch']), 1e6));
    if (state.before) tell('says', `Something was changed after ${state.before.toLocaleString('en')} epochs. The address holds the weights of then, not the losses: the curve begins there.`);
    draw();
  });
})();
