"""lines.py: the weights, margins and smallest scale of a network."""

import numpy as np
import pytest
import torch

from check import MLP
from lab.check import lines

GRID = np.array([(x, y) for x in range(3) for y in range(3)], dtype=np.float32)


def make(w, b, v, c):
    return lines.Weights(np.array(w, float), np.array(b, float), np.array(v, float), float(c))


def test_unit_without_weights_is_infinitely_far_or_on_its_threshold():
    far = lines.distances(make([(0, 0), (0, 0)], [3, 0], [1, 1], 0), GRID, 'step')
    assert (far[:, 0] == np.inf).all() and (far[:, 1] == 0).all()


def test_smallest_scale_where_every_scale_is_right():
    line = make([(1, 0)], [-0.5], [1], -0.5)  # on where x > 1/2, whatever the scale
    assert lines.smallest_scale(line, GRID, (GRID[:, 0] > 0.5).astype(float)) == 0.01


def test_accuracy_counts_one_half_as_on():
    assert lines.accuracy(np.array([0.5, 0.4999, 1, 0]), np.array([1, 0, 0, 1])) == 50


@pytest.mark.parametrize('act', ['step', 'sig'])
def test_weights_are_read_from_the_classic_two_layers(act):
    torch.manual_seed(0)
    net = MLP(3, act)
    weights = lines.read_weights(net, act, GRID)
    np.testing.assert_allclose(weights.outputs(GRID, act)[1], lines.evaluate(net, GRID)[1], atol=1e-6)


def test_weights_of_a_network_that_computes_something_else_are_not():
    class Other(MLP):
        def forward(self, x):
            return super().forward(x) ** 2

    assert lines.read_weights(Other(3), 'sig', GRID) is None
