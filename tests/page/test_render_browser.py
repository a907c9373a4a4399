"""The page in a real browser, at three widths: it asks for nothing, has no error, and each part does what it says.

What the page computes itself is compared with Python, number by number.
"""

import re

import numpy as np
import pytest

from lab.check import lines
from lab.insight.found import automaton as fsm
from lab.insight.found import step
from lab.seq.verdict import spell
from tests.page.browser import WIDTHS, needs_browser, playwright
from tests.page.made import parts
from tests.seq.learned import LEARNED

pytestmark = needs_browser
CLOSE = 1e-6


@pytest.mark.parametrize('width', WIDTHS)
def test_the_page_opens_and_fits(width, opened):
    page = opened(width, color_scheme='dark' if width == 'wide' else 'light')
    assert page.locator('svg.plane').count() > 10
    assert page.locator('img:not([alt])').count() == 0
    light = 'getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)[0] > 128'
    for scheme in 'dark', 'light':
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate(light) is (scheme == 'light')
        assert page.evaluate('document.documentElement.scrollWidth') <= WIDTHS[width][0]
    if width == 'phone':
        page.set_viewport_size({'width': 320, 'height': 800})
        assert page.evaluate('document.documentElement.scrollWidth') <= 320


def test_a_cell_of_a_confusion_matrix_shows_its_images_by_mouse_and_keys(opened):
    page, part = opened(), parts()['kuzu']
    for number, network in enumerate(part['view']['networks']):
        [cell, images] = max(network['cells'].items(), key=lambda item: (item[0] % 11 > 0, len(item[1])))
        page.locator(f'table[data-network="{number}"] [data-cell="{cell}"]').click()
        glyphs = page.locator(f'.gallery[data-network="{number}"] .glyph')
        assert [int(each) for each in glyphs.evaluate_all('all => all.map(one => one.dataset.image)')] == images
        place = part['view']['images'].index(images[0])
        style = 'getComputedStyle(one).getPropertyValue'
        where = glyphs.first.evaluate(f'one => [{style}("--x"), {style}("--y")].map(Number)')
        assert where == [place % part['sheet']['columns'], place // part['sheet']['columns']]
    # Arrow keys go through the matrix.
    cells = sorted(int(cell) for cell in parts()['kuzu']['view']['networks'][0]['cells'])
    row = next(row for row in range(10) if sum(cell // 10 == row for cell in cells) > 1)
    first, second, *_ = [cell for cell in cells if cell // 10 == row]
    page.locator(f'table[data-network="0"] [data-cell="{first}"]').focus()
    page.keyboard.press('ArrowRight')
    assert page.evaluate('document.activeElement.dataset.cell') == str(second)
    page.keyboard.press('Enter')
    assert page.locator('table[data-network="0"] [aria-pressed]').get_attribute('data-cell') == str(second)


@pytest.mark.parametrize('act', ['step', 'sig'])
def test_a_perceptron_of_the_page_computes_what_python_does(act, computes):
    rng = np.random.default_rng(0)
    points = rng.uniform(-3, 3, (50, 2))
    for hid in 1, 4, 7:
        weights = lines.Weights(rng.normal(0, 9, (hid, 2)), rng.normal(0, 9, hid), rng.normal(0, 9, hid), rng.normal())
        given = {'act': act, 'w': weights.w.tolist(), 'b': weights.b.tolist(), 'v': weights.v.tolist(), 'c': weights.c}
        code = '([given, points]) => points.map(at => check.evaluate(given, at))'
        theirs = computes(code, [given, points.tolist()])
        net, out = weights.outputs(points, act)
        for name, ours in ('nets', weights.nets(points)), ('net', net), ('out', out):
            np.testing.assert_allclose([each[name] for each in theirs], ours, rtol=0, atol=CLOSE)


def test_typed_weights_change_lines_table_and_accuracy_and_what_is_no_number_is_marked(opened):
    page, view = opened(), parts()['check']['view']
    accuracy = page.locator('#editor-accuracy')
    page.locator('#editor [name=preset]').select_option('the weights of check.py')
    page.locator('[name=w0x]').fill('')
    assert page.locator('[name=w0x]').get_attribute('aria-invalid') == 'true'
    assert accuracy.text_content() == '100.0%'
    page.locator('[name=w0x]').fill('-2')
    page.locator('[name=c]').fill('-1')
    w, b = np.array([[-2, -2], [2, 2], [2, -2], [-2, 2]]), np.array([3, -5, -1, -1])
    out = lines.Weights(w, b, np.full(4, 2), -1.0).outputs(np.array(view['points']), 'step')[1]
    assert accuracy.text_content() == f'{lines.accuracy(out, np.array(view["targets"])):.1f}%' != '100.0%'
    typed = page.locator('#editor-table tr').evaluate_all('all => all.map(row => Number(row.cells[6].textContent))')
    assert typed == out.tolist()
    line = page.locator('#editor-plane line').first
    before = line.get_attribute('y1')
    page.locator('[name=b0]').fill('2.5')
    assert line.get_attribute('y1') != before
    assert 'line y = -x + 1.25' in page.locator('#editor-lines').text_content()


def test_the_editor_starts_from_other_weights(opened):
    page = opened()
    for chosen, percent in ('reports B', '100.0%'), ('a first idea', '88.9%'):
        [name] = [name for name in parts()['check']['view']['presets'] if chosen in name]
        page.locator('[name=preset]').select_option(name)
        assert page.locator('#editor-accuracy').text_content() == percent


def test_equations_of_the_page_are_those_of_python(computes):
    rng = np.random.default_rng(1)
    rows = np.concatenate([rng.normal(0, 5, (20, 3)), rng.integers(-2, 3, (60, 3))])
    theirs = computes('rows => rows.map(([x, y, b]) => check.equation([x, y], b))', rows.tolist())
    for (x, y, b), equation in zip(rows.tolist(), theirs, strict=True):
        python = lines.equations(lines.Weights(np.array([[x, y]]), np.array([b]), np.ones(1), 0.0))[0]
        assert 'h0: ' + equation == python


@pytest.mark.parametrize('stem', ['anb2n_srn2', 'anb2nc3n_lstm3'])
def test_a_recurrent_network_of_the_page_computes_what_python_does(stem, computes):
    rng = np.random.default_rng(2)
    view = parts()['seq']['view']['networks'][stem]
    symbols = rng.integers(0, view['classes'], 60)
    for weights in [*view['epochs'].values(), view['made']]:
        theirs = computes('([weights, symbols]) => net.follow(weights, symbols)', [weights, symbols.tolist()])
        python = step.network(weights)
        states = step.follow(python, symbols[None])
        ours = step.softmax(python.logits(states))[0]
        assert np.allclose([each['prob'] for each in theirs], ours, rtol=0, atol=CLOSE)
        whole = [each['hidden'] + (each['cell'] or []) for each in theirs]
        assert np.allclose(whole, states[0], rtol=0, atol=CLOSE)
        if python.gates:
            gates = python.gates(np.vstack([python.start, states[0, :-1]]), symbols)
            for name, values in gates.items():
                assert np.allclose([each['gates'][name] for each in theirs], values, rtol=0, atol=CLOSE)


@pytest.mark.parametrize('classes', [2, 3])
def test_the_page_knows_what_the_language_demands(classes, computes):
    language = fsm.language(classes, 5)
    for sequence in spell(np.random.default_rng(3).integers(1, 6, (20, 4)), classes):
        symbols = sequence[sequence != fsm.NONE]
        due = language.output[fsm.walk(language, symbols[None])[0]]
        theirs = computes('([symbols, classes]) => net.places(symbols, classes)', [symbols.tolist(), classes])
        assert ['open' if each == fsm.OPEN else each for each in due.tolist()] == [each['due'] for each in theirs]
    for symbols, due in ([1, 0], [None, None]), ([0, 0, 1, 0], ['open', 'open', 1, None]):  # BA, AABA leave it
        assert [each['due'] for each in computes('symbols => net.places(symbols, 2)', symbols)] == due


def shown(view, part) -> list[str]:
    """The numbers that a view shows of units, cells or probabilities."""
    return view.locator(f'.{part} .value').all_text_contents()


def two_decimals(values) -> list[str]:
    return [f'{value:.2f}' for value in values]


def test_a_typed_sequence_is_read_symbol_by_symbol(opened):
    view = opened('phone').locator('.view[data-network=anb2n_srn2]')
    view.locator('[name=sequence]').fill('aaaaaabbb')
    assert view.locator('.strip button').count() == 9
    view.locator('.strip button').nth(4).click()
    python = step.network(LEARNED)
    states = step.follow(python, np.array([[0, 0, 0, 0, 0, 0, 1, 1, 1]]))[0]
    for at in 4, 5, 6:
        assert shown(view, 'units') == two_decimals(states[at])
        assert shown(view, 'prob') == two_decimals(step.softmax(python.logits(states[at])))
        view.locator('[name=next]').click()
    assert view.locator('.strip [aria-current]').get_attribute('data-t') == '8'
    view.locator('[name=sequence]').fill('AAXB')
    assert view.locator('.sequence-says').text_content() == 'only the letters A, B'
    assert view.locator('[name=sequence]').get_attribute('aria-invalid') == 'true'


def test_the_slider_goes_through_the_checkpoints(opened):
    view = opened().locator('.view[data-network=anb2n_srn2]')
    view.locator('[name=sequence]').fill('AAB')
    view.locator('.strip button').nth(2).click()
    for number, (epoch, weights) in enumerate(parts()['seq']['view']['networks']['anb2n_srn2']['epochs'].items()):
        view.locator('[name=epoch]').fill(str(number))
        assert view.locator('.epoch-says').text_content() == f'after {1000 * epoch:,} epochs of training'
        assert shown(view, 'units') == two_decimals(step.follow(step.network(weights), np.array([[0, 0, 1]]))[0, -1])


def test_the_network_made_by_hand_can_be_chosen_and_played(opened):
    view = opened().locator('.view[data-network=anb2nc3n_lstm3]')
    view.locator('[name=which]').select_option('made')
    assert view.locator('.epoch-says').text_content() == 'not trained'
    assert view.locator('[name=epoch]').is_disabled()
    view.locator('[data-blocks]').last.click()  # n = 8, which a network made by hand knows as well
    assert view.locator('.strip .good').count() > 40 and view.locator('.strip .bad').count() == 0
    weights = parts()['seq']['view']['networks']['anb2nc3n_lstm3']['made']
    view.locator('[name=sequence]').fill('AAB')
    view.locator('.strip button').nth(2).click()
    assert shown(view, 'cells') == two_decimals(step.follow(step.network(weights), np.array([[0, 0, 1]]))[0, -1, 3:])
    # The view plays.
    view.locator('[name=place]').fill('0')
    assert view.locator('.place-says').text_content() == 'before the first symbol'
    view.locator('[name=play]').click()
    playwright.expect(view.locator('[name=place]')).not_to_have_value(re.compile('^[01]$'))
    view.locator('[name=play]').click()
    assert view.locator('[name=play]').get_attribute('aria-label') == 'Play'


def pixels(canvas) -> bytes:
    return canvas.evaluate('one => one.toDataURL()')


def test_the_space_turns_under_mouse_and_arrow_keys(opened):
    page = opened()
    canvas = page.locator('.view[data-network=anb2nc3n_lstm3] canvas')
    canvas.scroll_into_view_if_needed()
    seen = {pixels(canvas)}
    canvas.focus()
    page.keyboard.press('ArrowLeft')
    seen.add(pixels(canvas))
    box = canvas.bounding_box()
    page.mouse.move(box['x'] + 50, box['y'] + 50)
    page.mouse.down()
    page.mouse.move(box['x'] + 150, box['y'] + 80)
    page.mouse.up()
    assert len(seen | {pixels(canvas)}) == 3


def test_the_plane_names_the_point_under_the_mouse(opened):
    page = opened()
    view = page.locator('.view[data-network=anb2n_srn2]')
    canvas = view.locator('canvas')
    canvas.scroll_into_view_if_needed()
    box, (x, y) = canvas.bounding_box(), map(float, shown(view, 'units'))
    assert view.locator('.pointed').text_content().strip() == ''
    size = 0.42 * min(canvas.evaluate('one => [one.clientWidth, one.clientHeight]'))
    page.mouse.move(box['x'] + box['width'] / 2 + size * x, box['y'] + box['height'] / 2 - size * y)
    assert 'next: A ' in view.locator('.pointed').text_content()


def test_light_and_dark_change_at_a_click_and_are_kept(opened):
    page = opened(color_scheme='light')
    canvas = page.locator('.space').first
    before = pixels(canvas)
    page.locator('#theme').click()
    assert page.evaluate('document.documentElement.dataset.theme') == 'dark'
    assert pixels(canvas) != before
    page.reload()
    assert page.evaluate('document.documentElement.dataset.theme') == 'dark'


@pytest.mark.parametrize('width', ['phone', 'laptop'])
def test_nothing_jumps(width, opened):
    """Whatever is chosen, the page below stays where it is."""
    page = opened(width)

    def places():
        return page.locator('article:visible, h3:visible, h4:visible').evaluate_all(
            'all => all.map(one => Math.round(one.getBoundingClientRect().top + scrollY))'
        )

    before = places()
    page.locator('table[data-network="1"] .wrong:enabled').first.click()
    view = page.locator('.view[data-network=anb2n_srn2]')
    view.locator('[name=next]').click()
    view.locator('[name=epoch]').fill('0')
    view.locator('[data-blocks]').last.click()
    view.locator('[name=sequence]').fill('AX')
    view.locator('[name=which]').select_option('made')
    page.locator('[name=w0x]').fill('0.123')
    page.locator('#editor [name=act]').select_option('sig')
    assert np.abs(np.subtract(places(), before)).max() <= 1  # rounding of parts of a dot
