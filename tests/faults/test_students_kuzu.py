"""kuzu.py as people write it: the scripts work with them, or end in one line that names file, line and fault."""

import re
import textwrap

import pytest

from tests.students import refused, run

LIN = """
    import torch
    import torch.nn as nn
    import torch.nn.functional as F
    class NetLin(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(784, OUTPUTS)
        def forward(self, x):
            BEFORE
            return F.log_softmax(self.a(x.view(x.shape[0], -1)), dim=DIM)
    """
KUZU = 'kuzu_main --dataset digits --epochs 1 --seed 1 --net '


def lin(before='pass', outputs=10, dim=1, more='') -> str:
    source = LIN.replace('BEFORE', before).replace('OUTPUTS', str(outputs)).replace('DIM', str(dim))
    return textwrap.dedent(source) + more


def blocks(out: str) -> str:
    """What stands under the matrix."""
    return re.search(r'Test set: .*', out)[0]


def test_kuzu_networks_that_are_not_written_do_not_stop_those_that_are(tmp_path):
    full = lin(more='class NetFull(nn.Module):\n    def forward(self, x):\n        return 0\n')
    end = run(f'{KUZU} all', tmp_path, kuzu=full)
    assert end.told() == 'survived', end
    assert 'kuzu_full is left out: NetFull in kuzu.py has no parameters yet\n' in end.err
    assert 'kuzu_conv is left out: kuzu.py has no class NetConv\n' in end.err
    assert blocks(end.out) == 'Test set: Average loss: 0.9923, Accuracy: 328/397 (83%)'
    refused(run(f'{KUZU} full', tmp_path), 'error: NetFull in kuzu.py has no parameters yet$')
    refused(run(f'{KUZU} conv', tmp_path), 'error: kuzu.py has no class NetConv$')


def test_kuzu_prints_and_warnings_of_a_network_come_from_the_training_alone(tmp_path):
    loud = lin('print(tuple(x.shape)); __import__("warnings").warn("loud")')
    end = run(f'{KUZU} lin', tmp_path, kuzu=loud)
    assert end.told() == 'survived'
    shapes = re.findall(r'^\((\d+), 1, 28, 28\)$', end.out, re.MULTILINE)
    assert shapes == ['64'] * 21 + ['56'] + ['64'] * 6 + ['13']  # 1,400 images to train, 397 to test
    assert end.err.count('UserWarning: loud\n') == 1


def test_kuzu_softmax_over_the_batch_is_tested_as_the_lab_does(tmp_path):
    end = run(f'{KUZU} lin', tmp_path, kuzu=lin(dim=0))
    assert blocks(end.out) == 'Test set: Average loss: 2.8317, Accuracy: 338/397 (85%)'
    assert 'NetLin in kuzu.py returns no log-probabilities' in end.err


@pytest.mark.parametrize(
    ('source', 'line'),
    [
        ('Free help, call now!\n', r'kuzu\.py:1: SyntaxError: '),
        ('def f():\nreturn 1\n', r'kuzu\.py:2: IndentationError: .*: return 1$'),
        ('import torch\n\nx = troch.zeros(3)\n', r'kuzu\.py:3: NameError: '),
        (
            'import torchsummary\n',
            r"kuzu\.py:1: it imports 'torchsummary', which is neither .* or put torchsummary\.py beside it, ",
        ),
        ('from torch import Tensr\n', r'kuzu\.py:1: ImportError: '),
        ('open("weights.txt")\n', r'kuzu\.py:1: FileNotFoundError: .*weights\.txt'),
        ('import sys\nsys.exit(3)\n', r'kuzu\.py ends the program while it is loaded: kuzu\.py:2 should not exit'),
        (lin('x = x[:, :, 1:]'), r'kuzu\.py:11: RuntimeError: '),
        (lin('assert x.shape[1] == 3'), r'kuzu\.py:10: AssertionError: assert x\.shape\[1\] == 3$'),
        (lin('raise NotImplementedError'), r'kuzu\.py:10: NotImplementedError: raise NotImplementedError$'),
        (lin('x = x.cuda()'), r'kuzu\.py:10: \w+: '),
        (lin().replace('super().__init__()', 'pass'), r'kuzu\.py:8: AttributeError: '),
        (lin().replace('(self)', '()'), r'kuzu\.py:6: NetLin\.__init__\(\) needs self as its first argument$'),
        (lin().replace('self, ', ''), r'kuzu\.py:9: NetLin\.forward\(\) needs self as its first argument$'),
        (lin(more='NetLin = NetLin()'), 'NetLin in kuzu.py should be a class: it is an object of the class NetLin$'),
        (lin().encode('utf-16').decode('latin-1'), 'kuzu.py holds zero bytes, .*: save it as UTF-8$'),
        ('import argparse\nargparse.ArgumentParser().parse_args()\n', r'kuzu.py ends .*: kuzu\.py:2 should not exit$'),
        (lin().replace('(self)', '(self, n, m)'), r'NetLin of this kuzu\.py needs arguments \(n, m\)'),
    ],
)
def test_kuzu_faults_are_told_with_file_and_line(source, line, tmp_path):
    refused(run(f'{KUZU} lin', tmp_path, kuzu=source), f'^kuzu_main.py: error: {line}')


def test_kuzu_a_file_beside_a_students_module_is_theirs_too(tmp_path):
    (tmp_path / 'layers.py').write_text('def made():\n    return 1 / 0\n')
    refused(run(f'{KUZU} lin', tmp_path, kuzu='import layers\nlayers.made()\n'), r'layers\.py:2: ZeroDivisionError')


def test_kuzu_a_fault_that_comes_in_training_is_one_line_too(tmp_path):
    end = run(f'{KUZU} lin', tmp_path, kuzu=lin('if not self.training: x = x / {}'))
    assert (end.code, end.err.count('Traceback')) == (2, 0)
    assert re.search(r'^kuzu_main\.py: error: kuzu\.py:10: TypeError: ', end.err, re.MULTILINE)


def test_kuzu_the_traceback_is_shown_to_those_who_ask(tmp_path):
    end = run(f'{KUZU} lin --traceback', tmp_path, kuzu='import torch\ntroch\n')
    assert end.code == 2 and 'Traceback' in end.err and 'error: kuzu.py:2: NameError: ' in end.err.splitlines()[-1]


HEAD = 'import functools, numpy as np, torch, torch.nn as nn, torch.nn.functional as F\ntorch.manual_seed(7)\n'
CONV = """
device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
class NetConv(nn.Module):
    def __init__(self):
        super(NetConv, self).__init__()
        torch.manual_seed(3)
        self.features = nn.Sequential(nn.Conv2d(1, 4, 5), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(3))
        self.drop, self.fc = nn.Dropout(0.2), nn.LazyLinear(10)
    def forward(self, x):
        self.seen = self.features(x)
        return F.log_softmax(self.drop(self.fc(self.seen.reshape(-1, 36))))
"""
LAYERS = 'nn.Sequential(nn.Flatten(), nn.Linear(784, n), nn.LogSoftmax(dim=1))'
VARIANTS = {
    'conv': HEAD + CONV,
    'lin function': f'{HEAD}def NetLin(n=10):\n    return {LAYERS}\n',
    'lin partial': f'{HEAD}def made(n):\n    return {LAYERS}\nNetLin = functools.partial(made, 10)\n',
    'lin sizes': lin('assert x.shape[0] in (64, 56, 13)'),
    'lin doubles': 'import torch\ntorch.set_default_dtype(torch.float64)\n' + lin(),
    'lin LogSoftmax': lin().replace('F.log_softmax(', 'nn.LogSoftmax()(').replace(', dim=1)', ')'),
    'lin numpy': lin('x = torch.from_numpy(x.numpy())'),
    'lin logits': lin().replace('F.log_softmax(self.a(x.view(x.shape[0], -1)), dim=1)', 'self.a(x.flatten(1))'),
    'lin frozen': lin().replace('self.a =', 'self.b = nn.Linear(3, 3).requires_grad_(False); self.a ='),
    'lin double': lin().replace('dim=1)', 'dim=1, dtype=torch.float64)'),
    'lin tests': lin(more='if __name__ == "__main__":\n    print("never")\nprint("loaded")\n'),
}


@pytest.mark.parametrize('name', VARIANTS)
def test_kuzu_networks_written_in_other_ways_are_trained(name, tmp_path):
    end = run(KUZU + name.split()[0], tmp_path, kuzu=VARIANTS[name])
    assert end.told() == 'survived', end
    assert 'Test set: Average loss: ' in end.out and 'Model parameters: ' in end.out and 'never' not in end.out
    warnings = re.findall(r'^(.*): \w*Warning: ', end.err, re.MULTILINE)
    assert warnings == {'conv': ['kuzu.py:13'], 'lin LogSoftmax': ['kuzu.py:11']}.get(name, [])
    assert ('no log-probabilities' in end.err) == (name == 'lin logits')


@pytest.mark.parametrize('module', ['seq_models', 'anb2n', 'check', 'kuzu'])
def test_a_module_that_is_missing_is_no_package(module, tmp_path):
    script = {'check': 'check_main', 'kuzu': 'kuzu_main'}.get(module, 'seq_train')
    refused(run(script, tmp_path, gone=module), f'^{script}.py: error: the file {module}.py is missing')
