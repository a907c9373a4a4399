"""What every reader of the page needs: contrast, headings and names, keys, a finger, paper, no JavaScript.

Each test is of a fault that the page once had.
"""

import base64
import io
import re
from itertools import combinations, pairwise

import numpy as np
import pytest
from PIL import Image

from lab.page import render
from tests.page.browser import needs_browser
from tests.page.made import parts

pytestmark = needs_browser
PAGES = 20  # of A4 at most


def opened_image(uri: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(uri.split(',')[1])))


def boxes(locator) -> list[dict]:
    return locator.evaluate_all('all => all.map(one => one.getBoundingClientRect().toJSON())')


@pytest.mark.parametrize(
    ('width', 'scheme'), [('phone', 'light'), ('laptop', 'dark')]
)  # no colour depends on the width
def test_axe_finds_nothing(width, scheme, opened):
    axe = pytest.importorskip('axe_playwright_python.sync_playwright', reason='axe is not installed')
    page = opened(width, color_scheme=scheme)
    page.evaluate('document.querySelectorAll("details").forEach(each => (each.open = true))')
    found = axe.Axe().run(page, options={'resultTypes': ['violations']}).response['violations']
    assert [(each['id'], [node['html'][:200] for node in each['nodes'][:3]]) for each in found] == []


def test_names_have_roles_no_heading_is_skipped_and_the_tab_key_stops_seldom(opened):
    page = opened()
    assert page.locator('div[aria-label]:not([role]), span[aria-label]:not([role])').count() == 0
    levels = page.locator('h1, h2, h3, h4, h5').evaluate_all('all => all.map(one => Number(one.tagName[1]))')
    assert all(after - before < 2 for before, after in pairwise(levels))
    assert page.locator('th:empty').count() == 0
    # The Tab key stops once in a confusion matrix and once in a gallery.
    stops = 'all => all.map(one => [...one.querySelectorAll("button")].filter(each => each.tabIndex === 0).length)'
    assert page.locator('.confusion').evaluate_all(stops) == [1, 1, 1]
    assert set(page.locator('.glyphs').evaluate_all(stops)) <= {0, 1}
    assert (
        page.locator('a[href], button, input, select, summary, [tabindex]').evaluate_all(
            'all => all.filter(one => one.tabIndex >= 0 && !one.disabled && one.checkVisibility()).length'
        )
        < 160
    )


def test_in_forced_colours_bars_and_marks_are_seen(opened):
    page = opened(forced_colors='active')
    view = page.locator('.view[data-network=anb2n_srn2]')
    colour = 'one => getComputedStyle(one).backgroundColor'
    fill = view.locator('.prob .fill').first.evaluate(colour)
    assert fill != view.locator('.prob .track').first.evaluate(colour)
    page.locator('#draw .inside[data-kind=lin] summary').click()
    weights = page.locator('.inside[data-kind=lin] canvas').first
    painted = weights.evaluate('one => [...one.getContext("2d").getImageData(0, 0, 28, 28).data]')
    assert len(set(zip(painted[::4], painted[1::4], painted[2::4], strict=True))) > 20
    keys = page.locator('.key.m0').first.evaluate('one => getComputedStyle(one).fill'), page.locator('.key.m1').first
    assert keys[0] != keys[1].evaluate('one => getComputedStyle(one).fill')


def test_without_javascript_every_glyph_is_its_own(browser, file):
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f'file://{file}')
    shown = page.locator('.confused .glyph').first
    places = [page.locator('.confused .glyph').nth(k).get_attribute('style') for k in range(8)]
    assert len(set(places)) > 4 and shown.is_visible()
    assert not page.locator('#draw').is_visible() and not page.locator('#yours').is_visible()
    image = int(shown.get_attribute('data-image'))
    x, y = parts()['kuzu']['places'][image]
    assert (
        places[0] == f'--x:{x};--y:{y}' and (x, y) == divmod(parts()['kuzu']['view']['images'].index(image), 64)[::-1]
    )
    page.context.close()


def test_on_paper_it_is_short_and_has_no_buttons_no_raw_transcript_and_every_picture(opened):
    page = opened()
    page.wait_for_timeout(300)
    paper = page.pdf(format='A4', prefer_css_page_size=True)
    assert 0 < len(re.findall(rb'/Type\s*/Page\b', paper)) <= PAGES and len(paper) > 10_000
    page.emulate_media(media='print')
    assert not any(page.locator('.transcript').nth(k).is_visible() for k in range(page.locator('.transcript').count()))
    assert not page.locator('.top').is_visible()
    assert page.locator('#by-hand svg.plane').first.is_visible()
    page.set_viewport_size({'width': 703, 'height': 990})  # of A4 within the page's margins, at 96 dots to the inch
    assert page.evaluate('document.documentElement.scrollWidth') <= 703


def test_the_story_begins_in_short_and_the_rest_is_folded(tmp_path, browser):
    part = parts()['seq']
    networks = [
        each | {'sections': [*each['sections'], ('in short', [(False, 'it counts.')])]} for each in part['networks']
    ]
    page = browser.new_page()
    page.set_content(render.page({'seq': {**part, 'networks': networks}}, 'x'))
    first = page.locator('#anb2n_srn2').get_by_text('It counts.', exact=True)
    assert first.is_visible() and not page.locator('#anb2n_srn2 .transcript').first.is_visible()
    assert not page.get_by_text('finite automaton found').first.is_visible() or page.locator('summary').count() > 1
    page.locator('#anb2n_srn2 summary').first.click()
    assert page.locator('#anb2n_srn2 .transcript').first.is_visible()
    page.close()


def test_of_a_network_made_by_hand_nothing_is_said_about_training_and_numbers_can_be_understood(opened):
    page = opened()
    made = page.locator('#anb2n_srn2-by-hand .verdict').text_content()
    assert 'It knows anb2n' in made and 'learned' not in made and 'trained' not in made
    tiles = page.locator('.hero').text_content()
    assert '≤' not in tiles and 'counts to ' in tiles


def test_a_heat_map_keeps_its_colours():
    """They are numbers: of fewer colours than it was drawn with, they would be wrong ones."""
    for each in parts()['seq']['networks']:
        modes = {name: opened_image(picture['uri']).mode for name, picture in each['pictures'].items()}
        assert modes.pop('time') == 'RGB' and set(modes.values()) == {'P'}


@pytest.mark.parametrize('stem', ['anb2n_srn2', 'anb2nc3n_lstm3'])
def test_points_are_named_by_a_finger_and_by_keys(stem, opened):
    page = opened('phone', has_touch=True)
    view = page.locator(f'.view[data-network={stem}]')
    canvas, pointed = view.locator('.space'), view.locator('.pointed')
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    for x in range(20, int(box['width']), 25):
        for y in range(20, int(box['height']), 25):
            if pointed.text_content().strip():
                break
            page.touchscreen.tap(box['x'] + x, box['y'] + y)
    assert 'next: A ' in pointed.text_content() or pointed.text_content() == 'before the first symbol'
    canvas.focus()
    said = []
    for _ in range(3):
        page.keyboard.press('PageDown')
        said.append(pointed.text_content())
    assert len(set(said)) == 3 and pointed.get_attribute('role') == 'status'


def test_a_long_sequence_stays_in_the_picture(opened):
    page = opened()
    page.locator('.view[data-network=anb2nc3n_lstm3] [name=which]').select_option('made')
    page.evaluate("""() => {
        globalThis.drawn = [];
        const draw = Space.prototype.mark;
        Space.prototype.mark = function (context, symbol, x, y, ...rest) {
            drawn.push([x / this.canvas.clientWidth, y / this.canvas.clientHeight]);
            return draw.call(this, context, symbol, x, y, ...rest);
        };
    }""")
    view = page.locator('.view[data-network=anb2nc3n_lstm3]')
    view.locator('[name=sequence]').fill('A' * 30 + 'B' * 60 + 'C' * 90)
    view.locator('[name=place]').fill('180')
    drawn = np.array(page.evaluate('drawn'))
    assert len(drawn) > 180 and drawn.min() >= 0 and drawn.max() <= 1


WHY = {
    'BBAAB': 'it does not begin with an A',
    'AABBBA': "it has 3 B's instead of 4 after 2 A's",
    'ABBB': "it has more than 2 B's after 1 A's",
}


def test_why_a_sequence_is_not_in_the_language_and_a_wrong_letter_ends_it(opened):
    view = opened().locator('.view[data-network=anb2n_srn2]')
    for sequence, why in WHY.items():
        view.locator('[name=sequence]').fill(sequence)
        view.locator('[name=place]').fill(str(len(sequence)))
        assert why in view.locator('.place-says').text_content()
    for sequence in 'AAXB', 'X', '':
        view.locator('[name=sequence]').fill(sequence)
        assert view.locator('.strip').text_content() == sequence.split('X')[0]


def test_a_half_against_a_half_is_not_predicted_right(opened):
    view = opened().locator('.view[data-network=anb2n_srn2]')
    weights = {'H0': [0], 'W': [[0], [0]], 'U': [[0]], 'hid_bias': [0], 'V': [[0.001, 0]], 'out_bias': [0.004, 0]}
    data = {'classes': 2, 'length': 4, 'hid': 1, 'epochs': {0: weights}, 'made': None}
    view.page.evaluate('data => views.anb2n_srn2.load(data)', data)
    view.locator('[name=sequence]').fill('AABBBBA')
    assert view.locator('.prob .value').all_text_contents() == ['0.50', '0.50']
    assert (view.locator('.strip .good').count(), view.locator('.strip .bad').count()) == (0, 4)


DIAGRAM = """hid => {
    const w = [...Array(hid).keys()].map(k => [-6.12 + k, 4.78 - k]), b = w.map(() => -1.41);
    const drawn = check.diagram({ act: 'sig', w, b, v: b, c: 4.45 }, 'x');
    document.querySelector('#trained [data-diagram]').replaceChildren(drawn);
}"""


def test_the_weights_of_a_diagram_do_not_collide_and_stand_beside_their_units(opened):
    page = opened()
    for hid in 1, 5, 8:
        page.evaluate(DIAGRAM, hid)
        check_diagram(page.locator('#trained .diagram'), hid)


def check_diagram(diagram, hid: int):
    texts = boxes(diagram.locator('text'))
    for one, other in combinations(texts, 2):
        across = min(one['right'], other['right']) - max(one['left'], other['left'])
        down = min(one['bottom'], other['bottom']) - max(one['top'], other['top'])
        assert across <= 1 or down <= 4, (one, other)  # the box of a text is taller than its letters
    nodes = boxes(diagram.locator('.node'))[3:]  # the hidden units
    into = boxes(diagram.locator('text.weight'))[: 2 * hid]
    for k, text in enumerate(into):
        middle = (text['top'] + text['bottom']) / 2
        far = [abs(middle - (node['top'] + node['bottom']) / 2) for node in nodes]
        assert int(np.argmin(far)) == k // 2


def test_the_task_begins_unsolved_and_lines_can_be_dragged(opened):
    page = opened()
    assert page.locator('#editor-accuracy').text_content() == '88.9%'
    plane = page.locator('#editor-plane')
    plane.scroll_into_view_if_needed()
    handle = plane.locator('.handle').first
    box = handle.bounding_box()
    middle = box['x'] + box['width'] / 2, box['y'] + box['height'] / 2
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 40, middle[1] + 5, steps=4)
    page.mouse.up()
    x, y, bias = (float(page.locator(f'[name={name}]').input_value()) for name in ('w0x', 'w0y', 'b0'))
    assert np.hypot(x, y) == pytest.approx(1, abs=2e-3) and x > 0 and y != 0
    box = handle.bounding_box()  # where it was let go lies on the line
    here = page.evaluate(
        '([x, y]) => check.unplace(document.querySelector("#editor-plane svg"), { clientX: x, clientY: y })',
        [middle[0] + 40, middle[1] + 5],
    )
    assert x * here[0] + y * here[1] + bias == pytest.approx(0, abs=0.01)
    page.locator('#editor [name=preset]').select_option('the weights of check.py')
    assert page.locator('#editor-accuracy').text_content() == '100.0%'


def test_one_colour_means_one_thing(computes):
    named = ['y0', 'y1', 'y2', 's0', 's1', 's2', *(f'u{k}' for k in range(8)), 'wrong']
    colours = computes('names => names.map(name => page.colour(name))', named)
    values = np.array([[int(part) for part in re.findall(r'\d+', colour)[:3]] for colour in colours])
    apart = [np.abs(one - other).max() for one, other in combinations(values, 2)]
    assert min(apart) > 20
