import pytest
import torch
from torch import nn
from torch.nn import functional

from anb2n import lang_anb2n
from lab.seq import plain
from lab.seq.task import Part, Training
from seq_models import LSTM_model, SRN_model


def new(kind):
    torch.manual_seed(0)
    return kind(2, 3, 2), lang_anb2n(2, 2)


@pytest.mark.parametrize('kind', [SRN_model, LSTM_model])
@pytest.mark.parametrize('optim, mom, clip', [('sgd', 0.9, 0.2), ('adam', 0.0, 0.0)])
def test_it_trains_as_the_labs_loop_does_digit_for_digit(kind, optim, mom, clip):
    model, lang = new(kind)
    plain.Trainer([model], Training(optim, mom=mom, clip=clip)).run([lang], Part(20, 20, 0.05, 1e-4))
    expected, lang = new(kind)
    if optim == 'adam':
        optimizer = torch.optim.Adam(expected.parameters(), lr=0.05, weight_decay=1e-4)
    else:
        optimizer = torch.optim.SGD(expected.parameters(), lr=0.05, momentum=mom, weight_decay=1e-4)
    for _ in range(20):
        x, seq, _, _ = lang.get_sequence()
        optimizer.zero_grad()
        functional.cross_entropy(expected(x)[1].squeeze(0), seq[1:]).backward()
        if clip:
            nn.utils.clip_grad_norm_(expected.parameters(), clip)
        optimizer.step()
    assert all(torch.equal(*pair) for pair in zip(model.parameters(), expected.parameters(), strict=True))


def test_run_stops_when_asked():
    model, lang = new(SRN_model)
    before = model.W.clone()
    plain.Trainer([model], Training()).run([lang], Part(5, 5, 0.1), stop=lambda: True)
    assert torch.equal(model.W, before)
