"""Which pictures there are of a network, and what each is made of."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lab.insight.drawn import pictures
from lab.insight.found import automaton as fsm
from lab.insight.found.step import follow
from lab.insight.said.transcript import Seen
from tests.insight.counting import analysed, placed
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


def titles(figure):
    return [text.get_text() for text in [*figure.texts, *(axes.title for axes in figure.axes)]]


def test_of_a_large_automaton_the_part_is_drawn_that_short_blocks_need_with_its_names():
    """Of 150 states the 36 for blocks of n up to 4 and 14 more; 188 of them were once drawn on one page."""
    found = analysed('learned')
    machine = fsm.minimise(fsm.language(3, 10))
    place = placed(machine)
    large = found._replace(
        length=10, place=place, found=found.found._replace(states=found.found.states._replace(automaton=machine))
    )
    figure = pictures.automaton(large, TITLE)
    assert f'50 of the 150 states of the automaton found, all for blocks of n up to 5: {TITLE}' in titles(figure)
    names = {text.get_text() for text in figure.axes[0].texts}
    assert {'A5', 'B9f', 'C14'} <= names and 'A6' not in names and 'B9f' in place.names


def test_no_false_automaton_is_drawn():
    found = analysed('srn2')
    states = found.found.states._replace(given_up=600)
    none = found._replace(found=found.found._replace(shares=(0.005, 0.9), states=states))
    drawn = dict(pictures.of_analysis(none, True, TITLE))
    assert 'None was found: the search was given up at 600 clusters of states.' in titles(drawn['fsm'])
    assert drawn['fsm'].axes == []
    half = none._replace(found=none.found._replace(shares=(0.6, 0.9)))
    assert f'the automaton found: {TITLE} (right about 60.0% of the sequences)' in titles(
        pictures.automaton(half, TITLE)
    )
    assert any('coloured by count' in text for text in titles(drawn['states']))  # no boundaries of states either


def test_a_sequence_that_is_cut_says_so(monkeypatch):
    found = analysed('srn2')
    whole = (found.sequences[0] >= 0).sum() - 1
    monkeypatch.setattr(pictures, 'MOST_SYMBOLS', 5)
    drawn = dict(pictures.of_analysis(found, True, TITLE))
    for name in ('time', 'path'):
        assert f'the first 5 of {whole} symbols: {TITLE}' in titles(drawn[name])


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
    code = 'import sys, lab.insight.drawn.pictures; print(sorted({"torch", "numba", "scipy"} & set(sys.modules)))'
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True, cwd=HOUSE)
    assert done.stdout == '[]\n'


def test_from_parameters_and_an_analysis_without_its_network_the_same_pictures_are_written(tmp_path):
    """As seq_plot.py hands them over to another process."""
    found, stem = analysed('learned')._replace(net=None), str(tmp_path / 'x')
    pictures.draw_units(stem, seen(np.random.default_rng(0).normal(size=(30, 3))), 4, None, TITLE)
    pictures.draw_analysis(stem, {name: value.numpy() for name, value in LEARNED.items()}, found, True, TITLE)
    names = {path.stem.removeprefix('x_') for path in tmp_path.glob('x_*.jpg')}
    assert names == {'01', '02', '12', '3d', 'interchange', 'circuit', 'reach', 'fsm', 'states', 'path', 'time', 'flow'}
