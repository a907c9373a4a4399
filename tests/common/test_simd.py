"""simd.py: a lane's result has the bits that plain floats would have."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from lab.common.simd import fma, join, larger, numbers, quarter, smaller, sqrt

SPECIAL = [0.0, -0.0, 1.0, 1 + 2**-52, 1e-300, 1e300, np.inf, -np.inf, np.nan]
FLOATS = st.one_of(st.floats(-1e6, 1e6), st.sampled_from(SPECIAL))
OPERATIONS = ['+', '-', '*', '/', 'fma', 'sqrt', 'smaller', 'larger', '2 +', '2 -', '2 *', '2 /', '/ 2']


@njit(error_model='numpy')
def compute(triples, results, lanes):
    """Each of OPERATIONS on the three numbers of triples (3, lanes), into results (operations, lanes)."""
    given, found = numbers(triples, lanes), numbers(results, lanes)
    a, b, c = given[0], given[1], given[2]
    found[0], found[1], found[2], found[3] = a + b, a - b, a * b, a / b
    found[4], found[5], found[6], found[7] = fma(a, b, c), sqrt(a), smaller(a, b), larger(a, b)
    found[8], found[9], found[10], found[11], found[12] = 2 + a, 2 - a, 2 * a, 2 / a, a / 2.0


@njit(error_model='numpy')
def take_apart(given, found, lanes):
    """Join four numbers (4, lanes), double them and put them into `found` in reverse order."""
    four, out = numbers(given, lanes), numbers(found, lanes)
    joined = 2 * join(four[0], four[1], four[2], four[3], lanes)
    out[0], out[1] = quarter(joined, 3, lanes), quarter(joined, 2, lanes)
    out[2], out[3] = quarter(joined, 1, lanes), quarter(joined, 0, lanes)


def computed(triples):
    results = np.empty((len(OPERATIONS), triples.shape[1]))
    compute(triples, results, (0.0,) * triples.shape[1])
    return results


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(FLOATS, min_size=24, max_size=24))
def test_a_lane_has_the_bits_of_plain_floats(values):
    triples = np.array(values).reshape(3, 8)
    with np.errstate(all='ignore'):
        a, b, _ = triples
        plain = [a + b, a - b, a * b, a / b, np.sqrt(a), 2 + a, 2 - a, 2 * a, 2 / a, a / 2]
    results = dict(zip(OPERATIONS, computed(triples), strict=True))
    for name, expected in zip(['+', '-', '*', '/', 'sqrt', '2 +', '2 -', '2 *', '2 /', '/ 2'], plain, strict=True):
        np.testing.assert_array_equal(results[name], expected, name)
        assert (np.signbit(results[name]) == np.signbit(expected))[~np.isnan(expected)].all(), name
    for lane in range(8):
        alone = computed(np.ascontiguousarray(triples[:, lane : lane + 1]))[:, 0]
        np.testing.assert_array_equal(alone, np.array(list(results.values()))[:, lane])


@settings(max_examples=200, deadline=None, derandomize=True)
@given(*3 * [st.floats(-1e100, 1e100, allow_subnormal=False)])
def test_fma_rounds_once(a, b, c):
    exact = Fraction(a) * Fraction(b) + Fraction(c)
    assert computed(np.array([[a], [b], [c]]))[OPERATIONS.index('fma')] == float(exact)


def test_a_number_that_is_none_stays_so():
    results = computed(np.array([[np.nan] * 8, [1.0] * 8, [0.0] * 8]))
    assert np.isnan(results).all()


@pytest.mark.parametrize('lanes', [1, 2, 8])
def test_four_numbers_in_one_come_out_as_they_went_in(lanes):
    given = np.arange(4.0 * lanes).reshape(4, lanes)
    found = np.empty((4, lanes))
    take_apart(given, found, (0.0,) * lanes)
    assert np.array_equal(found, 2 * given[::-1])
