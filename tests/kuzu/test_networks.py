"""networks.py: a network is made as asked for, or refused in one line before it takes memory."""

import pytest
import torch
from torch import nn

from lab.common.endings import UserError
from lab.kuzu import networks
from lab.kuzu.networks import build, count_activations, count_parameters, to_device
from lab.kuzu.settings import Run


class Wide(nn.Module):
    """A layer of `units` numbers for each image."""

    def __init__(self, units=10, bias=True):
        super().__init__()
        self.out = nn.Linear(784, units, bias)

    def forward(self, x):
        return self.out(x.flatten(1))


def make(batch=64, **shape):
    return build(Run('lin', 'kuzu_lin', shape), batch)


@pytest.fixture(autouse=True)
def limits(monkeypatch):
    """The limits of a network of 10 units, with batches of up to 100 images; of 11 units only the parameters fit."""
    monkeypatch.setitem(networks.CLASSES, 'lin', Wide)
    monkeypatch.setattr(networks, 'MOST_PARAMETERS', 785 * 11)
    monkeypatch.setattr(networks, 'LEAST_IMAGES', 100)
    monkeypatch.setattr(networks, 'MOST_ACTIVATIONS', 2 * 10 * 100)  # those of the layer and of the whole network


def test_a_network_has_the_shape_that_was_asked_for_and_its_weights():
    model = make(units=7)
    assert model.out.weight.shape == (7, 784) and model.out.weight.device.type == 'cpu'


def test_a_network_that_just_fits_is_made():
    assert count_parameters(make(units=10, batch=100)) == 7850


@pytest.mark.parametrize('batch, units', [(101, 10), (1, 11)])
def test_more_numbers_than_memory_for_a_batch_are_refused(batch, units):
    with pytest.raises(UserError, match=f'0 GB for a batch of {max(batch, 100)} images'):
        make(units=units, batch=batch)


def test_the_gigabytes_are_those_of_float32(monkeypatch):
    monkeypatch.setattr(networks, 'LEAST_IMAGES', 2_000_000_000)
    with pytest.raises(UserError, match=r'^160 GB for a batch of 2,000,000,000 images'):
        make(units=10)


def test_too_many_parameters_are_refused():
    with pytest.raises(UserError, match='9,420 parameters are too many: 8,635 at most'):
        make(units=12)


def test_arguments_that_a_students_class_does_not_take_are_named_as_flags():
    with pytest.raises(UserError, match=r'Wide of this kuzu\.py does not take --fc --units'):
        make(fc=3, units=4)


def test_a_shape_that_the_class_refuses_is_told_in_its_words(monkeypatch):
    def refuses():
        raise ValueError('too small')

    monkeypatch.setitem(networks.CLASSES, 'lin', refuses)
    with pytest.raises(UserError, match=r'^too small$'):
        make()


def test_a_network_that_cannot_be_run_without_memory_is_not_counted():
    class Stubborn(Wide):
        def forward(self, x):
            return self.out(torch.full((1, 784), float(x.sum().item())))

    with torch.device('meta'):
        assert count_activations(Stubborn()) == 0


def test_channels_last_is_given_to_all_networks_but_those_that_fail_with_it():
    class Viewing(nn.Conv2d):
        def forward(self, x):
            return super().forward(x).view(len(x), -1)

    images = torch.zeros(2, 1, 28, 28)
    two = nn.Sequential(nn.Conv2d(1, 3, 5), nn.Conv2d(3, 2, 3))
    assert to_device(two, images)[1].weight.is_contiguous(memory_format=torch.channels_last)
    two = nn.Sequential(nn.Conv2d(1, 3, 5), Viewing(3, 2, 3))
    assert to_device(two, images)[1].weight.is_contiguous()
