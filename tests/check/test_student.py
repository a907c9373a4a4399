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


def use(monkeypatch, ending):
    """Let check.py have an MLP whose forward() ends so."""

    class MLP(check.MLP):
        def forward(self, x):
            return ending(self, super().forward(x))

    monkeypatch.setattr(check, 'MLP', MLP)


def test_weights_are_set_with_and_without_arguments():
    net = Plain()
    student.set_weights(net, None, None)
    assert net.hid_out.bias.item() == 7
    net = student.new_network(4, 'sig')
    student.set_weights(net, 'sum', 3.0)
    assert net.hid_out.weight.tolist() == [[3, -3, 3, -3]]


@pytest.mark.parametrize(
    ('net', 'options', 'told'),
    [
        (check.MLP(), ('foo', None), "^unknown design 'foo'"),
        (Plain(), ('sum', None), 'this check.py does not take --design$'),
        (Plain(), (None, 2.0), 'this check.py does not take --scale$'),
        (Plain(), ('sum', 2.0), 'this check.py does not take --design and --scale$'),
        (torch.nn.Linear(2, 1), (None, None), r'^MLP in check\.py has no set_weights\(\)$'),
    ],
)
def test_what_set_weights_refuses_or_does_not_take_is_told(net, options, told):
    with pytest.raises(Fault, match=told):
        student.set_weights(net, *options)


@pytest.mark.parametrize(
    ('given', 'told'),
    [
        ([[1.0] * 4] * 2, r'in_hid\.weight the shape \(2, 4\): it should be \(4, 2\)$'),
        ([], r'in_hid\.weight the shape \(0,\): it should be \(4, 2\)$'),
        ([[float('nan')] * 2] * 4, 'to NaN or infinite numbers$'),
    ],
)
def test_hand_made_weights_that_do_not_fit_are_told_before_they_are_drawn(given, told):
    class Wrong(check.MLP):
        def set_weights(self):
            self.in_hid.weight.data = torch.tensor(given)

    with pytest.raises(Fault, match=told):
        student.set_weights(Wrong(), None, None)


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
    use(monkeypatch, ending)
    net = student.new_network(4, 'step')
    student.set_weights(net, None, None)
    assert net(torch.tensor([[0.0, 1.0], [2.0, 1.0]])).tolist() == [[1.0], [1.0]]


@pytest.mark.parametrize(
    ('ending', 'says'),
    [
        (lambda self, out: None, r'^MLP in check\.py returns NoneType for 3 points: it should return \(3, 1\)$'),
        (lambda self, out: self.hid, r'returns \(3, 4\) for 3 points'),
        (lambda self, out: 2 * out + 1, r'returns \S+: outputs should lie between 0 and 1'),
        (lambda self, out: out.detach(), 'does not depend on its parameters'),
        (lambda self, out: delattr(self, 'hid') or out, r'keep its hidden units, \(3, 4\) .* self.hid: it is NoneType'),
        (lambda self, out: setattr(self, 'hid', out[:2]) or out, r'in self\.hid: it is \(2, 1\)'),
        (lambda self, out: out @ out, r'^test_student\.py:\d+: RuntimeError: '),
    ],
)
def test_what_is_no_mlp_of_the_lab_is_told_in_one_line(ending, says, monkeypatch):
    use(monkeypatch, ending)
    with pytest.raises(Fault, match=says) as error:
        student.new_network(4, 'sig')
    assert '\n' not in str(error.value)


def test_a_check_py_without_an_mlp_is_told(monkeypatch):
    monkeypatch.delattr(check, 'MLP')
    with pytest.raises(Fault, match=r'^check\.py has no class MLP$'):
        student.new_network(4, 'sig')


def test_a_check_py_may_have_no_designs(monkeypatch):
    assert student.designs()['sum'].out_bias == [-0.5]
    monkeypatch.delattr(check, 'DESIGNS')
    assert student.designs() == {}


def test_trying_out_draws_no_random_number():
    torch.manual_seed(1)
    check.MLP(4)
    drawn = torch.rand(1)
    torch.manual_seed(1)
    student.new_network(4, 'sig')
    assert torch.rand(1) == drawn
