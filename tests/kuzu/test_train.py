"""train.py: which images a batch has, how answers are judged, and which pairs are named."""

import numpy as np
import pytest
import torch

from lab.common.errors import UserError
from lab.kuzu.data import Dataset
from lab.kuzu.train import batches, confused_pairs, examples, judge
from tests.kuzu.runs import play, settings, weights

LABELS = torch.arange(20) % 10
NUMBERED = torch.arange(20.0)[:, None, None, None] * torch.ones(20, 1, 28, 28)  # each as bright as its number
DATA = Dataset(NUMBERED, LABELS, NUMBERED, LABELS, list('0123456789'))


def taken(epoch=1, first=0, **changes) -> list[list[int]]:
    """The images of each batch of 8."""
    found = list(batches(DATA, settings(batch=8, **changes), epoch, first))
    assert all(torch.equal(images[:, 0, 0, 0].long() % 10, labels) for _, images, labels in found)
    assert [number for number, *_ in found] == [*range(first, 3)]
    return [images[:, 0, 0, 0].int().tolist() for _, images, _ in found]


def test_the_images_come_in_file_order_from_the_batch_on_that_is_next():
    assert taken() == [[*range(8)], [*range(8, 16)], [*range(16, 20)]]
    assert taken(first=2) == [[*range(16, 20)]]


def test_shuffled_each_epoch_takes_all_images_in_an_order_of_its_seed_and_number():
    order = torch.randperm(20, generator=torch.Generator().manual_seed(100_004)).tolist()  # an old run can be repeated
    assert taken(shuffle=True) == [order[:8], order[8:16], order[16:]]
    assert taken(first=1, shuffle=True) == [order[8:16], order[16:]]
    others = taken(epoch=2, shuffle=True), taken(shuffle=True, seed=2)
    assert all(other != taken(shuffle=True) for other in others) and others[0] != others[1]


def test_a_choice_above_the_classes_is_wrong_and_outside_the_matrix():
    answers = torch.full((4, 15), -9.0)
    answers[0, 3] = answers[1, 14] = answers[2, 4] = answers[3, 7] = -0.001
    tested = judge(answers, torch.tensor([3, 3, 5, 7]))
    assert (tested.correct, tested.accuracy, tested.confusion.sum()) == (2, 50, 3)
    assert tested.confusion[3, 3] == tested.confusion[5, 4] == 1  # rows are the targets
    assert tested.loss == pytest.approx((2 * 0.001 + 9 + 9) / 4)


def confusion(*wrong):
    matrix = np.eye(10) * 900
    for target, chosen, count in wrong:
        matrix[target, chosen] = count
    return matrix


def test_the_five_most_confused_pairs_are_named_of_equal_ones_the_first():
    wrong = [(0, 1, 1), (0, 2, 2), (5, 1, 2), (3, 2, 3), (9, 8, 3), (8, 9, 4)]
    assert confused_pairs(confusion(*wrong)) == [(8, 9, 4), (3, 2, 3), (9, 8, 3), (0, 2, 2), (5, 1, 2)]
    assert confused_pairs(confusion((3, 4, 1))) == [(3, 4, 1)]


def test_examples_are_four_right_ones_of_each_class_and_eight_mistakes():
    labels, chosen = np.repeat([0, 0, 1, 1], 20), np.repeat([0, 1, 1, 0], 20)
    images = torch.arange(80.0)[:, None, None, None] * torch.ones(80, 1, 28, 28)
    data = Dataset(images, LABELS, images, torch.from_numpy(labels), [])
    pairs = examples(data, chosen, [(0, 1, 20), (1, 0, 20)])
    numbers = [[block[:, 0, 0].tolist() for block in blocks] for blocks in pairs]
    assert numbers[0] == [[*range(4)], [*range(40, 44)], [*range(20, 28)]]
    assert numbers[1] == [[*range(40, 44)], [*range(4)], [*range(60, 68)]]


@pytest.mark.parametrize(('steps', 'said'), [(0, 'before the first step'), (1, 'overflowed in epoch 1')])
def test_an_overflow_ends_the_run_and_keeps_the_last_good_checkpoint(steps, said, tmp_path, monkeypatch):
    monkeypatch.setattr(Overflows, 'steps', steps)
    good = weights(tmp_path, '--net lin --epochs 1')
    with pytest.raises(UserError, match=said):
        play(tmp_path, '--net lin --epochs 1 --lr 100 --mom 0.99', Overflows)
    assert (tmp_path / 'kuzu_lin.pth').read_bytes() == good


class Overflows(torch.nn.Linear):
    steps = 0

    def __init__(self):
        super().__init__(784, 10)
        self.first = self.weight.detach().clone()

    def forward(self, x):
        finite = self.steps and torch.equal(self.weight, self.first)
        return super().forward(x.flatten(1)) * (1 if finite else float('inf'))
