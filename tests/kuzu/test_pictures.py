"""pictures.py: the pictures show what they are given."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from lab.common import picture
from lab.kuzu import pictures
from lab.kuzu.confused import shown
from tests.kuzu.test_confused import confusion

CLASSES = ['o', 'ki', 'su', 'tsu', 'na', 'ha', 'ma', 'ya', 're', 'wo']


def texts(figure):
    """All text in the axes of a figure."""
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_the_confusion_picture_shows_every_count_in_its_row():
    figure = pictures.confusion_picture(confusion((6, 2, 148)), CLASSES, 'title')
    cells = {text.get_position(): text.get_text() for text in figure.axes[0].texts}
    assert len(cells) == 100 and cells[2, 6] == '148' and cells[6, 2] == '0' and cells[9, 9] == '900'


def tiles(figure):
    """Of each small image: the number that all its pixels are, and its place (left, right, lower, upper) in inches."""
    return [(int(image.get_array()[0, 0]), image.get_extent()) for image in figure.axes[0].images]


def test_the_mistakes_picture_shows_images_of_the_pair():
    images = np.arange(6)[:, None, None] * np.ones((6, 28, 28))
    labels, chosen = np.array([0, 1, 0, 0, 1, 2]), np.array([0, 1, 1, 1, 1, 2])
    pairs = [(0, 1, 2)]
    figure = pictures.mistakes_picture(shown(images, labels, chosen, pairs), pairs, CLASSES, 'title')
    assert [number for number, _ in tiles(figure)] == [0, 1, 4, 2, 3]
    assert 'o taken for ki: 2 times' in [text.get_text() for text in figure.axes[0].texts]


MIXED = confusion((6, 2, 148), (6, 5, 74), (1, 2, 106))


def mistakes(count=20):
    """`count` images of each kind: two classes, right and wrong; each image is as bright as its number."""
    images = np.arange(4 * count)[:, None, None] * np.ones((4 * count, 28, 28))
    labels, chosen = np.repeat([0, 0, 1, 1], count), np.repeat([0, 1, 1, 0], count)
    pairs = [(0, 1, count), (1, 0, count)]
    return pictures.mistakes_picture(shown(images, labels, chosen, pairs), pairs, CLASSES, 'title')


FIGURES = {
    'confusion': (lambda: pictures.confusion_picture(MIXED, CLASSES, 'title'), 8, 8),
    'mistakes': (mistakes, 12.18, 2.74),
    'no mistakes': (lambda: pictures.mistakes_picture([], [], CLASSES, 'title'), 12.18, 1.72),
    'curve': (lambda: pictures.curve_picture([[1, 2.0, 1.9, 40.0], [2, 1.5, 1.4, 55.5]], 'title'), 10, 4.2),
    'sweep': (lambda: pictures.sweep_picture([25, 50, 100, 200], [70.1, 75.2, 79.3, 82.4], 84), 7, 4.5),
}


@pytest.mark.parametrize('name', FIGURES)
def test_a_picture_is_filled_and_nothing_is_cut_off(name):
    make, width, height = FIGURES[name]
    figure = make()
    FigureCanvasAgg(figure).draw()
    assert figure.get_size_inches() == pytest.approx((width, height))
    for number, axes in enumerate(figure.axes):
        assert not any(axes.get_position().overlaps(other.get_position()) for other in figure.axes[:number])
        assert axes.get_window_extent().width > 0.5 * figure.dpi  # half an inch is enough for a character
    around = figure.get_tightbbox()  # of all that is drawn, in inches
    assert min(around.x0, around.y0, width - around.x1, height - around.y1) > -0.01
    assert (
        around.width > (0.85 if figure.axes else 0.1) * width and around.height > (0.8 if figure.axes else 0.5) * height
    )


def test_right_ones_are_green_and_mistakes_the_redder_the_larger_their_share():
    red, green, blue = np.moveaxis(pictures.confusion_picture(MIXED, CLASSES, '').axes[0].images[0].get_array(), 2, 0)
    assert (green.diagonal() > red.diagonal()).all() and (green.diagonal() > blue.diagonal()).all()
    assert green[0, 0] < green[6, 6]  # all of a class, and 80% of it
    assert (red[0, 1], green[0, 1], blue[0, 1]) == (1, 1, 1)
    assert 1 > green[6, 5] > green[1, 2] > green[6, 2] and (red - green)[6, 2] > 0.4 and (red - blue)[6, 2] > 0.4
    assert ((red >= 0) & (red <= 1) & (green >= 0) & (green <= 1) & (blue >= 0) & (blue <= 1)).all()


def test_a_class_without_images_and_no_mistakes_at_all_are_no_error():
    colours = pictures.confusion_picture(np.diag([0.0] + [9.0] * 9), CLASSES, '').axes[0].images[0].get_array()
    assert np.isfinite(colours).all() and colours[0, 0].tolist() == [1, 1, 1]


def test_a_row_shows_four_right_ones_of_each_class_then_eight_mistakes_each_block_with_its_name():
    figure = mistakes()
    shown = tiles(figure)
    upper, lower = shown[:16], shown[16:]
    assert [number for number, _ in upper] == [*range(4), *range(40, 44), *range(20, 28)]
    assert [number for number, _ in lower] == [*range(40, 44), *range(4), *range(60, 68)]
    names = [(text.get_text(), (text.xy[0], text.xy[1])) for text in figure.axes[0].texts]
    firsts = [(left, high) for _, (left, _, _, high) in (*upper[::4][:3], *lower[::4][:3])]
    said = ['true o', 'true ki', 'o taken for ki: 20 times', 'true ki', 'true o', 'ki taken for o: 20 times']
    assert names == [*zip(said, firsts, strict=True)]


def test_the_images_of_mistakes_are_squares_that_do_not_overlap_with_a_gap_between_blocks():
    shown = tiles(mistakes())
    assert all(
        right - left == pytest.approx(high - low) and right - left > 0.5 for _, (left, right, low, high) in shown
    )
    for row in shown[:16], shown[16:]:
        lefts, rights = ([place[side] for _, place in row] for side in (0, 1))
        gaps = [left - right for left, right in zip(lefts[1:], rights[:-1], strict=True)]
        assert all((gap > 0.5) == (number in (3, 7)) and gap > 0 for number, gap in enumerate(gaps))
    assert max(place[3] for _, place in shown[16:]) < min(place[2] for _, place in shown[:16])


def test_the_three_pictures_of_a_network_are_of_its_numbers(monkeypatch):
    figures = {}
    monkeypatch.setattr(picture, 'save', lambda figure, path: figures.update({path: figure}))
    images = np.arange(5)[:, None, None] * np.ones((5, 28, 28))
    labels, chosen, pairs = np.array([0, 0, 0, 1, 1]), np.array([0, 0, 1, 1, 1]), [(0, 1, 1)]
    matrix = np.zeros((10, 10))
    matrix[0, 0], matrix[0, 1], matrix[1, 1] = 2, 1, 2
    history = [[1, 2.0, 1.9, 40.0]]
    pictures.draw('plot/net', 'NetLin', CLASSES, 5, shown(images, labels, chosen, pairs), matrix, pairs, history)
    assert list(figures) == ['plot/net_confusion.jpg', 'plot/net_mistakes.jpg', 'plot/net_curve.jpg']
    titles = [figure.get_suptitle() for figure in figures.values()]
    assert titles[0] == 'NetLin: 4 of 5 test images right (80.0%)' and all('NetLin: ' in title for title in titles)
    assert [number for number, _ in tiles(figures['plot/net_mistakes.jpg'])] == [0, 1, 3, 4, 2]
    assert list(figures['plot/net_curve.jpg'].axes[1].lines[0].get_ydata()) == [40.0]


def test_without_a_mistake_the_picture_says_so():
    figure = pictures.mistakes_picture([], [], CLASSES, 'title')
    assert any('no mistake' in text.get_text() for text in figure.texts)


def test_the_curve_draws_each_epoch():
    figure = pictures.curve_picture([[1, 2.0, 1.9, 40.0], [2, 1.5, 1.4, 55.5]], 'title')
    train, test = figure.axes[0].lines
    assert list(train.get_xdata()) == list(test.get_xdata()) == [1, 2]
    assert list(train.get_ydata()) == [2.0, 1.5] and list(test.get_ydata()) == [1.9, 1.4]
    assert figure.axes[1].get_title() == '55.50% after the last epoch'
    assert list(figure.axes[1].lines[0].get_ydata()) == [40.0, 55.5]


def test_the_sweep_writes_each_accuracy():
    figure = pictures.sweep_picture([10, 100], [70.123, 84.0], 84)
    assert texts(figure) == ['70.12', '84.00']
    mark, curve = figure.axes[0].lines
    assert set(mark.get_ydata()) == {84} and mark.get_label() == '84%'
    assert list(curve.get_xdata()) == [10, 100] and list(curve.get_ydata()) == [70.123, 84.0]
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ['10', '100']
