"""Images as text that stands inside the page."""

import base64
import io

import numpy as np
import torch
from matplotlib.figure import Figure
from PIL import Image

COLUMNS = 64  # images in a row of the sheet
DPI = 110
COLOURS = 256  # of a picture: diagrams have few colours; none is off by more than 15 of 255


def uri(image: Image.Image) -> str:
    """A Pillow image as a data URI."""
    buffer = io.BytesIO()
    image.save(buffer, format='png', optimize=True)
    return 'data:image/png;base64,' + base64.b64encode(buffer.getvalue()).decode()


def sheet(images: torch.Tensor) -> dict:
    """Images (N, 1, 28, 28) in [-1, 1] on one sheet, black on white: its URI, columns, rows."""
    pixels = 255 - (images[:, 0] * 127.5 + 127.5).round().to(torch.uint8).numpy()
    count, side, _ = pixels.shape
    rows = -(-count // COLUMNS)
    grid = np.full((rows * COLUMNS, side, side), 255, np.uint8)
    grid[:count] = pixels
    grid = grid.reshape(rows, COLUMNS, side, side).swapaxes(1, 2).reshape(rows * side, COLUMNS * side)
    return {'uri': uri(Image.fromarray(grid)), 'columns': COLUMNS, 'rows': rows}


def fewer(image: Image.Image) -> Image.Image:
    """The image in COLOURS colours; that of its corner, the ground, is exact: it is also that of the page."""
    few = image.quantize(COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    palette, ground = few.getpalette(), 3 * few.getpixel((0, 0))
    palette[ground : ground + 3] = image.getpixel((0, 0))
    few.putpalette(palette)
    return few


def picture(figure: Figure, exact: bool = False) -> dict:
    """A figure of matplotlib: its URI, and its size in points of the screen. exact: with all its colours."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format='png', dpi=DPI)
    image = Image.open(buffer).convert('RGB')
    return {'uri': uri(image if exact else fewer(image)), 'width': image.width, 'height': image.height}
