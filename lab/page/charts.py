"""Charts as SVG, in the colours of the page's style sheet, so that they are right in the light and in the dark.

A series has its own shape as well as its own colour. Every mark says its numbers when it is pointed at.
"""

import math
from collections.abc import Iterable
from typing import NamedTuple

from markupsafe import Markup, escape

from lab.common import picture

WIDTH, HEIGHT = 400, 260
LEFT, RIGHT, TOP, BOTTOM = 50, 14, 14, 42
MARK = 4.5
ROOM = 0.06  # beside the values, as a share of their range
CROWD = 25  # from so many points on, marks are half as large


class Series(NamedTuple):
    """Points of one colour. shade: number of the colour; shape: 'o', 's' or '^'."""

    name: str
    shade: int
    shape: str
    points: list[tuple[float, float]]
    says: list[str]  # of each point
    line: str = ''  # '', 'solid' or 'dashed'
    faint: bool = False


class Scale(NamedTuple):
    """From numbers to places along an axis."""

    low: float
    high: float
    begin: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        low, high, value = map(math.log10, (self.low, self.high, value)) if self.log else (self.low, self.high, value)
        return self.begin + (self.end - self.begin) * (value - low) / (high - low)

    def ticks(self) -> list[float]:
        """Round numbers inside the scale."""
        if self.log:
            decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            return [v for d in decades for v in (10**d, 3 * 10**d) if self.low <= v <= self.high]
        return picture.ticks(self.low, self.high, most=6, off=-1e-9)  # also at its very ends


def around(values: Iterable[float], begin: float, end: float, log: bool = False) -> Scale:
    """A scale with some room around all values."""
    values = list(values)
    low, high = min(values), max(values)
    if log:
        return Scale(low / 1.7, high * 1.7, begin, end, True)
    space = ROOM * ((high - low) or abs(high)) or 1.0
    return Scale(low - space, high + space, begin, end)


def chart(series: list[Series], x_label: str, y_label: str, alt: str, log: bool = False) -> Markup:
    """A chart of points and lines. alt: what it shows, for those who do not see it."""
    points = [point for each in series for point in each.points]
    x = around((px for px, _ in points), LEFT, WIDTH - RIGHT, log)
    y = around((py for _, py in points), HEIGHT - BOTTOM, TOP)
    parts = [*_axes(x, y, x_label, y_label)]
    for each in series:
        places = [(x(px), y(py)) for px, py in each.points]
        faint = ' faint' * each.faint
        size = MARK if len(places) <= CROWD else MARK / 2
        if each.line:
            path = ' '.join(f'{px:.1f},{py:.1f}' for px, py in places)
            parts.append(f'<polyline class="s{each.shade} {each.line}" points="{path}"/>')
        for (px, py), says in zip(places, each.says, strict=True):
            inside = f'<title>{escape(says)}</title>{mark(each.shape, px, py, size)}'
            parts.append(f'<g class="mark m{each.shade}{faint}">{inside}</g>')
    view = f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(alt)}">'
    return Markup(view + ''.join(parts) + '</svg>')


def _axes(x: Scale, y: Scale, x_label: str, y_label: str) -> Iterable[str]:
    for value in y.ticks():
        yield f'<path class="grid" d="M{LEFT} {y(value):.1f}H{WIDTH - RIGHT}"/>'
        yield f'<text class="tick" x="{LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:g}</text>'
    for value in x.ticks():
        text = f'{value:,.0f}' if x.log else f'{value:g}'
        yield f'<text class="tick" x="{x(value):.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{text}</text>'
    yield f'<path class="axis" d="M{LEFT} {HEIGHT - BOTTOM}H{WIDTH - RIGHT}"/>'
    middle = (TOP + HEIGHT - BOTTOM) / 2
    yield f'<text class="label" x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 6}" text-anchor="middle">{x_label}</text>'
    yield f'<text class="label" transform="translate(13 {middle}) rotate(-90)" text-anchor="middle">{y_label}</text>'


def mark(shape: str, x: float, y: float, size: float = MARK) -> str:
    """A circle, a square or a triangle."""
    if shape == 's':
        return f'<rect x="{x - size:.1f}" y="{y - size:.1f}" width="{2 * size:.1f}" height="{2 * size:.1f}"/>'
    if shape == '^':
        return f'<path d="M{x:.1f} {y - 1.2 * size:.1f}l{1.2 * size:.1f} {2.1 * size:.1f}h{-2.4 * size:.1f}z"/>'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size:.1f}"/>'


def key(shape: str, shade: int | str) -> Markup:
    """The mark of a series, to stand before its name in a legend. shade: 0, 1, 2, or y0, y1, y2 of a symbol."""
    return Markup(f'<svg class="key m{shade}" viewBox="0 0 14 14" aria-hidden="true">{mark(shape, 7, 7)}</svg>')


SHAPES = 'os^'  # of the three networks


def of_kuzu(networks: list[dict], reports: dict | None) -> dict[str, Markup]:
    """The charts of Part 1. networks: see lab.page.kuzu.network(); reports: the published figures, or None."""
    accuracy, loss, size = [], [], []
    for shade, each in enumerate(networks):
        name, rows = each['kind'], each['history']
        says = [f'{name}, epoch {epoch}: {percent:.2f}%' for epoch, *_, percent in rows]
        points = [(epoch, percent) for epoch, *_, percent in rows]
        accuracy.append(Series(name, shade, SHAPES[shade], points, says, 'solid'))
        for place, what, line in (1, 'training', 'dashed'), (2, 'test', 'solid'):
            says = [f'{name}, epoch {row[0]}: {what} loss {row[place]:.4f}' for row in rows]
            loss.append(Series(name, shade, SHAPES[shade], [(row[0], row[place]) for row in rows], says, line))
        for report, found in (reports or {}).items():
            there = found[each['kind']]
            says = [f'report {report}, {name}: {there["accuracy"]:.2f}%, {there["params"]:,} parameters']
            size.append(Series(report, shade, SHAPES[shade], [(there['params'], there['accuracy'])], says, faint=True))
        says = [f'{name}: {each["accuracy"]:.2f}%, {each["parameters"]:,} parameters']
        size.append(Series(name, shade, SHAPES[shade], [(each['parameters'], each['accuracy'])], says))
    last = ', '.join(f'{each["kind"]} {each["accuracy"]:.2f}%' for each in networks)
    return {
        'accuracy_chart': chart(accuracy, 'epoch', 'test images right (%)', f'Accuracy by epoch; at the end {last}'),
        'loss_chart': chart(loss, 'epoch', 'loss', 'Training and test loss by epoch; the tables have the numbers'),
        'size_chart': chart(size, 'parameters', 'test images right (%)', f'Accuracy against parameters: {last}', True),
    }
