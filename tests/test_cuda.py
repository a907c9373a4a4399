"""CUDA without a GPU: torch's fake tensors say which device they are on, and refuse to be mixed with others."""

from types import SimpleNamespace

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

import kuzu
import kuzu_main
import seq_models
from anb2n import lang_anb2n
from lab.common.run import Interrupt
from lab.kuzu import recipe, train
from lab.kuzu.data import Dataset
from lab.kuzu.resume import Progress
from lab.kuzu.settings import FAST, Settings
from lab.seq import plain
from lab.seq.task import Part, Training


def prepare(model, monkeypatch):
    """What is fake has no values, and no backward(): the gradients are zeros."""
    zeros = lambda _: [setattr(each, 'grad', torch.zeros_like(each)) for each in model.parameters()]  # noqa: E731
    monkeypatch.setattr(torch.Tensor, 'backward', zeros)
    monkeypatch.setattr(torch.Tensor, 'item', lambda _: 1.0)


@pytest.mark.parametrize('training', [{'optim': 'adam', 'shuffle': True}, FAST], ids=['adam', 'fast'])
@pytest.mark.parametrize('kind', [kuzu.NetLin, kuzu.NetFull, kuzu.NetConv])
def test_an_epoch_of_part_1_and_its_test_stay_on_the_gpu(kind, training, monkeypatch):
    monkeypatch.setattr(Progress, 'add', lambda _, losses: on.extend(loss.device.type for loss in losses))
    monkeypatch.setattr(torch.nn.Module, 'to', lambda model, **_: model)  # fake weights get no other layout
    on, settings = [], Settings(1, 'digits', 130, 1, **training)
    with FakeTensorMode():
        with torch.device('cuda'):
            images, labels, model = torch.zeros(130, 1, 28, 28), torch.zeros(130).long(), kind()
        prepare(model, monkeypatch)
        data, chosen = Dataset(images, labels, images, labels, []), recipe.choose(model, settings)
        kuzu_main.train(model, chosen, data, settings, Progress(), Interrupt())
        assert train.predict(model, images).device.type == 'cuda'
    assert on == ['cuda'] * settings.batches


@pytest.mark.parametrize(('kind', 'pressure'), [(seq_models.SRN_model, 0), (seq_models.LSTM_model, 1)])
@pytest.mark.parametrize('optim', ['sgd', 'adam'])
def test_the_steps_of_part_3_stay_on_the_gpu(kind, pressure, optim, monkeypatch):
    sequence = lang_anb2n(2, 2).get_sequence()
    lang = SimpleNamespace(get_sequence=lambda: sequence)
    with FakeTensorMode(allow_non_fake_inputs=True):
        with torch.device('cuda'):
            model = kind(2, 3, 2)
        prepare(model, monkeypatch)
        plain.Trainer([model], Training(optim, clip=1)).run([lang], Part(2, 2, 0.05, 1e-4, pressure))
