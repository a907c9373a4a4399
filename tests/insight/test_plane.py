import numpy as np
import pytest

from lab.insight.found import plane
from lab.insight.found.automaton import NONE

RNG = np.random.default_rng(0)
PARTED = np.array([3, 1, 3, 1, 3, 3, 3])  # the two directions that part nothing are wide: no principal components


def grid(hid=4, spread=0.1):
    """Nine groups of 20 points that only units 1 and 3 part."""
    group = np.repeat(np.arange(9), 20)
    units = np.random.default_rng(0).normal(0, spread, (180, hid))
    units[:, 1] += group // 3
    units[:, 3] += group % 3
    return units, group


def parting(points, group):
    return plane.parting(*plane.groups(points, group))


def test_the_two_units_that_part_the_states_are_found():
    units, group = grid()
    assert plane.best_pairs(units, group, 1) == [(1, 3)]
    assert plane.best_pairs(units[:, [3, 0, 2, 1]], group, 1) == [(0, 3)]
    assert plane.best_pairs(units * [1, 1, 10, 1], group, 1) == [(1, 3)]  # a unit with a large spread parts nothing
    scores = [parting(units[:, list(pair)], group) for pair in plane.best_pairs(units, group, 6)]
    assert len(set(scores)) == 6 and scores == sorted(scores, reverse=True)


def test_units_that_part_the_states_are_shown_as_they_are():
    units, group = grid()
    found = plane.choose(units, group, 2, 'cell')
    assert found.labels == ['cell 1', 'cell 3']
    np.testing.assert_array_equal(units @ found.matrix, units[:, [1, 3]])
    assert {'unit 1', 'unit 3'} < set(plane.choose(units, group, 3, 'unit').labels)


@pytest.mark.parametrize('hid', [4, 5])
def test_where_no_pair_of_units_parts_the_states_a_combination_does_and_its_label_says_which(hid):
    units, group = grid(hid)
    units = units * PARTED[:hid] @ np.linalg.qr(np.random.default_rng(5).normal(size=(hid, hid)))[0]
    found = plane.choose(units, group, 2, 'unit')
    pairs = [parting(units[:, list(pair)], group) for pair in plane.best_pairs(units, group, 6)]
    assert parting(units @ found.matrix, group) > 0.5 + max(pairs)
    assert np.hypot.reduce(found.matrix, axis=0) == pytest.approx(1)
    assert (found.matrix.max(axis=0) == np.abs(found.matrix).max(axis=0)).all()  # the largest part is positive
    if hid == 5:  # more than four units are not written out
        assert found.labels == [f'linear discriminant {axis} of the 5 units' for axis in (1, 2)]
        return
    for axis, label in enumerate(found.labels):
        name, terms = label.split(': ')
        assert name == f'linear discriminant {axis + 1}'
        numbers = [float(term) for term in terms.replace('- ', '-').replace('+ ', '').split()[::3]]
        np.testing.assert_allclose(numbers, found.matrix[:, axis], atol=0.006)


def test_principal_components_say_how_much_of_the_variance_they_have():
    both = np.random.default_rng(5).normal(size=(60, 3)) * [3, 2, 1] @ np.linalg.qr(RNG.normal(size=(3, 3)))[0]
    found, total = plane._components(both, 2, 'unit'), both.var(axis=0).sum()
    share = np.sort(np.linalg.eigvalsh(np.cov(both, rowvar=False, ddof=0)))[:0:-1] / total
    assert (both @ found.matrix).var(axis=0) / total == pytest.approx(share)
    texts = [
        f'principal component {axis} of the units: {each:.0%} of the variance' for axis, each in enumerate(share, 1)
    ]
    assert found.labels == texts


def test_points_of_no_state_do_not_choose_the_units():
    group = np.repeat([0, 1, NONE], 20)
    units = np.random.default_rng(0).normal(0, 0.1, (60, 3))
    units += np.column_stack([50 * (group == NONE), group == 1, 0.5 * (group == 1)])
    assert plane.best_pairs(units, group, 1) == [(1, 2)]


@pytest.mark.parametrize('hid', [3, 6])
@pytest.mark.parametrize('axes', [2, 3])
def test_one_state_and_units_that_never_change_have_a_plane(hid, axes):
    for units in (np.zeros((40, hid)), RNG.normal(size=(40, hid)), np.eye(hid)[np.arange(40) % hid]):
        for group in (np.zeros(40, dtype=int), np.arange(40) % 2, np.arange(40)):
            found = plane.choose(units, group, axes, 'unit')
            assert np.isfinite(units @ found.matrix).all()
            assert found.matrix.shape == (hid, axes) and len(set(found.labels)) == axes


def test_means_and_variances_of_groups_are_those_of_their_points():
    points, group = RNG.normal(3, 1, (50, 3)), np.append(np.arange(49) % 4, NONE)
    means, spread, total = plane.groups(points, group)
    np.testing.assert_allclose(means, [points[group == each].mean(axis=0) for each in range(4)])
    np.testing.assert_allclose(spread, [points[group == each].var(axis=0) for each in range(4)])
    np.testing.assert_allclose(total, points[:-1].var(axis=0))


def test_parting_is_the_distance_to_the_nearest_group_for_the_spread_in_sizes_of_the_whole():
    def score(*places):
        places = np.array(places, dtype=float)
        return plane.parting(places, np.full_like(places, 0.5), np.full(2, 4.0))

    expected = np.log(3 / 2 + 1e-3) - np.log(1 / 2 + 1e-2)  # 3 apart, a spread of 1, a size of 2
    assert score((7, 1), (10, 1)) == pytest.approx(expected, abs=1e-9)
    further = np.log(np.hypot(4, 4) / 2 + 1e-3) - np.log(1 / 2 + 1e-2)
    assert score((7, 1), (10, 1), (14, 5)) == pytest.approx((2 * expected + further) / 3, abs=1e-9)


def test_parting_does_not_depend_on_the_scale():
    units, group = grid()
    scores = [parting(scale * units, group) for scale in (1e-6, 1, 1e6)]
    assert scores == pytest.approx([scores[1]] * 3)
