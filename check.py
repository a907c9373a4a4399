"""The two-layer perceptron of the lab, and weights for it made by hand.

Nine points, (0, 0) to (2, 2), are to be told apart like the squares of a checkerboard: 1 where x + y is odd. A hidden
unit divides the plane by a line, on at one side; the output divides the patterns of the hidden units. Four lines are
needed, and for four there are, up to where exactly they run between the points, only three choices: the four diagonals
one way, the four the other way, and the inner two of both (tests/test_check.py tries them all).
"""

from typing import NamedTuple

import torch
from torch import nn

from lab.common import endings


class Design(NamedTuple):
    """Weights made by hand, in the order and the shapes of MLP's parameters, for the step function."""

    in_hid_weight: list[list[float]]  # a row (x, y) for each hidden unit
    in_hid_bias: list[float]
    hid_out_weight: list[list[float]]  # one row
    out_bias: list[float]


DESIGNS = {
    # Two bands cross in the middle, |x + y - 2| < 1/2 and |x - y| < 1/2. The centre is in both, a corner in one, the
    # points with target 1 in neither. Each unit votes for one side outside a band; two votes of the four are enough.
    'votes': Design(
        in_hid_weight=[[-2, -2], [2, 2], [2, -2], [-2, 2]],
        in_hid_bias=[3, -5, -1, -1],
        hid_out_weight=[[2, 2, 2, 2]],
        out_bias=[-3],
    ),
    # x + y counts how many of the four diagonals lie behind a point; the output is on between the first two and between
    # the last two.
    'sum': Design(
        in_hid_weight=[[1, 1], [1, 1], [1, 1], [1, 1]],
        in_hid_bias=[-0.5, -1.5, -2.5, -3.5],
        hid_out_weight=[[1, -1, 1, -1]],
        out_bias=[-0.5],
    ),
    # The diagonals the other way: a band of y - x and a band of x - y.
    'difference': Design(
        in_hid_weight=[[-1, 1], [-1, 1], [1, -1], [1, -1]],
        in_hid_bias=[-0.5, -1.5, -0.5, -1.5],
        hid_out_weight=[[1, -1, 1, -1]],
        out_bias=[-0.5],
    ),
    # The lines of `votes`, counted against 2 where 2 1/2 was meant: the points with target 1 lie on the output's
    # threshold. The step function forgives it, the sigmoid does not: no scale makes this one right.
    'cross': Design(
        in_hid_weight=[[1, 1], [-2, 2], [1, -1], [-1, -1]],
        in_hid_bias=[-1.5, 1, 0.5, 2.5],
        hid_out_weight=[[-1, -1, -1, -1]],
        out_bias=[2],
    ),
    # ------------------------------------------------------------------------------------------------------------------
    # YOUR OWN WEIGHTS go here. See them with
    #     python3 check_main.py --act step --hid 4 --set_weights --design mine
    # What stands here now is most people's first idea, two lines each way, and it is not right for every point.
    # ------------------------------------------------------------------------------------------------------------------
    'mine': Design(
        in_hid_weight=[[1, 0], [1, 0], [0, 1], [0, 1]],
        in_hid_bias=[-0.5, -1.5, -0.5, -1.5],
        hid_out_weight=[[1, -1, 1, -1]],
        out_bias=[-0.5],
    ),
}
BEST = 'votes'  # no design has wider margins: `sum` and `difference` have the same, but less at the centre's output
SCALE = 10.0  # the lab's proposal


def step(net: torch.Tensor) -> torch.Tensor:
    """The Heaviside function, 1 where the net input is >= 0; it has no gradient."""
    return (net >= 0).to(net.dtype)


class MLP(nn.Module):
    """The two-layer perceptron: 2 inputs, `hid` hidden units, 1 output; `act` 'step' or 'sig' at both layers."""

    def __init__(self, hid: int = 4, act: str = 'sig'):
        super().__init__()
        if act not in ('step', 'sig'):
            raise endings.UserError(f'unknown activation {act!r}: it should be step or sig')
        self.act = act
        self.in_hid = nn.Linear(2, hid)
        self.hid_out = nn.Linear(hid, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, 2) points to (N, 1) outputs; keeps the hidden activations (N, hid) in self.hid."""
        act = torch.sigmoid if self.act == 'sig' else step
        self.hid = act(self.in_hid(x))
        return act(self.hid_out(self.hid))

    def set_weights(self, design: str = BEST, scale: float = SCALE):
        """Set weights made by hand; as a sigmoid network all are multiplied by `scale`, to mimic the step function.

        Raises UserError where the design has another number of hidden units than this network.
        """
        made = DESIGNS[design]
        hid, need = self.in_hid.out_features, len(made.in_hid_bias)
        if hid != need:
            raise endings.UserError(
                f'the hand-made design {design!r} has {need} hidden units: --hid {hid} should be {need}'
            )
        self.scale = scale if self.act == 'sig' else 1.0
        with torch.no_grad():
            for parameter, values in zip(self.parameters(), made, strict=True):
                parameter.copy_(self.scale * torch.tensor(values))
