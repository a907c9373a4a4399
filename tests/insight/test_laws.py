import numpy as np
import pytest

from lab.insight.found import interchange, laws
from lab.insight.found.step import network
from seq_models import LSTM_model, SRN_model
from tests.insight.test_phases import visits


def made(kind, hid, classes):
    model = kind(classes, hid, classes)
    model.set_weights()
    net = network(model.state_dict())
    return net, visits(net)


def found(net, seen):
    rng = np.random.default_rng(0)
    between = interchange.interchange(net, seen, 4, rng)
    places = [k for k, each in enumerate(between.places) if each.counted == max(each.read, 1)]
    return [laws.law(net, seen, between, k, 4, rng) for k in places]


def test_what_a_symbol_adds_to_the_cells_made_by_hand():
    """docs/by_hand.md: cell 0 +1 for an A and -1/2 for a B, cell 1 -1/4 for a C."""
    a, b, c = found(*made(LSTM_model, 3, 3))
    assert [(each.groups, each.added[each.last].round(6).tolist()) for each in (a, b, c)] == [
        ((0,), [1]),
        ((0,), [-0.5]),
        ((1,), [-0.25]),
    ]
    assert {share for each in (a, b, c) for share in each.shares.values()} == {1}


def test_the_unit_made_by_hand_comes_nearer_to_a_rest_and_goes_away_from_another():
    """docs/by_hand.md: unit 0 rests at 0.82 in the A's, and at -0.618 in the B's, where it does not stay."""
    a, b = found(*made(SRN_model, 2, 2))
    assert a.near_rest and a.shares['factor'] == 1 > a.shares['added']
    assert b.near_rest and b.shares['factor'] == 1 > b.shares['added']
    assert a.factor[0] < 1 < b.factor[0]
    assert (a.rest[0], b.rest[0]) == pytest.approx((0.82, -0.618), abs=0.02)


def test_a_line_is_found_whose_errors_count_by_the_distance_from_the_rest():
    x = 0.3 + np.array([1, 0.5, 0.25, -0.1, 1e-3])[:, None]
    factor, shift = laws.straight(x, 0.3 + 0.6 * (x - 0.3))
    assert (factor[0], shift[0] / (1 - factor[0])) == pytest.approx((0.6, 0.3))
    assert laws.straight(x, x - 0.25)[0] == pytest.approx([1])
    assert laws.straight(0 * x, 0 * x + 1)[0] == [0]


def test_which_hidden_unit_ends_the_runs_of_the_network_made_by_hand():
    net, seen = made(LSTM_model, 3, 3)
    ends = [laws.end(net, seen, symbol, np.random.default_rng(0)) for symbol in (1, 2)]
    assert [(each.kind, each.groups, each.ends, each.goes_on) for each in ends] == [
        ('hidden unit', (0,), 1, 1),
        ('hidden unit', (1,), 1, 1),
    ]
    assert 0 < ends[0].limit < np.tanh(0.5)
    never = seen._replace(predicts=np.ones_like(seen.predicts))
    assert laws.end(net, never, 1, np.random.default_rng(0)) is None
