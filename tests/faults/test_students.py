"""Modules as people write them: the scripts work with them, or end in one line that names file, line and fault."""

import re
import textwrap

import pytest

from tests.students import run

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


def refused(end, pattern: str):
    """One line, and exit code 2."""
    assert end.told() == 'refused', end
    assert re.search(pattern, end.err.splitlines()[-1]), end.err
    assert end.out == ''


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


def test_kuzu_choices_above_the_classes_are_left_out_of_the_matrix_and_wrong(tmp_path):
    end = run(f'{KUZU} lin --lr 1e-9', tmp_path, kuzu=lin(outputs=100))
    assert end.told() == 'survived', end
    inside = sum(float(cell) for row in re.findall(r'^ ?\[+(.*?)\]', end.out, re.MULTILINE) for cell in row.split())
    assert 0 < inside < 100
    assert (tmp_path / 'plot' / 'kuzu_lin_confusion.jpg').exists()
    refused(run(f'{KUZU} lin', tmp_path, kuzu=lin(outputs=9)), r'returns \(2, 9\) for 2 images')


@pytest.mark.parametrize(
    ('source', 'line'),
    [
        ('Free help, call now!\n', r'kuzu\.py:1: SyntaxError: invalid syntax: Free help, call now!$'),
        ('def f():\nreturn 1\n', r'kuzu\.py:2: IndentationError: expected an indented block .*: return 1$'),
        ('import torch\n\nx = troch.zeros(3)\n', r"kuzu\.py:3: NameError: name 'troch' is not defined"),
        (
            'import torchsummary\n',
            r"kuzu\.py:1: it imports 'torchsummary', which is neither an installed package nor a ",
        ),
        ('from torch import Tensr\n', r"kuzu\.py:1: ImportError: cannot import name 'Tensr'"),
        ('open("weights.txt")\n', r'kuzu\.py:1: FileNotFoundError: .*weights\.txt'),
        ('import sys\nsys.exit(3)\n', r'kuzu\.py ends the program while it is loaded: kuzu\.py:2 should not exit'),
        (lin('x = self.b(x)'), r"kuzu\.py:10: AttributeError: 'NetLin' object has no attribute 'b'"),
        (lin('x = x[:, :, 1:]'), r'kuzu\.py:11: RuntimeError: mat1 and mat2 shapes cannot be multiplied'),
        (lin('assert x.shape[1] == 3'), r'kuzu\.py:10: AssertionError: assert x\.shape\[1\] == 3$'),
        (lin('raise NotImplementedError'), r'kuzu\.py:10: NotImplementedError: raise NotImplementedError$'),
        (lin('x = x.cuda()'), r'kuzu\.py:10: \w+: .*'),
        (lin().replace('super().__init__()', 'pass'), r'kuzu\.py:8: AttributeError: cannot assign module before'),
        (
            lin().replace('(self)', '(self, inputs, outputs)'),
            r'NetLin of this kuzu\.py needs arguments \(inputs, outputs',
        ),
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
    assert re.search(r'^kuzu_main\.py: error: kuzu\.py:10: TypeError: unsupported operand', end.err, re.MULTILINE)


def test_kuzu_the_traceback_is_shown_to_those_who_ask(tmp_path):
    end = run(f'{KUZU} lin --traceback', tmp_path, kuzu='import torch\ntroch\n')
    assert (
        end.code == 2
        and 'Traceback' in end.err
        and end.err.endswith("kuzu.py:2: NameError: name 'troch' is not defined\n")
    )


# --- Part 3

LSTM = """
import torch
from torch import nn
class Cell(nn.Module):
    def __init__(self, num_input, num_hid, num_out, batch_size=1):
        super().__init__()
        self.n = num_hid
        for name, shape in dict(W=(num_input, 4 * num_hid), U=(num_hid, 4 * num_hid), hid_bias=(4 * num_hid,),
                                V=(num_hid, num_out), out_bias=(num_out,)).items():
            setattr(self, name, nn.Parameter(torch.rand(shape) - 0.5))
    def init_hidden(self):
        return torch.zeros(1, self.n), torch.zeros(1, self.n)
    def forward(self, x):
        (h, c), hidden, cells = self.init_hidden(), [], []
        for s in x.unbind(1):
            i, f, g, o = (s @ self.W + h @ self.U + self.hid_bias).chunk(4, 1)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            h = o.sigmoid() * c.tanh()
            hidden.append(h)
            cells.append(c)
        hidden, cells = torch.stack(hidden, 1), torch.stack(cells, 1)
        output = hidden @ self.V + self.out_bias
        return RETURNS
class SRN_model(nn.Module):
    def __init__(self, num_input, num_hid, num_out, batch_size=1):
        super().__init__()
        self.rnn, self.out = nn.RNN(num_input, num_hid, batch_first=True), nn.Linear(num_hid, num_out)
    def forward(self, x):
        hidden, last = self.rnn(x)
        return {'last': last, 'output': self.out(hidden), 'hidden': hidden}
LSTM_model = Cell
"""
LANGUAGE = """
import numpy as np, torch, torch.nn.functional as F
class lang_anb2n:
    def __init__(self, num_class=2, length=4):
        self.num_class, self.longest = num_class, length
    def get_one_example(self):
        seq = []
        for n in np.random.randint(1, self.longest + 1, 5):
            for c in range(self.num_class):
                seq += [c] * ((c + 1) * n)
        seq.append(0)
        prob = [[0.8, 0.2, 0][: self.num_class] if a == 0 else np.eye(self.num_class)[b].tolist()
                for a, b in zip(seq, seq[1:])]
        return seq, prob, [0] * len(seq)
    def get_sequence(self):
        seq, prob, state = self.get_one_example()
        x = np.eye(self.num_class)[seq[:-1]]
        return RETURNS
    def print_outputs(self, ARGUMENTS):
        print('block', epoch, PRINTED)
"""
LAB_SEQUENCE = 'torch.tensor(x).float()[None], torch.tensor(seq), torch.tensor([prob]), state'
ARGUMENTS = 'epoch, seq, state, hidden, target, output'
SHORT = '--epoch 1 --seed 1 --restarts 1'


def srn(rnn='num_input, num_hid', out='num_hid, num_out', more='', returns='') -> str:
    source = LSTM.replace('RETURNS', 'hidden, output').replace('nn.RNN(num_input, num_hid', f'nn.RNN({rnn}')
    source = source.replace('nn.Linear(num_hid, num_out', f'nn.Linear({out}').replace(', batch_size=1', more)
    return source.replace("return {'last'", f"return {returns} # {{'last'") if returns else source


def language(returns=LAB_SEQUENCE, arguments=ARGUMENTS, printed='len(seq)') -> str:
    return LANGUAGE.replace('RETURNS', returns).replace('ARGUMENTS', arguments).replace('PRINTED', printed)


ORDERS = (
    'hidden, output',
    'output, hidden',
    'hidden, cells, output',
    'cells, output, hidden, cells',
    '{"c": cells, "h": hidden, "o": output}',
    '(hidden, cells), output.transpose(0, 1)',
    'hidden[0], output[0]',
)


def test_seq_what_a_network_returns_more_and_in_which_order_changes_nothing(tmp_path):
    line = f'seq_train --lang anb2nc3n --model lstm {SHORT}'
    outs = [run(line, tmp_path, seq_models=LSTM.replace('RETURNS', order)).out for order in ORDERS]
    assert len(re.findall('^epoch: ', outs[0], re.MULTILINE)) == 2
    assert [out == outs[0] for out in outs] == [True] * len(ORDERS)


def test_seq_cells_that_a_network_returns_are_printed(tmp_path):
    plain, more = (LSTM.replace('RETURNS', order) for order in ('hidden, output', 'output, 1 - cells, cells, hidden'))
    assert run(f'seq_train --lang anb2nc3n --model lstm {SHORT}', tmp_path, seq_models=plain).code == 0
    line = 'seq_plot --lang anb2nc3n --model lstm --epoch 0 --num_plot 1 --seed 1 --cell'
    ours, theirs = (run(line, tmp_path, seq_models=source) for source in (plain, more))
    assert ours.told() == theirs.told() == 'survived'
    assert ours.out.count(' cell: ') > 20 and ours.out.split('how far')[0] == theirs.out.split('how far')[0]


def test_seq_a_network_of_other_layers_is_trained_and_plotted_as_far_as_it_can_be(tmp_path):
    source = LSTM.replace('RETURNS', 'hidden, output')
    end = run(f'seq_train {SHORT}', tmp_path, seq_models=source)
    assert end.told() == 'survived' and 'evaluation on 1000 fresh sequences' in end.out, end
    assert 'engine: torch, as the SRN_model in seq_models.py is not the compiled one' in end.err
    end = run('seq_plot --epoch 0 --num_plot 2 --seed 1', tmp_path, seq_models=source)
    assert end.told() == 'survived' and end.out.count('symbol= ') == 2
    assert 'the SRN_model in seq_models.py is not the network of the lab' in end.err
    assert (tmp_path / 'plot' / 'anb2n_srn2_01.jpg').exists()


SEQUENCES = (
    LAB_SEQUENCE.replace('torch.tensor(seq)', 'torch.tensor(seq, dtype=torch.int32)'),
    LAB_SEQUENCE.replace('torch.tensor(seq)', 'seq'),
    LAB_SEQUENCE.replace('torch.tensor(seq)', 'np.array(seq, dtype=np.int16)'),
    'x, np.array(seq), np.array(prob), np.array(state)',
    'torch.tensor(x), torch.tensor(seq), torch.tensor(prob), torch.tensor(state), "more"',
)


def test_seq_the_types_of_a_sequence_change_nothing(tmp_path):
    returned = (LAB_SEQUENCE, *SEQUENCES)
    ends = [run(f'seq_train {SHORT}', tmp_path, anb2n=language(returns)) for returns in returned]
    assert [end.told() for end in ends] == ['survived'] * len(ends), ends
    assert all(re.findall(r'^block (\d+) \d+$', end.out, re.MULTILINE) == ['0', '1000'] for end in ends)


@pytest.mark.parametrize(
    ('arguments', 'printed', 'block'),
    [
        (f'{ARGUMENTS}, context', 'context', 'block 1000 None'),
        (f'{ARGUMENTS}, context=3', 'context', 'block 1000 3'),
        ('epoch, seq, output', 'tuple(output.shape)[2]', 'block 1000 2'),
        ('epoch, seq, state, hidden, cell, target, output', 'cell, hidden.shape[-1]', 'block 1000 None 2'),
        (ARGUMENTS, 'hidden[0, 0].shape[0]', 'block 1000 2'),
        (ARGUMENTS, 'hidden.numpy()[len(seq) - 2].shape[0]', 'block 1000 2'),
    ],
)
def test_seq_print_outputs_is_called_with_what_it_takes(arguments, printed, block, tmp_path):
    end = run(f'seq_train {SHORT}', tmp_path, anb2n=language(arguments=arguments, printed=printed))
    assert end.told() == 'survived' and f'\n{block}\n' in end.out, end


@pytest.mark.parametrize(
    ('modules', 'line'),
    [
        ({'seq_models': 'import torch\nclass LSTM_model: pass\n'}, 'seq_models.py has no class SRN_model$'),
        ({'anb2n': 'class lang_anbn: pass\n'}, 'anb2n.py has no class lang_anb2n$'),
        (
            {'anb2n': language('x, seq')},
            r'get_sequence\(\) of anb2n.py returns 2 values, not input, seq, target, state',
        ),
        ({'anb2n': language('1 / 0')}, 'anb2n.py:18: ZeroDivisionError: division by zero$'),
        ({'anb2n': language(printed='hiden')}, "anb2n.py:20: NameError: name 'hiden' is not defined"),
        (
            {'anb2n': language(arguments='epoch, b')},
            r'print_outputs\(epoch, b\) of anb2n.py should take \(epoch, seq, ',
        ),
        ({'seq_models': srn('num_input, 8')}, r'seq_models.py:30: RuntimeError: mat1 and mat2 shapes'),
        ({'seq_models': srn('num_input, 8', '8, num_out')}, 'has 8 hidden units, not 2: --hid 8$'),
        (
            {'seq_models': srn(more=', layers, dropout')},
            'SRN_model in seq_models.py has the arguments .* it should take',
        ),
        ({'seq_models': srn(returns='hidden')}, r'returns \(1, 43, 2\) for a sequence: it should return hidden'),
    ],
)
def test_seq_faults_are_told_in_one_line(modules, line, tmp_path):
    end = run(f'seq_train {SHORT}', tmp_path, **modules)
    assert end.code == 2 and end.err.count(': error: ') == 1 and 'Traceback' not in end.err, end
    assert re.search(f'^seq_train.py: error: .*{line}', end.err.splitlines()[-1]), end.err


HEAD = 'import numpy as np, torch, torch.nn as nn, torch.nn.functional as F\ntorch.manual_seed(7)\n'
CONV = (
    HEAD
    + """
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
)
VARIANTS = {
    'conv': CONV,
    'lin sequential': HEAD
    + 'def NetLin():\n    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10), nn.LogSoftmax(dim=1))\n',
    'lin partial': HEAD
    + 'class Net(nn.Sequential):\n    def __init__(self, n):\n        super().__init__(nn.Flatten(), '
    'nn.Linear(784, n), nn.LogSoftmax(1))\nimport functools\nNetLin = functools.partial(Net, 10)\n',
    'lin tuple': lin().replace('dim=1)', 'dim=1), x.mean()'),
    'lin numpy': lin('x = torch.from_numpy(x.numpy()); np = None'),
    'lin logits': lin().replace('F.log_softmax(self.a(x.view(x.shape[0], -1)), dim=1)', 'self.a(x.flatten(1))'),
    'lin softmax': lin().replace('F.log_softmax', 'F.softmax'),
    'lin frozen': lin().replace(
        'self.a = nn.Linear', 'self.b = nn.Linear(3, 3).requires_grad_(False); self.a = nn.Linear'
    ),
    'lin double': lin().replace('dim=1)', 'dim=1, dtype=torch.float64)'),
    'lin unused': lin().replace('self.a = ', 'self.unused = nn.Linear(5, 5); self.a = '),
    'lin defaults': lin().replace('(self):', '(self, inputs=784, outputs=10):'),
    'lin tests': lin(more='if __name__ == "__main__":\n    print("never")\nprint("loaded")\n'),
}


@pytest.mark.parametrize('name', VARIANTS)
def test_kuzu_networks_written_in_other_ways_are_trained(name, tmp_path):
    end = run(KUZU + name.split()[0], tmp_path, kuzu=VARIANTS[name])
    assert end.told() == 'survived', end
    assert 'Test set: Average loss: ' in end.out and 'Model parameters: ' in end.out and 'never' not in end.out
    assert end.err.count('Implicit dimension choice') == (name == 'conv')
    assert ('no log-probabilities' in end.err) == (name in ('lin logits', 'lin softmax'))


# --- Part 2

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
        {'(x >= 0) * 1.0': '(x >= 0).float()'},
        {'return self.act(self.hid_out(self.hid))': 'return self.act(self.hid_out(self.hid)).squeeze(1)'},
        {'return self.act(self.hid_out(self.hid))': 'return self.act(self.hid_out(self.hid)), self.hid'},
        {'self.hid = ': 'print("mine!"); self.hid = '},
        {'torch.tensor(': 'torch.FloatTensor('},
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
        ('self.hid = self.act', 'hid = self.act', "check.py:14: AttributeError: 'MLP' object has no attribute 'hid'"),
        ('set_weights', 'setWeights', r'MLP in check.py has no set_weights\(\)$'),
        ('tensor([[1., -1, 1, -1]])', 'tensor([[1., -1, 1]])', 'check.py:14: RuntimeError: mat1 and mat2 shapes'),
        ('nn.Linear(2, hid)', 'nn.Linear(3, hid)', 'check.py:13: RuntimeError: mat1 and mat2 shapes'),
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


@pytest.mark.parametrize('module', ['seq_models', 'anb2n', 'check', 'kuzu'])
def test_a_module_that_is_missing_is_no_package(module, tmp_path):
    script = {'check': 'check_main', 'kuzu': 'kuzu_main'}.get(module, 'seq_train')
    refused(run(script, tmp_path, gone=module), f'^{script}.py: error: the file {module}.py is missing')
