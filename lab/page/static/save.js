// Saving: a picture as PNG, weights as a file.

const save = (() => {
  const STYLES = ['fill', 'fill-opacity', 'stroke', 'stroke-width', 'stroke-dasharray', 'opacity', 'text-anchor', 'paint-order'];
  STYLES.push('font-family', 'font-size', 'font-weight'); // `font` is empty where digits are of one width

  function file(name, content) {
    const url = URL.createObjectURL(new Blob([content]));
    page.make('a', { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
  }

  // An SVG as an image: the styles of the page do not reach into it, so each element carries its own.
  async function rendered(svg, scale) {
    const copy = svg.cloneNode(true), { width, height } = svg.viewBox.baseVal;
    const all = svg.querySelectorAll('*');
    copy.querySelectorAll('*').forEach((element, n) => {
      const style = getComputedStyle(all[n]);
      element.setAttribute('style', STYLES.map(name => `${name}:${style.getPropertyValue(name)}`).join(';'));
    });
    copy.setAttribute('width', scale * width);
    copy.setAttribute('height', scale * height);
    const image = new Image();
    image.src = 'data:image/svg+xml,' + encodeURIComponent(new XMLSerializer().serializeToString(copy));
    await image.decode();
    return image;
  }

  // A canvas or an SVG as a PNG on the page's ground.
  async function png(picture, name) {
    const source = picture.matches('canvas') ? picture : await rendered(picture, 3);
    const canvas = page.make('canvas', { width: source.width, height: source.height });
    const context = canvas.getContext('2d');
    context.fillStyle = page.colour('card');
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(source, 0, 0);
    canvas.toBlob(blob => file(name + '.png', blob));
  }

  document.addEventListener('click', event => {
    const button = event.target.closest('[data-png]');
    if (button) png(button.closest('figure, .stage, .sheet').querySelector('canvas, svg'), button.dataset.png);
  });

  return { file };
})();
