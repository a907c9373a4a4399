"""explain.py: the words and tables that explain a network."""

import numpy as np
import pytest

from lab.check import explain
from lab.check.lines import Weights


def make(w, b, v, c):
    return Weights(np.array(w, float), np.array(b, float), np.array(v, float), float(c))


@pytest.mark.parametrize(
    'row, bias, text',
    [
        ((2, -1), 0.5, 'h0: 2 x - y + 0.5 >= 0,  line y = 2 x + 0.5'),
        ((-4, 0), 2, 'h0: -4 x + 2 >= 0,  line x = 0.5'),
        ((1, 0), 0, 'h0: x >= 0,  line x = 0'),
        ((-1, 2), 3, 'h0: -x + 2 y + 3 >= 0,  line y = 0.5 x - 1.5'),
        ((0.5, 4), -1, 'h0: 0.5 x + 4 y - 1 >= 0,  line y = -0.125 x + 0.25'),
        ((0, 0.25), 0, 'h0: 0.25 y >= 0,  line y = 0'),
        ((0, 0), -1, 'h0: -1 >= 0,  no line: always the same'),
    ],
)
def test_equation_of_a_hidden_unit(row, bias, text):
    assert explain.equations(make([row], [bias], [1], 0))[0] == text


def test_equation_of_the_output():
    weights = make([(1, 0), (0, 1)], [0, 0], [-1, 3.14159], -0.5)
    assert explain.equations(weights)[-1] == 'out: -h0 + 3.142 h1 - 0.5 >= 0'


def test_table_stays_in_columns():
    points = np.array([[0, 1.5], [-20, 2]])
    lines = explain.table(points, {'h0': (np.array([1, 0]), '.0f'), 'out': (np.array([0.5, 12]), '.2f')})
    assert lines == ['  x    y  h0    out', '  0  1.5   1   0.50', '-20    2   0  12.00']


UNIT = make([(3, 4), (0, 1)], [0, 1], [1, 1], -1)
PLACES = np.array([[0.0, 0.0], [1.0, 0.5]])


def test_activations_are_whole_with_step_and_have_two_decimals_with_sig():
    for act, line in (('step', '1  0.5   1   1    1       0'), ('sig', '1  0.5  0.99  0.82  0.69       0')):
        hidden = np.column_stack([[1.0, 0.9933], [1.0, 0.8176]])
        table = explain.activations(PLACES, hidden, np.array([1.0, 0.6923]), np.array([1, 0]), act)
        assert len(table) == 3 and table[0].split() == ['x', 'y', 'h0', 'h1', 'out', 'target']
        assert table[2] == line


def test_margins_are_distances_and_the_smallest_of_both_layers_are_told():
    assert explain.margins(UNIT, PLACES, 'step') == [
        'x    y    h0    h1   out',
        '0    0  0.00  1.00  0.71',
        '1  0.5  1.00  1.50  0.71',
        'Smallest margin: 0.0000 at the hidden units, 0.7071 at the output',
    ]


def test_the_smallest_scale_counts_from_the_weights_as_they_were_made():
    line = make([(1, 1), (1, 1)], [-0.5, -1.5], [1, -1], -0.5)  # on between two diagonals
    grid = np.array([(x, y) for x in range(3) for y in range(3)], float)
    targets = (grid.sum(1) == 1).astype(float)
    alone = explain.scale(line, 1.0, grid, targets)
    ten = type(line)(*(10 * part for part in line))
    assert explain.scale(ten, 10.0, grid, targets) == alone and float(alone) > 0.5
    wrong = 1 - targets
    assert explain.scale(line, 1.0, grid, wrong) == 'none, the sigmoid copy is never right'
