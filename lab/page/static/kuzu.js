'use strict';

// Part 1: the images stand on one sheet; a cell of a confusion matrix shows those that were confused.

(() => {
  const view = page.data('kuzu');
  const place = new Map(view.images.map((image, index) => [image, index]));

  function put(glyph, image) {
    const columns = Number(getComputedStyle(glyph).getPropertyValue('--columns'));
    const index = place.get(image);
    glyph.style.setProperty('--x', index % columns);
    glyph.style.setProperty('--y', Math.floor(index / columns));
  }

  function glyph(image, says) {
    return page.make('span', { class: 'glyph', role: 'img', 'data-image': image, 'aria-label': says, title: says });
  }

  for (const each of document.querySelectorAll('.glyph')) put(each, Number(each.dataset.image));

  for (const table of document.querySelectorAll('.confusion')) {
    const network = table.dataset.network;
    const gallery = document.querySelector(`.gallery[data-network="${network}"]`);
    table.addEventListener('click', event => {
      const button = event.target.closest('button[data-cell]');
      if (!button || button.disabled) return;
      for (const other of table.querySelectorAll('[aria-pressed]')) other.removeAttribute('aria-pressed');
      button.setAttribute('aria-pressed', 'true');
      show(gallery, network, Number(button.dataset.cell), Number(button.textContent));
    });
    table.addEventListener('keydown', event => move(table, event));
    const wrong = [...table.querySelectorAll('.wrong:enabled')];
    wrong.sort((a, b) => Number(b.textContent) - Number(a.textContent))[0]?.click();
  }

  function show(gallery, network, cell, count) {
    const target = view.classes[Math.floor(cell / 10)];
    const chosen = view.classes[cell % 10];
    const images = view.networks[network].cells[cell];
    const right = target === chosen;
    const says = right ? `${target}: ${count} right` : `${target} taken for ${chosen}: ${count} ${count === 1 ? 'time' : 'times'}`;
    const some = images.length < count ? `, the first ${images.length} of them` : '';
    const all = page.make('div', { class: 'glyphs', tabindex: 0, role: 'group', 'aria-label': says });
    gallery.replaceChildren(page.make('p', {}, page.make('b', {}, says), some), all);
    all.append(...images.map(image => glyph(image, `test image ${image}: ${target}` + (right ? '' : `, taken for ${chosen}`))));
    for (const each of all.children) put(each, Number(each.dataset.image));
  }

  // Arrow keys go from cell to cell.
  function move(table, event) {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 10, ArrowUp: -10 }[event.key];
    const cell = Number(event.target.dataset.cell);
    if (!step || (Math.abs(step) === 1 && Math.floor((cell + step) / 10) !== Math.floor(cell / 10))) return;
    let next = cell + step;
    let button;
    while ((button = table.querySelector(`[data-cell="${next}"]`))?.disabled) next += step;
    if (!button) return;
    event.preventDefault();
    button.focus();
  }
})();
