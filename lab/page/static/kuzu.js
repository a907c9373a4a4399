'use strict';

// Part 1: the images stand on one sheet; a cell of a confusion matrix shows those that were confused.

const glyphs = (() => {
  const view = page.data('kuzu'), place = new Map(view.images.map((image, index) => [image, index])), SIDE = 28;
  let sheet = null;

  function at(image, columns) {
    return [place.get(image) % columns, Math.floor(place.get(image) / columns)];
  }

  function make(image, says, name = 'span') {
    const made = page.make(name, { class: 'glyph', 'data-image': image, 'aria-label': says, title: says, ...(name === 'span' ? { role: 'img' } : { type: 'button' }) });
    const columns = Number(getComputedStyle(document.body).getPropertyValue('--columns'));
    ['--x', '--y'].forEach((axis, k) => made.style.setProperty(axis, at(image, columns)[k]));
    return made;
  }

  // The ink of a test image, 0 to 1, row by row.
  async function pixels(image) {
    if (!sheet) {
      const picture = new Image();
      picture.src = getComputedStyle(document.querySelector('.glyph')).backgroundImage.slice(5, -2);
      await picture.decode();
      sheet = page.make('canvas', { width: picture.width, height: picture.height }).getContext('2d', { willReadFrequently: true });
      sheet.drawImage(picture, 0, 0);
    }
    const [x, y] = at(image, sheet.canvas.width / SIDE), { data } = sheet.getImageData(SIDE * x, SIDE * y, SIDE, SIDE);
    return Float64Array.from({ length: SIDE * SIDE }, (_, k) => (255 - data[4 * k]) / 255);
  }

  return { make, pixels };
})();

(() => {
  const view = page.data('kuzu');
  for (const each of view.networks) each.loaded = each.layers && readers.load(each.layers);

  for (const table of document.querySelectorAll('.confusion')) {
    const network = view.networks[table.dataset.network];
    const gallery = document.querySelector(`.gallery[data-network="${table.dataset.network}"]`);
    table.addEventListener('click', event => {
      const button = event.target.closest('button[data-cell]');
      if (!button || button.disabled) return;
      for (const other of table.querySelectorAll('[aria-pressed]')) other.removeAttribute('aria-pressed');
      button.setAttribute('aria-pressed', 'true');
      show(gallery, network, Number(button.dataset.cell), Number(button.textContent));
    });
    page.roam(table, 'button', 10);
    const wrong = [...table.querySelectorAll('.wrong:enabled')];
    wrong.sort((a, b) => Number(b.textContent) - Number(a.textContent))[0]?.click();
  }

  function show(gallery, network, cell, count) {
    const target = view.classes[Math.floor(cell / 10)];
    const chosen = view.classes[cell % 10];
    const images = network.cells[cell];
    const right = target === chosen;
    const says = right ? `${target}: ${count} right` : `${target} taken for ${chosen}: ${count} ${count === 1 ? 'time' : 'times'}`;
    const some = images.length < count ? `, the first ${images.length} of them` : '';
    const all = page.make('div', { class: 'glyphs', role: 'group', 'aria-label': says });
    gallery.querySelector('[role=status]').textContent = says + some;
    all.append(...images.map(image => page.make('span', { class: 'said' }, glyphs.make(image, `test image ${image}: ${target}, to the drawing`, 'button'))));
    gallery.querySelector('.glyphs').replaceWith(all);
    page.roam(all, 'button', 0);
    if (network.loaded) for (const each of all.children) name(each, network);
  }

  // Beside an image: the class that the network finds most probable and the runner-up.
  async function name(box, network) {
    const pixels = await glyphs.pixels(Number(box.firstChild.dataset.image));
    const prob = readers.probabilities(readers.run(network.loaded, pixels).at(-1).values);
    const words = readers.ranked(prob).slice(0, 2).map(k => `${view.classes[k]} ${(100 * prob[k]).toFixed(0)}%`);
    box.append(...words.map(word => page.make('small', {}, word)));
    box.firstChild.setAttribute('aria-label', `test image ${box.firstChild.dataset.image}: ${words.join(', ')}; to the drawing`);
  }

  document.addEventListener('click', event => {
    const image = event.target.closest('.gallery .glyph, .confused .glyph, .models .glyph')?.dataset.image;
    if (image) document.dispatchEvent(new CustomEvent('take', { detail: Number(image) }));
  });
})();
