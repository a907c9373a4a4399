"""An SRN that has learned anb2n: its weights to two decimals."""

import torch

LEARNED = {
    name: torch.tensor(value)
    for name, value in {
        'H0': [1.92, 1.52],
        'W': [[-0.05, 1.96], [0.04, -2.03]],
        'U': [[1.96, 1.87], [-1.16, -2.79]],
        'hid_bias': [-0.01, -0.08],
        'V': [[-0.29, 0.29], [3.54, -3.54]],
        'out_bias': [-2.0, 2.0],
    }.items()
}
