"""classic.py: the classic way does a part of the work that the command does."""

import copy

import pytest
import torch

from anb2n import lang_anb2n
from lab.bench import classic, commands
from seq_models import LSTM_model, SRN_model


@pytest.mark.parametrize(('part', 'times'), [(['kuzu', 'lin'], 100), (['seq', 'srn'], 200), (['seq', 'lstm'], 500)])
def test_it_does_a_part_and_says_how_many_there_are(part, times, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(commands, 'OFFICIAL', (1300, 100))
    monkeypatch.setattr(classic, 'SEQ_EPOCHS', {kind: count // 100 for kind, count in classic.SEQ_EPOCHS.items()})
    monkeypatch.setattr(classic, 'SEQ_ALL', classic.SEQ_ALL // 100)
    commands.made_kmnist('data')
    classic.main(*part)
    out = capsys.readouterr().out
    seconds, found = map(float, out.split()[-2:])
    assert found == times and seconds > 0
    assert ('[0/130 (0%)]' in out) is (part[0] == 'kuzu')


@pytest.mark.parametrize('made', [SRN_model, LSTM_model])
def test_its_third_part_learns_what_a_written_out_step_learns(made):
    torch.manual_seed(1)
    model = made(2, 2, 2)
    twin = copy.deepcopy(model)
    x, seq, _, _ = lang_anb2n(2, 4).get_sequence()
    twin.init_hidden()
    chances = torch.softmax(twin(x)[1], 2)[0]
    (-sum(row[symbol].log() for row, symbol in zip(chances, seq[1:], strict=True)) / len(chances)).backward()
    lang = type('Same', (), {'get_sequence': lambda self: (x, seq, None, None)})()
    classic.train_sequences(model, lang, torch.optim.SGD(model.parameters(), lr=0.1), 1)
    for new, old in zip(model.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(new, old - 0.1 * old.grad)
