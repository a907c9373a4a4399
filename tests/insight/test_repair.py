import numpy as np
import pytest

from lab.insight.found import repair
from lab.insight.found.step import network
from lab.seq.verdict import TRIED, count
from tests.insight.counting import exact
from tests.insight.test_phases import visits
from tests.seq.learned import LEARNED


def drifting(limit: float = 0.12):
    """Counts with a limit that n moves: wrong from n = 5 on, one B too early."""
    net = exact(2)

    def logits(states):
        lead = 0.5 - states[..., 0] + limit * states[..., 2]
        output = np.stack([lead, 0 * lead], axis=-1)
        output[states[..., 1] == 0] = 0, 1
        return output

    return net._replace(logits=logits)


def test_a_limit_that_n_moves_is_moved_back():
    net = drifting()
    found = repair.failure(net, visits(net), 4)
    assert (found.n, found.wrong, found.after, found.instead, found.due) == (5, 1, (9, 1, 5), 0, 1)
    [limit] = [each for each in found.repairs if each.kind == 'limit']
    assert limit.values == pytest.approx(((0.5 - 1 + 5 * 0.12 + 0.5 + 0.12) / 2,))
    assert found.tried['limit'] == 1 and 'gate' not in found.tried


def test_a_unit_that_grows_no_more_is_set_to_what_it_would_be():
    net = exact(2)

    def read(states, symbols):
        after = net.read(states, symbols)
        after[:, 2] = np.minimum(after[:, 2], 4)  # n is counted up to 4
        after[:, 0] = np.where(np.broadcast_to(symbols, len(after)) == 0, np.minimum(after[:, 0], 4), after[:, 0])
        return after

    stops = drifting(0)._replace(read=read)
    first = repair.failure(stops, visits(stops), 4).repairs[0]
    assert (first.kind, first.groups, first.read, first.times) == ('unit', (2,), 0, 1)
    assert (first.values, first.usual) == ((5,), (4,))


def test_the_plainest_repair_comes_first_and_all_are_of_the_first_n_that_is_wrong():
    net = network(LEARNED)
    from lab.insight.found.step import outputs_of

    counts = count(outputs_of(net), 2)
    found = repair.failure(net, visits(net), counts)
    assert found.n == counts + 1 and found.sequences == 100
    assert [each.times for each in found.repairs] == sorted(each.times for each in found.repairs)


def test_what_takes_too_long_or_cannot_be_told_is_not_looked_into():
    net = drifting(0)
    assert repair.failure(net, visits(net), TRIED[-1]) is None
    assert repair.failure(net, visits(net), 30) is None
    assert repair.failure(net, visits(net), 1) is None
