"""networks.py: a network that is too large is refused in one line before it takes memory; the layout that is fast."""

import pytest
import torch
from torch import nn

import kuzu
from lab.common.errors import UserError
from lab.kuzu.networks import check_size, count_activations, count_parameters, to_device
from lab.kuzu.settings import Run


class Wide(nn.Module):
    """A layer of `units` numbers for each image."""

    def __init__(self, units=10, bias=True):
        super().__init__()
        self.out = nn.Linear(784, units, bias)

    def forward(self, x):
        return self.out(x.flatten(1))


def test_every_number_that_is_trained_is_counted():
    assert count_parameters(Wide(7)) == 7 * 785


def test_at_most_200_million_parameters_are_trained(monkeypatch):
    class Many(nn.Module):
        def __init__(self, count):
            super().__init__()
            self.many = nn.Parameter(torch.empty(count))

    monkeypatch.setattr(kuzu, 'NetLin', Many)
    check_size(Run('lin', '', {'count': 200_000_000}), 64)
    with pytest.raises(UserError, match='200,000,001 parameters are too many: 200,000,000 at most'):
        check_size(Run('lin', '', {'count': 200_000_001}), 64)


@pytest.mark.parametrize('batch, most', [(1, 2_000_000), (1000, 2_000_000), (4000, 500_000)])
def test_at_most_8_gb_are_taken_for_the_outputs_of_the_layers(batch, most, monkeypatch):
    class Spread(nn.Module):
        def __init__(self, numbers):
            super().__init__()
            self.numbers = numbers

        def forward(self, x):
            return x.new_zeros(x.numel() // 784, self.numbers)

    monkeypatch.setattr(kuzu, 'NetLin', Spread)
    check_size(Run('lin', '', {'numbers': most}), batch)
    with pytest.raises(UserError, match=f'8 GB for a batch of {max(1000, batch):,} images'):
        check_size(Run('lin', '', {'numbers': most + 1}), batch)


def test_a_network_that_cannot_be_run_is_not_counted():
    assert count_activations(nn.Linear(3, 3)) == 0


def test_counting_leaves_the_network_as_it_was():
    model = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(784), nn.Dropout(0.5), nn.Linear(784, 10))
    before = [value.clone() for value in model.state_dict().values()]
    state = torch.get_rng_state()
    assert count_activations(model) == 784 + 784 + 784 + 10 + 10
    assert all(torch.equal(a, b) for a, b in zip(before, model.state_dict().values(), strict=True))
    assert model.training and model[1].training and torch.equal(torch.get_rng_state(), state)
    assert not any(layer._forward_hooks for layer in model.modules())


def test_channels_last_is_given_to_all_networks_but_those_that_fail_with_it():
    class Viewing(nn.Conv2d):
        def forward(self, x):
            return super().forward(x).view(len(x), -1)

    images = torch.zeros(2, 1, 28, 28)
    two = nn.Sequential(nn.Conv2d(1, 3, 5), nn.Conv2d(3, 2, 3))
    assert to_device(two, images)[1].weight.is_contiguous(memory_format=torch.channels_last)
    two = nn.Sequential(nn.Conv2d(1, 3, 5), Viewing(3, 2, 3))
    assert to_device(two, images)[1].weight.is_contiguous()


def test_the_trial_of_the_layout_prints_nothing_and_draws_nothing(capsys):
    class Loud(Wide):
        def forward(self, x):
            print(torch.rand(1))
            return super().forward(x)

    torch.manual_seed(1)
    to_device(Loud(), torch.zeros(2, 1, 28, 28))
    drawn = torch.rand(1)
    torch.manual_seed(1)
    Wide()
    assert drawn == torch.rand(1)
    assert capsys.readouterr().out == ''
