"""Charts: marks stand where the axes say, and every series can be told apart without colour."""

import re

import pytest

from lab.page import charts
from lab.page.charts import Scale, Series


@pytest.mark.parametrize(
    ('low', 'high', 'ticks'),
    [
        (0, 10, [0, 2, 4, 6, 8, 10]),
        (61.2, 88.9, [65, 70, 75, 80, 85]),
        (0.12, 0.71, [0.2, 0.3, 0.4, 0.5, 0.6, 0.7]),
        (-1, 1, [-1, -0.5, 0, 0.5, 1]),
    ],
)
def test_ticks_are_round_numbers_inside_the_scale(low, high, ticks):
    assert Scale(low, high, 0, 1).ticks() == ticks


def test_ticks_of_a_logarithmic_scale():
    assert Scale(5000, 400_000, 0, 1, log=True).ticks() == [10_000, 30_000, 100_000, 300_000]


def test_marks_stand_where_the_scale_says():
    assert Scale(0, 10, 50, 250)(5) == 150
    assert Scale(1, 100, 0, 1, log=True)(10) == 0.5
    drawn = charts.chart([Series('a', 0, 'o', [(0, 1), (10, 3), (5, 2)], ['p', 'q', 'r'])], 'x', 'y', 'what it shows')
    places = [(float(x), float(y)) for x, y in re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', drawn)]
    (x0, y0), (x1, y1), (x2, y2) = places
    assert (x2, y2) == (pytest.approx((x0 + x1) / 2, abs=0.1), pytest.approx((y0 + y1) / 2, abs=0.1))
    assert x0 < x1 and y0 > y1


def test_a_chart_says_what_it_shows_and_each_mark_its_numbers():
    drawn = charts.chart([Series('a', 0, 's', [(0, 1)], ['a < b: 1'])], 'x', 'y', 'what "it" shows')
    assert 'role="img" aria-label="what &#34;it&#34; shows"' in drawn
    assert '<title>a &lt; b: 1</title>' in drawn


def test_all_values_may_be_the_same():
    assert (
        charts.chart([Series('a', 0, '^', [(1, 2), (2, 2)], ['p', 'q'], 'solid')], 'x', 'y', 'flat').count('<title>')
        == 2
    )
