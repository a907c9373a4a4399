"""kuzu.py: the networks have the parameters that the worked reports count, and compute what the lab says."""

import pytest
import torch

from kuzu import NetConv, NetFull, NetLin


def count(model):
    return sum(parameter.numel() for parameter in model.parameters())


def test_without_arguments_they_are_the_networks_of_the_readme():
    assert (count(NetLin()), count(NetFull()), count(NetConv())) == (7850, 127_210, 206_922)


@pytest.mark.parametrize('model', [NetLin(), NetFull(), NetConv(), NetConv((4, 6), (5, 3), (2, 1), 0)])
def test_output_is_ten_log_probabilities(model):
    output = model(torch.randn(3, 1, 28, 28))
    assert output.shape == (3, 10)
    assert torch.allclose(output.exp().sum(1), torch.ones(3), atol=1e-5)


def test_netlin_is_a_linear_function_and_log_softmax():
    model, x = NetLin(), torch.randn(2, 1, 28, 28)
    weight, bias = model.parameters()
    assert torch.allclose(model(x), torch.log_softmax(x.view(2, 784) @ weight.T + bias, 1), atol=1e-5)


def test_netfull_has_one_tanh_layer():
    model, x = NetFull(7), torch.randn(2, 1, 28, 28)
    w1, b1, w2, b2 = model.parameters()
    logits = torch.tanh(x.view(2, 784) @ w1.T + b1) @ w2.T + b2
    assert torch.allclose(model(x), torch.log_softmax(logits, 1), atol=1e-5)


def test_netconv_is_relu_then_pooling_twice_then_relu_layer():
    model, x = NetConv(), torch.randn(2, 1, 28, 28)
    w1, b1, w2, b2, w3, b3, w4, b4 = model.parameters()
    x1 = torch.max_pool2d(torch.relu(torch.conv2d(x, w1, b1, padding=1)), 2)
    x2 = torch.max_pool2d(torch.relu(torch.conv2d(x1, w2, b2, padding=1)), 2)
    logits = torch.relu(x2.flatten(1) @ w3.T + b3) @ w4.T + b4
    assert torch.allclose(model(x), torch.log_softmax(logits, 1), atol=1e-5)


def test_a_shape_that_leaves_nothing_of_the_image_is_refused():
    with pytest.raises(ValueError, match=r'28 x 28 image is too small for kernels \(14, 14\) with padding \(0, 0\)'):
        NetConv(kernel=14, pad=0)


def test_a_shape_that_leaves_one_pixel_is_taken():
    assert NetConv(kernel=(25, 1), pad=0, fc=0)(torch.zeros(2, 1, 28, 28)).shape == (2, 10)
