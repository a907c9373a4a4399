"""confused.py: which pairs are named. Which images are shown: test_pictures.py."""

import numpy as np

from lab.kuzu.confused import confused_pairs


def confusion(*wrong):
    matrix = np.eye(10) * 900
    for target, chosen, count in wrong:
        matrix[target, chosen] = count
    return matrix


def test_pairs_come_most_confused_first_with_target_and_chosen_in_their_places():
    assert confused_pairs(confusion((6, 2, 148), (5, 2, 125), (1, 2, 106)), 2) == [(6, 2, 148), (5, 2, 125)]


def test_five_pairs_are_named_of_equal_ones_the_first():
    wrong = [(0, 1, 1), (0, 2, 2), (5, 1, 2), (3, 2, 3), (9, 8, 3), (8, 9, 4)]
    assert confused_pairs(confusion(*wrong)) == [(8, 9, 4), (3, 2, 3), (9, 8, 3), (0, 2, 2), (5, 1, 2)]


def test_pairs_never_confused_are_left_out():
    assert confused_pairs(confusion((3, 4, 1))) == [(3, 4, 1)]
