"""Images inside the page: each place of the sheet has the image that belongs there."""

import base64
import io

import numpy as np
import torch
from matplotlib.figure import Figure
from PIL import Image

from lab.page import images


def opened(uri: str) -> np.ndarray:
    head, data = uri.split(',')
    assert head == 'data:image/png;base64'
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert('L'))


def test_the_sheet_has_each_image_in_its_place():
    pixels = torch.randint(0, 256, (70, 1, 28, 28), generator=torch.Generator().manual_seed(0))
    sheet = images.sheet(pixels.float().div(255).sub(0.5).div(0.5))
    drawn = opened(sheet['uri'])
    assert drawn.shape == (sheet['rows'] * 28, sheet['columns'] * 28)
    for index in 0, 1, 63, 64, 69:
        row, column = divmod(index, sheet['columns'])
        there = drawn[28 * row : 28 * row + 28, 28 * column : 28 * column + 28]
        assert (there == 255 - pixels[index, 0].numpy()).all()


def test_a_figure_keeps_its_size_and_its_colours():
    figure = Figure((2, 1))
    figure.add_axes((0, 0, 0.5, 1)).set_facecolor('black')
    figure.figimage(np.random.default_rng(0).random((40, 40, 3)), 150, 5)  # more colours than a picture keeps
    made = images.picture(figure)
    drawn = opened(made['uri'])
    assert drawn.shape == (made['height'], made['width']) == (images.DPI, 2 * images.DPI)
    assert drawn[50, 60] < 10 and drawn[0, -1] == 255  # the ground is that of the page
