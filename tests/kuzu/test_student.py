"""student.py: each network of a student's kuzu.py is tried out before anything is trained."""

import warnings

import pytest
import torch
from torch import nn
from torch.nn import functional

import kuzu
from lab.common.student import Fault
from lab.kuzu import student
from lab.kuzu.student import log_probabilities, new_network, try_out

CPU = torch.device('cpu')


class Plain(nn.Module):
    """A linear network with `outputs` outputs; what it does with them is in `ending`."""

    outputs = 10

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(784, self.outputs)

    def forward(self, x):
        return self.ending(self.layer(x.flatten(1)))

    def ending(self, net):
        return functional.log_softmax(net, dim=1)


def use(monkeypatch, made=Plain, **parts):
    """Put a class in the place of kuzu.NetLin, with other methods or numbers."""
    monkeypatch.setattr(kuzu, 'NetLin', type('NetLin', (made,), parts) if parts else made)


@pytest.mark.parametrize(
    ('parts', 'says'),
    [
        (
            {'forward': lambda self, x: None},
            r'forward\(\) of NetLin in kuzu\.py returns nothing yet: it should ',
        ),
        ({'forward': lambda self, x: 0}, 'returns a value of type int: it should return log-probabilities'),
        (
            {'outputs': 9},
            r'returns \(64, 9\) for 64 images: it should return log-probabilities of shape \(images, 10\)',
        ),
        ({'ending': lambda self, net: net.argmax(1)}, r'returns \(64,\) for 64 images'),
        ({'ending': lambda self, net: net[:1]}, r'returns \(1, 10\) for 64 images'),
        ({'ending': lambda self, net: net.detach()}, 'does not depend on its parameters'),
        ({'ending': lambda self, net: net.no_such}, r'^test_student\.py:\d+: AttributeError: '),
        ({'__init__': nn.Module.__init__}, 'NetLin in kuzu.py has no parameters yet'),
    ],
)
def test_what_cannot_be_trained_is_one_line(parts, says, monkeypatch):
    use(monkeypatch, **parts)
    with pytest.raises(Fault, match=says) as error:
        try_out('lin', {}, CPU)
    assert '\n' not in str(error.value)


def test_what_cannot_be_made_is_told(monkeypatch):
    with pytest.raises(Fault, match=r'^NetLin of this kuzu\.py does not take --fc --units$'):
        new_network('lin', {'fc': 3, 'units': 4})
    use(monkeypatch, object, forward=lambda self, x: x)
    with pytest.raises(Fault, match=r'should be an nn\.Module'):
        new_network('lin', {})
    monkeypatch.delattr(kuzu, 'NetLin')
    with pytest.raises(Fault, match=r'^kuzu\.py has no class NetLin$'):
        new_network('lin', {})


def test_a_shape_that_the_class_refuses_is_told_in_its_words():
    with pytest.raises(Fault, match=r'^a 28 x 28 image is too small for kernels'):
        new_network('conv', {'kernel': 14, 'pad': 0})


@pytest.mark.parametrize(
    'given',
    [
        lambda right: (right, torch.zeros(2, 30)),
        lambda right: (torch.zeros(2, 3), right),
        lambda right: [torch.zeros(2, 1, 28, 28), right, right],
        lambda right: {'hidden': torch.zeros(2, 5), 'output': right},
    ],
)
def test_of_several_values_the_log_probabilities_are_taken(given):
    right = torch.rand(2, 10)
    assert log_probabilities(given(right)) is right


@pytest.mark.parametrize(
    ('parts', 'note'),
    [
        ({'outputs': 12}, 'NetLin in kuzu.py has 12 outputs: a choice above 9 counts as wrong, outside the matrix\n'),
        ({'ending': lambda self, net: net}, 'NetLin in kuzu.py returns no log-probabilities'),
        ({'ending': lambda self, net: functional.log_softmax(net, 1) - 0.1}, 'returns no log-probabilities'),
        ({'ending': lambda self, net: functional.log_softmax(net, dim=0)}, 'log_softmax with dim=1 gives them\n'),
    ],
)
def test_what_looks_wrong_is_noted(parts, note, monkeypatch, capsys):
    use(monkeypatch, **parts)
    try_out('lin', {}, CPU)
    err = capsys.readouterr().err
    assert note in err and err.count('\n') == 1


def test_our_own_networks_get_no_note(capsys):
    for kind in student.CLASSES:
        try_out(kind, {}, CPU)
    assert capsys.readouterr() == ('', '')


def test_a_trial_prints_nothing_warns_of_nothing_and_draws_nothing(monkeypatch, capsys):
    def loud(self, net):
        print(net.shape, torch.rand(1))
        warnings.warn('loud', stacklevel=1)
        return functional.log_softmax(net, dim=1)

    use(monkeypatch, ending=loud)
    torch.manual_seed(1)
    with warnings.catch_warnings(record=True) as told:
        try_out('lin', {}, CPU)
    drawn = torch.rand(1)
    torch.manual_seed(1)
    assert torch.rand(1) == drawn
    assert capsys.readouterr() == ('', '') and told == []
