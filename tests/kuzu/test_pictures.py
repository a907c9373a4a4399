"""pictures.py: the pictures show what they are given."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from lab.common import picture
from lab.kuzu import pictures
from tests.kuzu.test_train import confusion

CLASSES = ['o', 'ki', 'su', 'tsu', 'na', 'ha', 'ma', 'ya', 're', 'wo']
MIXED = confusion((6, 2, 148), (6, 5, 74), (1, 2, 106))
HISTORY = [[1, 2.0, 1.9, 40.0], [2, 1.5, 1.4, 55.5]]
PAIRS = [(0, 1, 20), (1, 0, 20)]
BLOCKS = (1, 4), (2, 3), (3, 8)  # how bright the images of a block are, and how many; the second pair's are brighter
IMAGES = [[np.full((count, 28, 28), bright + more) for bright, count in BLOCKS] for more in (0, 3)]
DRAWN = {
    'confusion': (pictures.draw_confusion, ('title', CLASSES, MIXED), 8, 8),
    'mistakes': (pictures.draw_mistakes, ('title', CLASSES, PAIRS, IMAGES), 12.18, 2.74),
    'no mistakes': (pictures.draw_mistakes, ('title', CLASSES, [], []), 12.18, 1.72),
    'curve': (pictures.draw_curve, ('title', HISTORY), 10, 4.2),
    'sweep': (pictures.draw_sweep, ([25, 50, 100, 200], [70.123, 75.2, 79.3, 82.4], 84), 7, 4.5),
}


@pytest.fixture
def drawn(monkeypatch):
    """drawn(name): the figure of that name, as it is saved."""
    saved = []
    monkeypatch.setattr(picture, 'save', lambda figure, path: saved.append(figure))

    def draw(name, *values):
        function, usual, *_ = DRAWN[name]
        function('path', *(values or usual))
        return saved[-1]

    return draw


@pytest.mark.parametrize('name', DRAWN)
def test_a_picture_is_filled_and_nothing_is_cut_off(name, drawn):
    figure, (*_, width, height) = drawn(name), DRAWN[name]
    FigureCanvasAgg(figure).draw()
    assert figure.get_size_inches() == pytest.approx((width, height))
    for number, axes in enumerate(figure.axes):
        assert not any(axes.get_position().overlaps(other.get_position()) for other in figure.axes[:number])
    around = figure.get_tightbbox()  # of all that is drawn, in inches
    assert min(around.x0, around.y0, width - around.x1, height - around.y1) > -0.01
    wide, high = (0.85, 0.8) if figure.axes else (0.1, 0.5)
    assert around.width > wide * width and around.height > high * height


def test_the_confusion_picture_shows_every_count_in_its_row(drawn):
    cells = {text.get_position(): text.get_text() for text in drawn('confusion').axes[0].texts}
    assert len(cells) == 100 and cells[2, 6] == '148' and cells[6, 2] == '0' and cells[9, 9] == '900'


def colours(figure):
    return np.moveaxis(figure.axes[0].images[0].get_array(), 2, 0)


def test_right_ones_are_green_and_mistakes_the_redder_the_larger_their_share(drawn):
    red, green, blue = colours(drawn('confusion'))
    assert (green.diagonal() > red.diagonal()).all() and (green.diagonal() > blue.diagonal()).all()
    assert green[0, 0] < green[6, 6]  # all of a class, and 80% of it
    assert (red[0, 1], green[0, 1], blue[0, 1]) == (1, 1, 1)
    assert 1 > green[6, 5] > green[1, 2] > green[6, 2] and (red - green)[6, 2] > 0.4


def test_a_class_without_images_and_no_mistakes_at_all_are_no_error(drawn):
    red, green, blue = colours(drawn('confusion', 'title', CLASSES, np.diag([0.0] + [9.0] * 9)))
    assert (red[0, 0], green[0, 0], blue[0, 0]) == (1, 1, 1)
    assert 'no mistake was made' in [text.get_text() for text in drawn('no mistakes').texts]


def test_a_row_shows_the_images_of_a_pair_in_three_blocks_each_with_its_name(drawn):
    axes = drawn('mistakes').axes[0]
    tiles = [(int(image.get_array()[0, 0]), image.get_extent()) for image in axes.images]
    assert [number for number, _ in tiles] == [1] * 4 + [2] * 3 + [3] * 8 + [4] * 4 + [5] * 3 + [6] * 8
    firsts = [(left, high) for left, _, _, high in (tiles[place][1] for place in (0, 4, 7, 15, 19, 22))]
    assert [text.xy for text in axes.texts] == firsts
    said = ['true o', 'true ki', 'o taken for ki: 20 times', 'true ki', 'true o', 'ki taken for o: 20 times']
    assert [text.get_text() for text in axes.texts] == said


def test_the_curve_draws_each_epoch(drawn):
    figure = drawn('curve')
    train, test = figure.axes[0].lines
    assert list(train.get_xdata()) == list(test.get_xdata()) == [1, 2]
    assert list(train.get_ydata()) == [2.0, 1.5] and list(test.get_ydata()) == [1.9, 1.4]
    assert figure.axes[1].get_title() == '55.50% after the last epoch'
    assert list(figure.axes[1].lines[0].get_ydata()) == [40.0, 55.5]


def test_the_sweep_writes_each_accuracy_and_draws_the_mark(drawn):
    axes = drawn('sweep').axes[0]
    assert [text.get_text() for text in axes.texts] == ['70.12', '75.20', '79.30', '82.40']
    mark, curve = axes.lines
    assert set(mark.get_ydata()) == {84} and list(curve.get_xdata()) == [25, 50, 100, 200]
