import numpy as np
import pytest
import torch

from anb2n import lang_anb2n
from lab.seq import batch, classic, kernel
from seq_models import LSTM_model, SRN_model


def starts(kind):
    """Three models with languages of their own, whose sequences differ in length."""
    models, langs = [], []
    for seed in range(3):
        torch.manual_seed(seed)
        models.append(kind(3, 2, 3))
        for parameter in models[-1].parameters():
            torch.nn.init.normal_(parameter, 0, 0.5)
        langs.append(lang_anb2n(3, 2))
    return models, langs


@pytest.mark.parametrize('kind', [SRN_model, LSTM_model])
@pytest.mark.parametrize('optim, rate, momentum, clip', [('sgd', 0.05, 0.5, 0.3), ('adam', 0.01, 0.0, 0.0)])
def test_a_batch_trains_each_start_as_alone(kind, optim, rate, momentum, clip):
    models, langs = starts(kind)
    trainer = batch.Trainer(models, optim, momentum, 1e-4, clip, 3, torch.device('cpu'))
    trainer.run(langs, 6, rate)
    trainer.run(langs, 4, rate)
    for model, expected, lang in zip(models, *starts(kind), strict=True):
        classic.Trainer(expected, optim, momentum, 1e-4, clip).run(lang, 10, rate)
        assert np.abs(kernel.vector(model) - kernel.vector(expected)).max() < 1e-5


@pytest.mark.parametrize('share', [0, 0.25, 1])
def test_weight_decay_is_applied_in_the_share_that_is_asked_for(share):
    ends = []
    for decay, held in (0.5, share), (0.5 * share, 1):
        models, langs = starts(LSTM_model)
        batch.Trainer(models, 'sgd', 0.0, decay, 0.0, 3, torch.device('cpu')).run(langs, 6, 0.05, held=held)
        ends.append(np.concatenate([kernel.vector(model) for model in models]))
    assert np.array_equal(*ends)


def test_run_stops_when_asked():
    models, langs = starts(SRN_model)
    before = [kernel.vector(model) for model in models]
    batch.Trainer(models, 'sgd', 0.0, 1e-4, 0.0, 3, torch.device('cpu')).run(langs, 5, 0.1, lambda: True)
    assert all(np.array_equal(kernel.vector(model), old) for model, old in zip(models, before, strict=True))


def test_a_batch_may_be_of_one_start():
    [model, *_], [lang, *_] = starts(SRN_model)
    [expected, *_], _ = starts(SRN_model)
    batch.Trainer([model], 'sgd', 0.0, 1e-4, 0.0, 3, torch.device('cpu')).run([lang], 3, 0.1)
    classic.Trainer(expected, 'sgd', 0.0, 1e-4, 0.0).run(starts(SRN_model)[1][0], 3, 0.1)
    assert np.abs(kernel.vector(model) - kernel.vector(expected)).max() < 1e-6
