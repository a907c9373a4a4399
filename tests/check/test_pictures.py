"""pictures.py: each dot shows what the network computes, and no point or number is hidden."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from check import MLP
from lab.check import lines, pictures
from lab.check.points import read_points
from lab.check.settings import CHECK_CSV

POINTS = read_points(CHECK_CSV)
WHERE = pictures.extent(POINTS.inputs)


def draw(act, design='votes'):
    """A network with weights made by hand, and its pictures by name."""
    net = MLP(4, act)
    net.set_weights(design)
    return net, pictures.draw(net, 4, lines.read_weights(net, act, POINTS.inputs), POINTS)


def dot(x, y):
    """Where a place of the plane lies in a picture of 480 x 480."""
    left, right, bottom, top = WHERE
    return (
        round(pictures.LEFT + pictures.AREA * (x - left) / (right - left)),
        round(pictures.TOP + pictures.AREA * (top - y) / (top - bottom)),
    )


@pytest.fixture(scope='module')
def drawn():
    """act -> network and its pictures by name."""
    return {act: draw(act) for act in ('step', 'sig')}


def test_the_sheet_looks_as_it_did(drawn):
    """sheet_4.png is the sheet of `--act step --set_weights`, half as large, in shades of grey. If a change of the
    pictures is meant, write it anew."""
    wanted = np.asarray(Image.open(Path(__file__).parent / 'sheet_4.png').convert('L'), float)
    found = np.asarray(drawn['step'][1]['sheet_4'].reduce(2).convert('L'), float)
    assert found.shape == wanted.shape
    assert (np.abs(found - wanted) > 30).sum() < 100  # of 633,600: fonts differ a little from one Pillow to the next


@pytest.mark.parametrize('act', ['step', 'sig'])
@pytest.mark.parametrize('unit', [0, 1, 2, 3, None])
def test_yellow_is_where_the_unit_is_on(drawn, act, unit):
    net, images = drawn[act]
    image = images['out_4' if unit is None else f'hid_4_{unit}']
    places = np.random.default_rng(0).uniform(-0.45, 2.45, (300, 2)).astype(np.float32)
    far = np.abs(lines.read_weights(net, act, POINTS.inputs).nets(places)).min(1) > 0.2 * net.scale  # off the lines
    far &= np.abs(places[:, None] - POINTS.inputs).max(2).min(1) > 0.15  # and off the points
    hidden, out = lines.evaluate(net, places[far])
    on = (out if unit is None else hidden[:, unit]) >= 0.5
    colours = [image.getpixel(dot(x, y)) for x, y in places[far]]
    assert 0 < on.sum() < len(on)
    assert colours == [pictures.ON if each else pictures.OFF for each in on]


def test_no_point_is_hidden(drawn):
    for name, image in drawn['step'][1].items():
        if name not in ('net_4', 'sheet_4'):
            for (x, y), target in zip(*POINTS, strict=True):
                assert all((part < 60) if target else (part > 195) for part in image.getpixel(dot(x, y)))


@pytest.mark.parametrize('hid', range(1, 9))
def test_every_weight_is_on_the_diagram_and_no_label_covers_another(monkeypatch, hid):
    labels = []

    def keep(sheet, x, y, text, colour='black', box=False):
        box = ImageDraw.Draw(sheet.image).textbbox((x * 2, y * 2), text, sheet.font, 'mm')
        labels.append((text, box))

    monkeypatch.setattr(pictures.Sheet, 'text', keep)
    w = -10 - np.arange(2 * hid).reshape(hid, 2) - 0.11
    read = lines.Weights(w, w[:, 0] - 20, w[:, 1] - 40, -88.88)
    width, height = pictures.diagram_of(read).size
    wanted = [*w.ravel(), *read.b, *read.v, read.c]
    labels = [label for label in labels if label[0]]
    assert {f'{value:.2f}' for value in wanted} <= {text for text, _ in labels}
    assert len(labels) == len(wanted) + hid + 4  # names, and the line below
    for i, (_, a) in enumerate(labels):
        assert a[0] > 0 and a[1] > 0 and a[2] < width * 2 and a[3] < height * 2
        for _, b in labels[:i]:
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


@pytest.mark.parametrize(('hid', 'height'), [(1, 290), (2, 290), (4, 510), (5, 620), (8, 950)])
def test_the_diagram_has_room_for_every_unit(hid, height):
    weights = lines.Weights(np.ones((hid, 2)), np.zeros(hid), np.ones(hid), 0.0)
    assert pictures.diagram_of(weights).size == (1200, height)


def test_a_network_without_lines_has_regions_and_no_diagram():
    images = pictures.draw(MLP(2), 2, None, POINTS)
    assert list(images) == ['check', 'hid_2_0', 'hid_2_1', 'out_2', 'sheet_2']


@pytest.mark.parametrize(
    'line, expected',
    [
        ((1, 0, -1), [(1, -0.5), (1, 2.5)]),
        ((0, 2, -1), [(-0.5, 0.5), (2.5, 0.5)]),
        ((1, 1, -2), [(-0.5, 2.5), (2.5, -0.5)]),
        ((1, 1, 5), []),
        ((0, 0, 0), []),
    ],
)
def test_line_is_drawn_from_edge_to_edge(line, expected):
    assert pictures.ends(WHERE, *line) == expected


@pytest.mark.parametrize(
    ('points', 'where'),
    [
        (POINTS.inputs, (-0.5, 2.5, -0.5, 2.5)),  # the lab's
        ([[0.0, 10.0], [4.0, 30.0]], (-1, 5, 5, 35)),
        ([[3.0, 4.0]], (2.5, 3.5, 3.5, 4.5)),
    ],
)
def test_the_range_leaves_a_quarter_on_each_side_of_the_points(points, where):
    assert pictures.extent(np.array(points)) == where


@pytest.mark.parametrize(
    ('low', 'high', 'found'),
    [
        (-0.5, 2.5, [0, 1, 2]),  # the lab's points
        (0, 10, [2, 4, 6, 8]),
        (-1e6, 1e6, [-500_000, 0, 500_000]),
        (0.001, 0.0013, [0.0011, 0.0012]),
    ],
)
def test_ticks_are_a_few_round_numbers_off_the_ends(low, high, found):
    assert pictures.picture.ticks(low, high) == found


@pytest.mark.parametrize(
    ('value', 'text'), [(0, '0'), (-0.001, '0'), (2, '2'), (-0.5, '-0.5'), (10, '10'), (0.125, '0.12'), (1 / 3, '0.33')]
)
def test_numbers_on_the_diagram_have_at_most_two_decimals(value, text):
    assert pictures.short(value) == text


def test_the_sheet_fills_a_window_where_there_is_a_display(drawn, tmp_path, monkeypatch):
    monkeypatch.setattr(pictures.picture, 'has_display', lambda: True)
    pictures.write(str(tmp_path), drawn['step'][1])
    [(figure, title)] = pictures.picture._figures.items()
    pictures.picture._figures.clear()
    assert title == 'sheet_4'
    assert figure.axes[0].images[0].get_array().shape == (960, 2640, 3)
