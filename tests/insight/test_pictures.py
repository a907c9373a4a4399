"""Which pictures there are of a network, and what each is made of."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lab.insight import pictures
from lab.insight.step import follow
from lab.insight.transcript import Seen
from tests.insight.counting import analysed
from tests.seq.learned import LEARNED

HOUSE = Path(__file__).parents[2]
TITLE = 'some language, some network'


def seen(units, cell=None):
    """What was seen of some symbols."""
    count = len(units)
    return Seen(units, cell, np.arange(count) % 4.0, np.arange(count) // 4 % 2)


@pytest.mark.parametrize(
    ('name', 'expected'),
    [
        ('learned', {'interchange', 'circuit', 'reach', 'fsm', 'states', 'path', 'time', 'flow'}),
        ('srn1', {'reach', 'fsm', 'time'}),
        ('srn3', {'reach', 'fsm', 'states', 'path', 'time'}),
        ('lstm2', {'reach', 'gates', 'fsm', 'states', 'path', 'time'}),
    ],
)
def test_which_pictures_there_are_of_an_analysis(name, expected):
    drawn = dict(pictures.of_analysis(analysed(name), True, TITLE))
    assert set(drawn) == expected
    for figure in drawn.values():
        assert any(TITLE in text.get_text() for text in [*figure.texts, *(axes.title for axes in figure.axes)])


@pytest.mark.parametrize(('cells', 'shown', 'word'), [(True, slice(2, 4), 'cell'), (False, slice(2), 'unit')])
def test_the_states_and_the_path_of_an_lstm_are_seen_in_its_cells_or_in_its_hidden_units(cells, shown, word):
    found = analysed('lstm2')
    drawn = dict(pictures.of_analysis(found, cells, TITLE))
    read = found.sequences[0][found.sequences[0] >= 0][:-1]  # what is read: all but the last symbol
    inside = np.vstack([found.net.start, follow(found.net, read[None])[0]])[:, shown]
    (path,), (states,) = drawn['path'].axes, drawn['states'].axes
    for axes in (path, states):
        assert (axes.get_xlabel(), axes.get_ylabel()) == (f'{word} 0', f'{word} 1')
    assert {*map(tuple, np.vstack([line.get_xydata() for line in path.lines]))} == {*map(tuple, inside)}
    low, high = np.array([states.get_xlim(), states.get_ylim()]).T
    assert ((inside > low) & (inside < high)).all()


@pytest.mark.parametrize(
    ('hid', 'pairs'),
    [(1, []), (2, ['01']), (3, ['01', '02', '12', '3d']), (4, ['01', '02', '03', '12', '13', '23', '3d'])],
)
def test_the_labs_pictures_of_each_pair_and_in_space(hid, pairs):
    units = np.random.default_rng(0).normal(size=(30, hid))
    some = seen(units, units + 1)
    drawn = dict(pictures.of_units(some, 4, None, TITLE))
    assert [*drawn] == pairs + [f'cell_{name}' for name in pairs]
    assert some.left_out() == []
    if hid == 2:
        np.testing.assert_array_equal(drawn['01'].axes[0].collections[0].get_offsets(), units)
        np.testing.assert_array_equal(drawn['cell_01'].axes[0].collections[0].get_offsets(), units + 1)


@pytest.mark.parametrize(('hid', 'count'), [(5, 10), (20, 190)])
def test_of_many_pairs_only_those_are_drawn_that_part_the_states_best(hid, count):
    units = np.random.default_rng(0).normal(0, 0.1, (80, hid))
    some = seen(units)
    units[:, 2] += some.colour
    units[:, 4] += 4 * some.symbol
    [told] = some.left_out()
    assert f'drawing 6 of the {count} pairs of units, those that show the states farthest apart: 2 and 4, ' in told
    said = [pair.replace(' and ', '') for pair in told.split(': ')[1].split(', ')]
    assert len(said) == 6
    assert {name for name, _ in pictures.of_units(some, 4, None, TITLE)} == {*said, '3d'}


def test_the_process_that_draws_loads_no_torch():
    code = 'import sys, lab.insight.pictures; print(sorted({"torch", "numba", "scipy"} & set(sys.modules)))'
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True, cwd=HOUSE)
    assert done.stdout == '[]\n'


def test_from_parameters_and_an_analysis_without_its_network_the_same_pictures_are_written(tmp_path):
    """As seq_plot.py hands them over to another process."""
    found, stem = analysed('learned')._replace(net=None), str(tmp_path / 'x')
    pictures.draw_units(stem, seen(np.random.default_rng(0).normal(size=(30, 3))), 4, None, TITLE)
    pictures.draw_analysis(stem, {name: value.numpy() for name, value in LEARNED.items()}, found, True, TITLE)
    names = {path.stem.removeprefix('x_') for path in tmp_path.glob('x_*.jpg')}
    assert names == {'01', '02', '12', '3d', 'interchange', 'circuit', 'reach', 'fsm', 'states', 'path', 'time', 'flow'}
