"""kuzu.py: the networks compute what the lab says. How many parameters they have: test_kuzu_main.py."""

import pytest
import torch
from torch import conv2d, max_pool2d, relu, tanh

from kuzu import NetConv, NetFull, NetLin


def linear(x, w, b):
    return x.flatten(1) @ w.T + b


def full(x, w1, b1, w2, b2):
    return tanh(x.flatten(1) @ w1.T + b1) @ w2.T + b2


def conv(x, w1, b1, w2, b2, w3, b3, *last):
    x = max_pool2d(relu(conv2d(x, w1, b1, padding=1)), 2)
    x = max_pool2d(relu(conv2d(x, w2, b2, padding=1)), 2)
    x = x.flatten(1) @ w3.T + b3
    return linear(relu(x), *last) if last else x


@pytest.mark.parametrize(
    ('model', 'formula'), [(NetLin(), linear), (NetFull(7), full), (NetConv(), conv), (NetConv((4, 6), fc=0), conv)]
)
def test_the_networks_give_the_logarithm_of_softmax_of_their_formula(model, formula):
    x = torch.randn(3, 1, 28, 28)
    output = model(x)
    assert output.shape == (3, 10)
    assert torch.allclose(output, torch.log_softmax(formula(x, *model.parameters()), 1), atol=1e-5)


def test_a_shape_that_leaves_nothing_of_the_image_is_refused():
    assert NetConv(kernel=(25, 1), pad=0, fc=0)(torch.zeros(2, 1, 28, 28)).shape == (2, 10)  # one pixel is left
    with pytest.raises(ValueError, match=r'28 x 28 image is too small for kernels \(14, 14\) with padding \(0, 0\)'):
        NetConv(kernel=14, pad=0)
