"""check.py: the hand-made designs against exact arithmetic, and what the network's class promises."""

import itertools
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
import torch

import check
from lab.check.lines import distances, read_weights, smallest_scale

POINTS = [(x, y) for x in range(3) for y in range(3)]
GRID = np.array(POINTS, dtype=np.float32)
TARGETS = np.array([(x + y) % 2 for x, y in POINTS])
COMPLETE = ['votes', 'sum', 'difference', 'cross']  # all but the student's own


def exact_nets(design, point):
    """Net inputs of the hidden units at a point, as fractions."""
    made = check.DESIGNS[design]
    rows = zip(made.in_hid_weight, made.in_hid_bias, strict=True)
    return [sum((Fraction(w) * p for w, p in zip(row, point, strict=True)), Fraction(bias)) for row, bias in rows]


def exact_output(design, hidden):
    """Net input of the output unit, exact in the type of the hidden activations."""
    made = check.DESIGNS[design]
    kind = type(hidden[0])
    return sum((kind(v) * h for v, h in zip(made.hid_out_weight[0], hidden, strict=True)), kind(made.out_bias[0]))


def exact_sigmoid(design, point, scale):
    """Whether the sigmoid copy at a scale (a string) is on at a point, in decimals of 60 digits."""
    with localcontext() as context:
        context.prec = 60
        nets = [Decimal(net.numerator) / net.denominator * Decimal(scale) for net in exact_nets(design, point)]
        return exact_output(design, [1 / (1 + (-net).exp()) for net in nets]) >= 0


def margins_squared(design):
    """Squares of the distances of each point from each threshold: of the hidden units, of the output."""
    made = check.DESIGNS[design]
    norms = [sum(Fraction(w) ** 2 for w in row) for row in [*made.in_hid_weight, made.hid_out_weight[0]]]
    hidden, output = [], []
    for point in POINTS:
        nets = exact_nets(design, point)
        hidden.append([net**2 / norm for net, norm in zip(nets, norms, strict=False)])
        output.append(exact_output(design, [Fraction(net >= 0) for net in nets]) ** 2 / norms[-1])
    return hidden, output


@pytest.mark.parametrize('design', COMPLETE)
def test_step_network_is_exact_at_every_point(design):
    net = check.MLP(4, 'step')
    net.set_weights(design)
    out = net(torch.from_numpy(GRID))
    for i, point in enumerate(POINTS):
        hidden = [Fraction(value >= 0) for value in exact_nets(design, point)]
        assert net.hid[i].tolist() == hidden
        assert out[i].item() == (exact_output(design, hidden) >= 0) == TARGETS[i]


@pytest.mark.parametrize('design', COMPLETE)
def test_sigmoid_copy_at_10_is_exact_at_every_point(design):
    net = check.MLP(4, 'sig')
    net.set_weights(design)
    out = net(torch.from_numpy(GRID))
    on = [exact_sigmoid(design, point, '10') for point in POINTS]
    assert (out[:, 0] >= 0.5).tolist() == on
    assert (on == TARGETS).all() == (design != 'cross')


@pytest.mark.parametrize('design', ['votes', 'sum', 'difference'])
def test_smallest_scale_is_right_and_a_thousandth_less_is_not(design):
    net = check.MLP(4, 'step')
    net.set_weights(design)
    smallest = smallest_scale(read_weights(net, 'step', GRID), GRID, TARGETS)
    for scale, right in ((f'{smallest:.3f}', True), (f'{smallest - 0.001:.3f}', False)):
        copy = check.MLP(4, 'sig')
        copy.set_weights(design, float(scale))
        out = copy(torch.from_numpy(GRID))
        on = [exact_sigmoid(design, point, scale) for point in POINTS]
        assert (out[:, 0] >= 0.5).tolist() == on
        assert (on == TARGETS).all() == right


@pytest.mark.parametrize('scale', ['0.01', '1', '10', '40', '300'])
def test_design_without_margin_is_right_at_no_scale(scale):
    net = check.MLP(4, 'step')
    net.set_weights('cross')
    assert smallest_scale(read_weights(net, 'step', GRID), GRID, TARGETS) is None
    with localcontext() as context:
        context.prec = 300
        assert [exact_sigmoid('cross', point, scale) for point in POINTS] != TARGETS.tolist()


@pytest.mark.parametrize(('design', 'x', 'y'), [('sum', 1, 1), ('difference', -1, 1)])
def test_designs_of_parallel_lines_have_weights_of_one_size(design, x, y):
    made = check.DESIGNS[design]
    assert {abs(value) for row in made.in_hid_weight + made.hid_out_weight for value in row} == {1}
    assert all(a * y == b * x for a, b in made.in_hid_weight)


def test_the_first_idea_has_lines_between_the_rows_and_columns_and_one_point_wrong():
    made = check.DESIGNS['mine']
    lines = sorted((*row, -bias) for row, bias in zip(made.in_hid_weight, made.in_hid_bias, strict=True))
    assert lines == [(0, 1, 0.5), (0, 1, 1.5), (1, 0, 0.5), (1, 0, 1.5)]
    net = check.MLP(act='step')
    net.set_weights('mine')
    assert sum((net(torch.from_numpy(GRID))[:, 0] == torch.tensor(TARGETS)).tolist()) == 8
    assert {abs(value) for value in made.hid_out_weight[0]} == {1}


def test_the_labs_network_has_four_sigmoid_units_and_scale_ten():
    net, copy = check.MLP(), check.MLP(4, 'step')
    net.set_weights()
    copy.set_weights()
    for parameter, one in zip(net.parameters(), copy.parameters(), strict=True):
        assert torch.equal(parameter, 10 * one)


def test_default_design_has_the_widest_margins():
    def least(design):
        hidden, output = margins_squared(design)
        return min(min(row) for row in hidden), min(output), sum(output)

    for other in COMPLETE:
        assert all(best >= others for best, others in zip(least(check.BEST)[:2], least(other)[:2], strict=True))
    assert all(least(check.BEST) > least(other) for other in COMPLETE if other != check.BEST)


@pytest.mark.parametrize('design', COMPLETE)
def test_printed_distances_are_the_exact_margins(design):
    net = check.MLP(4, 'step')
    net.set_weights(design)
    hidden, output = margins_squared(design)
    exact = np.sqrt(np.column_stack([hidden, output]).astype(float))
    far = distances(read_weights(net, 'step', GRID), GRID, 'step')
    np.testing.assert_allclose(far, exact, rtol=1e-12)
    assert ((far == 0) == (exact == 0)).all()


def line_splits():
    """Every way a line can split the nine points, as the set of points on the side without (0, 0)."""
    splits = set()
    for a, b in itertools.product(range(-9, 10), repeat=2):  # directions enough: two points differ by at most 2
        values = sorted({a * x + b * y for x, y in POINTS})
        for low, high in itertools.pairwise(values):
            side = frozenset(p for p in POINTS if a * p[0] + b * p[1] >= (low + high) / 2)
            splits.add(frozenset(POINTS) - side if (0, 0) in side else side)
    return sorted(splits, key=sorted)


def linearly_separable(patterns):
    """Whether a plane parts patterns (9, units) of target 1 from those of target 0: a linear programme."""
    from scipy.optimize import linprog

    sign = 1 - 2 * TARGETS
    rows = np.column_stack([patterns, np.ones(9)]) * sign[:, None]
    return linprog(np.zeros(rows.shape[1]), A_ub=rows, b_ub=-np.ones(9), bounds=(None, None)).status == 0


def test_four_lines_have_three_choices_and_three_lines_none():
    splits = line_splits()
    assert len(splits) == 28
    member = np.array([[point in split for point in POINTS] for split in splits])
    neighbours = [(i, j) for i, j in itertools.combinations(range(9), 2) if np.abs(GRID[i] - GRID[j]).sum() == 1]
    parts = np.array([[row[i] != row[j] for i, j in neighbours] for row in member])  # neighbours differ in target
    found = {}
    for size in (3, 4):
        chosen = [c for c in itertools.combinations(range(28), size) if parts[list(c)].any(0).all()]
        found[size] = [c for c in chosen if linearly_separable(member[list(c)].T.astype(float))]
    assert found[3] == []
    assert len(found[4]) == 3
    for design in COMPLETE:
        on = [frozenset(p for p in POINTS if exact_nets(design, p)[k] >= 0) for k in range(4)]
        lines = {frozenset(POINTS) - side if (0, 0) in side else side for side in on}
        assert lines in [{splits[i] for i in choice} for choice in found[4]]


def test_step_is_on_at_zero():
    assert check.step(torch.tensor([-1e-30, 0.0, 1e-30])).tolist() == [0, 1, 1]


def test_lab_layers_and_parameters():
    shapes = {name: tuple(value.shape) for name, value in check.MLP(5).named_parameters()}
    assert shapes == {
        'in_hid.weight': (5, 2),
        'in_hid.bias': (5,),
        'hid_out.weight': (1, 5),
        'hid_out.bias': (1,),
    }


def test_hand_made_weights_refuse_another_number_of_units():
    with pytest.raises(ValueError, match='4 hidden units: --hid 5 should be 4'):
        check.MLP(5, 'step').set_weights()


def test_unknown_activation_is_refused():
    with pytest.raises(ValueError, match='tanh'):
        check.MLP(4, 'tanh')
