"""check.py: the hand-made designs against exact arithmetic, and what the network's class promises."""

import itertools
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
import torch

import check
from lab.check.lines import distances, read_weights, smallest_scale
from lab.check.points import Points

PLACES = [(x, y) for x in range(3) for y in range(3)]
GRID = np.array(PLACES, dtype=np.float32)
TARGETS = np.array([(x + y) % 2 for x, y in PLACES])
COMPLETE = ['votes', 'sum', 'difference', 'cross']  # all but the student's own


def by_hand(design, act='step', *scale):
    """A network with the weights of a design, and whether it is on at each point."""
    net = check.MLP(4, act)
    net.set_weights(design, *scale)
    return net, (net(torch.from_numpy(GRID))[:, 0] >= 0.5).tolist()


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


def exact_sigmoid(design, scale, digits=60):
    """Whether the sigmoid copy at a scale (a string) is on at each point, in decimals of so many digits."""
    found = []
    with localcontext() as context:
        context.prec = digits
        for point in PLACES:
            nets = [Decimal(net.numerator) / net.denominator * Decimal(scale) for net in exact_nets(design, point)]
            found.append(exact_output(design, [1 / (1 + (-net).exp()) for net in nets]) >= 0)
    return found


def margins_squared(design):
    """Squares of the distances of each point from each threshold (9, 5): of the hidden units, of the output."""
    made = check.DESIGNS[design]
    norms = [sum(Fraction(w) ** 2 for w in row) for row in [*made.in_hid_weight, made.hid_out_weight[0]]]
    found = []
    for point in PLACES:
        nets = exact_nets(design, point)
        nets.append(exact_output(design, [Fraction(net >= 0) for net in nets]))
        found.append([net**2 / norm for net, norm in zip(nets, norms, strict=True)])
    return found


@pytest.mark.parametrize('design', COMPLETE)
def test_step_network_is_exact_at_every_point(design):
    net, on = by_hand(design)
    hidden = [[Fraction(value >= 0) for value in exact_nets(design, point)] for point in PLACES]
    assert net.hid.tolist() == hidden
    assert on == [exact_output(design, row) >= 0 for row in hidden] == TARGETS.tolist()


@pytest.mark.parametrize('design', COMPLETE)
def test_sigmoid_copy_at_10_is_exact_at_every_point(design):
    _, on = by_hand(design, 'sig')
    assert on == exact_sigmoid(design, '10')
    assert (on == TARGETS).all() == (design != 'cross')


@pytest.mark.parametrize('design', ['votes', 'sum', 'difference'])
def test_smallest_scale_is_right_and_a_thousandth_less_is_not(design):
    smallest = smallest_scale(read_weights(by_hand(design)[0], 'step', GRID), Points(GRID, TARGETS))
    for scale, right in ((f'{smallest:.3f}', True), (f'{smallest - 0.001:.3f}', False)):
        _, on = by_hand(design, 'sig', float(scale))
        assert on == exact_sigmoid(design, scale)
        assert (on == TARGETS).all() == right


@pytest.mark.parametrize('scale', ['0.01', '1', '10', '40', '300'])
def test_design_without_margin_is_right_at_no_scale(scale):
    assert smallest_scale(read_weights(by_hand('cross')[0], 'step', GRID), Points(GRID, TARGETS)) is None
    assert exact_sigmoid('cross', scale, 300) != TARGETS.tolist()


def test_default_design_has_the_widest_margins():
    least = {}
    for design in COMPLETE:
        *hidden, output = zip(*margins_squared(design), strict=True)
        least[design] = min(map(min, hidden)), min(output), sum(output)
    best = least.pop(check.BEST)
    for other in least.values():
        assert best[0] >= other[0] and best[1] >= other[1] and best > other


@pytest.mark.parametrize('design', COMPLETE)
def test_printed_distances_are_the_exact_margins(design):
    exact = np.sqrt(np.array(margins_squared(design), float))
    far = distances(read_weights(by_hand(design)[0], 'step', GRID), GRID, 'step')
    np.testing.assert_allclose(far, exact, rtol=1e-12)
    assert ((far == 0) == (exact == 0)).all()


def line_splits():
    """Every way a line can split the nine points, as the set of points on the side without (0, 0)."""
    splits = set()
    for a, b in itertools.product(range(-9, 10), repeat=2):  # directions enough: two points differ by at most 2
        values = sorted({a * x + b * y for x, y in PLACES})
        for low, high in itertools.pairwise(values):
            side = frozenset(p for p in PLACES if a * p[0] + b * p[1] >= (low + high) / 2)
            splits.add(frozenset(PLACES) - side if (0, 0) in side else side)
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
    member = np.array([[point in split for point in PLACES] for split in splits])
    neighbours = [(i, j) for i, j in itertools.combinations(range(9), 2) if np.abs(GRID[i] - GRID[j]).sum() == 1]
    parts = np.array([[row[i] != row[j] for i, j in neighbours] for row in member])  # neighbours differ in target
    found = {}
    for size in (3, 4):
        chosen = [c for c in itertools.combinations(range(28), size) if parts[list(c)].any(0).all()]
        found[size] = [c for c in chosen if linearly_separable(member[list(c)].T.astype(float))]
    assert found[3] == []
    assert len(found[4]) == 3
    for design in COMPLETE:
        on = [frozenset(p for p in PLACES if exact_nets(design, p)[k] >= 0) for k in range(4)]
        lines = {frozenset(PLACES) - side if (0, 0) in side else side for side in on}
        assert lines in [{splits[i] for i in choice} for choice in found[4]]


def test_step_is_on_at_zero():
    assert check.step(torch.tensor([-1e-30, 0.0, 1e-30])).tolist() == [0, 1, 1]


def test_the_labs_network_has_these_layers_four_sigmoid_units_and_scale_ten():
    net, step = check.MLP(), by_hand('votes')[0]
    net.set_weights()
    shapes = {name: tuple(value.shape) for name, value in net.named_parameters()}
    assert shapes == {'in_hid.weight': (4, 2), 'in_hid.bias': (4,), 'hid_out.weight': (1, 4), 'hid_out.bias': (1,)}
    for parameter, one in zip(net.parameters(), step.parameters(), strict=True):
        assert torch.equal(parameter, 10 * one)


def test_another_number_of_units_and_an_unknown_activation_are_refused():
    with pytest.raises(ValueError, match='4 hidden units: --hid 5 should be 4'):
        check.MLP(5, 'step').set_weights()
    with pytest.raises(ValueError, match="unknown activation 'tanh'"):
        check.MLP(4, 'tanh')
