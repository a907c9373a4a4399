import numpy as np

from lab.insight.ink import OFF, Ink


def test_a_text_finds_what_it_would_cover():
    ink = Ink((0, 0), (4, 3))
    ink.dots(np.array([[1.0, 1.0], [9.0, 9.0], [-1.0, 0.0]]), 2)  # two of them are off the page
    assert ink.grid.sum() == 2
    assert ink.under(np.array([[1.0, 1.0], [1.09, 1.0], [1.5, 1.0]]), (0.2, 0.2)).tolist() == [2, 2, 0]


def test_a_box_of_ink_is_as_large_as_it_says_and_cut_off_at_the_edge():
    ink = Ink((-2, -2), (2, 2))
    ink.box(np.array([0.5, 0.5]), (1.0, 0.5), 3)
    ink.box(np.array([0.5, 0.5]), (1.0, 0.5), 1)  # less ink on top changes nothing
    ink.box(np.array([-2.0, -2.0]), (1.0, 1.0), 1)
    inside, outside = np.array([[0.1, 0.3], [0.9, 0.7], [0.5, 0.5]]), np.array([[-0.1, 0.5], [1.1, 0.5], [0.5, 0.9]])
    assert (ink.on(inside) == 3).all()
    assert (ink.on(outside) == 0).all()
    assert ink.on(np.array([[-1.6, -1.6], [-1.2, -1.2]])).tolist() == [1, 0]


def test_nothing_is_free_off_the_page():
    ink = Ink((0, 0), (4, 3))
    middles = np.array([[0.05, 1.0], [3.98, 1.0], [2.0, 2.98], [2.0, 1.0]])
    assert ink.under(middles, (0.5, 0.2)).tolist() == [OFF, OFF, OFF, 0]
    assert ink.on(np.array([[5.0, 1.0], [-0.1, 1.0]])).tolist() == [OFF, OFF]
