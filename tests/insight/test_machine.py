import itertools

import numpy as np
import pytest
from matplotlib.colors import to_rgba
from matplotlib.patches import Circle

from lab.insight import automaton as fsm
from lab.insight import machine
from lab.insight.automaton import NONE, Automaton
from lab.insight.figures import COLOURS
from tests.insight import looks
from tests.insight.counting import placed


def tangle(states=72, classes=3, seed=0):
    """An automaton without any order, in which every state can be reached."""
    rng = np.random.default_rng(seed)
    phase = np.concatenate([np.arange(classes)[::-1], rng.integers(0, classes, states - classes)])
    following = np.full((states, classes), NONE)
    for symbol in range(classes):
        following[:, symbol] = np.where(
            rng.random(states) < 0.5, rng.choice(np.flatnonzero(phase == symbol), states), NONE
        )
    for state in range(1, states):
        following[state - 1, phase[state]] = state
    return Automaton(following, rng.integers(0, classes, states), phase)


AUTOMATA = {f'{classes} symbols, n up to {length}': fsm.minimise(fsm.language(classes, length))[0]
            for classes, length in ((2, 1), (2, 4), (3, 4), (2, 10), (3, 6))}  # fmt: skip
AUTOMATA |= {'tangle': tangle(), 'small tangle': tangle(14, 2, 1)}


@pytest.fixture(params=AUTOMATA)
def drawn(request):
    automaton = AUTOMATA[request.param]
    place = placed(automaton)
    figure = machine.machine(automaton, place, 'some language, some network')
    figure.draw_without_rendering()
    centres = np.array([patch.get_center() for patch in figure.axes[0].patches if isinstance(patch, Circle)])
    return automaton, place, figure, centres


def edges(automaton):
    return [
        (here, symbol, automaton.following[here, symbol]) for here, symbol in np.argwhere(automaton.following != NONE)
    ]


def ends(way, centres):
    """The circles that an arrow begins and ends at; NONE where it is at no circle's rim."""
    near = [np.hypot(*(centres - point).T) for point in (way[0], way[-1])]
    return tuple(int(each.argmin()) if each.min() < machine.RADIUS + 0.05 else NONE for each in near)


def test_each_state_is_a_circle_with_its_name_and_what_it_predicts(drawn):
    automaton, place, figure, centres = drawn
    circles = [patch for patch in figure.axes[0].patches if isinstance(patch, Circle)]
    assert [circle.get_edgecolor() for circle in circles] == [to_rgba(COLOURS[phase]) for phase in automaton.phase]
    gaps = [np.hypot(*(one - other)) for one, other in itertools.combinations(centres, 2)]
    assert min(gaps) > 2 * machine.RADIUS
    texts = figure.axes[0].texts
    for circle, name, says, output in zip(circles, texts[::2], texts[1::2], automaton.output, strict=False):
        assert name.get_text() in place.names
        assert says.get_text() == ('A/B' if output < 0 else 'ABC'[output])
        around = circle.get_window_extent()
        for text in (name, says):
            box = text.get_window_extent()
            assert around.x0 < box.x0 < box.x1 < around.x1
            assert around.y0 < box.y0 < box.y1 < around.y1
    assert [text.get_text() for text in texts[: 2 * len(circles) : 2]] == place.names


def test_every_transition_is_an_arrow_or_a_short_one_with_a_name(drawn):
    automaton, place, figure, centres = drawn
    shown = []
    short = 0
    for way, colour in looks.arrows(figure):
        if colour != to_rgba('black'):
            here, there = ends(way, centres)
            assert here != NONE
            if there != NONE:
                symbol = [to_rgba(each) for each in COLOURS].index(colour)
                shown.append((here, symbol, there))
            short += there == NONE
    words = [text.get_text() for text in figure.axes[0].texts if ' to ' in text.get_text()]
    assert len(words) == short
    rest = set(edges(automaton)) - set(shown)
    assert sorted(words) == sorted(f'{"ABC"[symbol]} to {place.names[there]}' for _, symbol, there in rest)
    assert len(shown) == len(set(shown)) == len(edges(automaton)) - short


def test_the_arrows_of_the_languages_are_all_whole():
    for name, automaton in AUTOMATA.items():
        if 'tangle' not in name:
            figure = machine.machine(automaton, placed(automaton), '')
            assert not [text for text in figure.axes[0].texts if ' to ' in text.get_text()]


def test_no_arrow_goes_through_a_circle(drawn):
    _, _, figure, centres = drawn
    for way, _ in looks.arrows(figure):
        others = [state for state in range(len(centres)) if state not in ends(way, centres)]
        apart = np.hypot(*(centres[others][:, None] - way).transpose(2, 0, 1))
        assert apart.min(initial=9) > machine.RADIUS + 0.03


def test_texts_stand_free_of_circles_and_of_each_other(drawn):
    automaton, _, figure, centres = drawn
    texts = figure.axes[0].texts[2 * len(automaton.output) :]  # the start, letters, short arrows
    to_page = figure.axes[0].transData.inverted()
    boxes = [text.get_window_extent().transformed(to_page).shrunk(0.8, 0.6) for text in texts]
    for text, box in zip(texts, boxes, strict=True):
        nearest = np.clip(centres, box.min, box.max)
        assert np.hypot(*(nearest - centres).T).min() > machine.RADIUS - 0.02, text
    cover = [(one, other) for one, other in itertools.combinations(boxes, 2) if one.overlaps(other)]
    assert not cover
    assert sum(text.get_text() == 'start' for text in texts) == 1


def test_a_letter_stands_beside_its_own_arrow(drawn):
    automaton, _, figure, _ = drawn
    arrows = looks.arrows(figure)
    for text in figure.axes[0].texts[2 * len(automaton.output) :]:
        if text.get_text() in 'ABC':
            mine = [way for way, colour in arrows if colour == to_rgba(COLOURS['ABC'.index(text.get_text())])]
            assert min(np.hypot(*(way - text.get_position()).T).min() for way in mine) < 0.22


def test_the_picture_has_a_title_a_key_and_a_size_to_read_it_at(drawn):
    _, _, figure, _ = drawn
    title, key = figure.texts
    assert title.get_text() == 'some language, some network'
    assert 'A/B' in key.get_text() and 'In a circle' in key.get_text()
    looks.check(figure, touching=1000)
    assert figure.get_size_inches().max() < 42
    assert figure.axes[0].bbox.height / figure.dpi > 0.2 * figure.get_figheight()


def test_the_key_explains_all_names_and_fits_on_the_page():
    automaton = AUTOMATA['3 symbols, n up to 4']
    names = [f'{"ABC"[phase]}{number}-{number + 10}b' for number, phase in enumerate(automaton.phase)]
    figure = machine.machine(automaton, placed(automaton)._replace(names=names), '')
    key = figure.texts[1].get_text()
    assert all(part in key for part in ('A2', 'C likewise', 'B0-7', 'B3a, B3b'))
    looks.check(figure)
    for text in figure.axes[0].texts[: 2 * len(names) : 2]:
        assert text.get_window_extent().width < 2 * machine.RADIUS * machine.SCALE * figure.dpi
    plain = machine.machine(AUTOMATA['2 symbols, n up to 4'], placed(AUTOMATA['2 symbols, n up to 4']), '')
    assert not any(part in plain.texts[1].get_text() for part in ('C likewise', 'B0-7', 'B3a, B3b'))


def test_the_longest_key_fits_below_the_smallest_automaton():
    few = Automaton(np.array([[0, 1, NONE], [NONE, 1, 2], [0, NONE, 2]]), np.array([0, 1, 1]), np.arange(3))
    figure = machine.machine(few, placed(few)._replace(names=['A1-4b', 'B0-7a', 'C0-11a']), '')
    assert all(part in figure.texts[1].get_text() for part in ('A2', 'C likewise', 'B0-7', 'B3a, B3b'))
    looks.check(figure)


def test_a_state_that_leads_to_itself_has_a_loop():
    automaton = Automaton(np.array([[1, NONE], [1, 0]]), np.array([0, 1]), np.array([1, 0]))
    figure = machine.machine(automaton, placed(automaton), '')
    centres = np.array([patch.get_center() for patch in figure.axes[0].patches if isinstance(patch, Circle)])
    loops = [way for way, _ in looks.arrows(figure) if ends(way, centres) == (1, 1)]
    assert len(loops) == 1
    assert 2 * machine.RADIUS < np.hypot(*(loops[0] - centres[1]).T).max() < 4 * machine.RADIUS


def test_the_start_has_an_arrow_from_the_word(drawn):
    _, _, figure, centres = drawn
    ((way, _),) = [arrow for arrow in looks.arrows(figure) if arrow[1] == to_rgba('black')]
    assert np.hypot(*(way[-1] - centres[0])) == pytest.approx(machine.RADIUS, abs=0.05)
    (word,) = [text for text in figure.axes[0].texts if text.get_text() == 'start']
    assert np.hypot(*(np.array(word.get_position()) - way[0])) < 0.45
