"""Part 1 in a real browser: what is drawn is prepared like the data set's images, and read as Python reads it."""

import os
import re
from dataclasses import replace

import numpy as np
import pytest
import torch

import report
from lab.kuzu import student
from lab.kuzu.data import KMNIST_NAMES, load
from lab.page import kuzu, readers, render
from tests.kuzu.runs import digits
from tests.page.browser import needs_browser, playwright
from tests.page.made import OPTIONS, html, parts, untrained
from tests.page.tracing import strokes

pytestmark = needs_browser
SIDE = 28
KINDS = 'lin', 'full', 'conv'
FAST = 50  # milliseconds for a stroke
SEEN = """() => [...document.getElementById('seen').getContext('2d').getImageData(0, 0, 28, 28).data]"""


@pytest.fixture
def sheet(opened):
    """(page, the sheet to draw on)."""
    page = opened()
    pad = page.locator('#pad')
    pad.scroll_into_view_if_needed()
    return page, pad


def seen(page) -> np.ndarray:
    """The ink of the image that the networks see, 0 to 255."""
    return 255 - np.array(page.evaluate(SEEN)).reshape(SIDE, SIDE, 4)[..., 0]


def stroke(page, pad, *points, steps=5):
    """Draw with the mouse through points of the sheet, from 0 to 1."""
    box = pad.bounding_box()
    places = [(box['x'] + x * box['width'], box['y'] + y * box['height']) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=steps)
    page.mouse.up()


def test_what_is_drawn_fills_the_image_and_stands_in_its_middle(sheet):
    page, pad = sheet
    stroke(page, pad, (0.1, 0.2), (0.3, 0.2))  # small, and in a corner
    stroke(page, pad, (0.2, 0.1), (0.2, 0.3))
    ink = seen(page)
    rows, columns = np.flatnonzero(ink.max(1)), np.flatnonzero(ink.max(0))
    assert [*rows[[0, -1]], *columns[[0, -1]]] == [0, 27, 0, 27]
    assert abs(ink - ink[::-1, ::-1]).max() < 60 and ink.max() > 100
    page.locator('[name=undo]').click()
    assert np.ptp(np.flatnonzero(seen(page).max(1))) < 12  # the line across is left
    page.locator('[name=clear]').click()
    assert seen(page).max() == 0 and page.locator('#read-says').text_content() == 'Nothing is drawn yet.'


def test_an_image_of_the_browser_is_that_of_torch(computes):
    """Digits are averaged in cells, and enlarged as torch enlarges them."""
    small = np.random.default_rng(0).random((8, 8)).round(3)
    dots = [
        {'points': [[28 / 8 * (x + 0.5), 28 / 8 * (y + 0.5)]]} for x in range(8) for y in range(8) if small[y, x] > 0.5
    ]
    how = {'box': 28, 'width': 8, 'soft': 0.001, 'grid': 8}
    drawn = np.array(computes('([dots, how]) => [...ink.draw(dots, how)]', [dots, how])).reshape(SIDE, SIDE)
    fine = (np.arange(32) + 0.5) * 28 / 32
    covered = np.zeros((32, 32))
    for each in dots:
        [[x, y]] = each['points']
        one = (np.hypot(fine[None] - x, fine[:, None] - y) < 4).reshape(8, 4, 8, 4).mean((1, 3))
        larger = torch.nn.functional.interpolate(torch.tensor(one)[None, None], (SIDE, SIDE), mode='bilinear')
        covered = larger[0, 0].numpy() if covered.shape[0] == 32 else np.maximum(covered, larger[0, 0].numpy())
    np.testing.assert_allclose(drawn, covered, atol=1e-9)


def test_the_networks_of_the_page_answer_as_those_of_python(computes):
    images, data = parts()['kuzu']['view']['images'][:200], digits()
    assert len(images) == 200
    ink = ((data.test_images[images].flatten(1) + 1) / 2).double().numpy()
    code = """async ([images, ink, number]) => {
        const layers = readers.load(page.data('kuzu').networks[number].layers), all = [];
        const prob = pixels => [...readers.probabilities(readers.run(layers, pixels).at(-1).values)];
        for (const [k, image] of images.entries()) {
            const pixels = await glyphs.pixels(image);
            all.push([[...pixels], prob(pixels), prob(Float64Array.from(ink[k]))]);
        }
        return all;
    }"""
    for number, kind in enumerate(KINDS):
        pixels, prob, exact = zip(*computes(code, [images, ink.tolist(), number]), strict=True)
        expected = untrained(kind).prob[images]
        np.testing.assert_allclose(pixels, ink, rtol=0, atol=0.51 / 255)
        np.testing.assert_allclose(prob, expected, rtol=0, atol=2e-3)  # of bytes, and float32
        np.testing.assert_allclose(exact, expected, rtol=0, atol=1e-6)


def test_a_test_image_can_be_taken_and_changed_and_stays_where_it_is(sheet):
    page, pad = sheet
    view = parts()['kuzu']['view']
    page.locator('[name=take]').select_option('7')
    page.locator('[name=another]').click()
    playwright.expect(page.locator('#read-says')).to_contain_text('test image ')
    image = int(re.search(r'test image (\d+)', page.locator('#read-says').text_content())[1])
    assert view['labels'][view['images'].index(image)] == 7
    before = seen(page)
    theirs = ((digits().test_images[image, 0] + 1) * 127.5).round().numpy()
    assert abs(before - theirs).max() <= 1
    stroke(page, pad, (0.02, 0.02), (0.2, 0.02))
    after = seen(page)
    assert after[0, 0] > 100 and (after[12:] == before[12:]).all()
    page.locator('[name=rubber]').click()
    stroke(page, pad, (0.1, 0.1), (0.9, 0.9))
    assert seen(page)[14, 14] < 20


def test_an_image_of_the_confusion_matrix_goes_to_the_sheet_and_says_its_two_best_classes(sheet):
    page, _ = sheet
    glyph = page.locator('.gallery[data-network="0"] .glyph').first
    glyph.scroll_into_view_if_needed()
    image = int(glyph.get_attribute('data-image'))
    order = np.argsort(-untrained('lin').prob[image])[:2]
    two = [f'{k}: {100 * untrained("lin").prob[image][k]:.0f}%' for k in order]
    playwright.expect(page.locator('.gallery[data-network="0"] .said').first.locator('small')).to_have_text(two)
    glyph.click()
    playwright.expect(page.locator('#read-says')).to_contain_text(f'test image {image}, ')
    assert page.evaluate('document.activeElement.id') == 'pad'


def test_the_address_brings_back_what_was_drawn(sheet, opened, file):
    page, pad = sheet
    page.locator('[name=another]').click()
    playwright.expect(page.locator('#read-says')).to_contain_text('test image ')
    stroke(page, pad, (0.1, 0.1), (0.93, 0.31))
    page.locator('[name=rubber]').click()
    stroke(page, pad, (0.5, 0.9), (0.5, 1.2))  # the pen leaves the sheet
    page.locator('[name=copy]').select_option('3')
    playwright.expect(page).to_have_url(re.compile(r'#draw&d\.image=\d+&d\.strokes=[\w-]+&d\.copy=3$'))
    other = opened(address=page.url.removeprefix(f'file://{file}'))
    said = page.locator('#read-says').text_content()
    playwright.expect(other.locator('#read-says')).to_have_text(said)
    drawn = "document.getElementById('pad').toDataURL()"
    assert other.evaluate(drawn) == page.evaluate(drawn) and (seen(other) == seen(page)).all()
    assert other.locator('[name=copy]').input_value() == '3'
    with page.expect_download() as download:
        page.locator('#draw [data-png]').click()
    assert download.value.suggested_filename == 'drawing.png'


def test_an_address_of_a_drawing_that_was_cut_gives_an_empty_sheet(sheet):
    page, _ = sheet
    copy = page.locator('[name=copy]')
    for fault in 'd.strokes=_-A', 'd.strokes=AAA', 'd.strokes=%20', 'd.strokes=_g', 'd.image=-3':
        page.evaluate('location.hash = "draw&d.copy=5&d.strokes=_nAAAAg"')
        playwright.expect(copy).to_have_value('5')
        assert seen(page).max() > 50
        page.evaluate('text => (location.hash = text)', f'draw&d.copy=2&{fault}')
        playwright.expect(copy).to_have_value('0')
        assert page.locator('#read-says').text_content() == 'Nothing is drawn yet.'


def test_a_drawing_that_is_too_long_for_the_address_says_so(sheet):
    page, _ = sheet
    points = [[k % 29, k % 28] for k in range(1600)]
    page.evaluate('points => (location.hash = "draw&d.strokes=" + ink.pack([{ rubber: false, points }]))', points)
    playwright.expect(page.locator('#read-says')).to_contain_text('does not hold so long a drawing')
    page.locator('[name=copy]').select_option('1')
    playwright.expect(page).to_have_url(re.compile('#draw&d.copy=1$'))


def test_the_keyboard_draws(sheet):
    page, pad = sheet
    pad.focus()
    for key in ['ArrowUp'] * 3 + [' '] + ['ArrowDown'] * 6 + [' ']:
        page.keyboard.press(key)
    columns = np.flatnonzero(seen(page).max(0))
    assert set(columns) <= set(range(9, 19)) and (seen(page).max(1) > 0).all()  # a line from top to bottom
    assert 'lin: ' in page.locator('#read-says').text_content()


def test_a_finger_draws_and_does_not_move_the_page(opened):
    page = opened('phone', has_touch=True)
    pad = page.locator('#pad')
    pad.scroll_into_view_if_needed()
    assert pad.evaluate('one => getComputedStyle(one).touchAction') == 'none'
    pad.tap()
    assert seen(page).max() > 50


def test_each_stroke_is_read_at_once_and_said_once(sheet):
    page, pad = sheet
    page.evaluate('document.querySelectorAll(".inside").forEach(one => (one.open = true))')
    page.evaluate("""() => {
        globalThis.said = 0;
        new MutationObserver(() => said++).observe(document.getElementById('read-says'), { childList: true });
    }""")
    stroke(page, pad, (0.3, 0.1), (0.7, 0.9), (0.2, 0.6))
    assert page.evaluate('said') == 1
    bars = page.locator('.reader').evaluate_all(
        'all => all.map(one => [...one.querySelectorAll(".value")].map(value => parseInt(value.textContent)))'
    )
    assert all(abs(sum(each) - 100) <= 5 for each in bars)
    taken = page.evaluate("""() => {
        const event = new KeyboardEvent('keydown', { key: 'ArrowLeft' }), times = [];
        for (let k = 0; k < 9; k++) {
            const begin = performance.now();
            document.getElementById('pad').dispatchEvent(event);
            times.push(performance.now() - begin);
        }
        return times.sort((a, b) => a - b)[4];
    }""")
    assert taken < 4 * FAST  # on a busy machine; docs/page.md has the time


def test_the_insides_are_those_of_the_networks(sheet):
    page, _ = sheet
    page.evaluate('document.querySelectorAll(".inside").forEach(one => (one.open = true))')
    page.locator('[name=another]').click()
    playwright.expect(page.locator('#read-says')).to_contain_text('test image ')
    image = int(re.search(r'test image (\d+)', page.locator('#read-says').text_content())[1])
    x = digits().test_images[image][None]
    tiles = {kind: page.locator(f'.inside[data-kind={kind}] figcaption').all_text_contents() for kind in KINDS}
    lin, full, conv = (untrained(kind).model for kind in KINDS)
    with torch.no_grad():
        logits = lin.out(x.flatten(1))[0]
        assert tiles['lin'][:10] == [f'{k}: {value:+.1f}'.replace('-', '−') for k, value in enumerate(logits.tolist())]
        hidden = torch.tanh(full.hid(x.flatten(1)))[0]
        best = full(x).argmax().item()
        adds = full.out.weight[best] * hidden
        assert [int(text.split()[1]) for text in tiles['full']] == adds.abs().argsort(descending=True)[:8].tolist()
        one = torch.relu(torch.max_pool2d(conv.conv1(x), 2))
        two = torch.relu(torch.max_pool2d(conv.conv2(one), 2))
        largest = [value for maps in (one, two) for value in maps[0].amax((1, 2)).tolist()]
        assert tiles['conv'] == [
            f'{k % 16 if k < 16 else k - 16}: up to {value:.1f}' for k, value in enumerate(largest)
        ]


def test_a_network_of_other_layers_is_left_out_of_the_drawing():
    class Odd(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.out = torch.nn.Linear(SIDE * SIDE, 10)

        def forward(self, x):
            return torch.log_softmax(self.out(x.flatten(1)) ** 2, 1)

    images = digits().test_images
    assert readers.layers(Odd(), images) is None
    for shape in (
        {'channels': (4, 8), 'kernel': 5, 'pad': 2, 'fc': 0},
        {'channels': (3, 5), 'kernel': (4, 2), 'pad': (0, 1)},
    ):
        assert len(readers.layers(student.new_network('conv', shape), images)) == 4 - ('fc' in shape)


def test_beside_hiragana_stands_the_printed_character():
    assert 'お' not in html()
    data = replace(digits(), classes=list(KMNIST_NAMES))
    part = kuzu.describe([untrained('lin')], data, OPTIONS._replace(dataset='kmnist'))
    text = render.page({'kuzu': part}, 'python3 report.py')
    assert re.search('<option value="9">wo を', text) and '<th scope="row">tsu <span lang="ja">つ</span></th>' in text


@pytest.mark.parametrize(('printed', 'option'), [('ab', 'ki b'), ('aa', 'ki')])
def test_characters_that_all_look_the_same_are_left_out(printed, option, browser):
    """Without a Japanese font each of them is the same empty box."""
    data, printed = replace(digits(), classes=list(KMNIST_NAMES)), list(printed) * 5
    part = kuzu.describe([untrained('lin')], data, OPTIONS._replace(dataset='kmnist'))
    part |= {'printed': printed, 'view': part['view'] | {'printed': printed}}
    page = browser.new_page()
    page.set_content(render.page({'kuzu': part}, 'x'))
    assert page.locator('[name=copy] option').nth(1).text_content() == option
    assert (page.locator('[lang=ja]').count() > 0) is (option == 'ki b')
    assert page.locator('.reader .who').nth(1).text_content() == option
    page.close()


@pytest.mark.campaign
@pytest.mark.skipif('KMNIST_ROOT' not in os.environ, reason='it needs KMNIST')
def test_how_many_of_a_hundred_drawn_characters_are_read_right(browser, tmp_path):
    """Ten of each, drawn by the mouse along the strokes of test images."""
    root = os.environ['KMNIST_ROOT']
    flags = (
        f'--part 1 --seed 1 --data_path {root} --out_path {tmp_path} --plot_path {tmp_path} --out {tmp_path}/page.html'
    )
    report.main(flags.split())
    page = browser.new_page(viewport={'width': 1280, 'height': 900})
    page.goto(f'file://{tmp_path}/page.html')
    pad, data, right = page.locator('#pad'), load('kmnist', root, torch.device('cpu')), dict.fromkeys(KINDS, 0)
    pad.scroll_into_view_if_needed()
    for k, name in enumerate(data.classes):
        for image in np.flatnonzero(data.test_labels == k)[:10]:
            page.locator('[name=clear]').click()
            for points in strokes((data.test_images[image, 0] > 0).numpy()):
                stroke(page, pad, *points, steps=1)
            said = re.findall(r'(lin|full|conv): (\w+)', page.locator('#read-says').text_content())
            for kind, chosen in said:
                right[kind] += chosen == name
    print(right)
    assert right['conv'] > 50
    page.close()
