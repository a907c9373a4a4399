import numpy as np
import pytest

from lab.insight import automaton as fsm
from lab.insight import phases
from lab.insight.step import network
from tests.insight.counting import exact

ONE = fsm.spell(np.array([[2, 1]]), 3)


def text(mask):
    return ''.join('x' if each else '.' for each in mask[0])


def test_phases_of_a_block():
    #                      AABBBBCCCCCCABBCCCA
    masks = phases.phases(ONE, 3)
    assert text(masks['A']) == 'xx.................'
    assert text(masks['first B']) == '..x..........x.....'
    assert text(masks['B']) == '...xxx........x....'
    assert text(masks['first C']) == '......x........x...'
    assert text(masks['C']) == '.......xxxxx....xx.'
    assert text(masks['restart']) == '............x.....x'


def test_gates_are_averaged_over_their_phase():
    """A forget gate that the symbol alone decides: sigmoid(2) at A, sigmoid(-2) at B."""
    W = np.array([[0, 2.0, 0, 0], [0, -2.0, 0, 0]])
    net = network(
        {'W': W, 'U': np.zeros((1, 4)), 'hid_bias': np.zeros(4), 'V': np.zeros((1, 2)), 'out_bias': np.zeros(2)}
    )
    table = phases.gates(net, fsm.spell(np.array([[3, 2]]), 2))
    assert table['A']['forget'][:, 0] == pytest.approx([0.880797] * 3, abs=1e-6)
    assert table['first B']['forget'][:, 0] == pytest.approx([0.119203] * 3, abs=1e-6)
    assert table['restart']['input'][:, 0] == pytest.approx([0.5] * 3)


@pytest.mark.parametrize(('mean', 'word'), [(0.81, 'open'), (0.79, 'partly'), (0.21, 'partly'), (0.19, 'closed')])
def test_words_for_gates(mean, word):
    assert phases.word(mean) == word


def test_the_unit_that_counts_is_found_with_its_slope():
    found = phases.counters(exact(3), fsm.spell(np.random.default_rng(0).integers(1, 5, (50, 5)), 3))
    assert [each.unit for each in found] == [0, 0, 0]
    assert [each.slope for each in found] == pytest.approx([1, 1, 1])
    assert [each.fit for each in found] == pytest.approx([1, 1, 1])


def test_losses_of_a_perfect_counter_are_its_bets_after_an_a():
    loss, right = phases.losses(exact(2), 6)
    assert (right == 1).all()
    net = exact(2)
    only_to_3 = net._replace(
        logits=lambda states: np.where((states[..., 2] > 3)[..., None], [1.0, 0.0], net.logits(states))
    )
    loss_to_3, right = phases.losses(only_to_3, 6)
    assert (right[:3] == 1).all()
    assert (right[3:] < 1).all()
    np.testing.assert_allclose(loss_to_3[:3], loss[:3])
    assert (loss_to_3[3:] > loss[3:]).all()
