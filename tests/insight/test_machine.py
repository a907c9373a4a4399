"""The picture of an automaton: every state and transition is there, and no text or arrow covers another."""

import itertools

import numpy as np
import pytest
from matplotlib.colors import to_rgba
from matplotlib.patches import Circle

from lab.insight.drawn import machine
from lab.insight.drawn.figures import COLOURS
from lab.insight.found import automaton as fsm
from lab.insight.found.automaton import NONE, Automaton
from tests.insight import looks
from tests.insight.counting import placed


def tangle(states, classes, seed):
    """An automaton without any order, in which every state can be reached."""
    rng = np.random.default_rng(seed)
    phase = np.concatenate([np.arange(classes)[::-1], rng.integers(0, classes, states - classes)])
    following = np.full((states, classes), NONE)
    for symbol in range(classes):
        leads = rng.choice(np.flatnonzero(phase == symbol), states)
        following[:, symbol] = np.where(rng.random(states) < 0.5, leads, NONE)
    for state in range(1, states):
        following[state - 1, phase[state]] = state
    return Automaton(following, rng.integers(0, classes, states), phase)


AUTOMATA = {f'{classes} symbols, n up to {length}': fsm.minimise(fsm.language(classes, length))
            for classes, length in ((2, 1), (2, 4), (3, 4), (2, 10), (3, 6))}  # fmt: skip
AUTOMATA |= {'tangle': tangle(40, 3, 0), 'small tangle': tangle(14, 2, 1)}


@pytest.fixture(scope='module', params=AUTOMATA)
def drawn(request):
    automaton = AUTOMATA[request.param]
    place = placed(automaton)
    figure = machine.machine(automaton, place, 'some language, some network')
    looks.check(figure, touching=1000 if 'tangle' in request.param else 0)
    return automaton, place, figure, centres_of(figure)


def centres_of(figure):
    return np.array([patch.get_center() for patch in figure.axes[0].patches if isinstance(patch, Circle)])


def ends(way, centres):
    """The circles that an arrow begins and ends at; NONE where it is at no circle's rim."""
    near = [np.hypot(*(centres - point).T) for point in (way[0], way[-1])]
    return tuple(int(each.argmin()) if each.min() < machine.RADIUS + 0.05 else NONE for each in near)


def test_each_state_is_a_circle_with_its_name_and_what_it_predicts(drawn):
    automaton, place, figure, centres = drawn
    assert min(np.hypot(*(one - other)) for one, other in itertools.combinations(centres, 2)) > 2 * machine.RADIUS
    texts = figure.axes[0].texts[: 2 * len(centres)]
    assert [text.get_text() for text in texts[::2]] == place.names
    says = ['A/B' if output < 0 else 'ABC'[output] for output in automaton.output]
    assert [text.get_text() for text in texts[1::2]] == says
    for middle, *inside in zip(centres, texts[::2], texts[1::2], strict=True):
        for text in inside:
            box = text.get_window_extent().transformed(figure.axes[0].transData.inverted())
            assert np.abs(np.array([box.min, box.max]) - middle).max() < machine.RADIUS


def test_every_transition_is_an_arrow_or_a_short_one_with_a_name(drawn):
    automaton, place, figure, centres = drawn
    colours = [to_rgba(each) for each in COLOURS]
    ways = [(ends(way, centres), colours.index(colour)) for way, colour in looks.arrows(figure) if colour in colours]
    whole = [(here, symbol, there) for (here, there), symbol in ways if there != NONE]
    edges = {(here, symbol, automaton.following[here, symbol])
             for here, symbol in np.argwhere(automaton.following != NONE)}  # fmt: skip
    words = [text.get_text() for text in figure.axes[0].texts if ' to ' in text.get_text()]
    rest = edges - {*whole}
    assert sorted(words) == sorted(f'{"ABC"[symbol]} to {place.names[there]}' for _, symbol, there in rest)
    assert len(ways) == len(edges) == len({*whole}) + len(rest)
    assert not rest or len(edges) > len(automaton.output) + 10  # only a tangle has short ones


def test_no_arrow_and_no_text_is_on_a_circle_and_texts_are_apart(drawn):
    automaton, _, figure, centres = drawn
    ways = looks.arrows(figure)
    for way, _ in ways:
        others = np.delete(centres, [state for state in ends(way, centres) if state != NONE], axis=0)
        apart = np.hypot(*(others[:, None] - way).transpose(2, 0, 1))
        assert apart.min(initial=9) > machine.RADIUS + 0.03
    texts = figure.axes[0].texts[2 * len(automaton.output) :]  # the start, letters, short arrows
    to_page = figure.axes[0].transData.inverted()
    boxes = [text.get_window_extent().transformed(to_page).shrunk(0.8, 0.6) for text in texts]
    for text, box in zip(texts, boxes, strict=True):
        assert np.hypot(*(np.clip(centres, box.min, box.max) - centres).T).min() > machine.RADIUS - 0.02, text
        if text.get_text() in 'ABC':  # it stands beside its own arrow
            colour = to_rgba(COLOURS['ABC'.index(text.get_text())])
            assert min(np.hypot(*(way - text.get_position()).T).min() for way, each in ways if each == colour) < 0.22
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))


FEW = Automaton(np.array([[0, 1, NONE], [NONE, 1, 2], [0, NONE, 2]]), np.array([0, 1, 1]), np.arange(3))
MANY = AUTOMATA['3 symbols, n up to 4']


@pytest.mark.parametrize(
    ('automaton', 'names'),
    [
        (FEW, ['A1-4b', 'B0-7a', 'C0-11a']),
        (MANY, [f'{"ABC"[phase]}{number}-{number + 10}b' for number, phase in enumerate(MANY.phase)]),
    ],
)
def test_the_key_explains_all_names_and_fits_on_the_page(automaton, names):
    figure = machine.machine(automaton, placed(automaton)._replace(names=names), '')
    assert all(part in figure.texts[1].get_text() for part in ('A2', 'C likewise', 'B0-7', 'B3a, B3b'))
    looks.check(figure)


def test_a_state_that_leads_to_itself_has_a_loop():
    automaton = Automaton(np.array([[1, NONE], [1, 0]]), np.array([0, 1]), np.array([1, 0]))
    figure = machine.machine(automaton, placed(automaton), '')
    centres = centres_of(figure)
    [loop] = [way for way, _ in looks.arrows(figure) if ends(way, centres) == (1, 1)]
    assert 2 * machine.RADIUS < np.hypot(*(loop - centres[1]).T).max() < 4 * machine.RADIUS
