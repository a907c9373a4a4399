"""Pictures of a two-layer perceptron: the points, where each unit is on, its dividing lines, its weights.

Drawn with Pillow, in a tenth of the time that matplotlib takes to load. A picture is drawn twice as large as it is
written, and then reduced, which makes its edges smooth. All measures are in dots of the written picture.
"""

import math

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from lab.check.lines import Weights, conditions, evaluate
from lab.check.points import Points
from lab.common import picture

FINE = 2  # drawn so many times larger
PANEL, AREA, LEFT, TOP = 480, 400, 52, 38  # a picture with points: its size; its axes: size, left and upper margin
DOT, LETTER = 8, 18  # radius of a point, height of letters
DIAGRAM, ROW, CIRCLE = 1200, 110, 26  # picture of the network: width, height for a hidden unit, radius of a unit
KEY = 30  # height of the line that explains it
LABELLED = 8  # more hidden units than this, and the diagram has no room for its numbers
PAD = 0.25  # room around the points, as a part of their range: [-0.5, 2.5] for check.csv
ON, OFF = (255, 222, 115), (237, 240, 245)  # a region where a unit is on, and where it is off
POSITIVE, NEGATIVE = '#2060b0', '#c03030'  # weights
COLOURS = ['#1f77b4', '#d62728', '#2ca02c', '#9467bd', '#8c564b', '#d052a8', '#0f9fb0', '#e06f00']  # of hidden units

Extent = tuple[float, float, float, float]  # left, right, bottom, top
Line = tuple[str, tuple[float, float, float]]  # colour, (a, b, c) of a x + b y + c = 0


class Sheet:
    """A white picture to draw on, in dots from its upper left corner."""

    def __init__(self, width: float, height: float):
        self.size = round(width), round(height)
        self.image = Image.new('RGB', (self.size[0] * FINE, self.size[1] * FINE), 'white')
        self.draw = ImageDraw.Draw(self.image)
        self.font = ImageFont.load_default(LETTER * FINE)

    def line(self, ends: list[tuple[float, float]], colour: str, width: float):
        self.draw.line([(x * FINE, y * FINE) for x, y in ends], colour, max(1, round(width * FINE)))

    def disc(self, x: float, y: float, radius: float, colour: str):
        box = [(x - radius) * FINE, (y - radius) * FINE, (x + radius) * FINE, (y + radius) * FINE]
        self.draw.ellipse(box, colour, 'black', 2 * FINE)

    def text(self, x: float, y: float, text: str, colour: str = 'black', box: bool = False):
        place = x * FINE, y * FINE
        if box:
            left, top, right, bottom = self.draw.textbbox(place, text, self.font, 'mm')
            self.draw.rectangle((left - 4 * FINE, top - FINE, right + 4 * FINE, bottom + FINE), 'white')
        self.draw.text(place, text, colour, self.font, 'mm')

    def done(self) -> Image.Image:
        return self.image.reduce(FINE)


def extent(inputs: np.ndarray) -> Extent:
    """The range of pictures of points (N, 2)."""
    low, high = inputs.min(0).astype(float), inputs.max(0).astype(float)
    room = np.where(high > low, PAD * (high - low), 0.5)
    return low[0] - room[0], high[0] + room[0], low[1] - room[1], high[1] + room[1]


def mesh(where: Extent) -> np.ndarray:
    """The middles (AREA * AREA, 2) of all dots of the axes, row by row from the top."""
    left, right, bottom, top = where
    middle = (np.arange(AREA) + 0.5) / AREA
    x, y = np.meshgrid(left + (right - left) * middle, top - (top - bottom) * middle)
    return np.column_stack([x.ravel(), y.ravel()])


def panel(points: Points, title: str, region: np.ndarray | None, lines: list[Line], colour='black') -> Image.Image:
    """Draw, from back to front, the region where a unit is on, dividing lines, and the points.

    region: the unit's activations (AREA * AREA). colour: of the title, to say which line is the unit's.
    """
    left, right, bottom, top = where = extent(points.inputs)
    sheet = Sheet(PANEL, PANEL)

    def place(x, y):
        return LEFT + AREA * (x - left) / (right - left), TOP + AREA * (top - y) / (top - bottom)

    if region is not None:
        values = Image.fromarray(region.reshape(AREA, AREA).astype(np.float32))
        on = np.asarray(values.resize((AREA * FINE, AREA * FINE), Image.Resampling.BILINEAR)) >= 0.5
        axes = tuple(FINE * side for side in (LEFT, TOP, LEFT + AREA, TOP + AREA))
        sheet.image.paste(OFF, axes)
        sheet.image.paste(ON, axes, Image.fromarray(np.uint8(255) * on))
    for shade, line in lines:
        sheet.line([place(x, y) for x, y in ends(where, *line)], shade, 3)
    corners = [(left, bottom), (right, bottom), (right, top), (left, top), (left, bottom)]
    sheet.line([place(x, y) for x, y in corners], 'black', 1)
    for (x, y), target in zip(points.inputs.tolist(), points.targets, strict=True):
        sheet.disc(*place(x, y), DOT, 'black' if target else 'white')
    for x in picture.ticks(left, right):
        sheet.text(place(x, bottom)[0], TOP + AREA + 14, f'{x:g}')
    for y in picture.ticks(bottom, top):
        sheet.text(LEFT - 22, place(left, y)[1], f'{y:g}')
    sheet.text(LEFT + AREA - 8, TOP + AREA + 14, 'x')
    sheet.text(LEFT - 22, TOP + 8, 'y')
    sheet.text(LEFT + AREA / 2, TOP / 2, title, colour)
    return sheet.done()


def ends(where: Extent, a: float, b: float, c: float) -> list[tuple[float, float]]:
    """The two points where the line a x + b y + c = 0 enters and leaves an extent; none where it does not meet it."""
    left, right, bottom, top = where
    crossing = [(x, (-c - a * x) / b) for x in (left, right) if b] + [((-c - b * y) / a, y) for y in (bottom, top) if a]
    inside = [(x, y) for x, y in crossing if left <= x <= right and bottom <= y <= top]
    return [min(inside), max(inside)] if inside else []


def diagram_of(weights: Weights) -> Image.Image:
    """Draw the network: a circle for each unit, its bias below it, an edge for each weight, blue above 0, red below."""
    hid = len(weights.b)
    spread = min(max(hid / 2, 1.0), 2.5)  # between the two inputs, in rows
    near = 0.42 / spread  # how far from a hidden unit, as a part of the edge: its two labels do not overlap there
    sheet = Sheet(DIAGRAM, ROW * max(hid, spread + 1) + 40 + KEY)
    columns, middle = (DIAGRAM * 0.06, DIAGRAM * 0.54, DIAGRAM * 0.94), (sheet.size[1] - KEY) / 2 - 10
    inputs = middle - spread / 2 * ROW, middle + spread / 2 * ROW
    hidden = middle + (np.arange(hid) - (hid - 1) / 2) * ROW
    edges = [(0, inputs[i], hidden[k], weights.w[k, i], 1 - near) for k in range(hid) for i in range(2)]
    edges += [(1, hidden[k], middle, weights.v[k], 0.3) for k in range(hid)]
    largest = max(abs(weight) for *_, weight, _ in edges) or 1
    for column, start, end, weight, _ in edges:
        colour = NEGATIVE if weight < 0 else POSITIVE
        sheet.line([(columns[column], start), (columns[column + 1], end)], colour, 0.5 + 4 * abs(weight) / largest)
    units = [(0, inputs[0], 'x', ''), (0, inputs[1], 'y', ''), (2, middle, 'out', short(weights.c))]
    units += [(1, hidden[k], f'h{k}', short(weights.b[k])) for k in range(hid)]
    for column, y, name, bias in units:
        sheet.disc(columns[column], y, CIRCLE, 'white')
        sheet.text(columns[column], y, name)
        sheet.text(columns[column], y + CIRCLE + 14, bias, box=bool(bias))
    for column, start, end, weight, at in edges:
        x = columns[column] + at * (columns[column + 1] - columns[column])
        sheet.text(x, start + at * (end - start), short(weight), NEGATIVE if weight < 0 else POSITIVE, box=True)
    says = 'weights: blue above 0, red below 0, the wider the larger; below a unit: its bias'
    sheet.text(DIAGRAM / 2, sheet.size[1] - KEY / 2, says)
    return sheet.done()


def short(value: float) -> str:
    """At most two decimals."""
    return f'{round(value, 2) + 0.0:.2f}'.rstrip('0').rstrip('.')  # + 0.0: no -0


def draw(net: torch.nn.Module, hid: int, weights: Weights | None, points: Points) -> dict[str, Image.Image]:
    """All pictures of a network by name: check, hid_<hid>_<k>, out_<hid>, net_<hid>, and sheet_<hid> with all of these.

    weights: None where the network is not two layers; then there are no lines and no net_<hid> to draw. There is none
    either of more than LABELLED hidden units.
    """
    hidden, out = evaluate(net, mesh(extent(points.inputs)))
    lines, titles = [], [f'hidden unit {k}' for k in range(hidden.shape[1])]
    if weights:
        rows = enumerate(zip(weights.w, weights.b, strict=True))
        lines = [(COLOURS[k % len(COLOURS)], (*w, b)) for k, (w, b) in rows]
        titles = [f'h{k}: {text}' for k, text in enumerate(conditions(weights))]
    images = {'check': panel(points, 'target 0: white, 1: black', None, lines)}
    for k, title in enumerate(titles):
        line, colour = lines[k : k + 1], lines[k][0] if lines else 'black'
        images[f'hid_{hid}_{k}'] = panel(points, title, hidden[:, k], line, colour)
    images[f'out_{hid}'] = panel(points, 'output, yellow: on', out, lines)
    panels, diagram = list(images.values()), None
    if weights and len(weights.b) <= LABELLED:
        diagram = images[f'net_{hid}'] = diagram_of(weights)
    return {**images, f'sheet_{hid}': together(panels, diagram)}


def write(folder: str, images: dict[str, Image.Image]):
    """Write each picture into `folder`. With a display, the last one, the sheet, opens in a window."""
    for name, image in images.items():
        picture.save_image(image, f'{folder}/{name}.jpg')
    if picture.has_display():
        figure = picture.new(12, 12 * image.height / image.width, title=name)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.imshow(image)
        axes.axis('off')


def together(panels: list[Image.Image], diagram: Image.Image | None) -> Image.Image:
    """One sheet with all panels, in rows, and the diagram at their right."""
    columns = math.ceil(math.sqrt(len(panels)))
    width, height = columns * PANEL, math.ceil(len(panels) / columns) * PANEL
    sheet = Image.new('RGB', (width + (diagram.width if diagram else 0), height), 'white')
    for i, image in enumerate(panels):
        sheet.paste(image, (i % columns * PANEL, i // columns * PANEL))
    if diagram:
        sheet.paste(diagram, (width, (height - diagram.height) // 2))
    return sheet
