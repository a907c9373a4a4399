'use strict';

// The states that the language needs (how many A's were read; how many B's and C's are still to come), where a network
// puts them: a boundary round the points of each, and an arrow for each symbol.

class States {
  constructor() {
    Object.assign(this, { groups: new Map(), arrows: new Map() });
  }

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
    for (const [name, { symbol, points }] of this.groups) {
      const places = points.map(at => space.project(at)), mean = axis => places.reduce((sum, place) => sum + place[axis], 0) / places.length;
      const [x, y] = [mean(0), mean(1)], radius = 6 + Math.max(...places.map(place => Math.hypot(place[0] - x, place[1] - y)));
      middles.set(name, { x, y, radius });
      context.strokeStyle = colours['y' + symbol];
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.stroke();
    }
    for (const [arrow, symbol] of this.arrows) {
      const [from, to] = arrow.split('>').map(name => middles.get(name)), [dx, dy] = [to.x - from.x, to.y - from.y], far = Math.hypot(dx, dy);
      if (far < from.radius + to.radius) continue;
      const [ux, uy] = [dx / far, dy / far], [x, y] = [to.x - ux * to.radius, to.y - uy * to.radius];
      context.strokeStyle = context.fillStyle = colours['y' + symbol];
      context.beginPath();
      context.moveTo(from.x + ux * from.radius, from.y + uy * from.radius);
      context.lineTo(x, y);
      context.stroke();
      context.beginPath();
      for (const [back, side] of [[0, 0], [8, 3.5], [8, -3.5]]) context.lineTo(x - ux * back - uy * side, y - uy * back + ux * side);
      context.fill();
    }
    context.textAlign = 'center';
    for (const [name, { x, y, radius }] of middles) {
      context.lineWidth = 3;
      context.strokeStyle = colours.card;
      context.fillStyle = colours.fg;
      context.strokeText(name, x, y - radius - 3);
      context.fillText(name, x, y - radius - 3);
    }
    context.lineWidth = 1;
  }
}
