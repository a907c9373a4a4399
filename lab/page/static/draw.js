// Part 1: the sheet to draw on. Each stroke is read by the networks at once, and their insides are shown.

(() => {
  const view = page.data('kuzu'), root = document.getElementById('draw'), { make } = page;
  const networks = view.networks.filter(each => each.layers);
  if (!root || !networks.length) return;
  const find = name => root.querySelector(`[name=${name}]`);
  const pad = document.getElementById('pad'), seen = document.getElementById('seen'), status = document.getElementById('read-says');
  const state = { strokes: [], base: null, origin: '', rubber: false, down: null, cross: null, taken: -1 };
  // Without a Japanese font every character is the same box: then romaji alone.
  function drawn(text) {
    const canvas = make('canvas', { width: 40, height: 40 }), context = canvas.getContext('2d');
    context.font = '30px sans-serif';
    context.fillText(text, 0, 32);
    return canvas.toDataURL();
  }
  if (view.printed[0] && drawn(view.printed[0]) === drawn(view.printed[1])) {
    view.printed.fill('');
    for (const each of document.querySelectorAll('[lang=ja]')) each.remove();
    for (const option of root.querySelectorAll('[name=take] option, [name=copy] option')) option.textContent = view.classes[option.value];
  }
  const named = k => view.classes[k] + (view.printed[k] && ` ${view.printed[k]}`);
  const percent = value => `${(100 * value).toFixed(0)}%`;
  const LONGEST = 4000; // letters of strokes in the address: programs that send messages cut longer ones
  const empty = () => !state.base && !state.strokes.length;
  const keep = () => share.changed('draw');

  // A grey image, 0 = paper, on a canvas of its own size.
  function show(canvas, image) {
    const context = canvas.getContext('2d', { willReadFrequently: true }), pixels = context.createImageData(ink.SIDE, ink.SIDE);
    image.forEach((value, at) => pixels.data.set([0, 0, 0, 255].map((low, k) => (k < 3 ? 255 * (1 - value) : low)), 4 * at));
    context.putImageData(pixels, 0, 0);
  }

  // The sheet: the image that was taken, and the strokes where they were drawn.
  function paint() {
    const context = pad.getContext('2d'), scale = pad.width / ink.SIDE;
    context.fillStyle = '#fff';
    context.fillRect(0, 0, pad.width, pad.height);
    if (state.base) {
      const small = make('canvas', { width: ink.SIDE, height: ink.SIDE });
      show(small, state.base);
      context.imageSmoothingEnabled = false;
      context.drawImage(small, 0, 0, pad.width, pad.height);
    }
    context.lineCap = context.lineJoin = 'round';
    for (const stroke of state.strokes) {
      context.strokeStyle = stroke.rubber ? '#fff' : '#000';
      context.lineWidth = (stroke.rubber ? 2 : 1) * view.how.width * scale;
      context.beginPath();
      for (const [x, y] of [stroke.points[0], ...stroke.points]) context.lineTo(x * scale, y * scale);
      context.stroke();
    }
    if (!state.cross) return;
    const [x, y] = state.cross.map(value => value * scale);
    context.strokeStyle = '#c22';
    context.lineWidth = 2;
    context.strokeRect(x - 9, y - 9, 18, 18);
  }

  // Bars of the classes of one network, with their numbers; made once, then only changed.
  function bars(kind, prob) {
    const box = root.querySelector(`.reader[data-kind=${kind}] .bars`), [best] = readers.ranked(prob);
    if (!box.children.length) {
      box.append(...view.classes.map((_, k) => make('div', { class: 'meter' },
        make('span', { class: 'who' }, named(k)), make('span', { class: 'track' }, make('span', { class: 'fill' })), make('span', { class: 'value' }))));
    }
    prob.forEach((value, k) => {
      const [, track, text] = box.children[k].children;
      box.children[k].classList.toggle('best', k === best && !empty());
      track.firstChild.style.width = empty() ? 0 : percent(value);
      text.textContent = empty() ? '' : percent(value);
    });
  }

  // Read what is there. `done`: the stroke has ended, so that it may be said.
  function read(done = true) {
    paint();
    state.image = ink.prepare(state.strokes, view.how, state.base);
    show(seen, state.image);
    const found = networks.map(each => {
      const values = readers.run(each.loaded, state.image);
      return { ...each, values, prob: readers.probabilities(values.at(-1).values) };
    });
    for (const each of found) bars(each.kind, each.prob);
    for (const each of found) inside.show(root.querySelector(`.inside[data-kind=${each.kind}]`), each, named);
    if (!done) return;
    const answers = found.map(each => readers.ranked(each.prob).map(k => `${named(k)} ${percent(each.prob[k])}`));
    pad.setAttribute('aria-label', 'Drawing: ' + (empty() ? 'empty' : state.origin + `${state.strokes.length} strokes`));
    const long = ink.pack(state.strokes).length > LONGEST ? ' The address of the page does not hold so long a drawing.' : '';
    status.textContent = empty() ? 'Nothing is drawn yet.' : state.origin + found.map((each, k) => `${each.kind}: ${answers[k][0]}`).join(', ') + '.' + long;
  }

  const where = event => {
    const box = pad.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height].map(share => ink.snap(ink.SIDE * share));
  };

  function begin(point) {
    state.down = { rubber: state.rubber, points: [point] };
    state.strokes.push(state.down);
  }

  pad.addEventListener('pointerdown', event => {
    if (event.button || state.down) return;
    state.cross = null;
    pad.setPointerCapture(event.pointerId);
    begin(where(event));
    read(false);
  });
  pad.addEventListener('pointermove', event => {
    if (!state.down || !pad.hasPointerCapture(event.pointerId)) return;
    const all = event.getCoalescedEvents?.() ?? [];
    for (const point of (all.length ? all : [event]).map(where)) {
      if (String(point) !== String(state.down.points.at(-1))) state.down.points.push(point);
    }
    later();
  });
  for (const end of ['pointerup', 'pointercancel']) {
    pad.addEventListener(end, () => {
      if (!state.down) return;
      state.down = null;
      read();
      keep();
    });
  }

  // At most one reading for each picture that the screen shows.
  function later() {
    if (state.waits) return;
    state.waits = requestAnimationFrame(() => {
      state.waits = 0;
      read(!state.down);
    });
  }

  pad.addEventListener('keydown', event => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!step && event.key !== ' ') return;
    event.preventDefault();
    state.cross ??= [ink.SIDE / 2, ink.SIDE / 2];
    if (step) {
      state.cross = state.cross.map((value, k) => Math.max(0, Math.min(ink.SIDE, value + step[k])));
      state.down?.points.push(state.cross);
    } else if (state.down) state.down = null;
    else begin(state.cross);
    read(!state.down);
    keep();
  });
  pad.addEventListener('blur', () => {
    state.cross = state.down = null;
    paint();
  });

  function tool(rubber) {
    state.rubber = rubber;
    find('pen').setAttribute('aria-pressed', String(!rubber));
    find('rubber').setAttribute('aria-pressed', String(rubber));
  }
  find('pen').addEventListener('click', () => tool(false));
  find('rubber').addEventListener('click', () => tool(true));
  find('undo').addEventListener('click', () => { state.strokes.pop(); read(); keep(); });
  find('clear').addEventListener('click', () => { start(null, ''); keep(); });
  find('another').addEventListener('click', () => {
    const images = view.images.filter((_, index) => view.labels[index] === Number(find('take').value));
    take(images[(images.indexOf(state.taken) + 1) % images.length]).then(keep);
  });

  function start(base, origin, strokes = []) {
    Object.assign(state, { strokes, base, origin, down: null });
    tool(false);
    read();
  }

  // A test image on the sheet, and strokes on it.
  async function take(image, strokes) {
    const index = view.images.indexOf(image), pixels = await glyphs.pixels(image);
    state.taken = image;
    find('take').value = view.labels[index];
    start(pixels, `test image ${image}, ${named(view.labels[index])}: `, strokes);
  }

  // A character to copy: as it is printed, and three images of it.
  function model() {
    const chosen = Number(find('copy').value), right = view.networks.at(-1).cells[11 * chosen] ?? [];
    const printed = root.querySelector('.printed');
    if (printed) printed.textContent = view.printed[chosen];
    root.querySelector('.models').replaceChildren(...right.slice(0, 3).map(image => glyphs.make(image, `test image ${image}: ${view.classes[chosen]}`)));
  }
  find('copy').addEventListener('change', () => { model(); keep(); });
  for (const each of root.querySelectorAll('.inside')) each.addEventListener('toggle', () => each.open && read(false));
  document.addEventListener('repaint', () => read(false));
  document.addEventListener('take', event => {
    take(event.detail).then(keep);
    root.scrollIntoView();
    pad.focus({ preventScroll: true });
  });
  model();
  read();
  share.join(() => {
    const strokes = ink.pack(state.strokes);
    return { 'd.image': state.base ? String(state.taken) : '', 'd.strokes': strokes.length > LONGEST ? '' : strokes, 'd.copy': find('copy').value };
  }, given => {
    const strokes = ink.unpack(given['d.strokes']), image = Number(given['d.image'] || -1);
    if (given['d.image'] && !view.images.includes(image)) throw new Error('address');
    find('copy').value = given['d.copy'];
    model();
    if (given['d.image']) take(image, strokes);
    else start(null, '', strokes);
  });
})();
