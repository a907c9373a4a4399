"""train.py: every start is trained as the loop of check_main.py trains it, and the first that holds 100% wins."""

import numpy as np
import pytest
import torch

import check_main
from check import MLP
from lab.check import train
from lab.check.lines import accuracy, evaluate
from lab.check.points import Points, read_points
from lab.check.settings import CHECK_CSV, Settings
from lab.check.student import draw_weights

POINTS = read_points(CHECK_CSV)
EXACT = Points(*(part.astype(float) for part in POINTS))
QUICK = {'init': 2.0, 'lr': 0.03}  # most starts hold 100% after 2,000 epochs and a few hundred


def start(seed, hid=5):
    torch.manual_seed(seed)
    return MLP(hid)


def many(seed, restarts, epochs=4000, hid=5, stop=False, **settings):
    net = start(seed, hid)
    settings = Settings(restarts=restarts, epochs=epochs, **settings)
    return net, train.train_many_starts(net, POINTS, settings, stop)


@pytest.mark.parametrize(
    ('hid', 'settings', 'near'),
    [
        (1, {'epochs': 400}, 1e-6),
        (4, {'epochs': 400}, 1e-6),
        (7, {'epochs': 400}, 1e-6),
        (5, {'epochs': 4000, **QUICK}, 1e-5),  # it ends with the very epoch in which 100% has held for 2,000
    ],
)
def test_one_start_is_the_run_of_the_labs_loop_line_for_line(hid, settings, near, capsys):
    net, lines = many(0, 1, hid=hid, **settings)
    oracle, settings = start(0, hid), Settings(**settings)
    draw_weights(oracle, settings.init)
    capsys.readouterr()
    check_main.train(oracle.double(), EXACT, settings, False)
    theirs = capsys.readouterr().out
    for line in lines:
        check_main.print_line(*line)
    assert capsys.readouterr().out == theirs
    assert len(lines) < settings.epochs / 100 or settings.epochs == 400
    for ours, exact in zip(net.parameters(), oracle.parameters(), strict=True):
        torch.testing.assert_close(ours.double(), exact, rtol=near, atol=near)


def test_more_starts_never_take_longer():
    ends = [many(1, restarts, **QUICK)[1][-1][0] for restarts in (1, 2, 4, 8, 16)]
    assert ends == sorted(ends, reverse=True) and ends[-1] < ends[0]


def alone(seed, number, epochs, **settings):
    """The start that is drawn as the one of this number, from 0, trained alone."""
    net = start(seed)
    for _ in range(number):
        draw_weights(net, 1.0)
    return net, train.train_many_starts(net, POINTS, Settings(restarts=1, epochs=epochs, **settings))


def test_winner_is_one_of_the_starts_and_its_transcript_is_its_own(capsys):
    winner, lines = many(1, 8, **QUICK)
    told = capsys.readouterr().err
    for number in range(8):
        net, own = alone(1, number, lines[-1][0] + 100, **QUICK)
        if all(torch.equal(a, b) for a, b in zip(net.parameters(), winner.parameters(), strict=True)):
            assert told == f'start {number + 1} of 8 was the first to hold 100% for 2000 epochs\n'
            assert own == lines
            return
    pytest.fail('no start alone ends as the winner')


def test_without_a_winner_the_start_with_most_points_right_is_kept(capsys):
    _, lines = many(3, 8, 400, init=2.0, lr=0.01)
    assert 'no start of 8' in capsys.readouterr().err
    ends = [alone(3, number, 400, init=2.0, lr=0.01)[1][-1] for number in range(8)]
    best = max(ends, key=lambda end: (end[2], -end[1]))
    assert lines[-1] == best
    assert best[1] > min(loss for _, loss, _ in ends)  # the smallest loss is another start's


@pytest.mark.parametrize('hid', [4, 5, 6])
def test_lab_settings_succeed(hid):
    for seed in range(3):
        net, _ = many(seed, 16, 200_000, hid)
        assert accuracy(evaluate(net, POINTS.inputs)[1], POINTS.targets) == 100


def test_stop_ends_training_and_keeps_what_there_is():
    net, lines = many(2, 4, stop=True, **QUICK)
    assert [epoch for epoch, _, _ in lines] == [100]
    assert all(torch.isfinite(parameter).all() for parameter in net.parameters())


def test_loss_of_a_saturated_output_is_finite():
    starts = train.draw_starts(MLP(1), Settings(restarts=1))
    starts.weights[:] = [0, 0, 0, 0, 800]  # the output is 1 at every point
    train.advance(starts, EXACT, 1, 1, 0.001)
    data, target = torch.ones(9), torch.from_numpy(POINTS.targets)
    assert starts.loss[0] == pytest.approx(torch.nn.functional.binary_cross_entropy(data, target).item())
    assert starts.right[0] == np.sum(POINTS.targets)
