// A curve that grows: the loss by epoch, and a line for the smallest that it can be.

const curve = (() => {
  const WIDTH = 400, HEIGHT = 200, LEFT = 44, RIGHT = 8, TOP = 10, BOTTOM = 26;

  // A round number near span / 4.
  function step(span) {
    const power = 10 ** Math.floor(Math.log10(span / 4));
    return [1, 2, 5, 10].map(factor => factor * power).find(value => value >= span / 4.5);
  }

  // points: [epoch, loss]; floor: {at, says} or null. Replaces the content of `box`.
  function draw(box, points, floor, says) {
    const last = Math.max(points.at(-1)?.[0] ?? 0, 100), most = 1.05 * Math.max(0, 1.3 * (floor?.at ?? 0), ...points.map(point => point[1])) || 1;
    const across = epoch => LEFT + epoch / last * (WIDTH - LEFT - RIGHT), up = loss => HEIGHT - BOTTOM - loss / most * (HEIGHT - TOP - BOTTOM);
    const svg = page.make('svg:svg', { class: 'chart curve', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': says });
    const text = (x, y, anchor, words) => svg.append(page.make('svg:text', { class: 'tick', x, y, 'text-anchor': anchor }, words));
    for (let tick = 0; tick <= most; tick += step(most)) {
      svg.append(page.make('svg:path', { class: 'grid', d: `M${LEFT} ${up(tick)}H${WIDTH - RIGHT}` }));
      text(LEFT - 5, up(tick) + 4, 'end', String(Number(tick.toPrecision(3))));
    }
    for (let tick = 0; tick <= last; tick += step(last)) text(across(tick), HEIGHT - 8, tick + step(last) > last ? 'end' : 'middle', tick.toLocaleString('en'));
    if (floor) {
      svg.append(page.make('svg:path', { class: 'floor', d: `M${LEFT} ${up(floor.at)}H${WIDTH - RIGHT}` }));
      text(WIDTH - RIGHT, TOP + 8, 'end', `- - ${floor.says}`);
    }
    svg.append(page.make('svg:polyline', { class: 's0 solid', points: points.map(([epoch, loss]) => `${across(epoch).toFixed(1)},${up(loss).toFixed(1)}`).join(' ') }));
    box.replaceChildren(svg);
  }

  return { draw };
})();
