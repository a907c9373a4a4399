"""seq_models.py and anb2n.py as people write them: the scripts work with them, or end in one line."""

import re

import pytest

from tests.students import refused, run

LSTM = """
import torch
from torch import nn
class Cell(nn.Module):
    def __init__(self, num_input, num_hid, num_out, batch_size=1):
        super().__init__()
        from lab.insight.found import analysis, states
        analysis.FRESH, states.POINTS = 300, 2000  # instead of 10,000 and 20,000
        from lab.seq import starts, verdict
        starts.REPORT, verdict.SEQUENCES, verdict.MIXED = 50, 20, 5  # instead of 1,000, 1,000 and 100
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
        from lab.seq import starts, verdict
        starts.REPORT, verdict.SEQUENCES, verdict.MIXED = 50, 20, 5  # instead of 1,000, 1,000 and 100
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
        from lab.seq import starts, verdict
        starts.REPORT, verdict.SEQUENCES, verdict.MIXED = 50, 20, 5  # instead of 1,000, 1,000 and 100
        self.num_class, self.longest = num_class, length
    def get_one_example(self):
        seq = []
        for n in np.random.randint(1, self.longest + 1, 1):  # short sequences: a run takes a fraction of the time
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


def lstm(returns: str) -> str:
    return LSTM.replace('RETURNS', returns)


def srn(rnn='num_input, num_hid', out='num_hid, num_out', more='', returns='') -> str:
    source = lstm('hidden, output').replace('nn.RNN(num_input, num_hid', f'nn.RNN({rnn}')
    source = source.replace('nn.Linear(num_hid, num_out', f'nn.Linear({out}').replace(', batch_size=1', more)
    return source.replace("return {'last'", f"return {returns} # {{'last'") if returns else source


def language(returns=LAB_SEQUENCE, arguments=ARGUMENTS, printed='len(seq)') -> str:
    return LANGUAGE.replace('RETURNS', returns).replace('ARGUMENTS', arguments).replace('PRINTED', printed)


ORDERS = (
    'hidden, output',
    'cells, output, hidden, cells',
    '{"c": cells, "h": hidden, "o": output}',
    '(hidden, cells), output.transpose(0, 1)',
    'hidden[0], output[0]',
)


def test_seq_what_a_network_returns_more_and_in_which_order_changes_nothing(tmp_path):
    line = f'seq_train --lang anb2nc3n --model lstm {SHORT}'
    outs = [run(line, tmp_path, seq_models=lstm(order)).out for order in ORDERS]
    assert len(re.findall('^epoch: ', outs[0], re.MULTILINE)) == 2
    assert [out == outs[0] for out in outs] == [True] * len(ORDERS)


def test_seq_cells_that_a_network_returns_are_printed(tmp_path):
    plain, more = map(lstm, ('hidden, output', 'output, 1 - cells, cells, hidden'))
    assert run(f'seq_train --lang anb2nc3n --model lstm {SHORT}', tmp_path, seq_models=plain).code == 0
    line = 'seq_plot --lang anb2nc3n --model lstm --epoch 0 --num_plot 1 --seed 1 --cell'
    ours, theirs = (run(line, tmp_path, seq_models=source) for source in (plain, more))
    assert ours.told() == theirs.told() == 'survived'
    assert ours.out.count(' cell: ') > 20 and ours.out.split('how far')[0] == theirs.out.split('how far')[0]


def test_seq_a_network_of_other_layers_is_trained_and_plotted_as_far_as_it_can_be(tmp_path):
    source = lstm('hidden, output')
    end = run(f'seq_train {SHORT}', tmp_path, seq_models=source)
    assert end.told() == 'survived' and 'evaluation on 20 fresh sequences' in end.out, end
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
    assert all(re.findall(r'^block (\d+) \d+$', end.out, re.MULTILINE) == ['0', '50'] for end in ends)


@pytest.mark.parametrize(
    ('arguments', 'printed', 'block'),
    [
        (f'{ARGUMENTS}, context', 'context', 'block 50 None'),
        (f'{ARGUMENTS}, context=3', 'context', 'block 50 3'),
        ('epoch, seq, output', 'tuple(output.shape)[2]', 'block 50 2'),
        ('epoch, seq, state, hidden, cell, target, output', 'cell, hidden.shape[-1]', 'block 50 None 2'),
        (ARGUMENTS, 'hidden[0, 0].shape[0]', 'block 50 2'),
        (ARGUMENTS, 'hidden.numpy()[len(seq) - 2].shape[0]', 'block 50 2'),
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
        ({'anb2n': language('1 / 0')}, 'anb2n.py:20: ZeroDivisionError: division by zero$'),
        ({'anb2n': language(printed='hiden')}, "anb2n.py:22: NameError: name 'hiden' is not defined"),
        (
            {'anb2n': language(arguments='epoch, b')},
            r'print_outputs\(epoch, b\) of anb2n.py should take \(epoch, seq, ',
        ),
        (
            {'anb2n': language().replace('self, epoch', 'epoch')},
            r'anb2n\.py:21: lang_anb2n\.print_outputs\(\) needs self',
        ),
        (
            {'anb2n': language(arguments=f'{ARGUMENTS}, context', printed='context.shape')},
            r'print_outputs\(\) of anb2n.py needs context, which the SRN_model in seq_models.py does not return',
        ),
        ({'seq_models': srn('num_input, 8')}, r'seq_models.py:36: RuntimeError: '),
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


def test_seq_the_page_leaves_out_networks_that_it_cannot_examine(tmp_path):
    source = lstm('hidden, output')
    end = run(
        'report --part 3 --seed 1', tmp_path, seq_models=source.replace('LSTM_model = Cell', 'LSTM_model = SRN_model')
    )
    assert end.err.count(' is left out: ') == 2
    refused(end, 'report.py: error: there is nothing to show: the page knows the networks of the lab$')
