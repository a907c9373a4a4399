import itertools

import numpy as np
import pytest

from lab.insight import automaton as fsm
from lab.insight import words
from lab.insight.automaton import NONE, OPEN, Automaton
from lab.insight.fixed import FixedPoint, Movement
from lab.insight.layout import Layout, layout
from lab.insight.phases import Counter, Mistake
from lab.insight.step import GATES
from tests.insight.counting import analysed


def point(values, at=(0.25, -0.5), symbol=0):
    values = np.array(values, dtype=complex)
    return FixedPoint(symbol, np.array(at), values, np.eye(2, dtype=complex))


def headings(lines):
    return [after for before, after in itertools.pairwise(lines) if before == '']


def test_the_parts_of_an_srn_and_of_an_lstm():
    reach, machine, how = '----- how far it counts', '----- the finite automaton found', '----- how it counts'
    assert headings(words.lines(analysed('learned'))) == [reach, machine, how]
    assert headings(words.lines(analysed('lstm3'))) == [reach, '----- gates by phase', machine, how]


def test_what_is_said_of_a_network_that_has_learned():
    lines = words.lines(analysed('learned'))
    assert 'it is the smallest automaton of the language for n <= 4 (12 states)' in lines
    assert 'the network gets no determined symbol wrong' in lines
    assert lines[1] == '----- how far it counts'
    assert lines[-1].startswith('Unit ') or lines[-1].startswith('No unit ')
    for part in (words.reach, words.how_it_counts):
        assert '\n'.join(part(analysed('learned'))) in '\n'.join(lines)


def test_what_is_said_of_a_network_that_has_not():
    found = analysed('lstm3')
    lines = words.lines(found)
    [line] = [line for line in lines if line.startswith('it is not the smallest automaton')]
    assert (
        line
        == 'it is not the smallest automaton of the language for n <= 4 (36 states, 33 if phases were not kept apart)'
    )
    assert lines[-1].startswith('Cell ') or lines[-1].startswith('No cell ')
    states, clusters = len(found.found.states.automaton.output), len(np.unique(found.found.states.cluster))
    points, (whole, steps) = len(found.found.visits.state), found.found.shares
    assert (
        f'{states} states, merged from {clusters} clusters of {points} visited points; fidelity {whole:.4f} on 300 '
        f'fresh sequences ({steps:.4f} of the steps)'
    ) in lines
    guessing = f'{len(found.found.guessing.automaton.output)} states, fidelity {found.found.guesses[0]:.4f}'
    assert any(line.endswith(f'leaves these open): {guessing}') for line in lines)


def test_fidelity_is_told_of_sequences_and_of_steps():
    found = analysed('learned').found._replace(shares=(0.25, 0.75), guesses=(0.125, 0.5))
    first, _, guessing = words.extraction(found, 4)
    assert first.endswith('fidelity 0.2500 on 300 fresh sequences (0.7500 of the steps)')
    assert guessing.endswith('fidelity 0.1250')


def test_reach_has_a_column_for_some_n():
    found = analysed('learned')._replace(
        verdict=analysed('learned').verdict._replace(counts=7),
        length=5,
        loss=np.arange(1, 31) / 1000,
        right=np.array([*(27 * [1]), 0.5, 0.4, 0.3]),
    )
    assert words.reach(found) == [
        'every determined symbol is right in mixed blocks of n up to 7 (trained on n up to 5)',
        'n            1       2       4       6       8      10      15      20      30',
        'loss    0.0010  0.0020  0.0040  0.0060  0.0080  0.0100  0.0150  0.0200  0.0300',
        'right     100%    100%    100%    100%    100%    100%    100%    100%     30%',
    ]
    assert words.reach(found._replace(loss=found.loss[:6]))[1] == 'n            1       2       4       6'


def test_gates_have_a_line_per_phase_and_unit():
    values = {gate: np.array([[0.1, 0.5], [0.05, 0.25], [0.2, 0.75]]) + (gate == 'new') for gate in GATES}
    lines = words.gate_table({'A': values, 'first B': values})
    assert lines[1:3] == [
        'phase     unit forget                      input                       output                      new values',
        'A            0 ' + 3 * ' 0.10 [0.05 0.20] closed    ' + ' 1.10 [1.05 1.20]',
    ]
    assert lines[0] == 'mean [least largest]; open from 0.8, closed to 0.2, else partly'
    assert lines[4].startswith('first B      0  0.10 [0.05 0.20] closed')
    assert lines[5].startswith('first B      1  0.50 [0.25 0.75] partly')
    assert len(lines) == 6


def test_the_transition_table_goes_by_phase_row_and_count():
    automaton = Automaton(
        np.array([[1, NONE], [NONE, 2], [NONE, 0], [3, NONE], [NONE, NONE], [NONE, NONE]]),
        np.array([0, OPEN, 1, 1, 0, 0]),
        np.array([1, 0, 1, 0, 1, 1]),
    )
    names = ['B0a', 'A1', 'B10a', 'A2', 'B9aa', 'B7b']
    row, count = np.array([1, 0, 1, 0, 27, 2]), np.array([0, 1, 10, 2, 9, 7])
    assert words.transitions(automaton, Layout(None, row, count, names)) == [
        'state   predicts      A      B',
        'A1      open          -   B10a',
        'A2      B            A2      -',
        'B0a     A            A1      -  start',
        'B10a    B             -    B0a',
        'B7b     A             -      -',
        'B9aa    A             -      -',
    ]


def test_the_table_of_a_language_has_a_column_per_symbol():
    automaton = fsm.minimise(fsm.language(3, 1))[0]
    lines = words.transitions(automaton, layout(automaton))
    assert lines[0] == 'state   predicts      A      B      C'
    assert len(lines) == 7


def test_mistakes_are_told_as_places_in_a_block():
    some = [
        Mistake(n=3, read=1, nth=2, due=1, instead=0, share=0.5),
        Mistake(n=4, read=2, nth=1, due=2, instead=1, share=1.0),
    ]
    assert words.wrong(some) == [
        'what the network gets wrong:',
        '  block of n = 3, after 2 B: A instead of B, 50.0% of the times',
        '  block of n = 4, after 1 C: B instead of C, 100.0% of the times',
    ]
    assert len(words.wrong(8 * some[:1])) == 9
    assert words.wrong(11 * some[:1])[8:] == [words.wrong(some)[1], '  and 3 more places']
    assert words.wrong([]) == ['the network gets no determined symbol wrong']


def test_fixed_points_are_told_with_their_eigenvalues():
    assert words.fixed_point(point([-0.5, 0.004j], symbol=2)) == (
        '  C: attracting at [0.25 -0.50], eigenvalues -0.50, 0.00'
    )
    assert words.fixed_point(point([1.2 + 0.5j, 1.2 - 0.5j])).endswith('eigenvalues 1.20+0.50i, 1.20-0.50i')


def test_a_symbol_without_fixed_points_is_told():
    found = analysed('learned')
    lines = words.how_it_counts(found._replace(points=[[], found.points[1]], moves=[None, None]))
    assert lines[:2] == ['fixed points of each symbol:', '  A: none found']
    assert lines[2].startswith('  B: ')
    assert sum('have no fixed point that was found' in line for line in lines) == 2


@pytest.mark.parametrize(
    ('eigenvalues', 'factor', 'text'),
    [
        ([-0.9, 0.1], 0.5, "A's move towards an attracting point at [0.25 -0.50]: each leaves 0.50 of the distance "
         '(median; nearest 0.12), the largest eigenvalue there is -0.90.'),
        ([-1.5, 0.1], 1.25, "A's move away from a saddle at [0.25 -0.50]: each leaves 1.25 of the distance (median; "
         'nearest 0.12); close to it, what is off its stable directions grows by 1.50 per A along [1.00 0.00], '
         'changing sides each time.'),
        ([1.5, 1.1], 1.25, "A's move away from a repelling point at [0.25 -0.50]: each leaves 1.25 of the distance "
         '(median; nearest 0.12); close to it, what is off it grows by 1.50 per A along [1.00 0.00].'),
        ([-1.2 + 0.9j, -1.2 - 0.9j], 1.0, "A's move away from a repelling point at [0.25 -0.50]: each leaves 1.00 "
         'of the distance (median; nearest 0.12); close to it, what is off it grows by 1.50 per A along [1.00 0.00].'),
    ],
)  # fmt: skip
def test_movement_about_each_kind_of_point(eigenvalues, factor, text):
    assert words.movement(0, Movement(point(eigenvalues), 0.123, factor)) == text


def test_two_bs_undo_an_a_where_contraction_and_expansion_cancel():
    def said(a, *b):
        return words.undoing([Movement(point([a, 0]), 0, 0.5), Movement(point(b, symbol=1), 0, 2)])

    assert said(-0.5, 2**0.5, 0.1) == [
        "Contraction by an A times expansion by two B's: 0.50 x 1.41^2 = 1.00, so 2n B's undo n A's."
    ]
    assert said(0.5, -1.2, 1.1) == [
        "Contraction by an A times expansion by two B's: 0.50 x 1.20^2 = 0.72, "
        "which would be 1 if 2n B's undid n A's there."
    ]
    assert said(0.5, 0.9, 0.1) == []  # B's attract
    assert said(1.5, 1.2, 0.1) == []  # A's do not
    assert words.undoing([None, None]) == []
    assert words.undoing(3 * [Movement(point([0.5, 0]), 0, 0.5)]) == []  # not for three symbols


def test_units_that_count_and_whether_they_undo_an_a():
    assert words.counting([Counter(0, 1, 0.5, 0.9), Counter(1, 1, 0.25, 0.75), Counter(2, 1, 0.1, 0.7)], 'unit') == [
        "Unit 1 counts A's read: +0.50 for each (R2 0.90).",
        "Unit 1 counts B's still to come: +0.25 for each (R2 0.75). There 2 B's undo one A: 2 x -0.25 against +0.50.",
        "Unit 1 counts C's still to come: +0.10 for each (R2 0.70). "
        "There 3 C's undo 0.60 of an A: 3 x -0.10 against +0.50.",
    ]
    assert words.counting([Counter(0, 1, 0.5, 0.9), Counter(1, 0, 0.25, 0.75), Counter(2, 1, 0.1, 0.69)], 'cell') == [
        "Cell 1 counts A's read: +0.50 for each (R2 0.90).",
        "Cell 0 counts B's still to come: +0.25 for each (R2 0.75).",
        "No cell counts C's along a line: at best cell 1, R2 0.69.",
    ]
    [_, b] = words.counting([Counter(0, 1, 0.5, 0.69), Counter(1, 1, 0.25, 0.75)], 'unit')
    assert 'There' not in b  # where A's are not counted, nothing is undone
