"""The picture of an automaton: circles for its states, arrows that go round circles, texts that stand free."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch
from matplotlib.path import Path

from lab.common import picture
from lab.insight.drawn.figures import COLOURS
from lab.insight.drawn.ink import AROUND, CELL, Ink
from lab.insight.found.automaton import NONE, OPEN, SYMBOLS, Array, Automaton
from lab.insight.found.layout import Layout, meaning

MOST, WIDEST = 60, 26  # states of a picture that can be read, in all and side by side
RADIUS = 0.36  # of a circle; the next circle of a row is 1 away
APART = 1.3  # rows
TOWER, SPREAD = 2.0, 1.6  # how much higher than wide a picture may be; how wide it becomes then, in roots of states
CLEAR = 0.08  # between an arrow and a circle that it does not touch
BENDS = (0, 0.2, -0.2, 0.35, -0.35, 0.6, -0.6, 1, -1)  # of arrows: to the side, in lengths
SHORT = 25  # what an arrow costs that is cut short; see Page.cost()
LETTER, START = np.array([0.2, 0.24]), np.array([0.7, 0.3])  # the size of these texts, in units of the page
SCALE = 0.75  # inches for a unit of the page
LARGEST, TITLE, KEY = 40, 0.45, (9.4, 0.75)  # inches: of the page; height of the title; width and height of the key
T = np.linspace(0, 1, 60)[:, None]


class Page:
    """The axes, and what is drawn there so far: lines, which arrows avoid, and everything, which texts avoid."""

    def __init__(self, axes: Axes, centres: Array):
        self.axes, self.centres = axes, centres
        self.low, self.high = centres.min(axis=0) - 1.9, centres.max(axis=0) + 1.7
        self.scale = min(SCALE, LARGEST / (self.high - self.low).max())  # inches for a unit of the page
        self.lines, self.all = Ink(self.low, self.high), Ink(self.low, self.high)
        disc = np.stack(np.meshgrid(*2 * [np.arange(-RADIUS, RADIUS, CELL / 2)]), axis=-1).reshape(-1, 2)
        disc = disc[np.hypot(*disc.T) < RADIUS]
        self.all.dots((centres[:, None] + disc).reshape(-1, 2), 10)

    def arrow(self, path: Path, curve: Array, colour: str):
        """Draw an arrow; the points (N, 2) of the curve are along it."""
        self.axes.add_patch(FancyArrowPatch(path=path, arrowstyle='-|>', mutation_scale=10, color=colour, lw=1.1))
        self.lines.dots(curve, 1)
        self.all.dots(curve, 1)

    def straight(self, begins: Array, ends: Array, colour: str):
        """Draw an arrow from point to point."""
        self.arrow(Path([begins, ends]), np.linspace(begins, ends, 9), colour)

    def text(self, at: Array, text: str, size: float, **how):
        """Write a text around a point, in a size that fits the scale."""
        self.axes.text(*at, text, ha='center', va='center', fontsize=size * (self.scale / SCALE), **how)

    def cost(self, curve: Array, ends: list[int]) -> float:
        """How long a curve (N, 2) is, and what it covers; infinite where it touches a circle that is not its end."""
        others = np.delete(self.centres, ends, axis=0)
        if len(others) and np.hypot(*(others[:, None] - curve).transpose(2, 0, 1)).min() < RADIUS + CLEAR:
            return np.inf
        steps = np.diff(curve, axis=0)
        length = np.hypot(*steps.T)
        aside = np.column_stack([steps[:, 1], -steps[:, 0]]) / length[:, None] * 0.07
        near = sum(self.lines.on(curve[1:] + side * aside) for side in (-1, 0, 1))
        return float(length.sum() / 2 + (near * length).sum() / CELL / 3)


def machine(automaton: Automaton, place: Layout, title: str) -> Figure:
    """The automaton: a circle per state with its name and the symbol that it predicts, an arrow per transition.

    Where no good way is left for an arrow, a short one stands in its place, with the name of the state it leads to.
    """
    figure = picture.new(*KEY, window=False)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axis('off')
    page = Page(axes, _centres(automaton, place))
    for state, (middle, name) in enumerate(zip(page.centres, place.names, strict=True)):
        axes.add_patch(Circle(middle, RADIUS, fc='white', ec=COLOURS[automaton.phase[state]], lw=1.5))
        page.text((middle[0], middle[1] + 0.1), name, min(12, 36 / len(name)), weight='bold')
        says = 'A/B' if automaton.output[state] == OPEN else SYMBOLS[automaton.output[state]]
        page.text((middle[0], middle[1] - 0.17), says, 8, color='0.35')
    edges = [(here, int(symbol), automaton.following[here, symbol])
             for here, symbol in np.argwhere(automaton.following != NONE)]  # fmt: skip
    edges.sort(key=lambda edge: np.hypot(*(page.centres[edge[0]] - page.centres[edge[2]])))
    letters, cut = [], []
    for here, symbol, there in edges:
        curves = [_loop(page, here)] if here == there else _ways(page, here, there)
        costs = [page.cost(curve, [here, there]) for curve, _ in curves]
        if min(costs) > SHORT:
            cut.append((here, symbol, there))
            continue
        curve, path = curves[int(np.argmin(costs))]
        page.arrow(path, curve, COLOURS[symbol])
        letters.append((curve, symbol))
    at, direction = _beside(page, 0, START, 0.5)
    page.straight(*page.centres[0] + (RADIUS + np.array([[0.5], [0.02]])) * direction, 'black')
    page.text(at, 'start', 10)
    for curve, symbol in letters:
        _letter(page, curve, symbol)
    for here, symbol, there in cut:
        _short(page, here, symbol, place.names[there])
    _sheet(figure, page, title, meaning(place.names), bool(cut))
    return figure


def nothing(title: str, says: str) -> Figure:
    """In place of an automaton: why there is none."""
    figure = picture.new(KEY[0], 1.6, window=False)
    figure.text(0.5, 0.75, title, ha='center', fontsize=11)
    figure.text(0.5, 0.35, says, ha='center', fontsize=9)
    return figure


def _centres(automaton: Automaton, place: Layout) -> Array:
    """The places of the circles. Where the rows would make a tower, several of a phase stand side by side."""
    x, y = place.x.astype(float), -APART * place.row
    width, height = np.ptp(x) + 1, np.ptp(y) + 1
    if height < TOWER * width:
        return np.column_stack([x, y])
    widest, y = max(width, SPREAD * np.sqrt(len(x))), y.copy()
    right, down, at = 0.0, 0.0, automaton.phase[0]
    for row in sorted(set(place.row)):
        mine = place.row == row
        long = np.ptp(x[mine])
        phase = automaton.phase[mine][0]
        if right and (right + long > widest or phase != at):
            right, down = 0.0, down - APART
        x[mine], y[mine] = x[mine] - x[mine].min() + right, down
        right, at = right + long + APART, phase
    return np.column_stack([x, y])


def _sheet(figure: Figure, page: Page, title: str, names: str, cut: bool):
    """Cut the figure to what is drawn on the page, and add a title and a key."""
    drawn = np.argwhere(page.all.grid > 0)
    low, high = page.low + (drawn.min(axis=0) - 3) * CELL, page.low + (drawn.max(axis=0) + 4) * CELL
    width, height = (high - low) * page.scale
    wide, tall = max(width, KEY[0]), height + KEY[1] + TITLE
    figure.set_size_inches(wide, tall)
    page.axes.set_position(((wide - width) / 2 / wide, KEY[1] / tall, width / wide, height / tall))
    page.axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    figure.text(0.5, 1 - TITLE / 2 / tall, title, ha='center', va='center', fontsize=11)
    key = (
        "In a circle: the state's name, below it the symbol that the network predicts (A/B: the language allows both)."
        f'\nNames: {names}.\nAn arrow and its letter: the symbol read'
        + ('; where no whole arrow has room, the name of the state it leads to.' if cut else '.')
    )
    figure.text(0.5, 0.08 / tall, key, ha='center', va='bottom', fontsize=9)


def _ways(page: Page, here: int, there: int) -> list[tuple[Array, Path]]:
    """Curves from circle to circle, each as points and as a path: quadratic Bezier curves, bent more and more."""
    begins, ends = page.centres[[here, there]]
    found = []
    for bend in BENDS:
        control = (begins + ends) / 2 + bend * np.array([begins[1] - ends[1], ends[0] - begins[0]])
        first = begins + RADIUS * (control - begins) / np.hypot(*(control - begins))
        last = ends + (RADIUS + 0.02) * (control - ends) / np.hypot(*(control - ends))
        curve = (1 - T) ** 2 * first + 2 * T * (1 - T) * control + T**2 * last
        found.append((curve, Path([first, control, last], [Path.MOVETO, Path.CURVE3, Path.CURVE3])))
    return found


def _loop(page: Page, here: int) -> tuple[Array, Path]:
    """A curve from a circle to itself, on the side where least is drawn."""
    best = None
    for direction in AROUND[::3]:
        turned = np.array([-direction[1], direction[0]])
        first, last = (RADIUS * (0.85 * direction + side * 0.5 * turned) for side in (-1, 1))
        out = [1.15 * direction + side * 0.55 * turned for side in (-1, 1)]
        first, *out, last = page.centres[here] + np.array([first, *out, last])
        curve = (1 - T) ** 3 * first + 3 * T * (1 - T) ** 2 * out[0] + 3 * T**2 * (1 - T) * out[1] + T**3 * last
        cost = page.all.on(page.centres[here] + 0.95 * direction + 0.2 * AROUND).sum() + page.cost(curve, [here])
        if best is None or cost < best[0]:
            best = cost, curve, Path([first, *out, last], [Path.MOVETO] + 3 * [Path.CURVE4])
    return best[1:]


def _letter(page: Page, curve: Array, symbol: int):
    """The symbol beside its arrow, as near to its middle as it is free."""
    along = curve[10:-10:3]
    steps = np.gradient(along, axis=0)
    aside = np.column_stack([steps[:, 1], -steps[:, 0]]) / np.hypot(*steps.T)[:, None] * 0.17
    places = np.vstack([along + aside, along - aside])
    away = np.abs(np.tile(np.linspace(-1, 1, len(along)), 2))
    at = places[(page.all.under(places, LETTER) + away).argmin()]
    page.all.box(at, LETTER, 10)
    page.text(at, SYMBOLS[symbol], 8, color=COLOURS[symbol])


def _beside(page: Page, here: int, size: Array, far: float) -> tuple[Array, Array]:
    """Where a text of this size stands best around a circle, and the direction in which it lies there."""
    distance = far + np.abs(AROUND * size / 2).max(axis=1)
    places = page.centres[here] + (RADIUS + distance)[:, None] * AROUND
    lines = [page.all.on(page.centres[here] + along * AROUND) for along in np.arange(RADIUS + 0.1, RADIUS + far, 0.1)]
    best = (page.all.under(places, size) + np.sum(lines, axis=0)).argmin()
    page.all.box(places[best], size, 10)
    return places[best], AROUND[best]


def _short(page: Page, here: int, symbol: int, name: str):
    """An arrow cut short, with its symbol and the state that it leads to."""
    text = f'{SYMBOLS[symbol]} to {name}'
    at, direction = _beside(page, here, np.array([0.1 * len(text) + 0.1, 0.24]), 0.3)
    begins = page.centres[here] + RADIUS * direction
    page.straight(begins, begins + 0.3 * direction, COLOURS[symbol])
    page.text(at, text, 8, color=COLOURS[symbol])
