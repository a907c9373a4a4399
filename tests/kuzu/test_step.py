"""step.py: the same bits as autograd's, for the networks it knows; autograd for all others."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from kuzu import NetConv, NetFull, NetLin
from lab.kuzu import step, train
from lab.kuzu.recipe import choose
from lab.kuzu.resume import Progress
from tests.kuzu.runs import digits, settings

COUNT = 64


@pytest.fixture
def batch():
    """Images and labels; the last images are not used."""
    data = digits()
    return data.train_images[:COUNT], data.train_labels[:COUNT]


def trained(network, direct, **changes):
    """The weights after an epoch of the digits, and the losses of its batches: with `direct`, or by autograd alone."""
    torch.manual_seed(1)
    model, config, progress = network(), settings(**changes), Progress()
    recipe = choose(model, config)
    if not direct:
        recipe.loss = lambda *given: F.nll_loss(*given)  # not the loss that the step is for
    train.train_epoch(model, recipe, digits(), config, progress, False)
    return [*model.parameters(), torch.tensor(progress.losses)]


@pytest.mark.parametrize('network', [NetLin, NetFull, lambda: NetFull(1), lambda: NetFull(33)])
@pytest.mark.parametrize('changes', [{}, {'optim': 'adam'}, {'batch': 7, 'shuffle': True}, {'batch': 1400, 'mom': 0.0}])
def test_weights_and_losses_are_those_of_autograd_to_the_last_bit(network, changes, batch):
    assert step.find(network(), *batch)
    ours, theirs = trained(network, True, **changes), trained(network, False, **changes)
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_training_calls_the_network_only_to_look_for_the_step(batch):
    model, calls = NetLin(), []
    model.register_forward_hook(lambda *_: calls.append(1))
    config = settings()
    train.train_epoch(model, choose(model, config), digits(), config, Progress(), False)
    assert len(calls) == 2


def test_looking_for_a_step_changes_neither_the_weights_nor_the_random_numbers(batch):
    model = NetFull(5)
    before, state = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    assert step.find(model, *batch)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)


class Own(NetFull):
    """A student's network with the layers of NetFull, and one thing that is different."""

    def __init__(self, change, where='hidden'):
        super().__init__(20)
        self.change, self.where = change, where

    def forward(self, x):
        x = x.flatten(1)
        x = self.change(x) if self.where == 'image' else x
        x = self.hid(x)
        x = self.change(x) if self.where == 'hidden' else torch.tanh(x)
        x = self.out(x)
        return F.log_softmax(self.change(x) if self.where == 'out' else x, 1)


@pytest.mark.parametrize(
    'network',
    [
        lambda: Own(torch.relu),
        lambda: Own(torch.sigmoid),
        lambda: Own(lambda x: torch.tanh(x.clamp(-90, 90))),
        lambda: Own(lambda x: x.clamp(-9000, 9000), 'out'),
        lambda: Own(lambda x: x.clamp(-0.9, 0.9), 'image'),
        lambda: Own(lambda x: x + 1e-7, 'out'),
        lambda: Own(lambda x: F.dropout(x, 1e-4), 'out'),
        lambda: Own(lambda x: x.detach(), 'out'),
        lambda: Own(lambda x: x.double(), 'out'),
        lambda: nn.Sequential(nn.Flatten(), nn.Linear(784, 10), nn.LogSoftmax(0)),
        lambda: nn.Sequential(nn.Flatten(), nn.Linear(784, 10)),
        lambda: nn.Sequential(nn.Flatten(), nn.BatchNorm1d(784, affine=False), nn.Linear(784, 10), nn.LogSoftmax(1)),
        lambda: nn.Sequential(nn.Flatten(), nn.Linear(784, 12), nn.LogSoftmax(1)),
        lambda: NetLin().double(),
        lambda: NetLin().requires_grad_(False),
        NetConv,
        nn.Flatten,
    ],
)
def test_any_other_network_is_left_to_autograd(network, batch):
    assert step.find(network(), *batch) is None


def test_a_students_network_of_the_same_operations_is_known_whatever_its_names(batch):
    first, second = nn.Linear(784, 9), nn.Linear(9, 10)
    assert step.find(nn.Sequential(nn.Flatten(), first, nn.Tanh(), second, nn.LogSoftmax(1)), *batch)


@pytest.mark.parametrize('kernel', ['of_log_softmax', 'of_tanh'])
@pytest.mark.parametrize('change', [None, lambda result: result * (1 + 1e-6)])
def test_a_kernel_that_is_gone_or_rounds_in_another_way_is_not_used(kernel, change, batch, monkeypatch):
    make = step.Step.__init__

    def other(self, parameters):
        make(self, parameters)
        before = getattr(self, kernel)
        setattr(self, kernel, change and (lambda *given: change(before(*given))))

    monkeypatch.setattr(step.Step, '__init__', other)
    assert step.find(NetFull(20), *batch) is None
