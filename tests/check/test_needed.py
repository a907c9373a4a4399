"""needed.py: which units and lines a perceptron needs, held to PyTorch's own forward pass with something changed."""

import itertools

import numpy as np
import pytest
import torch

from check import MLP
from lab.check import lines, needed
from lab.check.points import Points

GRID = np.array([(x, y) for x in range(3) for y in range(3)], dtype=np.float32)
ODD = Points(GRID, GRID.sum(1) % 2)
MIDDLE, NEIGHBOURS = 4, [1, 3, 5, 7]


def made(design: str, act: str, idle: int = 0) -> MLP:
    """A network made by hand, with so many units more whose output nobody hears much of."""
    small = MLP(4, act)
    small.set_weights(design)
    net = MLP(4 + idle, act)
    with torch.no_grad():
        for mine, theirs in zip(net.parameters(), small.parameters(), strict=True):
            mine.normal_(0, 0.01)
            mine[tuple(map(slice, theirs.shape))] = theirs
    return net


def output(net: MLP, hidden: torch.Tensor) -> np.ndarray:
    return (net.hid_out(hidden)[:, 0] >= 0).numpy()


@pytest.mark.parametrize('idle', [0, 2])
@pytest.mark.parametrize(
    ('design', 'act'), [('votes', 'step'), ('votes', 'sig'), ('sum', 'step'), ('difference', 'sig')]
)
def test_units_and_lines_are_needed_where_pytorch_says_so(design, act, idle):
    torch.manual_seed(1)
    net = made(design, act, idle)
    weights, target = lines.read_weights(net, act, GRID), ODD.targets == 1
    with torch.no_grad():
        net(torch.from_numpy(GRID))
        hidden = net.hid.clone()
        wrong = []
        for unit in [None, *range(4 + idle)]:
            rest = hidden.clone()
            if unit is not None:
                rest[:, unit] = 0
            wrong.append(int((output(net, rest) != target).sum()))
        assert needed.without(weights, act, ODD) == wrong

        def parts(units, others):
            """Whether these units alone make the middle's output that of each of the other points."""
            changed = hidden[[MIDDLE] * len(others)].clone()
            changed[:, list(units)] = hidden[others][:, list(units)]
            return (output(net, changed) == target[others]).all()

        found = needed.around(weights, act, ODD)
        assert [*found] == NEIGHBOURS and all(parts(units, [other]) for other, units in found.items())
        union = {unit for units in found.values() for unit in units}
        assert parts(union, NEIGHBOURS)
        fewer = itertools.chain.from_iterable(
            itertools.combinations(range(4 + idle), size) for size in range(len(union))
        )
        assert not any(parts(units, NEIGHBOURS) for units in fewer)


def test_the_sentences_say_which_units_and_lines():
    said = needed.sentences(lines.read_weights(made('sum', 'step'), 'step', GRID), 'step', ODD)
    assert said == [
        'Wrong are 0 of 9 points; without h0 4, without h1 4, without h2 2, without h3 1. So all units are needed.',
        'The lines of h1 and h2 make the middle, (1, 1), which is parted by h1 from (0, 1) and (1, 0); by h2 from '
        '(1, 2) and (2, 1).',
    ]


def test_a_network_that_is_wrong_in_the_middle_has_no_lines_that_make_it():
    never = lines.Weights(np.ones((2, 2)), np.zeros(2), np.zeros(2), -1.0)
    assert needed.around(never, 'sig', ODD) == {}
    assert needed.sentences(never, 'sig', ODD) == [
        'Wrong are 4 of 9 points; without h0 4, without h1 4. So no unit alone is needed.'
    ]
    one = Points(GRID, np.ones(9, np.float32))
    assert needed.around(never._replace(c=1.0), 'sig', one) == {}  # no neighbour has another target
