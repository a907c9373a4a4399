"""check_lines.py: the words and numbers that explain a network."""

import numpy as np
import pytest
import torch

from check import MLP
from lab.check import lines as check_lines
from lab.common import cli  # noqa: F401

GRID = np.array([(x, y) for x in range(3) for y in range(3)], dtype=np.float32)


def make(w, b, v, c):
    return check_lines.Weights(np.array(w, float), np.array(b, float), np.array(v, float), float(c))


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
    assert check_lines.equations(make([row], [bias], [1], 0))[0] == text


def test_equation_of_the_output():
    read = make([(1, 0), (0, 1)], [0, 0], [-1, 3.14159], -0.5)
    assert check_lines.equations(read)[-1] == 'out: -h0 + 3.142 h1 - 0.5 >= 0'


def test_unit_without_weights_is_infinitely_far_or_on_its_threshold():
    far = check_lines.distances(make([(0, 0), (0, 0)], [3, 0], [1, 1], 0), GRID, 'step')
    assert (far[:, 0] == np.inf).all() and (far[:, 1] == 0).all()


def test_smallest_scale_where_every_scale_is_right():
    line = make([(1, 0)], [-0.5], [1], -0.5)  # on where x > 1/2, whatever the scale
    assert check_lines.smallest_scale(line, GRID, (GRID[:, 0] > 0.5).astype(float)) == 0.01


def test_accuracy_counts_one_half_as_on():
    assert check_lines.accuracy(np.array([0.5, 0.4999, 1, 0]), np.array([1, 0, 0, 1])) == 50


def test_table_stays_in_columns():
    lines = check_lines.table(np.array([[0, 1.5], [-20, 2]]), np.array([[1], [0]]), [('h0', '.0f')])
    assert lines == ['  x    y  h0', '  0  1.5   1', '-20    2   0']


@pytest.mark.parametrize('act', ['step', 'sig'])
def test_weights_are_read_from_the_classic_two_layers(act):
    torch.manual_seed(0)
    net = MLP(3, act)
    read = check_lines.weights(net, act, GRID)
    np.testing.assert_allclose(read.outputs(GRID, act)[1], check_lines.evaluate(net, GRID)[1], atol=1e-6)


def test_weights_of_a_network_that_computes_something_else_are_not():
    class Other(MLP):
        def forward(self, x):
            return super().forward(x) ** 2

    assert check_lines.weights(Other(3), 'sig', GRID) is None
