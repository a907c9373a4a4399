"""student.py: what a check.py refuses, or does not know, is told in one line."""

import pytest
import torch

import check
from lab.check import student
from lab.common.endings import UserError


class Plain(check.MLP):
    def set_weights(self):  # the lab's: no design, no scale
        with torch.no_grad():
            self.hid_out.bias.fill_(7)


def test_what_check_refuses_is_an_error_of_the_user():
    with pytest.raises(UserError, match="unknown activation 'tanh'"):
        student.network(4, 'tanh')
    with pytest.raises(UserError, match="unknown design 'foo'"):
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
    with pytest.raises(UserError, match=f'this check.py does not take {flags}$'):
        student.set_weights(Plain(), *options)
