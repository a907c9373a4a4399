// Part 1: from strokes to the image that a network sees: SIDE x SIDE numbers from 0 (paper) to 1 (ink), row by row.
// A stroke is {rubber, points: [[x, y], ...]} in pixels of the image, from 0 to SIDE. How the images of the data set are
// made was measured (docs/page.md): {box, width, soft, grid}, all but grid in pixels.

const ink = (() => {
  const SIDE = 28, PARTS = 4; // where the grid is coarser, PARTS x PARTS points are averaged in each of its cells

  // The strokes scaled and moved: with their width, the larger side of the box round them is `box`, its centre the image's.
  function fit(strokes, { box, width }) {
    const points = strokes.filter(stroke => !stroke.rubber).flatMap(stroke => stroke.points);
    if (!points.length) return strokes;
    const ends = [0, 1].map(axis => points.map(point => point[axis])).map(all => [Math.min(...all), Math.max(...all)]);
    const larger = Math.max(...ends.map(([low, high]) => high - low));
    const scale = larger > 1 ? (box - width) / larger : 1; // a dot stays a dot
    const move = point => point.map((value, axis) => SIDE / 2 + scale * (value - (ends[axis][0] + ends[axis][1]) / 2));
    return strokes.map(stroke => ({ ...stroke, points: stroke.points.map(move) }));
  }

  // Square of the distance of (x, y) from a line between two points.
  function distance(x, y, [ax, ay], [bx, by]) {
    const dx = bx - ax, dy = by - ay, length = dx * dx + dy * dy;
    const at = length ? Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / length)) : 0;
    return (x - ax - at * dx) ** 2 + (y - ay - at * dy) ** 2;
  }

  // How far each point of a fine x fine grid is covered by a stroke, with an edge `soft` pixels wide.
  function cover({ points }, fine, width, soft) {
    const all = new Float64Array(fine * fine), unit = SIDE / fine, reach = (width + soft) / 2;
    points.forEach((end, k) => {
      const start = points[Math.max(0, k - 1)];
      const [left, right] = [Math.min(start[0], end[0]) - reach, Math.max(start[0], end[0]) + reach];
      const [top, bottom] = [Math.min(start[1], end[1]) - reach, Math.max(start[1], end[1]) + reach];
      for (let row = Math.max(0, Math.floor(top / unit)); row < Math.min(fine, bottom / unit); row++) {
        for (let column = Math.max(0, Math.floor(left / unit)); column < Math.min(fine, right / unit); column++) {
          const far = Math.sqrt(distance((column + 0.5) * unit, (row + 0.5) * unit, start, end));
          const value = Math.max(0, Math.min(1, (width / 2 - far) / soft + 0.5)), at = row * fine + column;
          if (value > all[at]) all[at] = value;
        }
      }
    });
    return all;
  }

  // Means of cells, and then a SIDE x SIDE image between them, as torch's interpolate(mode='bilinear') makes it.
  function enlarge(all, grid) {
    const fine = grid * PARTS, cells = new Float64Array(grid * grid), image = new Float64Array(SIDE * SIDE);
    all.forEach((value, at) => (cells[Math.floor(at / fine / PARTS) * grid + Math.floor((at % fine) / PARTS)] += value / PARTS ** 2));
    const between = [...Array(SIDE).keys()].map(k => {
      const at = Math.max(0, ((k + 0.5) * grid) / SIDE - 0.5), low = Math.floor(at);
      return [low, Math.min(grid - 1, low + 1), at - low];
    });
    between.forEach(([top, bottom, down], row) => between.forEach(([left, right, along], column) => {
      const [upper, lower] = [top, bottom].map(y => (1 - along) * cells[y * grid + left] + along * cells[y * grid + right]);
      image[row * SIDE + column] = (1 - down) * upper + down * lower;
    }));
    return image;
  }

  // The image of strokes, one after the other, on an image that is there already, or on paper.
  function draw(strokes, { width, soft, grid }, base) {
    const image = base ? Float64Array.from(base) : new Float64Array(SIDE * SIDE);
    for (const stroke of strokes) {
      const wide = stroke.rubber ? 2 * width : width;
      const covered = grid === SIDE ? cover(stroke, SIDE, wide, soft) : enlarge(cover(stroke, grid * PARTS, wide, soft), grid);
      covered.forEach((value, at) => (image[at] = stroke.rubber ? Math.min(image[at], 1 - value) : Math.max(image[at], value)));
    }
    return image;
  }

  // What the networks see: strokes on paper are fitted into the image, those on an image that is there stay where they are.
  const prepare = (strokes, how, base) => draw(base ? strokes : fit(strokes, how), how, base);

  const FINE = 8, PEN = 254, RUBBER = 255; // a point stands on a grid of 1 / FINE pixels: two bytes; these begin a stroke

  const snap = value => Math.round(FINE * Math.max(0, Math.min(SIDE, value))) / FINE;

  // Strokes as text for an address: their bytes in base64, with the letters of RFC 4648, section 5.
  function pack(strokes) {
    const bytes = strokes.flatMap(({ rubber, points }) => [rubber ? RUBBER : PEN, ...points.flat().map(value => FINE * value)]);
    return btoa(bytes.map(byte => String.fromCharCode(byte)).join('')).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  }

  // The strokes that a text says; an Error where it says none.
  function unpack(text) {
    const bytes = Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), letter => letter.charCodeAt(0)), strokes = [];
    for (let at = 0; at < bytes.length;) {
      if (bytes[at] >= PEN) strokes.push({ rubber: bytes[at++] === RUBBER, points: [] });
      else strokes.at(-1).points.push([bytes[at++] / FINE, bytes[at++] / FINE]);
    }
    if (pack(strokes) !== text) throw new Error('address');
    return strokes;
  }

  return { SIDE, snap, prepare, fit, draw, pack, unpack };
})();
