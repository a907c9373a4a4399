"""train.py: every start is trained as the classic loop trains it, and the first that holds 100% wins."""

import numpy as np
import pytest
import torch

from check import MLP
from lab.check import classic, train
from lab.check.lines import accuracy, evaluate
from lab.check.points import read
from lab.check.settings import CHECK_CSV, Settings
from lab.common.run import Interrupt

POINTS, TARGETS = read(CHECK_CSV)
QUICK = {'init': 2.0, 'lr': 0.03}  # most starts hold 100% after 2,000 epochs and a few hundred


def start(seed, hid=5):
    torch.manual_seed(seed)
    return MLP(hid)


def many(seed, restarts, epochs=4000, hid=5, stop=False, **settings):
    net = start(seed, hid)
    return net, list(train.train(net, POINTS, TARGETS, Settings(restarts=restarts, epochs=epochs, **settings), stop))


def exact(seed, hid=5, **settings):
    """The classic loop in float64, from the start that `many` draws first: its network and its transcript."""
    settings = Settings(**settings)
    net = start(seed, hid)
    classic.draw(net, settings.init)
    lines = list(classic.train(net.double(), POINTS.astype(float), TARGETS.astype(float), settings))
    return net, lines


def printed(lines):
    return [f'ep:{epoch:5d} loss: {loss:6.4f} acc: {percent:5.2f}' for epoch, loss, percent in lines]


@pytest.mark.parametrize('hid', [1, 4, 7])
def test_one_start_is_the_classic_run_line_for_line(hid):
    net, lines = many(11, 1, 400, hid)
    oracle, expected = exact(11, hid, epochs=400)
    assert printed(lines) == printed(expected)
    for ours, theirs in zip(net.parameters(), oracle.parameters(), strict=True):
        torch.testing.assert_close(ours.double(), theirs, rtol=1e-6, atol=1e-7)


def test_run_ends_with_the_very_epoch_of_the_classic_run():
    net, lines = many(0, 1, **QUICK)
    oracle, expected = exact(0, epochs=4000, **QUICK)
    assert 2000 < expected[-1][0] < 3900
    assert printed(lines) == printed(expected)
    for ours, theirs in zip(net.parameters(), oracle.parameters(), strict=True):
        torch.testing.assert_close(ours.double(), theirs, rtol=1e-5, atol=1e-5)


def test_more_starts_never_take_longer():
    ends = [many(1, restarts, **QUICK)[1][-1][0] for restarts in (1, 2, 4, 8, 16)]
    assert ends == sorted(ends, reverse=True) and ends[-1] < ends[0]


def test_winner_is_one_of_the_starts_and_its_transcript_is_its_own(capsys):
    winner, lines = many(1, 8, **QUICK)
    told = capsys.readouterr().err
    torch.manual_seed(1)
    net = MLP(5)
    for number in range(1, 9):  # the eight starts, each alone
        state = torch.get_rng_state()
        alone = list(train.train(net, POINTS, TARGETS, Settings(restarts=1, epochs=lines[-1][0] + 100, **QUICK)))
        if all(torch.equal(a, b) for a, b in zip(net.parameters(), winner.parameters(), strict=True)):
            assert told == f'start {number} of 8 was the first to hold 100% for 2000 epochs\n'
            break
        torch.set_rng_state(state)
        classic.draw(net, 1.0)
    else:
        pytest.fail('no start alone ends as the winner')
    assert alone == lines


@pytest.mark.parametrize('hid', [4, 5, 6])
def test_lab_settings_succeed(hid):
    for seed in range(3):
        net, _ = many(seed, 16, 200_000, hid)
        assert accuracy(evaluate(net, POINTS)[1], TARGETS) == 100


def test_without_a_winner_the_start_with_most_points_right_is_kept(capsys):
    _, lines = many(3, 8, 400, init=2.0, lr=0.01)
    ends = []
    for earlier in range(8):
        net = start(3)
        for _ in range(earlier):
            classic.draw(net, 2.0)
        run = train.train(net, POINTS, TARGETS, Settings(init=2.0, lr=0.01, epochs=400, restarts=1))
        _, loss, percent = list(run)[-1]
        ends.append((percent, -loss))
    assert max(ends)[1] < max(loss for _, loss in ends)  # the smallest loss is another start's
    assert (lines[-1][2], -lines[-1][1]) == max(ends)
    assert 'no start of 8' in capsys.readouterr().err


def test_stop_ends_training_and_keeps_what_there_is():
    net, lines = many(2, 4, stop=True, **QUICK)
    assert [epoch for epoch, _, _ in lines] == [0]
    assert all(torch.isfinite(parameter).all() for parameter in net.parameters())


def test_loss_of_a_saturated_output_is_finite():
    row = np.array([[0.0, 0.0, 0.0, 0.0, 800.0]])  # one hidden unit, output 1 at every point
    loss, right = np.empty((2, 1))
    moments, counts = np.zeros((2, 1, 5)), np.zeros((2, 1), dtype=np.int64)
    train.advance(row, *moments, *counts, loss, right, POINTS.astype(float), TARGETS.astype(float), 0, 1, 0.001)
    data, target = torch.ones(9, 1), torch.from_numpy(TARGETS[:, None])
    assert loss[0] == pytest.approx(torch.nn.functional.binary_cross_entropy(data, target).item())
    assert right[0] == 4


def test_interrupt_is_a_stop():
    stop = Interrupt()
    stop.pressed = True
    assert len(many(2, 2, stop=stop, **QUICK)[1]) == 1
