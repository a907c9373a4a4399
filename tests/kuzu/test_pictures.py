"""pictures.py: which pairs are named, and that the pictures show what they are given."""

import numpy as np

from lab.kuzu import pictures

CLASSES = ['o', 'ki', 'su', 'tsu', 'na', 'ha', 'ma', 'ya', 're', 'wo']


def confusion(*wrong):
    matrix = np.eye(10) * 900
    for target, chosen, count in wrong:
        matrix[target, chosen] = count
    return matrix


def texts(figure):
    """All text in the axes of a figure."""
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_pairs_come_most_confused_first_with_target_and_chosen_in_their_places():
    assert pictures.confused_pairs(confusion((6, 2, 148), (5, 2, 125), (1, 2, 106)), 2) == [(6, 2, 148), (5, 2, 125)]


def test_pairs_never_confused_are_left_out():
    assert pictures.confused_pairs(confusion((3, 4, 1))) == [(3, 4, 1)]


def test_the_confusion_picture_shows_every_count_in_its_row():
    figure = pictures.confusion_picture(confusion((6, 2, 148)), CLASSES, 'title')
    cells = {text.get_position(): text.get_text() for text in figure.axes[0].texts}
    assert len(cells) == 100 and cells[2, 6] == '148' and cells[6, 2] == '0' and cells[9, 9] == '900'


def test_the_mistakes_picture_shows_images_of_the_pair():
    images = np.arange(6)[:, None, None] * np.ones((6, 28, 28))
    labels, chosen = np.array([0, 1, 0, 0, 1, 2]), np.array([0, 1, 1, 1, 1, 2])
    figure = pictures.mistakes_picture(images, labels, chosen, [(0, 1, 2)], CLASSES, 'title')
    shown = [int(axes.images[0].get_array()[0, 0]) for axes in figure.axes]
    assert shown == [0, 1, 4, 2, 3]
    assert 'o taken for ki: 2 times' in [axes.get_title(loc='left') for axes in figure.axes]


def test_without_a_mistake_the_picture_says_so():
    figure = pictures.mistakes_picture(np.zeros((1, 28, 28)), np.zeros(1), np.zeros(1), [], CLASSES, 'title')
    assert any('no mistake' in text.get_text() for text in figure.texts)


def test_the_curve_draws_each_epoch():
    figure = pictures.curve_picture([[1, 2.0, 1.9, 40.0], [2, 1.5, 1.4, 55.5]], 'title')
    train, test = figure.axes[0].lines
    assert list(train.get_ydata()) == [2.0, 1.5] and list(test.get_ydata()) == [1.9, 1.4]
    assert list(figure.axes[1].lines[0].get_ydata()) == [40.0, 55.5]


def test_the_sweep_writes_each_accuracy():
    assert texts(pictures.sweep_picture([10, 100], [70.123, 84.0], 84)) == ['70.12', '84.00']
