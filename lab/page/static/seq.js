// Part 3: the view of a network: its states, a slider through its checkpoints, a sequence step by step.

const views = (() => {
  const { make } = page;

  // The view in the element `root`: load(data) shows a network, grow() adds a checkpoint.
  function view(root) {
    let data, epochs, names, lstm, cloud, axes;
    const find = name => root.querySelector(`[name=${name}]`) || root.querySelector('.' + name);
    const last = () => (state.made ? data.made : data.epochs[epochs.at(-1)]);
    const state = { at: 0, made: false, weights: null, symbols: [], steps: [], places: [], what: 'hidden', timer: null };
    const space = new Space(find('space'), [], point => (find('pointed').textContent = point ? point.says : ' '));

    // data: {classes, length, hid, epochs: {thousands: weights}, made}
    function load(fresh) {
      data = fresh;
      names = net.SYMBOLS.slice(0, data.classes);
      lstm = !Object.values(data.epochs)[0].H0;
      cloud = clouds(data.classes, data.length);
      axes = [...Array(Math.min(3, data.hid)).keys()];
      state.what = lstm ? find('what').value : 'hidden';
      for (const each of root.querySelectorAll('.lstm-only')) each.hidden = !lstm;
      for (const each of root.querySelectorAll('.c-only')) each.hidden = data.classes < 3;
      for (const [k, ns] of [[1, 2, 3, data.length], [data.length + 1, 2], [2 * data.length, 1]].entries()) {
        root.querySelectorAll('[data-blocks]')[k].dataset.blocks = ns.join(' ');
        root.querySelectorAll('[data-blocks]')[k].textContent = k ? `n = ${ns[0]}` : `n = 1 to ${data.length}`;
      }
      state.spans = null;
      sort();
      find('epoch').value = epochs.length - 1;
      bounds();
      if (state.lang === data.classes) return epoch();
      state.lang = data.classes;
      blocks([2, 3, 1].map(n => Math.min(n, data.length)));
      go(6);
    }

    function sort() {
      epochs = Object.keys(data.epochs).map(Number).sort((a, b) => a - b);
      find('epoch').max = epochs.length - 1;
    }

    // Training has gone on: weights by thousands of epochs; `old` are taken back. Who looks at the last sees the new last.
    function grow(fresh, old) {
      const follows = Number(find('epoch').value) === epochs.length - 1;
      delete data.epochs[old];
      Object.assign(data.epochs, fresh);
      sort();
      if (!follows) return;
      find('epoch').value = epochs.length - 1;
      bounds();
      epoch();
    }

    // Take a sequence of blocks.
    function blocks(given) {
      find('sequence').value = net.spell(given, data.classes).map(symbol => names[symbol]).join('');
      state.at = 0;
      epoch();
    }

    // All pairs of blocks that are in the training range, one prefix once.
    function clouds(classes, length) {
      const all = [...Array(Math.min(length, 6)).keys()].map(k => k + 1);
      return all.flatMap(n => all.map(m => net.spell([n, m], classes)));
    }

    const values = step => (state.what === 'cell' ? step.cell : step.hidden).slice(0, 3);

    // The axes are the same for all checkpoints, so that one sees the states move.
    function bounds() {
      space.labels = axes.map(k => (state.what === 'cell' ? 'cell ' : 'unit ') + k);
      space.ranges = axes.map(() => [-1, 1]);
      if (!lstm) return;
      const all = cloud.flatMap(sequence => net.follow(last(), sequence).map(step => step.cell)), before = state.spans;
      state.spans = axes.map(k => { // while it trains they grow, and never shrink
        const cells = all.map(cell => cell[k]), [low, high] = before?.[k] ?? [0, 0];
        return [Math.min(low, ...cells), Math.max(high, ...cells)];
      });
      state.most = Math.max(1, ...all.flat().map(Math.abs));
    }

    // Room for all points, also for those of a long sequence: cells may grow without bound.
    function room() {
      if (state.what === 'hidden') return;
      space.ranges = state.spans.map((span, k) => {
        const all = [...span, ...space.path.map(point => point.at[k])], [low, high] = [Math.min(...all), Math.max(...all)];
        const beside = 0.05 * (high - low) || 1;
        return [low - beside, high + beside];
      });
    }

    function says(place, prob) {
      const where = place.symbol === 0 ? `A number ${place.nth}` : `${names[place.symbol]} number ${place.nth} of ${place.of}`;
      return `${where}, n = ${place.n}; next: ` + [...names].map((name, k) => `${name} ${prob[k].toFixed(2)}`).join(', ');
    }

    // The checkpoint has changed: the cloud, and the sequence.
    function epoch() {
      const thousands = epochs[Number(find('epoch').value)];
      state.weights = state.made ? data.made : data.epochs[thousands];
      find('epoch').disabled = state.made;
      find('epoch').setAttribute('aria-valuetext', `${Math.round(thousands * 1000)} epochs`);
      find('epoch-says').textContent = state.made ? 'not trained' : `after ${Math.round(thousands * 1000).toLocaleString('en')} epochs of training`;
      const seen = new Set(), states = new States();
      space.points = cloud.flatMap(sequence => {
        const places = net.places(sequence, data.classes);
        return net.follow(state.weights, sequence).flatMap((step, t) => {
          const prefix = sequence.slice(0, t + 1).join('');
          if (seen.has(prefix)) return [];
          seen.add(prefix);
          states.add(places, t, values(step), data.classes);
          return [{ at: values(step), symbol: sequence[t], says: says(places[t], step.prob) }];
        });
      });
      space.states = find('states').checked ? states : null;
      find('states-say').hidden = !space.states;
      read();
    }

    // The sequence or the checkpoint has changed.
    function read() {
      const typed = find('sequence').value.toUpperCase().replace(/[\s,]/g, '');
      const wrong = [...typed].find(letter => !names.includes(letter));
      find('sequence').setAttribute('aria-invalid', String(wrong !== undefined || !typed));
      state.symbols = [...typed.slice(0, wrong === undefined ? typed.length : typed.indexOf(wrong))].map(letter => names.indexOf(letter));
      page.tell(find('sequence-says'), wrong === undefined && typed ? ' ' : `only the letters ${[...names].join(', ')}`);
      [state.begin, ...state.steps] = net.states(state.weights, state.symbols);
      state.places = net.places(state.symbols, data.classes);
      space.path = [{ at: values(state.begin), symbol: -1, says: 'before the first symbol' }].concat(
        state.steps.map((step, t) => ({ at: values(step), symbol: state.symbols[t], says: says(state.places[t], step.prob) })));
      room();
      state.at = Math.min(state.at, state.symbols.length);
      const strip = find('strip'), letters = state.symbols.map(symbol => names[symbol]);
      if (strip.textContent !== letters.join('')) {
        strip.replaceChildren(...letters.map((letter, t) => make('button', { type: 'button', 'data-t': t + 1, tabindex: -1 }, letter)));
      }
      state.symbols.forEach((symbol, t) => (strip.children[t].className = `y${symbol} ${verdict(t)}`));
      show();
    }

    // How the network has predicted the symbol at t: right, wrong, or left open by the language.
    function verdict(t) {
      if (t === 0) return '';
      const { due: must } = state.places[t - 1];
      if (must === null || must === 'open') return 'open';
      const { prob } = state.steps[t - 1], rounded = prob.map(value => value.toFixed(2)); // 0.50 against 0.50 decides nothing
      return prob.every((_, k) => k === must || rounded[k] < rounded[must]) ? 'good' : 'bad';
    }

    // Show the state after `at` symbols; 0 is before the first.
    function show() {
      const { at } = state;
      space.now = at;
      space.draw();
      for (const button of find('strip').children) {
        if (Number(button.dataset.t) === at) button.setAttribute('aria-current', 'step');
        else button.removeAttribute('aria-current');
      }
      const strip = find('strip'), current = strip.querySelector('[aria-current]'); // not scrollIntoView(), which moves the page
      if (current) strip.scrollTop = current.offsetTop - strip.offsetTop - strip.clientHeight / 2;
      find('place').max = state.symbols.length;
      find('place').value = at;
      const step = at ? state.steps[at - 1] : state.begin;
      const place = at ? state.places[at - 1] : null;
      page.tell(find('place-says'), place
        ? `${names[place.symbol]} number ${place.nth}` + (place.of ? ` of ${place.of}` : '') + `; next must be: ${due(place)}`
        : 'before the first symbol');
      bars(find('prob'), [...names], step.prob, 0, 1, 'p');
      bars(find('units'), step.hidden.map((_, k) => `unit ${k}`), step.hidden, -1, 1, 'h');
      if (!lstm) return;
      bars(find('cells'), step.cell.map((_, k) => `cell ${k}`), step.cell, -state.most, state.most, 'h');
      for (const gate of ['forget', 'input', 'output', 'new']) {
        const gates = step.gates ? step.gates[gate] : step.cell.map(() => NaN);
        bars(find('gate-' + gate), gates.map((_, k) => String(k)), gates, gate === 'new' ? -1 : 0, 1, 'h');
      }
    }

    const due = ({ due: must, why }) => (must === null ? `nothing; ${why}, so the sequence is not in the language` : must === 'open' ? 'A or B' : names[must]);

    // Bars with their numbers; made once, then only moved, so that nothing jumps.
    function bars(box, labels, numbers, low, high, kind) {
      if (box.children.length !== labels.length) {
        box.replaceChildren(...labels.map((label, k) => make('div', { class: 'meter' },
          make('span', { class: 'who' }, label), make('span', { class: 'track' }, make('span', { class: kind === 'p' ? `fill y${k}` : 'fill' })), make('span', { class: 'value' }))));
      }
      numbers.forEach((value, k) => {
        const [, track, text] = box.children[k].children;
        const zero = (100 * -low) / (high - low), end = (100 * (Math.max(low, Math.min(high, value || 0)) - low)) / (high - low);
        track.firstChild.style.left = Math.min(zero, end) + '%';
        track.firstChild.style.width = Math.abs(end - zero) + '%';
        text.textContent = Number.isNaN(value) ? '–' : value.toFixed(2);
      });
    }

    function go(at) {
      state.at = Math.max(0, Math.min(state.symbols.length, at));
      show();
    }

    function play(on) {
      clearInterval(state.timer);
      state.timer = on ? setInterval(() => (state.at < state.symbols.length ? go(state.at + 1) : play(false)), 450) : null;
      find('play').textContent = on ? '❚❚' : '▶';
      find('play').setAttribute('aria-label', on ? 'Stop' : 'Play');
    }

    find('epoch').addEventListener('input', epoch);
    find('sequence').addEventListener('input', () => { play(false); read(); });
    find('place').addEventListener('input', event => { play(false); go(Number(event.target.value)); });
    find('back').addEventListener('click', () => { play(false); go(state.at - 1); });
    find('next').addEventListener('click', () => { play(false); go(state.at + 1); });
    find('play').addEventListener('click', () => {
      if (!state.timer && state.at === state.symbols.length) go(0);
      play(!state.timer);
    });
    find('strip').addEventListener('click', event => event.target.dataset.t && (play(false), go(Number(event.target.dataset.t))));
    for (const button of root.querySelectorAll('[data-blocks]')) {
      button.addEventListener('click', () => {
        play(false);
        blocks(button.dataset.blocks.split(' ').map(Number));
        go(state.symbols.length);
      });
    }
    function chosen() {
      state.made = find('which')?.value === 'made';
      state.spans = null;
      state.what = lstm ? find('what').value : 'hidden';
      bounds();
      epoch();
    }
    find('which')?.addEventListener('change', chosen);
    find('what')?.addEventListener('change', chosen);
    find('states').addEventListener('change', epoch);

    // What of the view stands in the address.
    const stem = root.dataset.network, place = root.closest('article').id;
    const shared = ['sequence', 'what', 'which', 'epoch'].filter(name => find(name) && !(name === 'epoch' && stem === 'yours'));
    function joinAddress() {
      share.join(() => ({
        ...Object.fromEntries(shared.map(name => [`${stem}.${name}`, find(name).value])),
        [`${stem}.at`]: String(state.at), [`${stem}.states`]: String(find('states').checked),
      }), given => {
        for (const name of shared) find(name).value = given[`${stem}.${name}`];
        find('states').checked = given[`${stem}.states`] === 'true';
        state.at = Number(given[`${stem}.at`]) || 0;
        chosen();
      });
      for (const kind of ['input', 'click']) root.addEventListener(kind, () => share.changed(place));
    }

    return { load, grow, joinAddress };
  }

  const all = page.data('seq').networks, made = {};
  for (const root of document.querySelectorAll('.view')) {
    made[root.dataset.network] = view(root);
    if (!(root.dataset.network in all)) continue;
    made[root.dataset.network].load(all[root.dataset.network]);
    made[root.dataset.network].joinAddress();
  }
  return made;
})();
