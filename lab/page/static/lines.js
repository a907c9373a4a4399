// Part 2: lines that are moved by two handles each. Who drags one turns the line round the other.

const lines = (() => {
  const ENDS = [0.15, 0.85]; // where on the part of a line that is seen its handles stand

  const on = ([p, q], share) => p.map((value, axis) => value + share * (q[axis] - value));

  // The weights of a unit whose line goes through two points; it is on at the same side as before, as steep.
  function through([px, py], [qx, qy], [x, y]) {
    const across = [py - qy, qx - px], size = Math.hypot(x, y) / (Math.hypot(...across) || 1);
    const sign = across[0] * x + across[1] * y < 0 ? -size : size;
    const [wx, wy] = across.map(value => sign * value);
    return { w: [wx, wy], bias: -(wx * px + wy * py) };
  }

  // Handles on the picture in `box`. move(unit, {w, bias}) is called while one is dragged; it paints, and calls this again.
  function handles(box, network, move) {
    const svg = box.firstChild;
    network.w.forEach(([a, b], unit) => {
      const seen = check.ends(a, b, network.b[unit]);
      for (const [end, share] of ENDS.entries()) {
        if (!seen) continue;
        const [x, y] = check.place(...on(seen, share));
        const where = { x: x - 7, y: y - 7, width: 14, height: 14, transform: `rotate(45 ${x} ${y})` };
        svg.append(page.make('svg:rect', { class: `handle u${unit}`, ...where, 'data-unit': unit, 'data-end': end }));
      }
    });
    box.onpointerdown = event => {
      if (!event.target.dataset.unit) return;
      event.preventDefault();
      const unit = Number(event.target.dataset.unit), w = network.w[unit];
      const other = on(check.ends(...w, network.b[unit]), ENDS[1 - event.target.dataset.end]);
      box.held = { unit, other, w };
      box.setPointerCapture(event.pointerId);
    };
    box.onpointermove = event => {
      if (!box.held) return;
      const { unit, other } = box.held, here = check.unplace(box.firstChild, event);
      if (Math.hypot(here[0] - other[0], here[1] - other[1]) < 0.1) return;
      const found = through(other, here, box.held.w);
      box.held.w = found.w;
      move(unit, found);
    };
    box.onpointerup = box.onpointercancel = () => (box.held = null);
  }

  return { handles, through };
})();
