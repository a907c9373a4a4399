import numpy as np
import pytest

from lab.insight.found import interchange
from lab.insight.found.interchange import Place
from lab.insight.found.step import Network, network
from seq_models import LSTM_model
from tests.insight.counting import exact
from tests.insight.test_phases import visits


def wide(net: Network, more: int) -> Network:
    """The same network with numbers in its state that do nothing."""
    size = len(net.start)

    def read(states, symbols):
        return np.hstack([net.read(states[:, :size], symbols), 0.5 * states[:, size:]])

    def logits(states):
        return net.logits(states[..., :size])

    return net._replace(start=np.append(net.start, np.ones(more)), read=read, logits=logits, hid=size + more)


@pytest.mark.parametrize('more', [0, 5], ids=['all sets', 'greedy'])
def test_of_a_network_whose_numbers_are_known_those_that_carry_n_are_found(more):
    """Its state is (owed, symbol, n, trace): in the A's the next B's come from n, in the B's from what is owed."""
    net = wide(exact(3), more)
    found = interchange.interchange(net, visits(net), 4, np.random.default_rng(0))
    carriers = {str(place): found.carrier(k) for k, place in enumerate(found.places)}
    assert carriers == {
        "last A: B's": (2,),
        "last A: C's": (2,),
        "middle of the B's: B's": (0,),
        "middle of the B's: C's": (2,),
        "last B: C's": (2,),
        "middle of the C's: C's": (0,),
    }
    assert found.every_set is (more == 0)
    assert found.share((3,), 0) == (0, 1) and found.share(found.sets[-1], 0) == (1, 0)


def test_a_run_is_counted_until_something_else_is_predicted():
    net = exact(3)
    after = [net.start[None]]
    for symbol in [0, 0, 0, 1, 1]:
        after.append(net.read(after[-1], symbol))
    for state, place, expected in (
        (after[3], Place(0, False, 1), 6),
        (after[3], Place(0, False, 2), 9),
        (after[5], Place(1, True, 1), 4),
    ):
        assert interchange.go_on(net, state, place, 48).tolist() == [expected]
        assert interchange.go_on(net, state, place, 5).tolist() == [interchange.ENDLESS if expected > 4 else 4]


def test_of_an_lstm_cells_and_hidden_units_are_taken_over_apart_and_together():
    model = LSTM_model(3, 3, 3)
    model.set_weights()
    net = network(model.state_dict())
    found = interchange.interchange(net, visits(net), 4, np.random.default_rng(0))
    assert found.kinds == ['cell with its hidden unit', 'cell', 'hidden unit']
    assert [found.share((0,), 0, kind)[0] for kind in range(3)] == [1, 1, 0]  # its gates see the symbol alone


def test_where_only_all_numbers_together_carry_n_a_line_is_tried():
    """n is the sum of two numbers, which have a part of it at random."""

    def read(states, symbols):
        inner = plain.read(states[:, [0, 1, 2, 3]], symbols)
        part = (states[:, 4] * 7.3 + 0.31) % 1
        return np.column_stack([inner[:, 0], inner[:, 1], inner[:, 2], part, part])

    plain = exact(2)

    def hide(states):  # (owed, symbol, n, ., part) -> owed and n, each as a sum of two numbers
        mixed = 9 * (states[:, 4:5] - 0.5)
        return np.hstack([states[:, [0, 2]] / 2 + mixed, states[:, [0, 2]] / 2 - mixed, states[:, [1, 4]]])

    def show(states):
        whole = states[..., :2] + states[..., 2:4]
        return np.concatenate([whole[..., :1], states[..., 4:5], whole[..., 1:], states[..., 5:], states[..., 5:]], -1)

    start = hide(np.append(plain.start, 0.2)[None])[0]
    net = Network(start, lambda s, x: hide(read(show(s), x)), lambda s: plain.logits(show(s).round(6)[..., :4]), 2, 6)
    found = interchange.interchange(net, visits(net), 4, np.random.default_rng(0))
    assert found.carrier(0) == (1, 3) and found.share((1,), 0)[0] < 0.2
    groups = ((0, 1), (2, 3), (4, 5))
    found = interchange.interchange(net._replace(groups=groups), visits(net), 4, np.random.default_rng(0))
    assert found.carrier(0) == (0, 1) and found.along == [None, None]
