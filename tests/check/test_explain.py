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
    lines = explain.table(np.array([[0, 1.5], [-20, 2]]), np.array([[1], [0]]), [('h0', '.0f')])
    assert lines == ['  x    y  h0', '  0  1.5   1', '-20    2   0']
