// Part 3: a recurrent network that trains in a worker, while the view of its states goes along.

(() => {
  const root = document.getElementById('watch-counting'), form = root.querySelector('form'), { elements } = form;
  const find = name => root.querySelector('.' + name), tell = (name, text) => page.tell(find(name), text);
  const still = matchMedia('(prefers-reduced-motion: reduce)');
  const code = document.getElementById('compute').textContent;
  const CLASSES = { anb2n: 2, anb2nc3n: 3 };
  const state = { team: null, running: false, task: null, epoch: 0, weights: null, curve: [], learned: 0, fresh: {}, live: 0, drawn: 0, waits: false, until: null };

  const number = name => Number(elements[name].value);
  const end = () => state.until ?? 1000 * number('thousands'); // until: of the address
  const usual = () => (elements.lang.value === 'anb2n' ? 2 : elements.model.value === 'lstm' ? 3 : 4);
  const limit = () => judge.threshold(state.task.classes, state.task.length);

  // Begin anew: the first weights of the seed.
  function begin() {
    state.team?.terminate();
    const task = { model: elements.model.value, classes: CLASSES[elements.lang.value], hid: number('hid'), length: number('longest') };
    const { weights } = recurrent.begin(task, new Random(number('seed')));
    Object.assign(state, { team: null, running: false, task, epoch: 0, weights, curve: [], last: null, learned: 0, fresh: {}, live: 0 });
    views.yours.load({ ...task, epochs: { 0: recurrent.lists(task, weights) }, made: null });
    button();
    draw();
  }

  function button() {
    elements.run.textContent = state.running ? '❚❚ pause' : '▶ train';
  }

  function none() {
    state.running = false;
    button();
    tell('says', 'This browser lets no page start a worker: networks cannot be trained in it. All else on the page works.');
  }

  function order() {
    const { running, task } = state;
    state.team.postMessage({ job: 'recur', task, seed: number('seed'), epochs: end(), rate: number('rate'), pace: number('pace'), running });
  }

  function run(on) {
    if (on && state.epoch >= end()) begin();
    state.team ??= worker.start(code, hear, none);
    if (!state.team) return none();
    state.running = on;
    order();
    button();
    tell('says', on ? 'It trains.' : 'It pauses.');
    draw();
    share.changed('watch-counting');
  }

  // What the worker reports; drawn with the browser's next picture.
  function hear({ epoch, weights, judged }) {
    if (!weights.every(Number.isFinite)) {
      run(false);
      return tell('says', 'The weights have become infinite: take a smaller learning rate.');
    }
    Object.assign(state, { epoch, weights });
    for (const one of judged) {
      state.curve.push([one.epoch, one.loss]);
      state.last = one;
      state.fresh[one.epoch / 1000] = recurrent.lists(state.task, one.weights);
      if (one.learned && !state.learned) {
        state.learned = one.epoch;
        tell('says', `It has learned after ${one.epoch.toLocaleString('en')} epochs: the loss is under ${limit().toFixed(4)}, and each symbol that is determined is predicted. It goes on.`);
      }
    }
    if (epoch >= end() && state.running) finish();
    if (state.waits) return;
    state.waits = true;
    requestAnimationFrame(() => {
      state.waits = false;
      if (!still.matches || !state.running || performance.now() - state.drawn > 1000) draw();
    });
  }

  function finish() {
    state.running = false;
    button();
    draw();
    const { learned, counts } = state.last, tried = counts === judge.MOST ? ', the largest that is tried' : '';
    const first = `after ${state.learned.toLocaleString('en')} epochs`;
    if (state.until !== null) tell('says', `After ${state.epoch.toLocaleString('en')} epochs, as the address says.`);
    else if (learned) tell('says', `Done: it has learned, first ${first}, and counts up to n = ${counts}${tried}.`);
    else tell('says', state.learned
      ? `Done. It had learned ${first}, but not for good: go back by the slider, or train on.`
      : `Done, but it has not learned: the loss should be under ${limit().toFixed(4)}. More epochs may do, or another seed: not every start learns.`);
    share.changed('watch-counting');
  }

  function draw() {
    const { task, epoch, weights, live, fresh } = state, floor = judge.floor(task.classes, task.length), loss = state.curve.at(-1)?.[1];
    state.drawn = performance.now();
    if (epoch) views.yours.grow({ ...fresh, [epoch / 1000]: recurrent.lists(task, weights) }, live % 1 ? live : -1);
    Object.assign(state, { fresh: {}, live: epoch / 1000 });
    curve.draw(find('curve'), state.curve, { at: floor, says: `with the true probabilities: ${floor.toFixed(4)}` }, `The loss by epoch${loss ? `, now ${loss.toFixed(4)}` : ''}`);
    tell('epochs', epoch.toLocaleString('en'));
    tell('loss', loss?.toFixed(4) ?? '–');
    tell('counts', String(state.last?.counts ?? 0));
    const length = task.length === 4 ? '' : ` --length ${task.length}`;
    tell('how', `python3 seq_plot.py --lang ${elements.lang.value} --model ${task.model} --hid ${task.hid}${length} --epoch ${Math.round(epoch / 1000)}`);
  }

  elements.run.addEventListener('click', () => {
    state.until = null;
    if (form.reportValidity()) run(!state.running);
  });
  elements.reset.addEventListener('click', () => { begin(); tell('says', 'It begins anew.'); share.changed('watch-counting'); });
  form.addEventListener('submit', event => event.preventDefault());
  form.addEventListener('change', event => {
    const { name } = event.target;
    if (!form.checkValidity()) return tell('says', `${event.target.labels[0].firstChild.textContent.trim()}: ${event.target.validationMessage}`);
    if (name === 'model' || name === 'lang') {
      elements.hid.value = usual();
      elements.thousands.value = elements.hid.value === '4' ? 200 : 100;
    }
    if (name === 'pace' || name === 'thousands') {
      if (state.running) order();
    } else {
      begin();
      tell('says', ' ');
    }
    share.changed('watch-counting');
  });
  document.addEventListener('repaint', draw);

  find('weights').addEventListener('click', () => {
    const { task, weights, epoch } = state, named = recurrent.lists(task, weights);
    save.file(`${elements.lang.value}_${task.model}${task.hid}_${Math.round(epoch / 1000)}.pth`,
      pth.write(recurrent.shapes(task).map(([name, shape]) => [name, shape, named[name].flat()])));
  });

  const SHARED = ['model', 'lang', 'hid', 'longest', 'rate', 'seed', 'thousands'];
  begin();
  share.join(() => ({ ...Object.fromEntries(SHARED.map(name => ['c.' + name, elements[name].value])), 'c.epoch': String(state.epoch) }), values => {
    for (const name of SHARED) elements[name].value = values['c.' + name];
    if (!form.checkValidity()) throw new Error('address');
    begin();
    state.until = Math.min(Number(values['c.epoch']), 1e6) || null;
    if (state.until) run(true);
  });
  views.yours.joinAddress();
})();
