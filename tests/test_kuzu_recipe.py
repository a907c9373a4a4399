"""kuzu_recipe.py: what the fast recipe does to the rate, the labels and the images."""

import pytest
import torch
import torch.nn.functional as F

import kuzu_recipe


def test_the_rate_rises_to_its_peak_and_falls_to_nothing():
    rates = [kuzu_recipe.one_cycle(step / 1000) for step in range(1000)]
    peak = rates.index(max(rates))
    assert abs(peak - 1000 * kuzu_recipe.WARM_UP) <= 1
    assert rates[: peak + 1] == sorted(rates[: peak + 1]) and rates[peak:] == sorted(rates[peak:], reverse=True)
    assert max(rates) == pytest.approx(kuzu_recipe.PEAK_RATE) and rates[-1] < 1e-4 * kuzu_recipe.PEAK_RATE


def test_the_smoothed_loss_is_that_of_pytorchs_cross_entropy():
    logits, labels = torch.randn(5, 10), torch.tensor([1, 2, 3, 4, 0])
    wanted = F.cross_entropy(logits, labels, label_smoothing=kuzu_recipe.SMOOTHING)
    assert torch.allclose(kuzu_recipe.smoothed_loss(logits.log_softmax(1), labels), wanted)


def test_distorted_images_stay_near_where_they_were_and_keep_their_background():
    torch.manual_seed(1)
    images = torch.full((200, 1, 28, 28), -1.0)
    images[:, :, 12:16, 12:16] = 1.0
    distorted = kuzu_recipe.distort(images)
    ink = distorted + 1
    assert distorted.shape == images.shape and distorted.min() >= -1 and distorted.max() <= 1.0001
    assert ink[:, :, [0, -1]].abs().max() == 0 and ink[..., [0, -1]].abs().max() == 0
    place = (ink.sum((1, 2)) * torch.arange(28)).sum(1) / ink.sum((1, 2, 3))
    assert place.std() > 0.5 and (place - 13.5).abs().max() < 28 * kuzu_recipe.SHIFT + 1.5
