"""recipe.py: what the fast recipe does to the rate, the labels and the images."""

import pytest
import torch
import torch.nn.functional as F

from lab.kuzu import recipe
from lab.kuzu.settings import Settings


def test_the_rate_rises_to_its_peak_and_falls_to_nothing():
    rates = [recipe.one_cycle(step / 1000) for step in range(1000)]
    peak = rates.index(max(rates))
    assert abs(peak - 1000 * recipe.WARM_UP) <= 1
    assert rates[: peak + 1] == sorted(rates[: peak + 1]) and rates[peak:] == sorted(rates[peak:], reverse=True)
    assert max(rates) == pytest.approx(recipe.PEAK_RATE) and rates[-1] < 1e-4 * recipe.PEAK_RATE


def test_the_smoothed_loss_is_that_of_pytorchs_cross_entropy():
    logits, labels = torch.randn(5, 10), torch.tensor([1, 2, 3, 4, 0])
    wanted = F.cross_entropy(logits, labels, label_smoothing=recipe.SMOOTHING)
    assert torch.allclose(recipe.smoothed_loss(logits.log_softmax(1), labels), wanted)


def test_shifted_images_are_whole_and_moved_by_every_step_up_to_the_limit():
    torch.manual_seed(1)
    images = torch.full((500, 1, 28, 28), -1.0)
    images[:, :, 12:16, 11] = torch.tensor([1.0, 0.5, 0.25, 0.0])
    shifted = recipe.shift(images)
    limit = recipe.SHIFT
    moves = {(down, right) for down in range(-limit, limit + 1) for right in range(-limit, limit + 1)}
    found = set()
    for before, after in zip(images, shifted, strict=True):
        fits = [move for move in moves if torch.equal(torch.roll(before, move, (1, 2)), after)]
        assert len(fits) == 1
        found.add(fits[0])
    assert found == moves


def chosen(**settings):
    """The recipe that the settings name, and what its optimizer is given."""
    found = recipe.choose(torch.nn.Linear(2, 2), Settings(seed=1, dataset='', images=0, **settings))
    return found, type(found.optimizer).__name__, found.optimizer.defaults


def test_the_classic_recipe_is_the_labs_step_with_the_flags_given():
    found, kind, options = chosen(lr=0.3, mom=0.9)
    assert (kind, options['lr'], options['momentum'], options['weight_decay']) == ('SGD', 0.3, 0.9, 0)
    assert (found.loss, found.augment, found.rate) == (F.nll_loss, None, None)
    _, kind, options = chosen(optim='adam', lr=0.3)
    assert (kind, options['lr'], options['weight_decay']) == ('Adam', 0.3, 0)


def test_the_fast_recipe_is_adamw_at_one_cycle_to_a_hundredth():
    found, kind, options = chosen(recipe='fast')
    assert (kind, options['weight_decay']) == ('AdamW', 0.1)
    assert (found.loss, found.augment) == (recipe.smoothed_loss, recipe.shift)
    rates = [found.rate(share) for share in (0, 0.125, 0.25, 0.625, 1)]
    assert rates == pytest.approx([0.0001, 0.00505, 0.01, 0.005, 0], abs=1e-12)


def test_a_smoothed_label_is_right_at_nine_tenths():
    log_probabilities = torch.full((1, 10), -1.0)
    log_probabilities[0, 3] = -2.0
    assert recipe.smoothed_loss(log_probabilities, torch.tensor([3])).item() == pytest.approx(0.9 * 2 + 0.1 * 1.1)


def test_images_are_shifted_by_two_pixels_at_most_each_in_its_own_way():
    torch.manual_seed(1)
    images = torch.full((100, 1, 28, 28), -1.0)
    images[:, :, 14, 14] = 1.0
    places = (recipe.shift(images)[:, 0] == 1).nonzero()[:, 1:]
    assert places.amin(0).tolist() == [12, 12] and places.amax(0).tolist() == [16, 16]


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
