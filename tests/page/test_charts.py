"""Charts: marks stand where the axes say, and every series can be told apart without colour."""

import re

import pytest

from lab.page import charts
from lab.page.charts import Scale, Series


@pytest.mark.parametrize(
    ('low', 'high', 'log', 'ticks'),
    [
        (0, 10, False, [0, 2, 4, 6, 8, 10]),
        (61.2, 88.9, False, [65, 70, 75, 80, 85]),
        (0.12, 0.71, False, [0.2, 0.3, 0.4, 0.5, 0.6, 0.7]),
        (-1, 1, False, [-1, -0.5, 0, 0.5, 1]),
        (5000, 400_000, True, [10_000, 30_000, 100_000, 300_000]),
    ],
)
def test_ticks_are_round_numbers_inside_the_scale(low, high, log, ticks):
    assert Scale(low, high, 0, 1, log).ticks() == ticks


@pytest.mark.parametrize('log', [False, True])
def test_marks_and_lines_stand_where_the_ticks_say(log):
    points = [(10, 1), (1000, 3), (100, 2)]
    drawn = charts.chart([Series('a', 0, 'o', points, ['p', 'q', 'r'], 'solid')], 'x', 'y', 'what it shows', log)
    ticks = re.findall(r'class="tick" x="([\d.]+)" y="([\d.]+)" text-anchor="(\w+)">([\d,.]+)<', drawn)
    across = {float(text.replace(',', '')): float(x) for x, _, anchor, text in ticks if anchor == 'middle'}
    up = {float(text): float(y) - 4 for _, y, anchor, text in ticks if anchor == 'end'}
    places = [(float(x), float(y)) for x, y in re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', drawn)]
    assert len(places) == 3
    for (x, y), (px, py) in zip(points, places, strict=True):
        assert x not in across or px == pytest.approx(across[x], abs=0.11)
        assert py == pytest.approx(up[y], abs=0.11)
        assert charts.LEFT < px < charts.WIDTH - charts.RIGHT and charts.TOP < py < charts.HEIGHT - charts.BOTTOM
    assert len({*across} & {10, 100, 1000}) == (3 if log else 1)
    [line] = re.findall(r'<polyline class="s0 solid" points="([^"]*)"', drawn)
    assert line == ' '.join(f'{px},{py}' for px, py in places)


def test_a_chart_says_what_it_shows_and_each_mark_its_numbers():
    drawn = charts.chart([Series('a', 0, 's', [(0, 1)], ['a < b: 1'])], 'x', 'y', 'what "it" shows')
    assert 'role="img" aria-label="what &#34;it&#34; shows"' in drawn
    assert '<title>a &lt; b: 1</title>' in drawn


MARKS = {
    'o': '<circle cx="50.0" cy="60.0" r="4.0"/>',
    's': '<rect x="46.0" y="56.0" width="8.0" height="8.0"/>',
    '^': '<path d="M50.0 55.2l4.8 8.4h-9.6z"/>',
}


@pytest.mark.parametrize('shape', charts.SHAPES)
def test_a_mark_is_a_shape_about_its_place_and_all_values_may_be_the_same(shape):
    drawn = charts.chart([Series('a', 0, shape, [(1, 2), (2, 2)], ['p', 'q'])], 'x', 'y', 'flat')
    assert drawn.count('<title>') == 2
    assert charts.mark(shape, 50, 60, 4) == MARKS[shape]
