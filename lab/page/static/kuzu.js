// Part 1: the images stand on one sheet; a cell of a confusion matrix shows those that were confused.

const glyphs = (() => {
  const view = page.data('kuzu'), place = new Map(view.images.map((image, index) => [image, index])), SIDE = 28;
  let sheet = null;

  const at = (image, columns) => [place.get(image) % columns, Math.floor(place.get(image) / columns)];

  function make(image, says, name = 'span') {
    const made = page.make(name, { class: 'glyph', 'data-image': image, 'aria-label': says, title: says, ...(name === 'span' ? { role: 'img' } : { type: 'button' }) });
    const columns = Number(getComputedStyle(document.body).getPropertyValue('--columns'));
    ['--x', '--y'].forEach((axis, k) => made.style.setProperty(axis, at(image, columns)[k]));
    return made;
  }

  async function open() {
    const picture = new Image();
    picture.src = getComputedStyle(document.querySelector('.glyph')).backgroundImage.slice(5, -2);
    await picture.decode();
    const context = page.make('canvas', { width: picture.width, height: picture.height }).getContext('2d', { willReadFrequently: true });
    context.drawImage(picture, 0, 0);
    return context;
  }

  // The ink of a test image, 0 to 1, row by row.
  async function pixels(image) {
    const context = await (sheet ??= open());
    const [x, y] = at(image, context.canvas.width / SIDE), { data } = context.getImageData(SIDE * x, SIDE * y, SIDE, SIDE);
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
    if (!network.loaded) return;
    const watch = new IntersectionObserver(([{ isIntersecting }]) => {
      if (isIntersecting || !all.isConnected) watch.disconnect();
      if (isIntersecting) name(all, network);
    });
    watch.observe(all);
  }

  // Beside each image: the class that the network finds most probable and the runner-up. One by one, as it takes a while.
  async function name(all, network) {
    for (const box of all.children) {
      const image = Number(box.firstChild.dataset.image);
      const prob = readers.probabilities(readers.run(network.loaded, await glyphs.pixels(image)).at(-1).values);
      const words = readers.ranked(prob).slice(0, 2).map(k => `${view.classes[k]}: ${(100 * prob[k]).toFixed(0)}%`);
      box.append(...words.map(word => page.make('small', {}, word)));
      box.firstChild.setAttribute('aria-label', `test image ${image}: ${words.join(', ')}; to the drawing`);
      await new Promise(requestAnimationFrame);
      if (!all.isConnected) return;
    }
  }

  document.addEventListener('click', event => {
    const image = event.target.closest('.gallery .glyph, .confused .glyph, .models .glyph')?.dataset.image;
    if (image) document.dispatchEvent(new CustomEvent('take', { detail: Number(image) }));
  });
})();
