import numpy as np
import pytest

from lab.insight import pictures
from lab.insight.step import follow
from lab.insight.transcript import Seen
from tests.insight.counting import analysed


@pytest.mark.parametrize(
    ('name', 'cells', 'expected'),
    [
        ('learned', False, {'reach', 'fsm', 'states', 'path', 'time', 'flow'}),
        ('srn1', False, {'reach', 'fsm', 'time'}),
        ('srn3', False, {'reach', 'fsm', 'states', 'path', 'time'}),
        ('lstm2', False, {'reach', 'gates', 'fsm', 'states', 'path', 'time'}),
        ('lstm2', True, {'reach', 'gates', 'fsm', 'states', 'path', 'cell_states', 'cell_path', 'time'}),
    ],
)
def test_which_pictures_there_are_of_an_analysis(name, cells, expected):
    names = [name for name, _ in pictures.of_analysis(analysed(name), cells)]
    assert sorted(names) == sorted(expected)


def test_the_path_is_that_of_the_first_sequence_in_the_plane_of_the_states():
    found = analysed('lstm2')
    drawn = dict(pictures.of_analysis(found, True))
    read = found.sequences[0][found.sequences[0] >= 0][:-1]  # what is read: all but the last symbol
    inside = np.vstack([found.net.start, follow(found.net, read[None])[0]])
    for name, units in (('', inside[:, :2]), ('cell_', inside[:, 2:])):
        (path,), (states,) = drawn[f'{name}path'].axes, drawn[f'{name}states'].axes
        assert (
            (path.get_xlabel(), path.get_ylabel()) == (states.get_xlabel(), states.get_ylabel()) == ('unit 0', 'unit 1')
        )
        (start,) = [line for line in path.lines if line.get_label() == 'start']
        np.testing.assert_array_equal(start.get_xydata(), units[:1])
        arrived = np.vstack([line.get_xydata() for line in path.lines if line is not start])
        assert {*map(tuple, arrived)} == {*map(tuple, units[1:])}
    hidden = drawn['time'].axes[0].images[0].get_array()
    np.testing.assert_array_equal(hidden, inside[1:, :2].T)


def test_the_flow_has_the_steps_of_all_sequences():
    found = analysed('learned')
    flow = dict(pictures.of_analysis(found, False))['flow']
    for symbol, axes in enumerate(flow.axes):
        steps = axes.collections[1]
        assert len(steps.get_offsets()) == (found.sequences == symbol).sum()
        here = np.array(steps.get_offsets())
        there = found.net.read(here, np.full(len(here), symbol))
        np.testing.assert_allclose(here + np.column_stack([steps.U, steps.V]), there, atol=1e-12)


@pytest.mark.parametrize(('hid', 'pairs'), [(1, []), (2, ['01']), (3, ['01', '02', '12', '3d'])])
def test_the_labs_pictures_of_each_pair_and_in_space(hid, pairs):
    units = np.random.default_rng(0).normal(size=(30, hid))
    seen = Seen(units, None, np.ones(30))
    assert [name for name, _ in pictures.of_units(seen, 4, None)] == pairs
    names = [name for name, _ in pictures.of_units(seen._replace(cell=units + 1), 4, None)]
    assert names == pairs + [f'cell_{name}' for name in pairs]


def test_cells_are_drawn_where_the_hidden_units_were():
    units = np.random.default_rng(0).normal(size=(30, 2))
    (_, hidden), (_, cells) = pictures.of_units(Seen(units, units + 5, np.ones(30)), 4, np.zeros(2))
    np.testing.assert_array_equal(hidden.axes[0].collections[0].get_offsets(), units)
    np.testing.assert_array_equal(cells.axes[0].collections[0].get_offsets(), units + 5)
    assert hidden.axes[0].collections[0].get_clim() == (0, 4)
