"""student.py: what a check.py refuses, or does not know, is told in one line."""

import pytest
import torch

import check
from lab.check import student
from lab.common.student import Fault


class Plain(check.MLP):
    def set_weights(self):  # the lab's: no design, no scale
        with torch.no_grad():
            self.hid_out.bias.fill_(7)


def test_what_check_refuses_is_an_error_of_the_user():
    with pytest.raises(Fault, match="unknown activation 'tanh'"):
        student.network(4, 'tanh')
    with pytest.raises(Fault, match="unknown design 'foo'"):
        student.set_weights(student.network(4, 'sig'), 'foo', None)


def test_weights_are_set_with_and_without_arguments():
    net = Plain()
    student.set_weights(net, None, None)
    assert net.hid_out.bias.item() == 7
    net = student.network(4, 'sig')
    student.set_weights(net, 'sum', 3.0)
    assert net.hid_out.weight.tolist() == [[3, -3, 3, -3]]


@pytest.mark.parametrize(
    ('options', 'flags'),
    [(('sum', None), '--design'), ((None, 2.0), '--scale'), (('sum', 2.0), '--design and --scale')],
)
def test_arguments_that_set_weights_does_not_take_are_told(options, flags):
    with pytest.raises(Fault, match=f'this check.py does not take {flags}$'):
        student.set_weights(Plain(), *options)


class Two(check.MLP):
    """What it does at the end of forward() is in `ending`."""

    def forward(self, x):
        return self.ending(super().forward(x))


def use(monkeypatch, ending):
    monkeypatch.setattr(check, 'MLP', type('MLP', (Two,), {'ending': lambda self, out: ending(self, out)}))


@pytest.mark.parametrize(
    'ending',
    [
        lambda self, out: out.flatten(),
        lambda self, out: (out, self.hid),
        lambda self, out: [self.hid, out],
        lambda self, out: {'hid': self.hid, 'out': out[:, 0]},
    ],
)
def test_outputs_come_as_a_column_whatever_else_is_returned(ending, monkeypatch):
    points = torch.tensor([[0.0, 1.0], [2.0, 1.0]])
    use(monkeypatch, ending)
    net = student.network(4, 'step')
    student.set_weights(net, None, None)
    assert net(points).tolist() == [[1.0], [1.0]]


@pytest.mark.parametrize(
    ('ending', 'says'),
    [
        (lambda self, out: None, r'^MLP in check\.py returns NoneType for 3 points: it should return \(3, 1\)$'),
        (lambda self, out: self.hid, r'returns \(3, 4\) for 3 points'),
        (
            lambda self, out: torch.logit(out),
            r'returns \S+: outputs should lie between 0 and 1, as a sigmoid gives them',
        ),
        (lambda self, out: out.detach(), 'does not depend on its parameters'),
        (lambda self, out: delattr(self, 'hid') or out, r'keep its hidden units, \(3, 4\) .* self.hid: it is NoneType'),
        (lambda self, out: setattr(self, 'hid', out[:2]) or out, r'in self\.hid: it is \(2, 1\)'),
        (lambda self, out: out @ out, r'^test_student\.py:\d+: RuntimeError: mat1 and mat2 shapes'),
    ],
)
def test_what_is_no_mlp_of_the_lab_is_told_in_one_line(ending, says, monkeypatch):
    use(monkeypatch, ending)
    with pytest.raises(Fault, match=says) as error:
        student.network(4, 'sig')
    assert '\n' not in str(error.value)


def test_what_is_missing_is_named(monkeypatch):
    monkeypatch.setattr(check, 'MLP', lambda hid, act: torch.nn.Linear(2, 1))
    with pytest.raises(Fault, match=r'should keep its hidden units|outputs should lie'):
        student.network(4, 'sig')
    with pytest.raises(Fault, match=r'^MLP in check\.py has no set_weights\(\)$'):
        student.set_weights(torch.nn.Linear(2, 1), None, None)
    monkeypatch.delattr(check, 'MLP')
    with pytest.raises(Fault, match=r'^check\.py has no class MLP$'):
        student.network(4, 'sig')


def test_hand_made_weights_that_do_not_fit_are_told_before_they_are_drawn(monkeypatch):
    class Wrong(check.MLP):
        def set_weights(self):
            self.in_hid.weight.data = torch.ones(4, 3)

    with pytest.raises(Fault, match=r'RuntimeError: mat1 and mat2 shapes cannot be multiplied'):
        student.set_weights(Wrong(), None, None)


def test_trying_out_draws_no_random_number():
    torch.manual_seed(1)
    check.MLP(4)
    drawn = torch.rand(1)
    torch.manual_seed(1)
    student.network(4, 'sig')
    assert torch.rand(1) == drawn
