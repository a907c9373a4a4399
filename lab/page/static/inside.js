// Part 1: what happens inside a network while it reads, as small images: weights, hidden units, filters, feature maps.

const inside = (() => {
  const { make } = page, UNITS = 8, GAP = 1;
  const painted = new WeakMap(); // what stands on a canvas: weights do not change from stroke to stroke
  let colours = []; // of 0, of what is above it and of what is below, as the page shows them now

  // Values on a canvas, `columns` squares of side x side in a row: above 0 one colour, below 0 the other.
  function squares(canvas, values, side, columns, largest = 0) {
    const count = values.length / side ** 2, rows = Math.ceil(count / columns);
    const most = largest || values.reduce((found, value) => Math.max(found, Math.abs(value)), 1e-9), before = painted.get(canvas);
    if (before?.buffer === values.buffer && before.from === values.byteOffset && before.colours === colours.text) return;
    painted.set(canvas, { buffer: values.buffer, from: values.byteOffset, colours: colours.text });
    canvas.width = columns * (side + GAP) - GAP;
    canvas.height = rows * (side + GAP) - GAP;
    const context = canvas.getContext('2d'), pixels = context.createImageData(canvas.width, canvas.height);
    values.forEach((value, at) => {
      const square = Math.floor(at / side ** 2), place = at % side ** 2;
      const x = (square % columns) * (side + GAP) + (place % side), y = Math.floor(square / columns) * (side + GAP) + Math.floor(place / side);
      const share = Math.min(1, Math.abs(value) / most), from = colours[0], to = colours[value < 0 ? 2 : 1], begin = 4 * (y * canvas.width + x);
      for (let k = 0; k < 3; k++) pixels.data[begin + k] = from[k] + share * (to[k] - from[k]);
      pixels.data[begin + 3] = 255;
    });
    context.putImageData(pixels, 0, 0);
  }

  // The tiles of a box: a text below pictures, each [values, side, columns, largest]. Made once, then only painted again.
  function tiles(box, all, size) {
    while (box.children.length < all.length) {
      const canvases = all[0].pictures.map(() => make('canvas', { 'aria-hidden': 'true' }));
      box.append(make('figure', { style: `--wide: ${size}px` }, ...canvases, make('figcaption')));
    }
    all.forEach(({ pictures, text }, k) => {
      pictures.forEach((picture, number) => squares(box.children[k].children[number], ...picture));
      box.children[k].lastChild.textContent = text;
    });
  }

  const row = ({ weight, shape }, unit) => weight.subarray(unit * shape[1], (unit + 1) * shape[1]);
  const signed = value => (value < 0 ? '−' : '+') + Math.abs(value).toFixed(1);

  // Ten weight images, and what each pixel adds to the class that is chosen.
  function lin(box, { loaded: [layer], values: [input, out], prob }, named) {
    const [best] = readers.ranked(prob), largest = Math.max(...layer.weight.map(Math.abs));
    const all = [...prob.keys()].map(k => ({ pictures: [[row(layer, k), ink.SIDE, 1, largest]], text: `${named(k)}: ${signed(out.values[k])}` }));
    const adds = row(layer, best).map((weight, at) => weight * input.values[at]);
    all.push({ pictures: [[adds, ink.SIDE, 1]], text: `each pixel adds this to ${named(best)}` });
    tiles(box, all, 84);
  }

  // The hidden units that add most to the class that is chosen, or take most from it.
  function full(box, { loaded: [first, last], values: [, hidden], prob }, named) {
    const [best] = readers.ranked(prob), adds = row(last, best).map((weight, unit) => weight * hidden.values[unit]);
    const most = [...adds.keys()].sort((a, b) => Math.abs(adds[b]) - Math.abs(adds[a])).slice(0, UNITS);
    tiles(box, most.map(unit => ({
      pictures: [[row(first, unit), ink.SIDE, 1]],
      text: `unit ${unit} at ${hidden.values[unit].toFixed(2)}: ${signed(adds[unit])} to ${named(best)}`,
    })), 112);
  }

  // Filters and feature maps of the convolutional layers.
  function conv(box, { loaded, values }) {
    const layers = loaded.filter(layer => layer.kind === 'conv');
    while (box.children.length < layers.length) {
      box.append(make('section', {}, make('h4', {}, `layer ${box.children.length + 1}`), make('div', { class: 'maps' })));
    }
    layers.forEach((layer, number) => {
      const [maps, depth, size] = layer.shape, each = depth * size ** 2, { side, values: map } = values[number + 1];
      const largest = Math.max(1e-9, ...map), heaviest = Math.max(...layer.weight.map(Math.abs)), columns = Math.ceil(Math.sqrt(depth));
      tiles(box.children[number].lastChild, [...Array(maps).keys()].map(k => ({
        pictures: [
          [layer.weight.subarray(k * each, (k + 1) * each), size, columns, heaviest],
          [map.subarray(k * side ** 2, (k + 1) * side ** 2), side, 1, largest],
        ],
        text: `${k}: up to ${Math.max(...map.subarray(k * side ** 2, (k + 1) * side ** 2)).toFixed(1)}`,
      })), 56);
    });
  }

  // What is open of a network that has read an image. Networks of other layers than the lab's show nothing.
  function show(details, network, named) {
    const kinds = network.loaded.map(layer => layer.kind);
    const picture = kinds.includes('conv') ? conv : { 1: lin, 2: full }[kinds.length];
    details.hidden = !picture;
    const shown = ['card', 'plus', 'minus'].map(name => page.colour(name));
    colours = Object.assign(shown.map(colour => colour.match(/[\d.]+/g).map(Number)), { text: shown.join() });
    if (picture && details.open) picture(details.querySelector('.tiles-of'), network, named);
  }

  return { show };
})();
