// The states that the language needs (how many A's were read; how many B's and C's are still to come), where a network
// puts them: the points of each are joined by a shade, and an arrow stands for each symbol.

class States {
  groups = new Map();
  arrows = new Map();

  // The point `at` after the symbol t of a sequence with these places, see net.places().
  add(places, t, at, classes) {
    const name = States.name(places[t], classes);
    if (!this.groups.has(name)) this.groups.set(name, { symbol: places[t].symbol, points: [] });
    this.groups.get(name).points.push(at);
    if (t) this.arrows.set(States.name(places[t - 1], classes) + '>' + name, places[t].symbol);
  }

  // 'A2': two A's were read. 'B−3': three B's are to come; where C's follow, '/2' says of which n.
  static name({ symbol, nth, n, of }, classes) {
    return symbol === 0 ? `A${nth}` : `${net.SYMBOLS[symbol]}−${of - nth}` + (classes === 3 && symbol === 1 ? `/${n}` : '');
  }

  draw(space, context) {
    const { colours } = space, middles = new Map();
    Object.assign(context, { lineJoin: 'round', lineCap: 'round', lineWidth: 16, globalAlpha: 0.2, textAlign: 'center' });
    for (const [name, { symbol, points }] of this.groups) {
      const places = points.map(at => space.project(at)), mean = axis => places.reduce((sum, place) => sum + place[axis], 0) / places.length;
      const [x, y] = [mean(0), mean(1)];
      middles.set(name, [x, y, Math.min(...places.map(place => place[1]))]);
      context.strokeStyle = colours['y' + symbol];
      context.beginPath();
      for (const place of places) {
        context.moveTo(x, y);
        context.lineTo(place[0], place[1]);
      }
      context.stroke();
    }
    Object.assign(context, { lineWidth: 1, globalAlpha: 1 });
    for (const [arrow, symbol] of this.arrows) {
      const [[x1, y1], [x2, y2]] = arrow.split('>').map(name => middles.get(name)), far = Math.hypot(x2 - x1, y2 - y1);
      if (far < 24) continue;
      const [ux, uy] = [(x2 - x1) / far, (y2 - y1) / far], [x, y] = [x2 - 10 * ux, y2 - 10 * uy];
      context.strokeStyle = context.fillStyle = colours['y' + symbol];
      context.beginPath();
      context.moveTo(x1 + 10 * ux, y1 + 10 * uy);
      context.lineTo(x, y);
      context.stroke();
      context.beginPath();
      for (const [back, side] of [[0, 0], [8, 3.5], [8, -3.5]]) context.lineTo(x - ux * back - uy * side, y - uy * back + ux * side);
      context.fill();
    }
    Object.assign(context, { lineWidth: 3, strokeStyle: colours.card, fillStyle: colours.fg });
    for (const [name, [x, , top]] of middles) {
      context.strokeText(name, x, top - 11);
      context.fillText(name, x, top - 11);
    }
    context.lineWidth = 1;
  }
}
