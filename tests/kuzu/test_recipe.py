"""recipe.py: what the fast recipe does to the rate, the labels and the images."""

import pytest
import torch
import torch.nn.functional as F

from lab.kuzu import recipe


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
