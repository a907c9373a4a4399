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


def test_margins_of_the_output_are_distances_among_hidden_activations():
    far = lines.distances(make([(1, 0), (0, 1)], [-1, -1], [3, 4], -2), np.array([[2.0, 2.0], [0.0, 2.0]]), 'step')
    np.testing.assert_allclose(far, [[1, 1, 1], [1, 1, 0.4]])  # (3 + 4 - 2) / 5 and (4 - 2) / 5


def test_a_step_that_only_rounding_decides_does_not_count_as_another_network():
    net = MLP(1, 'step')
    for parameter, values in zip(net.parameters(), ([[0.1, 0.2]], [-0.3], [[1]], [-0.5]), strict=True):
        parameter.data = torch.tensor(values, dtype=torch.float32)
    weights = lines.read_weights(net, 'step', GRID)
    assert (weights.outputs(GRID, 'step')[1] != lines.evaluate(net, GRID)[1]).any()


def test_smallest_scale_where_every_scale_is_right():
    line = make([(1, 0)], [-0.5], [1], -0.5)  # on where x > 1/2, whatever the scale
    assert lines.smallest_scale(line, GRID, (GRID[:, 0] > 0.5).astype(float)) == 0.01


def test_accuracy_counts_one_half_as_on():
    assert lines.accuracy(np.array([0.5, 0.4999, 1, 1]), np.array([1, 0, 0, 1])) == 75


def test_activations_are_those_of_check_py():
    net = np.array([-1000.0, -1e-30, 0, 1e-30, 1000])
    assert lines.activation(net, 'step').tolist() == [0, 0, 1, 1, 1]
    assert lines.activation(net, 'sig').tolist() == [0, 0.5, 0.5, 0.5, 1]


@pytest.mark.parametrize(
    ('design', 'scale'), [('votes', 0.991), ('sum', 1.981), ('difference', 1.981), ('cross', None)]
)
def test_smallest_scale_of_the_hand_made_weights(design, scale):
    net = MLP(4, 'step')
    net.set_weights(design)
    assert lines.smallest_scale(lines.read_weights(net, 'step', GRID), GRID, GRID.sum(1) % 2) == scale


def test_a_point_on_the_threshold_is_on_at_every_scale():
    assert lines.smallest_scale(make([(0, 0)], [0], [1], -0.5), GRID, np.ones(9)) == 0.01


@pytest.mark.parametrize('odd', ['in_hid.weight', 'hid_out.weight', 'hid_out.bias'])
def test_layers_of_other_shapes_are_not_read(odd):
    net = MLP(3)
    value = dict(net.named_parameters())[odd]
    value.data = torch.zeros(2, *value.shape) if odd != 'hid_out.bias' else torch.zeros(3)
    assert lines.read_weights(net, 'sig', GRID) is None


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
