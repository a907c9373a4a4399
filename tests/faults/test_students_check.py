"""check.py as people write it: check_main.py works with it, or ends in one line."""

import pytest

from tests.students import refused, run

MLP = """
import torch
import torch.nn as nn
def step(x):
    return (x >= 0) * 1.0
class MLP(nn.Module):
    def __init__(self, hid=4, act='sig'):
        super().__init__()
        self.act = torch.sigmoid if act == 'sig' else step
        self.in_hid = nn.Linear(2, hid)
        self.hid_out = nn.Linear(hid, 1)
    def forward(self, input):
        self.hid = self.act(self.in_hid(input))
        return self.act(self.hid_out(self.hid))
    def set_weights(self):
        self.in_hid.weight.data = torch.tensor([[1., 1], [1, 1], [1, 1], [1, 1]])
        self.in_hid.bias.data = torch.tensor([-.5, -1.5, -2.5, -3.5])
        self.hid_out.weight.data = torch.tensor([[1., -1, 1, -1]])
        self.hid_out.bias.data = torch.tensor([-.5])
"""
BY_HAND = 'check_main --act step --hid 4 --set_weights'


@pytest.mark.parametrize(
    'changes',
    [
        {},
        {'return self.act(self.hid_out(self.hid))': 'return self.act(self.hid_out(self.hid)).squeeze(1)'},
        {'return self.act(self.hid_out(self.hid))': 'return self.act(self.hid_out(self.hid)), self.hid'},
        {'self.hid = ': 'print("mine!"); self.hid = '},
        {'in_hid': 'first', 'hid_out': 'second'},
        {'.data = torch.tensor(': '.data[:] = torch.tensor('},
    ],
)
def test_check_weights_set_by_hand_are_right_however_it_is_written(changes, tmp_path):
    source = MLP
    for before, after in changes.items():
        source = source.replace(before, after)
    end = run(BY_HAND, tmp_path, check=source)
    assert end.told() == 'survived', end
    assert '\nInitial Accuracy:  100.0\n' in end.out and 'mine!' not in end.out
    assert (tmp_path / 'plot' / 'out_4.jpg').exists()


def test_check_points_of_an_older_year_are_read(tmp_path):
    rows = [f'{x},{y},{(x + y) % 2}' for x in (-1, 0, 1) for y in (-1, 0, 1)]
    (tmp_path / 'check.csv').write_text('\n'.join(['x,y,class', *rows]))
    moved = MLP.replace('[-.5, -1.5, -2.5, -3.5]', '[1.5, .5, -.5, -1.5]')
    assert '\nInitial Accuracy:  100.0\n' in run(f'{BY_HAND} --data check.csv', tmp_path, check=moved).out


@pytest.mark.parametrize(
    ('before', 'after', 'line'),
    [
        ('class MLP', 'class Mlp', 'check.py has no class MLP$'),
        ('self.hid = self.act', 'hid = self.act', r'check\.py:14: AttributeError: '),
        ('tensor([[1., -1, 1, -1]])', 'tensor([[1., -1, 1]])', r'.* hid_out\.weight the shape \(1, 3\): .* \(1, 4\)$'),
        ('forward(self, ', 'forward(', r'check\.py:12: MLP\.forward\(\) needs self as its first argument$'),
        ('(self):', '():', r'check\.py:15: MLP\.set_weights\(\) needs self as its first argument$'),
        ('hid=4, act=', 'hid, act, layers, x=', 'MLP in check.py has the arguments .* it should take'),
        (
            '(self):',
            '(self, scale, more):',
            r'set_weights\(\) of this check.py needs arguments: it should work without',
        ),
    ],
)
def test_check_faults_are_told_in_one_line(before, after, line, tmp_path):
    refused(run(BY_HAND, tmp_path, check=MLP.replace(before, after)), f'^check_main.py: error: {line}')
