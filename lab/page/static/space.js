// Points in a plane, or in space, where they turn under the mouse, a finger or the arrow keys.

class Space {
  // labels: of one to three axes. ranges: [low, high] of each axis.
  constructor(canvas, labels, pointed) {
    Object.assign(this, { canvas, labels, pointed, points: [], path: [], now: -1, yaw: 0.6, pitch: 0.35, ranges: labels.map(() => [-1, 1]) });
    new ResizeObserver(() => this.draw()).observe(canvas);
    document.addEventListener('repaint', () => this.draw());
    canvas.addEventListener('pointerdown', event => {
      this.name(event);
      if (this.flat) return;
      this.held = [event.clientX, event.clientY];
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener('pointermove', event => this.moved(event));
    canvas.addEventListener('pointerup', () => (this.held = null));
    canvas.addEventListener('pointerleave', event => event.pointerType === 'mouse' && this.choose(null));
    canvas.addEventListener('blur', () => this.choose(null));
    canvas.addEventListener('keydown', event => {
      const on = { PageDown: 1, PageUp: -1 }[event.key];
      if (on) {
        event.preventDefault();
        const all = [...this.path, ...this.points], at = all.indexOf(this.chosen);
        this.choose(all[at < 0 ? (on > 0 ? 0 : all.length - 1) : (at + on + all.length) % all.length] ?? null);
      }
      const turn = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1] }[event.key];
      if (!turn || this.flat) return;
      event.preventDefault();
      this.turn(...turn);
    });
  }

  get flat() {
    return this.labels.length < 3;
  }

  turn(yaw, pitch) {
    this.yaw += yaw;
    this.pitch = Math.max(-1.5, Math.min(1.5, this.pitch + pitch));
    this.draw();
  }

  moved(event) {
    if (this.held) {
      this.turn((event.clientX - this.held[0]) / 120, (event.clientY - this.held[1]) / 120);
      this.held = [event.clientX, event.clientY];
    }
    this.name(event);
  }

  // Say a point, and mark it; null: none.
  choose(point) {
    if (point === (this.chosen ?? null)) return;
    this.chosen = point;
    this.pointed(point);
    this.draw();
  }

  // The point under the pointer; a finger is broader than a mouse.
  name(event) {
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let best = null, least = event.pointerType === 'mouse' ? 12 : 24;
    for (const point of [...this.path, ...this.points]) {
      const [px, py] = this.project(point.at);
      const far = Math.hypot(px - x, py - y);
      if (far < least) [best, least] = [point, far];
    }
    this.choose(best);
  }

  // From a point to its place on the canvas and its depth.
  project(at) {
    const scaled = at.map((value, axis) => (2 * (value - this.ranges[axis][0])) / (this.ranges[axis][1] - this.ranges[axis][0]) - 1);
    return this.place(scaled);
  }

  // Likewise from a point of the cube from -1 to 1.
  place(scaled) {
    const [x, y, z] = [...scaled, 0, 0].slice(0, 3);
    const size = Math.min(this.canvas.clientWidth, this.canvas.clientHeight);
    const middle = [this.canvas.clientWidth / 2, this.canvas.clientHeight / 2];
    if (this.flat) return [middle[0] + 0.42 * size * x, middle[1] - 0.42 * size * y, 0];
    const [cy, sy, cp, sp] = [Math.cos(this.yaw), Math.sin(this.yaw), Math.cos(this.pitch), Math.sin(this.pitch)];
    const across = cy * x + sy * y, away = -sy * x + cy * y;
    const up = cp * z + sp * away, depth = cp * away - sp * z;
    const scale = (0.27 * size) / (1 + 0.12 * depth);
    return [middle[0] + scale * across, middle[1] - scale * up, depth];
  }

  draw() {
    const { canvas } = this, ratio = devicePixelRatio || 1;
    if (!canvas.clientWidth) return;
    canvas.width = canvas.clientWidth * ratio;
    canvas.height = canvas.clientHeight * ratio;
    const context = canvas.getContext('2d');
    context.scale(ratio, ratio);
    context.font = '12px system-ui, sans-serif';
    this.colours = ['y0', 'y1', 'y2', 'fg', 'rule', 'soft', 'card'].reduce((all, name) => ({ ...all, [name]: page.colour(name) }), {});
    this.frame(context);
    const all = this.points.map(point => [point, ...this.project(point.at)]).sort((a, b) => b[3] - a[3]);
    for (const [point, x, y, depth] of all) {
      context.globalAlpha = this.flat ? 0.45 : 0.6 - 0.3 * Math.max(-1, Math.min(1, depth));
      this.mark(context, point.symbol, x, y, 3);
    }
    context.globalAlpha = 1;
    this.states?.draw(this, context);
    const path = this.path.slice(0, this.now + 1).map(point => this.project(point.at));
    context.strokeStyle = this.colours.fg;
    context.lineWidth = 1.2;
    context.beginPath();
    for (const [x, y] of path) context.lineTo(x, y);
    context.stroke();
    path.forEach(([x, y], t) => this.mark(context, this.path[t].symbol, x, y, t === path.length - 1 ? 7 : 4, true));
    const ringed = [path.at(-1), this.chosen && this.project(this.chosen.at)].filter(Boolean);
    for (const [x, y] of ringed) {
      context.beginPath();
      context.arc(x, y, 11, 0, 2 * Math.PI);
      context.lineWidth = 2;
      context.stroke();
    }
  }

  // A circle for the start, A, a square for B, a triangle for C.
  mark(context, symbol, x, y, size, outlined = false) {
    context.fillStyle = symbol < 0 ? this.colours.card : this.colours['y' + symbol];
    context.beginPath();
    if (symbol === 1) context.rect(x - size, y - size, 2 * size, 2 * size);
    else if (symbol === 2) [[0, -1.2], [1.2, 0.9], [-1.2, 0.9]].forEach(([dx, dy]) => context.lineTo(x + dx * size, y + dy * size));
    else context.arc(x, y, size, 0, 2 * Math.PI);
    context.closePath();
    context.fill();
    if (outlined) {
      context.strokeStyle = this.colours.fg;
      context.lineWidth = 1;
      context.stroke();
    }
  }

  // The edges of the square or of the cube, the names of the axes, and where they begin and end.
  frame(context) {
    const axes = this.flat ? 2 : 3;
    const corners = [...Array(2 ** axes).keys()].map(bits => [...Array(axes).keys()].map(axis => (bits & (1 << axis) ? 1 : -1)));
    context.strokeStyle = this.colours.rule;
    context.lineWidth = 1;
    corners.forEach((corner, bits) => {
      for (let axis = 0; axis < axes; axis++) {
        if (bits & (1 << axis)) continue;
        context.beginPath();
        context.moveTo(...this.place(corner));
        context.lineTo(...this.place(corners[bits | (1 << axis)]));
        context.stroke();
      }
    });
    context.fillStyle = this.colours.soft;
    context.textAlign = 'center';
    this.labels.forEach((label, axis) => {
      const write = (at, text) => {
        const where = Array(axes).fill(this.flat ? -1.08 : -1.15);
        where[axis] = at;
        const [x, y] = this.place(where);
        context.save();
        context.translate(x, y);
        if (this.flat && axis === 1) context.rotate(-Math.PI / 2);
        context.fillText(text, 0, 4);
        context.restore();
      };
      const [low, high] = this.ranges[axis];
      write(0, label);
      const end = this.flat ? 0.92 : 0.72; // in space, the three axes begin at one corner
      write(-end, page.short(low));
      write(end, page.short(high));
    });
  }
}
