"""lines.py: the weights, margins and smallest scale of a network, and the words and tables that explain them."""

import time

import numpy as np
import pytest
import torch

from check import MLP
from lab.check import lines
from lab.check.points import Points

GRID = np.array([(x, y) for x in range(3) for y in range(3)], dtype=np.float32)
ODD = Points(GRID, GRID.sum(1) % 2)
PLACES = np.array([[0.0, 0.0], [1.0, 0.5]])


def make(w, b, v, c):
    return lines.Weights(np.array(w, float), np.array(b, float), np.array(v, float), float(c))


UNIT = make([(3, 4), (0, 1)], [0, 1], [1, 1], -1)


# --- numbers


def test_unit_without_weights_is_infinitely_far_or_on_its_threshold():
    far = lines.distances(make([(0, 0), (0, 0)], [3, 0], [1, 1], 0), GRID, 'step')
    assert (far[:, 0] == np.inf).all() and (far[:, 1] == 0).all()


def test_margins_of_the_output_are_distances_among_hidden_activations():
    far = lines.distances(make([(1, 0), (0, 1)], [-1, -1], [3, 4], -2), np.array([[2.0, 2.0], [0.0, 2.0]]), 'step')
    np.testing.assert_allclose(far, [[1, 1, 1], [1, 1, 0.4]])  # (3 + 4 - 2) / 5 and (4 - 2) / 5


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
    assert lines.smallest_scale(lines.read_weights(net, 'step', GRID), ODD) == scale


@pytest.mark.parametrize(
    ('weights', 'targets'),
    [
        (make([(1, 0)], [-0.5], [1], -0.5), GRID[:, 0] > 0.5),  # on where x > 1/2
        (make([(0, 0)], [0], [1], -0.5), np.ones(9)),  # every point lies on the threshold
    ],
)
def test_smallest_scale_where_every_scale_is_right(weights, targets):
    assert lines.smallest_scale(weights, Points(GRID, targets.astype(float))) == 0.01


# --- weights of somebody's network


@pytest.mark.parametrize('act', ['step', 'sig'])
def test_weights_are_read_from_the_classic_two_layers(act):
    torch.manual_seed(0)
    net = MLP(3, act)
    weights = lines.read_weights(net, act, GRID)
    np.testing.assert_allclose(weights.outputs(GRID, act)[1], lines.evaluate(net, GRID)[1], atol=1e-6)


@pytest.mark.parametrize('odd', ['in_hid.weight', 'hid_out.weight', 'hid_out.bias'])
def test_layers_of_other_shapes_are_not_read(odd):
    net = MLP(3)
    value = dict(net.named_parameters())[odd]
    value.data = torch.zeros(2, *value.shape) if odd != 'hid_out.bias' else torch.zeros(3)
    assert lines.read_weights(net, 'sig', GRID) is None


def test_weights_of_a_network_that_computes_something_else_are_not():
    class Other(MLP):
        def forward(self, x):
            return super().forward(x) ** 2

    assert lines.read_weights(Other(3), 'sig', GRID) is None


def test_a_step_that_only_rounding_decides_does_not_count_as_another_network():
    net = MLP(1, 'step')
    for parameter, values in zip(net.parameters(), ([[0.1, 0.2]], [-0.3], [[1]], [-0.5]), strict=True):
        parameter.data = torch.tensor(values, dtype=torch.float32)
    weights = lines.read_weights(net, 'step', GRID)
    assert (weights.outputs(GRID, 'step')[1] != lines.evaluate(net, GRID)[1]).any()


# --- words


@pytest.mark.parametrize(
    'row, bias, text',
    [
        ((2, -1), 0.5, 'h0: 2 x - y + 0.5 >= 0,  line y = 2 x + 0.5'),
        ((-4, 0), 2, 'h0: -4 x + 2 >= 0,  line x = 0.5'),
        ((1, 0), 0, 'h0: x >= 0,  line x = 0'),
        ((0.5, 4), -1, 'h0: 0.5 x + 4 y - 1 >= 0,  line y = -0.125 x + 0.25'),
        ((0, 0.25), 0, 'h0: 0.25 y >= 0,  line y = 0'),
        ((0, 0), -1, 'h0: -1 >= 0,  no line: always the same'),
    ],
)
def test_equation_of_a_hidden_unit(row, bias, text):
    assert lines.equations(make([row], [bias], [1], 0))[0] == text


def test_equation_of_the_output():
    weights = make([(1, 0), (0, 1)], [0, 0], [-1, 3.14159], -0.5)
    assert lines.equations(weights)[-1] == 'out: -h0 + 3.142 h1 - 0.5 >= 0'


def test_table_stays_in_columns():
    points = np.array([[0, 1.5], [-20, 2]])
    rows = lines.table(points, {'h0': (np.array([1, 0]), '.0f'), 'out': (np.array([0.5, 12]), '.2f')})
    assert rows == ['  x    y  h0    out', '  0  1.5   1   0.50', '-20    2   0  12.00']


@pytest.mark.parametrize(
    ('act', 'line'), [('step', '1  0.5   1   1    1       0'), ('sig', '1  0.5  0.99  0.82  0.69       0')]
)
def test_activations_are_whole_with_step_and_have_two_decimals_with_sig(act, line):
    hidden, out = np.array([[1.0, 1.0], [0.9933, 0.8176]]), np.array([1.0, 0.6923])
    table = lines.activation_table(Points(PLACES, np.array([1, 0])), hidden, out, act)
    assert table[0].split() == ['x', 'y', 'h0', 'h1', 'out', 'target'] and table[2] == line


def test_margins_are_distances_and_the_smallest_of_both_layers_are_told():
    assert lines.margin_table(UNIT, PLACES, 'step') == [
        'x    y    h0    h1   out',
        '0    0  0.00  1.00  0.71',
        '1  0.5  1.00  1.50  0.71',
        'Smallest margin: 0.0000 at the hidden units, 0.7071 at the output',
    ]


def test_the_smallest_scale_counts_from_the_weights_as_they_were_made():
    band = make([(1, 1), (1, 1)], [-0.5, -1.5], [1, -1], -0.5)  # on between two diagonals
    points = Points(GRID, (GRID.sum(1) == 1).astype(float))
    ten = lines.Weights(*(10 * part for part in band))
    assert lines.scale_in_words(ten, 10.0, points) == lines.scale_in_words(band, 1.0, points)
    wrong = points._replace(targets=1 - points.targets)
    assert lines.scale_in_words(band, 1.0, wrong) == 'none, the sigmoid copy is never right'


def test_a_table_of_twenty_thousand_points_takes_no_time_with_their_square():
    began = time.monotonic()
    lines.table(np.ones((20_000, 2)), {'out': (np.ones(20_000), '.2f')})
    assert time.monotonic() - began < 10  # it takes a fifth of a second; a minute where each row looks at all others
