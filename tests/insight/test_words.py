import itertools
from collections import Counter

import numpy as np

from lab.insight import automaton as fsm
from lab.insight import words
from lab.insight.automaton import NONE, OPEN, Automaton
from lab.insight.layout import Layout
from lab.insight.phases import Mistake
from lab.insight.step import GATES
from tests.insight.counting import analysed, placed


def headings(lines):
    return [after for before, after in itertools.pairwise(lines) if before == '']


def test_what_is_said_of_a_network_that_has_not():
    found = analysed('lstm3')
    lines = words.lines(found)
    [line] = [line for line in lines if line.startswith('It is not the smallest automaton')]
    assert (
        line
        == 'It is not the smallest automaton of the language for n <= 4 (36 states, 33 if phases were not kept apart).'
    )
    states, clusters = len(found.found.states.automaton.output), len(np.unique(found.found.states.cluster))
    points, (whole, steps) = len(found.found.visits.state), found.found.shares
    assert (
        f'{states} states, merged from {clusters} clusters of {points} visited points; fidelity {whole:.4f} on 300 '
        f'fresh sequences ({steps:.4f} of the steps).'
    ) in lines
    guessing = f'{len(found.found.guessing.automaton.output)} states, fidelity {found.found.guesses[0]:.4f}.'
    assert any(line.endswith(f'leaves these open): {guessing}') for line in lines)


def test_fidelity_is_told_of_sequences_and_of_steps():
    found = analysed('learned').found._replace(shares=(0.25, 0.75), guesses=(0.125, 0.5))
    first, _, _, guessing = words.extraction(found, 4)
    assert first.endswith('fidelity 0.2500 on 300 fresh sequences (0.7500 of the steps).')
    assert guessing.endswith('fidelity 0.1250.')


def test_reach_has_a_column_for_some_n():
    found = analysed('learned')._replace(loss=np.arange(1, 31) / 1000, right=np.array([*(27 * [1]), 0.5, 0.4, 0.3]))
    assert words.reach(found)[:4] == [
        'Sequences of five blocks of the same n:',
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
    assert lines[0].endswith('By its mean it is called open (from 0.8 on), closed (up to 0.2) or partly open.')
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
    lines = words.transitions(automaton, placed(automaton))
    assert lines[0] == 'state   predicts      A      B      C'
    assert len(lines) == 7


def test_mistakes_are_told_as_places_in_a_block():
    some = [
        Mistake(n=3, read=1, nth=2, due=1, instead=0, share=0.5),
        Mistake(n=4, read=2, nth=1, due=2, instead=1, share=1.0),
    ]
    assert words.wrong(some, 300) == [
        'What the network gets wrong in 300 fresh sequences:',
        "  block of n = 3, after 2 B's: A instead of B, 50.0% of the times",
        '  block of n = 4, after 1 C: B instead of C, 100.0% of the times',
    ]
    assert len(words.wrong(8 * some[:1], 300)) == 9
    assert words.wrong(11 * some[:1], 300)[8:] == [words.wrong(some, 300)[1], '  and 3 more places']
    assert words.wrong([], 300) == ['In 300 fresh sequences the network gets no determined symbol wrong.']


def test_the_verdict_comes_first():
    lines = words.lines(analysed('learned'))
    assert lines[:3] == ['', '----- has it learned?', 'It has learned anb2n with n up to 4.']
    assert headings(lines) == [
        '----- has it learned?',
        '----- left to itself',
        '----- how far it counts',
        '----- the finite automaton found',
        '----- what each symbol adds',
        '----- how it counts',
        '----- when a symbol repeats',
    ]


def test_of_a_network_made_by_hand_nothing_is_said_about_learning_or_training():
    found = analysed('learned')
    lines = words.lines(found, trained=False)
    assert lines[1:3] == ['----- does it know its language?', 'It knows anb2n with n up to 4.']
    assert not any('learned' in line or 'trained' in line for line in lines)
    other = found._replace(verdict=found.verdict._replace(learned=False))
    assert words.judgement(other, trained=False)[0] == 'It does not know anb2n with n up to 4.'


def test_how_it_counts_is_told_of_networks_that_count_only():
    lines = words.lines(analysed('lstm3'))
    assert lines[2] == 'It has not learned anb2nc3n with n up to 4.'
    assert '----- gates by phase' in lines
    assert '----- how it counts' not in lines


def test_a_network_that_has_learned_but_for_rare_mistakes():
    found = analysed('learned')
    search = found.search._replace(prefix=(0, 1, 1), instead=1, due=0, every=False)
    lines = words.judgement(found._replace(search=search))
    assert lines[0] == 'It has learned anb2n with n up to 4, but for rare mistakes.'
    assert lines[-1] == 'The shortest sequence that it gets wrong: ABB; then it predicts B, and A is due.'
    some = found.search._replace(every=False, read=200, longest=9)
    assert (
        words.judgement(found._replace(search=some))[-1]
        == 'It makes no mistake in the first 9 symbols of any sequence: there are 200 different beginnings.'
    )


def test_what_is_told_of_a_network_that_knows_the_last_symbol_alone():
    lines = words.judgement(analysed('learned')._replace(last=[1, 1], forever=[1]))
    assert lines[-2:] == [
        'What it predicts depends on the last symbol alone: after A it predicts B, after B it predicts B.',
        "After the first B it predicts B for ever (100 more B's were tried).",
    ]


def test_the_ways_in_which_it_goes_on_by_itself():
    found = analysed('learned')
    other = [Counter({((1, 2),): 9}), Counter({((1, 5),): 3, ((1, 1),): 1}), Counter(), Counter({((1, 0),): 2})]
    other.append(Counter({((1, k),): k for k in (6, 7, 8, 9)}))
    lines = words.alone(found._replace(alone=other))
    assert lines[1:] == [
        "  n = 1: 2 B's",
        "  n = 2: 5 B's (75.0%); 1 B (25.0%)",
        "  n = 4: B's for ever",
        "  n = 5: 9 B's (30.0%); 8 B's (26.7%); 7 B's (23.3%); 1 more way",
        'So by itself it keeps to the language up to n = 1.',
    ]
    language = [Counter({((1, k),): 5}) for k in (2, 5, 7, 8)]
    assert words.alone(found._replace(alone=language))[-1] == (
        'It follows another language than anb2n: each n up to 4 always gets the same answer, but the answer to n = 2 '
        'is wrong.'
    )
    right = [Counter({((1, 2 * n),): 5}) for n in (1, 2, 3, 4)]
    says = 'So by itself it keeps to the language up to n = 4'
    assert words.alone(found._replace(alone=right))[-1] == f'{says}.'
    more = right + 2 * right[-1:]
    assert words.alone(found._replace(alone=more))[-1] == f"{says}; more A's, up to 6, are answered as if they were 4."
    more[-1] = Counter({((1, 8),): 4, ((1, 7),): 1})
    assert words.alone(found._replace(alone=more))[-1] == f'{says}.'
