import numpy as np
import pytest
import torch

from anb2n import lang_anb2n
from lab.seq import classic, kernel
from seq_models import LSTM_model, SRN_model


@pytest.mark.parametrize('kind', [SRN_model, LSTM_model])
@pytest.mark.parametrize('optim, rate, momentum, clip', [('sgd', 0.05, 0.9, 0.2), ('adam', 0.01, 0.0, 0.0)])
def test_the_classic_loop_does_what_the_kernel_does(kind, optim, rate, momentum, clip):
    weights = []
    for engine in (classic, kernel):
        torch.manual_seed(0)
        model, lang = kind(2, 3, 2).double(), lang_anb2n(2, 1)
        lang.get_sequence = in_double(lang.get_sequence)
        engine.Trainer(model, optim, momentum, 1e-4, clip).run(lang, 20, rate)
        weights.append(kernel.vector(model))
    assert np.abs(weights[0] - weights[1]).max() < 1e-12


def in_double(get_sequence):
    def get():
        x, seq, target, state = get_sequence()
        return x.double(), seq, target, state

    return get


def test_run_stops_when_asked():
    model = SRN_model(2, 2, 2)
    before = kernel.vector(model)
    classic.Trainer(model, 'sgd', 0.0, 1e-4, 0.0).run(lang_anb2n(), 5, 0.1, lambda: True)
    assert np.array_equal(kernel.vector(model), before)
