"""recipe.py: which step each recipe takes, and what the fast one does to the rate, the labels and the images."""

import pytest
import torch
import torch.nn.functional as F

from lab.kuzu import recipe
from lab.kuzu.settings import Settings


def chosen(**settings):
    """The recipe that the settings name, and what its optimizer is given."""
    found = recipe.choose(torch.nn.Linear(2, 2), Settings(seed=1, dataset='', images=0, **settings))
    return found, type(found.optimizer).__name__, found.optimizer.defaults


def test_the_classic_recipe_is_the_labs_step_with_the_flags_given():
    found, kind, options = chosen(lr=0.3, mom=0.9)
    assert (kind, options['lr'], options['momentum'], options['weight_decay']) == ('SGD', 0.3, 0.9, 0)
    images = torch.zeros(1)
    assert found.loss is F.nll_loss and found.begin_step(images, 0.5) is images
    _, kind, options = chosen(optim='adam', lr=0.3)
    assert (kind, options['lr'], options['weight_decay']) == ('Adam', 0.3, 0)


def test_the_fast_recipe_is_adamw_at_one_cycle_to_a_hundredth():
    found, kind, options = chosen(recipe='fast')
    assert (kind, options['weight_decay'], found.loss) == ('AdamW', 0.1, recipe.smoothed_loss)
    rates = []
    for share in 0, 0.125, 0.25, 0.625, 1:
        found.begin_step(torch.zeros(1, 1, 28, 28), share)
        rates.append(found.optimizer.param_groups[0]['lr'])
    assert rates == pytest.approx([0.0001, 0.00505, 0.01, 0.005, 0], abs=1e-12)


def test_the_smoothed_loss_is_that_of_pytorchs_cross_entropy():
    logits, labels = torch.randn(5, 10), torch.tensor([1, 2, 3, 4, 0])
    wanted = F.cross_entropy(logits, labels, label_smoothing=0.1)
    assert torch.allclose(recipe.smoothed_loss(logits.log_softmax(1), labels), wanted)


def test_shifted_images_are_whole_and_moved_by_every_step_of_two_pixels_at_most():
    torch.manual_seed(1)
    images = torch.full((500, 1, 28, 28), -1.0)
    images[:, :, 12:16, 11] = torch.tensor([1.0, 0.5, 0.25, 0.0])
    shifted = chosen(recipe='fast')[0].begin_step(images, 0)
    moves = {(down, right) for down in range(-2, 3) for right in range(-2, 3)}
    found = set()
    for before, after in zip(images, shifted, strict=True):
        [move] = [move for move in moves if torch.equal(torch.roll(before, move, (1, 2)), after)]
        found.add(move)
    assert found == moves


@pytest.mark.parametrize('kind', [torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW])
def test_an_optimizer_without_decorators_takes_the_same_steps_and_remembers_the_same(kind):
    outcomes = []
    for variant in kind, recipe.plain(kind):
        layer = torch.nn.Linear(3, 2)
        torch.nn.init.constant_(layer.weight, 0.3)
        torch.nn.init.zeros_(layer.bias)
        optimizer = variant(layer.parameters(), lr=0.1, weight_decay=0.01, fused=True)
        for number in range(3):
            optimizer.zero_grad()
            layer(torch.tensor([[1.0, 2.0, number]])).square().sum().backward()
            optimizer.step()
        state = optimizer.state_dict()
        optimizer.load_state_dict(state)
        outcomes.append([*layer.parameters(), str(state)])
    (w, b, state), (our_w, our_b, our_state) = outcomes
    assert torch.equal(w, our_w) and torch.equal(b, our_b) and state == our_state
