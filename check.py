"""The two-layer perceptron of the lab, and weights for it made by hand.

Nine points, (0, 0) to (2, 2), have the colours of a checkerboard: the target is 1 where x + y is odd. Each hidden unit
divides the plane by a line: it is 1 on one side and 0 on the other. The output unit sees only these ones and zeros.
Three lines are not enough. With four there are just three solutions, if lines that divide the points alike count once:
all diagonals one way, all diagonals the other way, or the inner two of both. tests/test_check.py tries all sets.
"""

from typing import NamedTuple

import torch
from torch import nn


class Design(NamedTuple):
    """Weights made by hand for the step function; order and shapes are those of MLP's parameters."""

    in_hid_weight: list[list[float]]  # a row (x, y) for each hidden unit
    in_hid_bias: list[float]
    hid_out_weight: list[list[float]]  # one row
    out_bias: list[float]


DESIGNS = {
    # Two bands cross in the middle: |x + y - 2| < 1/2 and |x - y| < 1/2. The centre is in both bands, each corner in
    # one, and the points with target 1 in none. Each unit is on at one side of a band: outside of both, two are on.
    'votes': Design(
        in_hid_weight=[[-2, -2], [2, 2], [2, -2], [-2, 2]],
        in_hid_bias=[3, -5, -1, -1],
        hid_out_weight=[[2, 2, 2, 2]],
        out_bias=[-3],
    ),
    # Four diagonals, one after the other. The larger x + y, the more units are on; the output is on with one or three.
    'sum': Design(
        in_hid_weight=[[1, 1], [1, 1], [1, 1], [1, 1]],
        in_hid_bias=[-0.5, -1.5, -2.5, -3.5],
        hid_out_weight=[[1, -1, 1, -1]],
        out_bias=[-0.5],
    ),
    # The diagonals the other way, in two pairs. The output is on where one unit of a pair is on and not the other.
    'difference': Design(
        in_hid_weight=[[-1, 1], [-1, 1], [1, -1], [1, -1]],
        in_hid_bias=[-0.5, -1.5, -0.5, -1.5],
        hid_out_weight=[[1, -1, 1, -1]],
        out_bias=[-0.5],
    ),
    # The lines of `votes`, but the output's threshold is 2 and not between 2 and 3: points with target 1 lie on it. The
    # step function is 1 there, so this is right; a sigmoid network with these weights is wrong at every scale.
    'cross': Design(
        in_hid_weight=[[1, 1], [-2, 2], [1, -1], [-1, -1]],
        in_hid_bias=[-1.5, 1, 0.5, 2.5],
        hid_out_weight=[[-1, -1, -1, -1]],
        out_bias=[2],
    ),
    # ------------------------------------------------------------------------------------------------------------------
    # YOUR OWN WEIGHTS go here. See them with
    #     python3 check_main.py --act step --hid 4 --set_weights --design mine
    # The weights below are a first idea, two lines across and two lines up. One of the nine points is wrong.
    # ------------------------------------------------------------------------------------------------------------------
    'mine': Design(
        in_hid_weight=[[1, 0], [1, 0], [0, 1], [0, 1]],
        in_hid_bias=[-0.5, -1.5, -0.5, -1.5],
        hid_out_weight=[[1, -1, 1, -1]],
        out_bias=[-0.5],
    ),
}
BEST = 'votes'  # the widest margins; `sum` and `difference` have the same, but less for the centre at the output
SCALE = 10.0  # the lab's suggestion


def step(net: torch.Tensor) -> torch.Tensor:
    """The step function: 1 where the net input is >= 0, else 0. It has no gradient to train by."""
    return (net >= 0).to(net.dtype)


class MLP(nn.Module):
    """The two-layer perceptron: 2 inputs, `hid` hidden units, 1 output; `act`, 'step' or 'sig', at both layers."""

    def __init__(self, hid: int = 4, act: str = 'sig'):
        super().__init__()
        if act not in ('step', 'sig'):
            raise ValueError(f'unknown activation {act!r}: it should be step or sig')
        self.act = act
        self.in_hid = nn.Linear(2, hid)
        self.hid_out = nn.Linear(hid, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, 2) points to (N, 1) outputs; keeps the hidden activations (N, hid) in self.hid."""
        act = torch.sigmoid if self.act == 'sig' else step
        self.hid = act(self.in_hid(x))
        return act(self.hid_out(self.hid))

    def set_weights(self, design: str = BEST, scale: float = SCALE):
        """Set the weights of a design. A sigmoid network gets them times `scale`, to come close to the step function.

        Raises ValueError where there is no such design, or where it has another number of hidden units.
        """
        if design not in DESIGNS:
            raise ValueError(f'unknown design {design!r}: it should be one of {", ".join(DESIGNS)}')
        made = DESIGNS[design]
        hid, need = self.in_hid.out_features, len(made.in_hid_bias)
        if hid != need:
            raise ValueError(f'the hand-made design {design!r} has {need} hidden units: --hid {hid} should be {need}')
        self.scale = scale if self.act == 'sig' else 1.0
        with torch.no_grad():
            for (name, parameter), values in zip(self.named_parameters(), made, strict=True):
                weights = torch.tensor(values)
                try:
                    parameter.copy_(self.scale * weights)
                except RuntimeError as error:
                    shapes = f'{tuple(weights.shape)}: it should be {tuple(parameter.shape)}'
                    raise ValueError(f'{name} of the design {design!r} has the shape {shapes}') from error
