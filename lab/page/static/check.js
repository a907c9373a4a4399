// Part 2: the pictures of a two-layer perceptron, and weights that the reader types.

const check = (() => {
  const { evaluate, accuracy, times, equation } = perceptron;
  const LOW = -0.5, HIGH = 2.5, SIDE = 240, EDGE = 26, FINE = 96;
  const place = (x, y) => [EDGE + ((x - LOW) / (HIGH - LOW)) * SIDE, 4 + ((HIGH - y) / (HIGH - LOW)) * SIDE];

  // The point of the plane where the pointer is, on the picture `svg`.
  function unplace(svg, event) {
    const box = svg.getBoundingClientRect(), scale = svg.viewBox.baseVal.width / box.width;
    const [x, y] = [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
    return [LOW + ((x - EDGE) / SIDE) * (HIGH - LOW), HIGH - ((y - 4) / SIDE) * (HIGH - LOW)];
  }

  // The plane as a picture: how active `value` is everywhere, as the opacity of one colour.
  function region(value, colour) {
    const canvas = page.make('canvas', { width: FINE, height: FINE });
    const context = canvas.getContext('2d');
    const image = context.createImageData(FINE, FINE);
    const [red, green, blue] = colour.match(/[\d.]+/g).map(Number);
    for (let row = 0, at = 0; row < FINE; row++) {
      for (let column = 0; column < FINE; column++, at += 4) {
        const x = LOW + ((column + 0.5) / FINE) * (HIGH - LOW);
        const y = HIGH - ((row + 0.5) / FINE) * (HIGH - LOW);
        image.data.set([red, green, blue, Math.round(150 * value([x, y]))], at);
      }
    }
    context.putImageData(image, 0, 0);
    const [left, top] = place(LOW, HIGH);
    return page.make('svg:image', { href: canvas.toDataURL(), x: left, y: top, width: SIDE, height: SIDE, preserveAspectRatio: 'none' });
  }

  // The two ends of a x + b y + c = 0 inside the picture, or nothing.
  function ends(a, b, c) {
    const cuts = [];
    for (const edge of [LOW, HIGH]) {
      if (b) cuts.push([edge, -(a * edge + c) / b]);
      if (a) cuts.push([-(b * edge + c) / a, edge]);
    }
    const inside = cuts.filter(point => point.every(value => value >= LOW - 1e-9 && value <= HIGH + 1e-9));
    const far = (p, q) => Math.hypot(p[0] - q[0], p[1] - q[1]);
    const [first] = inside;
    const last = inside.find(point => far(point, first) > 1e-6);
    return last ? [first, last] : null;
  }

  // The plane of a network: where `unit` (a number, or 'out', or null) is active, the lines, the points.
  function plane(network, unit, points, targets, says) {
    const svg = page.make('svg:svg', { class: 'plane', viewBox: `0 0 ${SIDE + EDGE + 6} ${SIDE + 28}`, role: 'img', 'aria-label': says });
    const [left, top] = place(LOW, HIGH);
    svg.append(page.make('svg:rect', { class: 'ground', x: left, y: top, width: SIDE, height: SIDE }));
    if (unit === 'out') svg.append(region(point => evaluate(network, point).out, page.colour('on')));
    else if (unit !== null) svg.append(region(point => evaluate(network, point).hidden[unit], page.colour(`u${unit % 8}`)));
    network.w.forEach(([a, b], k) => {
      const line = ends(a, b, network.b[k]);
      if (!line || (typeof unit === 'number' && unit !== k)) return;
      const [[x1, y1], [x2, y2]] = line.map(point => place(...point));
      svg.append(page.make('svg:line', { class: `unit u${k % 8}`, x1, y1, x2, y2 }));
    });
    for (const tick of [0, 1, 2]) {
      const [x] = place(tick, 0), [, y] = place(0, tick);
      svg.append(page.make('svg:text', { class: 'tick', x, y: SIDE + 23, 'text-anchor': 'middle' }, String(tick)));
      svg.append(page.make('svg:text', { class: 'tick', x: EDGE - 6, y: y + 4, 'text-anchor': 'end' }, String(tick)));
    }
    points.forEach((point, i) => {
      const [cx, cy] = place(...point);
      const right = evaluate(network, point).out >= 0.5 === (targets[i] === 1);
      const title = page.make('svg:title', {}, `(${point}): target ${targets[i]}`);
      svg.append(page.make('svg:circle', { class: targets[i] ? 'dot one' : 'dot', cx, cy, r: 7 }, title));
      if (unit === 'out' && !right) svg.append(page.make('svg:path', { class: 'miss', d: `M${cx - 11} ${cy - 11}l22 22m0 -22l-22 22` }));
    });
    return svg;
  }

  // The network: a circle for each unit with its bias below, an edge for each weight.
  function diagram(network, says) {
    const hid = network.b.length, row = 64, spread = Math.min(Math.max(hid / 2, 1), 2.5);
    const height = Math.max(hid, spread + 1) * row + 10, middle = height / 2 - 8, columns = [24, 210, 376];
    const inputs = [middle - (spread / 2) * row, middle + (spread / 2) * row];
    const hidden = network.b.map((_, k) => middle + (k - (hid - 1) / 2) * row);
    const svg = page.make('svg:svg', { class: 'diagram', viewBox: `0 0 400 ${height}`, role: 'img', 'aria-label': says });
    const edges = []; // column, its two heights, weight
    network.w.forEach((weights, k) => weights.forEach((weight, i) => edges.push([0, inputs[i], hidden[k], weight])));
    network.v.forEach((weight, k) => edges.push([1, hidden[k], middle, weight]));
    const largest = Math.max(...edges.map(edge => Math.abs(edge[3])), 1e-9);
    for (const [column, y1, y2, weight] of edges) {
      const [x1, x2] = columns.slice(column);
      const width = 0.5 + (3.5 * Math.abs(weight)) / largest;
      svg.append(page.make('svg:line', { class: weight < 0 ? 'edge minus' : 'edge plus', x1, y1, x2, y2, 'stroke-width': width }));
    }
    // The two weights into a unit stand at its left, one above the other, whatever way their edges come
    const write = (x, y, text, anchor) => svg.append(page.make('svg:text', { class: 'weight', x, y, 'text-anchor': anchor }, text));
    network.w.forEach((weights, k) => weights.forEach((weight, i) => write(columns[1] - 21, hidden[k] - 5 + 17 * i, `${'xy'[i]} ${page.short(weight)}`, 'end')));
    network.v.forEach((weight, k) => write(columns[1] + 0.3 * (columns[2] - columns[1]), hidden[k] + 0.3 * (middle - hidden[k]) + 4, page.short(weight), 'middle'));
    const units = [[0, inputs[0], 'x', null], [0, inputs[1], 'y', null], [2, middle, 'out', network.c]];
    hidden.forEach((y, k) => units.push([1, y, `h${k}`, network.b[k]]));
    for (const [column, y, name, bias] of units) {
      svg.append(page.make('svg:circle', { class: 'node' + (column === 1 ? ` u${name.slice(1) % 8}` : ''), cx: columns[column], cy: y, r: 17 }));
      svg.append(page.make('svg:text', { class: 'name', x: columns[column], y: y + 5, 'text-anchor': 'middle' }, name));
      if (bias !== null) svg.append(page.make('svg:text', { class: 'weight', x: columns[column], y: y + 30, 'text-anchor': 'middle' }, page.short(bias)));
    }
    return svg;
  }

  return { evaluate, accuracy, times, equation, LOW, HIGH, place, unplace, ends, plane, diagram };
})();

(() => {
  const view = page.data('check');

  // The pictures of the networks that Python has made.
  function paint() {
    for (const figure of document.querySelectorAll('[data-plane]')) {
      const network = view.networks[figure.dataset.network];
      const unit = figure.dataset.plane === 'out' ? 'out' : Number(figure.dataset.plane);
      figure.replaceChildren(check.plane(network, unit, view.points, view.targets, figure.getAttribute('aria-label')));
    }
    for (const figure of document.querySelectorAll('[data-diagram]')) {
      const network = view.networks[figure.dataset.network];
      figure.replaceChildren(check.diagram(network, figure.getAttribute('aria-label')));
    }
  }
  paint();
  document.addEventListener('repaint', paint);

  const form = document.getElementById('editor');
  if (!form) return;

  // The network that the form says, or null where a number is missing.
  function typed() {
    const number = name => (form.elements[name].value.trim() === '' ? NaN : Number(form.elements[name].value));
    const act = form.elements.act.value, of = name => [0, 1, 2, 3].map(k => number(name.replace('*', k)));
    const [x, y, b, v] = ['w*x', 'w*y', 'b*', 'v*'].map(of), c = number('c');
    if (![...x, ...y, ...b, ...v, c].every(Number.isFinite)) return null;
    return check.times({ act, w: x.map((weight, k) => [weight, y[k]]), b, v, c }, act === 'sig' ? 10 : 1);
  }

  check.typed = typed;

  function fill(network) {
    const set = (name, value) => (form.elements[name].value = String(Number(value.toPrecision(6))));
    network.w.forEach(([x, y], k) => { set(`w${k}x`, x); set(`w${k}y`, y); set(`b${k}`, network.b[k]); set(`v${k}`, network.v[k]); });
    set('c', network.c);
  }

  function update() {
    for (const input of form.querySelectorAll('input')) {
      input.setAttribute('aria-invalid', String(input.value.trim() === '' || !Number.isFinite(Number(input.value))));
    }
    const network = typed();
    if (!network) return;
    const right = check.accuracy(network, view.points, view.targets);
    document.getElementById('editor-accuracy').textContent = right.toFixed(1) + '%';
    document.getElementById('editor-right').textContent = `${Math.round((right / 100) * view.points.length)} of ${view.points.length} points are right`;
    const box = document.getElementById('editor-plane');
    box.replaceChildren(check.plane(network, 'out', view.points, view.targets, 'The lines and the output of these weights'));
    lines.handles(box, network, (k, { w: [x, y], bias }) => {
      const factor = network.act === 'sig' ? 10 : 1;
      [[`w${k}x`, x], [`w${k}y`, y], [`b${k}`, bias]].forEach(([name, value]) => (form.elements[name].value = String(Number((value / factor).toFixed(3)))));
      update();
      share.changed('yours');
    });
    document.getElementById('editor-diagram').replaceChildren(check.diagram(network, 'The network with these weights'));
    document.getElementById('editor-lines').replaceChildren(
      ...network.w.map((w, k) => {
        const parts = `h${k}: ${check.equation(w, network.b[k])}`.split(',  ');
        return page.make('li', { class: `u${k}` }, ...parts.map(part => page.make('span', { title: part }, part)));
      }));
    const digits = network.act === 'step' ? 0 : 2;
    document.getElementById('editor-table').replaceChildren(...view.points.map((point, i) => {
      const { hidden, out } = check.evaluate(network, point);
      const cells = [...point, ...hidden.map(h => h.toFixed(digits)), out.toFixed(digits), view.targets[i]];
      const wrong = out >= 0.5 !== (view.targets[i] === 1);
      return page.make('tr', wrong ? { class: 'wrong' } : {}, ...cells.map(cell => page.make('td', { class: 'n' }, String(cell))));
    }));
  }

  form.addEventListener('input', event => {
    if (event.target.name === 'preset') fill(view.presets[event.target.value]);
    update();
  });
  form.addEventListener('submit', event => event.preventDefault());
  document.addEventListener('repaint', update);
  fill(Object.values(view.presets)[0]);
  const shared = [...form.elements].filter(element => element.name);
  share.join(() => ({ 'w.typed': shared.map(element => element.value).join('_') }), given => {
    given['w.typed'].split('_').forEach((value, n) => (shared[n].value = value));
    update();
  });
  form.addEventListener('input', () => share.changed('yours'));
  update();
})();
