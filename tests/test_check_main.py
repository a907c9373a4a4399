"""check_main.py: the lab's three commands, their transcripts, what bad input gets, and other people's networks."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

import check
import check_main
from lab.check import train
from lab.common.errors import UserError
from lab.common.run import fault_line

ROOT = Path(__file__).parents[1]
TENSORS = """tensor([[-2., -2.],
        [ 2.,  2.],
        [ 2., -2.],
        [-2.,  2.]])
tensor([ 3., -5., -1., -1.])
tensor([[2., 2., 2., 2.]])
tensor([-3.])
"""
TRAINED = """ep: 6300 loss: 0.1575 acc: 100.00
Final Weights:
tensor([[-5.9435,  4.7829],
        [ 0.0828, -4.4167],
        [-6.1162, -6.1795],
        [ 6.1651, -7.8570],
        [ 5.2562, -0.3698]])
tensor([-7.4778,  3.8222,  1.1900, -1.4125, -5.1077])
tensor([[-7.6651, -6.0993, -5.5741,  7.2910, -7.3729]])
tensor([4.4469])
Final Accuracy:  100.0

Units, each on where:
"""
QUICK = ['--init', '2', '--lr', '0.03', '--seed', '1']


@pytest.fixture(autouse=True)
def inside(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def run(capsys, *argv):
    """Run check_main in this process: its lines on standard output, and its standard error."""
    check_main.main(list(argv))
    out, err = capsys.readouterr()
    return out.splitlines(), err


def names():
    return {path.name for path in Path('plot').iterdir()}


def test_hand_set_step_network_as_typed(tmp_path):
    command = [sys.executable, str(ROOT / 'check_main.py'), '--act', 'step', '--hid', '4', '--set_weights']
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0
    assert done.stdout.startswith(f'Initial Weights:\n{TENSORS}Initial Accuracy:  100.0\n\n')
    assert done.stderr == '8 pictures are in plot: sheet_4.jpg shows them all\n'
    hidden = {f'hid_4_{k}.jpg' for k in range(4)}
    assert names() == {'check.jpg', 'out_4.jpg', 'net_4.jpg', 'sheet_4.jpg', *hidden}


def test_the_transcript_of_a_real_run_is_as_it_was(capsys):
    lines, err = run(capsys, '--act', 'sig', '--hid', '5', '--seed', '1')
    assert lines[:2] == ['ep:  100 loss: 0.6870 acc: 55.56', 'ep:  200 loss: 0.6868 acc: 55.56']
    assert '\n'.join(lines[62:]).startswith(TRAINED)
    assert 'Smallest margin: 0.0282 at the hidden units, 0.0527 at the output' in lines
    assert lines[-2].endswith('So h0, h1, h3 and h4 are needed.') and lines[-1].startswith(
        'The lines of h1, h3 and h4 '
    )
    assert err.startswith('seed: 1\n') and 'start 6 of 16 was the first' in err


@pytest.mark.parametrize('scale', ['1', '30'])
def test_scale_multiplies_all_weights_and_the_smallest_scale_stays(capsys, scale):
    lines, _ = run(capsys, '--act', 'sig', '--set_weights', '--scale', scale)
    assert lines[0] == 'Initial Weights:' and 'Initial Accuracy:  100.0' in lines
    assert f'tensor([-{3 * int(scale)}.])' in lines
    assert lines[-1] == 'Smallest scale: 0.991'


def test_table_of_activations_is_right(capsys):
    lines, _ = run(capsys, '--act', 'step', '--set_weights')
    start = lines.index('Activations:') + 2
    for line in lines[start : start + 9]:
        x, y, *hidden, out, target = map(int, line.split())
        votes = [x + y <= 1, x + y >= 3, x > y, y > x]
        assert hidden == votes and out == target == (x + y) % 2


@pytest.mark.parametrize(
    'argv, said',
    [
        ('--act step --set_weights --hid 5', '4 hidden units: --hid 5 should be 4'),
        ('--act tanh', "invalid choice: 'tanh'"),
        ('--act step', 'gradient is 0'),
        ('--hid 0', "'0' is not a whole number from 1"),
        ('--lr nan', '--lr'),
        ('--restarts 4 --set_weights', '--restarts has no effect with --set_weights'),
        ('--design sum', '--design has no effect without --set_weights'),
        ('--set_weights bad.csv', 'bad.csv is not a plain tensor file'),
        ('--set_weights .', "'.' is not a file"),
        ('--set_weights w.pth', 'No such file or directory: w.pth'),
        ('--set_weights w.pth --scale 2', '--scale has no effect with the weights of a file'),
        ('--set_weights --design best', 'votes, sum, difference, cross, mine'),
        ('--data nowhere.csv', 'No such file or directory: nowhere.csv'),
        ('--data bad.csv', 'bad.csv line 3: '),
        ('--plot_path bad.csv', "'bad.csv' is not a folder"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(capsys, argv, said):
    Path('bad.csv').write_text('X,Y,T\n0,0,0\n0,zero,1\n')
    with pytest.raises((SystemExit, UserError, OSError)) as caught:
        check_main.main(argv.split())
    line = capsys.readouterr().err
    if caught.type is SystemExit:
        assert caught.value.code == 2
    else:  # left to sys.excepthook
        assert line == ''
        line = fault_line(caught.value)
    assert said in line and '\n' not in line.strip()
    assert not Path('plot').exists()


@pytest.mark.parametrize(
    ('flag', 'low', 'high', 'beyond'),
    [
        ('--hid', '1', '64', '65'),
        ('--init', '0', '100', '100.5'),
        ('--lr', '1e-9', '10', '10.5'),
        ('--epoch', '1', '100000000', '100000001'),
        ('--restarts', '1', '1000', '1001'),
        ('--scale', '1e-3', '1e4', '10000.5'),
    ],
)
def test_the_ends_of_each_range_are_taken_and_no_more(flag, low, high, beyond):
    more = ['--set_weights'] if flag == '--scale' else []
    for value in (low, high):
        assert getattr(check_main.parse([flag, value, *more]), flag[2:]) == float(value)
    with pytest.raises(SystemExit):
        check_main.parse([flag, beyond, *more])


def test_other_points_are_trained_and_drawn(capsys):
    Path('xor.csv').write_text('a,b,c\n-10,-10,0\n-10,10,1\n10,-10,1\n10,10,0\n')
    lines, _ = run(capsys, '--data', 'xor.csv', '--hid', '4', *QUICK)
    assert 'Final Accuracy:  100.0' in lines
    assert 'out_4.jpg' in names()


def test_ctrl_c_keeps_what_is_trained(capsys, monkeypatch):
    step = train.advance

    def interrupted(*args):
        os.kill(os.getpid(), signal.SIGINT)
        step(*args)

    monkeypatch.setattr(train, 'advance', interrupted)
    with pytest.raises(SystemExit) as caught:
        check_main.main([])
    lines = capsys.readouterr().out.splitlines()
    assert caught.value.code == 130
    assert lines[0].startswith('ep:  100 ') and lines[1] == 'Final Weights:'
    assert 'sheet_4.jpg' in names()


class Theirs(nn.Module):
    """Somebody else's MLP: another number of hidden units, one layer more, no method that the lab does not name."""

    def __init__(self, hid=4, act='sig'):
        super().__init__()
        self.act = act
        self.in_hid = nn.Linear(2, 2 * hid)
        self.between = nn.Linear(2 * hid, 3)
        self.hid_out = nn.Linear(3, 1)

    def forward(self, input):
        self.hid = torch.tanh(self.in_hid(input))
        out = self.hid_out(torch.tanh(self.between(self.hid)))
        return torch.sigmoid(out) if self.act == 'sig' else (out >= 0).float()


def test_somebody_elses_network_is_trained_and_drawn(capsys, monkeypatch):
    monkeypatch.setattr(check, 'MLP', Theirs)
    _, err = run(capsys, '--hid', '5', '--epoch', '200', '--init', '1')
    assert 'PyTorch trains one' in err
    assert names() == {'check.jpg', 'out_5.jpg', 'sheet_5.jpg', *(f'hid_5_{k}.jpg' for k in range(10))}


@pytest.mark.parametrize('network', [check.MLP, Theirs])
@pytest.mark.parametrize(('epochs', 'lines'), [(99, 0), (100, 1), (150, 1), (300, 3)])
def test_epochs_are_counted_from_1_and_each_hundredth_has_its_line(network, epochs, lines, capsys, monkeypatch):
    monkeypatch.setattr(check, 'MLP', network)
    printed, _ = run(capsys, '--hid', '5', '--epoch', str(epochs))
    assert [line[:9] for line in printed].index('Final Wei') == lines
    assert [line[:8] for line in printed[:lines]] == ['ep:  100', 'ep:  200', 'ep:  300'][:lines]


def test_somebody_elses_network_ends_when_100_percent_have_held_long_enough(capsys, monkeypatch):
    monkeypatch.setattr(check, 'MLP', Theirs)
    monkeypatch.setattr(check_main, 'HOLD', 500)
    Path('two.csv').write_text('a,b,c\n0,0,1\n1,1,0\n')
    lines, _ = run(capsys, '--hid', '5', '--data', 'two.csv', *QUICK)
    right = [line.endswith('acc: 100.00') for line in lines[: lines.index('Final Weights:')]]
    assert right[-5:] == [True] * 5 and sum(right) in (5, 6)


class Clamped(check.MLP):
    """Two sigmoid layers, but their weights are held in a range: as the lab's until one is large."""

    def forward(self, x):
        for layer in self.in_hid, self.hid_out:
            layer.weight.data.clamp_(-1, 1)
        return super().forward(x)


def test_a_network_that_changes_its_weights_is_trained_by_the_plain_loop(capsys, monkeypatch):
    monkeypatch.setattr(check, 'MLP', Clamped)
    _, err = run(capsys, '--epoch', '100', '--seed', '1')
    assert 'this MLP is not two sigmoid layers: PyTorch trains one random start of it' in err


def test_somebody_elses_two_layers_get_everything(capsys, monkeypatch):
    class Plain(check.MLP):
        def set_weights(self):  # without design or scale
            with torch.no_grad():
                for parameter, values in zip(self.parameters(), check.DESIGNS['sum'], strict=True):
                    parameter.copy_(torch.tensor(values, dtype=torch.float32))

    monkeypatch.setattr(check, 'MLP', Plain)
    lines, _ = run(capsys, '--act', 'step', '--set_weights')
    assert lines[-1] == 'Smallest scale: 1.981'
    _, err = run(capsys, '--hid', '5', *QUICK)
    assert 'autograd' not in err
