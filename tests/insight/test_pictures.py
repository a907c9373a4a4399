import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lab.common.children import Child
from lab.insight import pictures
from lab.insight.step import before, follow
from lab.insight.transcript import Seen
from tests.insight import looks
from tests.insight.counting import analysed
from tests.seq.learned import LEARNED

HERE = Path(__file__).parents[2]
TITLE = 'some language, some network'


def seen(units, cell=None, symbols=2):
    """What was seen of 30 symbols."""
    count = len(units)
    return Seen(units, cell, np.arange(count) % 4.0, np.arange(count) // 4 % symbols)


@pytest.mark.parametrize(
    ('name', 'expected'),
    [
        ('learned', {'reach', 'fsm', 'states', 'path', 'time', 'flow'}),
        ('srn1', {'reach', 'fsm', 'time'}),
        ('srn3', {'reach', 'fsm', 'states', 'path', 'time'}),
        ('lstm2', {'reach', 'gates', 'fsm', 'states', 'path', 'time'}),
        ('lstm1', {'reach', 'gates', 'fsm', 'time'}),
    ],
)
@pytest.mark.parametrize('cells', [True, False])
def test_which_pictures_there_are_of_an_analysis(name, cells, expected):
    drawn = dict(pictures.of_analysis(analysed(name), cells, TITLE))
    assert set(drawn) == expected
    for figure in drawn.values():
        texts = [*figure.texts, *(axes.title for axes in figure.axes)]
        assert any(TITLE in text.get_text() for text in texts)


@pytest.mark.parametrize(('cells', 'shown', 'word'), [(True, slice(2, 4), 'cell'), (False, slice(2), 'unit')])
def test_the_states_and_the_path_of_an_lstm_are_seen_in_its_cells_or_in_its_hidden_units(cells, shown, word):
    found = analysed('lstm2')
    drawn = dict(pictures.of_analysis(found, cells, TITLE))
    read = found.sequences[0][found.sequences[0] >= 0][:-1]  # what is read: all but the last symbol
    inside = np.vstack([found.net.start, follow(found.net, read[None])[0]])
    (path,), (states,) = drawn['path'].axes, drawn['states'].axes
    for axes in (path, states):
        assert (axes.get_xlabel(), axes.get_ylabel()) == (f'{word} 0', f'{word} 1')
    (start,) = [line for line in path.lines if line.get_label() == 'start']
    np.testing.assert_array_equal(start.get_xydata(), inside[:1, shown])
    arrived = np.vstack([line.get_xydata() for line in path.lines if line is not start])
    assert {*map(tuple, arrived)} == {*map(tuple, inside[1:, shown])}
    low, high = np.array([states.get_xlim(), states.get_ylim()]).T
    assert ((inside[:, shown] > low) & (inside[:, shown] < high)).all()
    np.testing.assert_array_equal(drawn['time'].axes[0].images[0].get_array(), inside[1:, :2].T)


def test_of_a_long_sequence_only_the_beginning_is_drawn(monkeypatch):
    monkeypatch.setattr(pictures, 'MOST_SYMBOLS', 10)
    drawn = dict(pictures.of_analysis(analysed('srn3'), True, TITLE))
    assert drawn['time'].axes[0].images[0].get_array().shape == (3, 10)
    assert sum(len(arrows.get_offsets()) for arrows in drawn['path'].axes[0].collections) == 10


def test_more_states_than_have_room_for_names_are_coloured_by_count(monkeypatch):
    named = dict(pictures.of_analysis(analysed('learned'), True, TITLE))['states']
    monkeypatch.setattr(pictures.regions, 'MOST_NAMES', 11)
    many = dict(pictures.of_analysis(analysed('learned'), True, TITLE))['states']
    assert len(looks.bars(named)) == 0
    assert len(looks.bars(many)) == 2


def test_the_flow_has_the_steps_of_all_sequences():
    found = analysed('learned')
    flow = dict(pictures.of_analysis(found, True, TITLE))['flow']
    for symbol, axes in enumerate(flow.axes):
        steps = axes.collections[1]
        here = np.array(steps.get_offsets())
        seen = before(found.net, found.sequences)[found.sequences == symbol]
        apart = np.abs(seen[:, None] - here).max(axis=2)
        assert apart.min(axis=1).max() < 0.011  # every step is there, or one that lies on it
        assert (apart.min(axis=0) == 0).all()
        there = found.net.read(here, np.full(len(here), symbol))
        np.testing.assert_allclose(here + np.column_stack([steps.U, steps.V]), there, atol=1e-12)


@pytest.mark.parametrize(
    ('hid', 'pairs'),
    [(1, []), (2, ['01']), (3, ['01', '02', '12', '3d']), (4, ['01', '02', '03', '12', '13', '23', '3d'])],
)
def test_the_labs_pictures_of_each_pair_and_in_space(hid, pairs):
    units = np.random.default_rng(0).normal(size=(30, hid))
    assert [name for name, _ in pictures.of_units(seen(units), 4, None, TITLE)] == pairs
    names = [name for name, _ in pictures.of_units(seen(units, units + 1), 4, None, TITLE)]
    assert names == pairs + [f'cell_{name}' for name in pairs]
    assert seen(units, units + 1).left_out() == []


@pytest.mark.parametrize(('hid', 'count'), [(5, 10), (20, 190)])
def test_of_many_pairs_only_those_are_drawn_that_part_the_states_best(hid, count):
    units = np.random.default_rng(0).normal(0, 0.1, (80, hid))
    some = seen(units)
    units[:, 2] += some.colour
    units[:, 4] += 4 * some.symbol
    names = [name for name, _ in pictures.of_units(some, 4, None, TITLE)]
    assert len(names) == 6 + 1
    assert {'24', '3d'} < set(names)
    [told] = some.left_out()
    assert f'drawing 6 of the {count} pairs of units, those that show the states farthest apart: 2 and 4, ' in told
    assert sorted(f'{j}{k}' for j, k in (pair.split(' and ') for pair in told.split(': ')[1].split(', '))) == sorted(
        names[:-1]
    )


def test_cells_are_drawn_where_the_hidden_units_were():
    units = np.random.default_rng(0).normal(size=(30, 2))
    (_, hidden), (_, cells) = pictures.of_units(seen(units, units + 5), 4, np.zeros(2), TITLE)
    np.testing.assert_array_equal(hidden.axes[0].collections[0].get_offsets(), units)
    np.testing.assert_array_equal(cells.axes[0].collections[0].get_offsets(), units + 5)
    assert (hidden.axes[0].get_xlabel(), cells.axes[0].get_ylabel()) == ('unit 0', 'cell 1')
    assert hidden.axes[0].collections[0].get_clim() == (0, 4)


def test_the_process_that_draws_loads_no_torch():
    code = 'import sys, lab.insight.pictures; print(sorted({"torch", "numba", "scipy"} & set(sys.modules)))'
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True, cwd=HERE)
    assert done.stdout == '[]\n'


def test_another_process_draws_the_same(tmp_path):
    """From a network's parameters and its analysis without the network, as seq_plot.py hands them over."""
    found = analysed('learned')
    units = seen(np.random.default_rng(0).normal(size=(30, 3)))
    parameters = {name: value.numpy() for name, value in LEARNED.items()}
    values = {
        'draw_units': (units, 4, None, TITLE),
        'draw_analysis': (parameters, found._replace(net=None), True, TITLE),
    }
    with Child('lab.insight.pictures') as child:
        for name, given in values.items():
            names = getattr(pictures, name)(str(tmp_path / 'here'), *given)
            assert names == child.call(name, str(tmp_path / 'there'), *given)
    here, there = (
        {path.name.partition('_')[2]: path.read_bytes() for path in tmp_path.glob(f'{place}_*')}
        for place in ('here', 'there')
    )
    assert here == there
    assert {'01.jpg', '3d.jpg', 'fsm.jpg', 'states.jpg', 'flow.jpg'} <= here.keys()
