"""The panels in which the page trains, by mouse and keyboard: they do what they say, and an address brings it back."""

import re

import numpy as np
import pytest
from PIL import Image

from lab.common import files
from lab.seq import student
from tests.page.browser import needs_browser, playwright
from tests.page.made import SRN, parts

pytestmark = needs_browser


@pytest.fixture
def lines(opened):
    """Part 2's panel: (page, panel)."""
    page = opened()
    return page, page.locator('#watch-lines')


@pytest.fixture
def counting(opened):
    """Part 3's panel: (page, panel)."""
    page = opened()
    return page, page.locator('#watch-counting')


def count(panel, name='epoch') -> float:
    return float(panel.locator(f'.numbers .{name}').text_content().replace(',', ''))


def says(panel, text, where='.says', seconds=60):
    playwright.expect(panel.locator(where).first).to_contain_text(text, timeout=1000 * seconds)


def train_recurrent(panel, thousands=2):
    panel.locator('[name=thousands]').fill(str(thousands))
    panel.locator('[name=run]').click()
    says(panel, 'Done')


FIRST = """([hid, epochs]) => {
    const { points, targets } = page.data('check'), run = perceptron.begin(perceptron.draw(hid, 0.15, 1));
    return perceptron.train(run, points, targets, epochs, 0.001).loss;
}"""


def test_a_perceptron_trains_step_by_step_runs_pauses_and_begins_anew(lines):
    page, panel = lines
    for epoch in 1, 2:
        panel.locator('[name=one]').click()
        assert count(panel) == epoch
        assert panel.locator('.numbers .loss').text_content() == f'{page.evaluate(FIRST, [5, epoch]):.4f}'
    before = [panel.locator(f'.{part}').inner_html() for part in ('editable', 'drawn')]
    panel.locator('[name=run]').click()
    playwright.expect(panel.locator('.epoch')).to_have_text(re.compile(r'\d\d\d'))
    panel.locator('[name=run]').click()
    at = count(panel)
    assert panel.locator('.numbers .loss').text_content() == f'{page.evaluate(FIRST, [5, at]):.4f}'
    assert panel.locator('.curve polyline').get_attribute('points').count(' ') >= 1
    after = [panel.locator(f'.{part}').inner_html() for part in ('editable', 'drawn')]
    assert all(one != other for one, other in zip(before, after, strict=True))
    assert count(panel) == at  # it pauses
    panel.locator('[name=reset]').click()
    assert count(panel) == 0


def test_a_perceptron_says_when_it_has_learned(lines):
    _, panel = lines
    panel.locator('[name=hid]').fill('8')
    panel.locator('[name=rate]').fill('0.01')
    panel.locator('[name=pace]').select_option('2000')
    panel.locator('[name=run]').click()
    says(panel, 'It has learned')
    assert panel.locator('.numbers .right').text_content() == '9 of 9'
    assert panel.locator('.editable line').count() <= 8 and panel.locator('.drawn circle').count() == 11


STARTS = ('typed', 'step', 8), ('preset 1', 'step', 9), ('typed', 'sig', 5), ('preset 1', 'sig', 9)


def test_a_perceptron_starts_from_other_weights(lines):
    page, panel = lines
    [name] = [name for name in parts()['check']['view']['presets'] if 'a first idea' in name]
    page.locator('#editor [name=preset]').select_option(name)
    for start, act, right in *STARTS, ('trained', 'sig', 9):
        panel.locator('[name=act]').select_option(act)
        panel.locator('[name=from]').select_option(start)
        assert panel.locator('.numbers .right').text_content() == f'{right} of 9'
        assert panel.locator('[name=run]').is_disabled() is (act == 'step')


def dots(panel) -> list[tuple[str, bool]]:
    """The points as drawn: their titles, and whether they are filled."""
    return panel.locator('.editable .dot').evaluate_all(
        "all => all.map(dot => [dot.textContent, dot.classList.contains('one')])"
    )


def test_points_are_dragged_turned_added_and_removed_by_mouse(lines):
    page, panel = lines
    panel.locator('[name=one]').click()
    plane = panel.locator('.editable svg')
    plane.scroll_into_view_if_needed()
    box = plane.bounding_box()

    def at(x, y):
        scale = box['width'] / 272
        return box['x'] + scale * (26 + 80 * (x + 0.5)), box['y'] + scale * (4 + 80 * (2.5 - y))

    page.mouse.click(*at(0, 0))  # turns (0, 0)
    assert dots(panel)[0] == ['(0,0): target 1', True]
    page.mouse.move(*at(2, 2))
    page.mouse.down()
    page.mouse.move(*at(1.5, 1.8), steps=4)
    page.mouse.up()
    assert dots(panel)[8] == ['(1.5,1.8): target 0', False]
    page.mouse.click(*at(0.5, 0.5))
    assert dots(panel)[9] == ['(0.5,0.5): target 0', False]
    page.mouse.move(*at(1, 1))
    page.mouse.down()
    page.mouse.move(*at(1, -0.7), steps=4)
    page.mouse.up()
    assert len(dots(panel)) == 9 and '(1,1): target 0' not in [title for title, _ in dots(panel)]
    assert '--data points.csv' in panel.locator('.how').text_content()
    panel.locator('[name=nine]').click()
    assert len(dots(panel)) == 9 and dots(panel)[0] == ['(0,0): target 0', False]


def test_points_are_edited_by_keyboard(lines):
    page, panel = lines
    panel.locator('.editable').focus()
    for key in 'PageDown', 'Enter', 'ArrowRight', 'ArrowUp':
        page.keyboard.press(key)
    (x, y), target = parts()['check']['view']['points'][1], 1 - parts()['check']['view']['targets'][1]
    moved = f'({x + 0.1:g},{y + 0.1:g}): target {target}'
    assert dots(panel)[1] == [moved, target == 1]
    assert panel.locator('.chosen').text_content() == f'point 2 of 9: ({x + 0.1:g}, {y + 0.1:g}), target {target}'
    page.keyboard.press('Insert')
    assert len(dots(panel)) == 10
    page.keyboard.press('Delete')
    page.keyboard.press('Delete')
    assert len(dots(panel)) == 8


def test_a_hundred_starts_are_counted_and_those_that_get_stuck_are_shown(lines):
    page, panel = lines
    panel.locator('[name=rate]').fill('0.05')
    panel.locator('[name=init]').fill('1')
    panel.locator('.hundred').click()
    says(panel, 'Of 100 starts (seeds 1 to 100)', '.hundred-says')
    learned, stuck = map(int, re.findall(r'(\d+) (?:learn|do not)', panel.locator('.hundred-says').text_content()))
    shown = [int(text.split()[0]) for text in panel.locator('.stuck figcaption').all_text_contents()]
    assert learned + stuck == 100 and learned > 80 and sum(shown) == stuck > 0
    panel.locator('.stuck button').first.click()
    seed = int(panel.locator('[name=seed]').input_value())
    code = """seed => {
        const { points, targets } = page.data('check'), run = perceptron.begin(perceptron.draw(5, 1, seed));
        return perceptron.train(run, points, targets, 200000, 0.05).held;
    }"""
    assert page.evaluate(code, seed) < 2000


def test_a_recurrent_network_learns_and_can_then_be_read(counting):
    _, panel = counting
    train_recurrent(panel, 60)
    assert 'it has learned, first after' in panel.locator('.says').text_content()
    assert count(panel, 'epochs') == 60_000 and count(panel, 'counts') >= 4
    assert 0.0274 < count(panel, 'loss') < 0.05
    assert 'with the true probabilities: 0.0274' in panel.locator('div.curve').text_content()
    assert panel.locator('[name=epoch]').get_attribute('max') == '60'
    panel.locator('[name=sequence]').fill('AAABBBBBBABBA')
    assert panel.locator('.strip .good').count() == 8 and panel.locator('.strip .bad').count() == 0
    panel.locator('[name=epoch]').fill('0')  # the first weights know nothing
    assert panel.locator('.strip .bad').count() > 0


def test_a_recurrent_network_trains_as_from_the_same_seed_is_saved_and_goes_on(counting, tmp_path):
    page, panel = counting
    train_recurrent(panel)
    with page.expect_download() as download:
        panel.locator('.weights').click()
    assert download.value.suggested_filename == 'anb2n_srn2_2.pth'
    assert panel.locator('.how').text_content().endswith('--lang anb2n --model srn --hid 2 --epoch 2')
    path = tmp_path / 'x.pth'
    download.value.save_as(path)
    network = student.new_network(SRN)
    files.load_into(network, str(path))
    code = """() => {
        const net = recurrent.begin({ model: 'srn', classes: 2, hid: 2, length: 4 }, new Random(1));
        recurrent.train(net, 2000, 0.005);
        return recurrent.lists(net.task, net.weights);
    }"""
    for name, value in page.evaluate(code).items():
        np.testing.assert_allclose(network.state_dict()[name].numpy(), value, rtol=1e-6)
    # Who wants more epochs goes on from the last.
    once = panel.locator('.curve polyline').get_attribute('points').count(' ')
    train_recurrent(panel, 3)
    assert count(panel, 'epochs') == 3000
    assert panel.locator('.curve polyline').get_attribute('points').count(' ') == once + 1


def test_training_pauses_goes_on_and_the_page_stays_alive(counting):
    page, panel = counting
    panel.locator('[name=pace]').select_option('1000')
    panel.locator('[name=run]').click()
    playwright.expect(panel.locator('.epochs')).to_have_text(re.compile(r'\d\d\d'))
    page.locator('#theme').click()
    panel.locator('[name=run]').click()
    says(panel, 'It pauses')
    page.wait_for_timeout(200)
    paused = count(panel, 'epochs')
    page.wait_for_timeout(200)
    assert 0 < count(panel, 'epochs') == paused < 10_000
    panel.locator('[name=run]').click()
    playwright.expect(panel.locator('.epochs')).not_to_have_text(f'{paused:,.0f}')
    panel.locator('[name=reset]').click()
    assert count(panel, 'epochs') == 0


def test_an_lstm_has_its_cells_and_gates_and_three_symbols(counting):
    _, panel = counting
    assert not panel.locator('.cells').is_visible()
    panel.locator('[name=model]').select_option('lstm')
    panel.locator('[name=lang]').select_option('anb2nc3n')
    assert panel.locator('[name=hid]').input_value() == '3'
    train_recurrent(panel, 1)
    assert panel.locator('.cells .meter').count() == 3 and panel.locator('.gates .meter').count() == 12
    assert 'C' in panel.locator('[name=sequence]').input_value()
    assert panel.locator('.how').text_content().endswith('--lang anb2nc3n --model lstm --hid 3 --epoch 1')


def test_without_workers_the_rest_of_the_page_works(opened):
    page = opened(script='delete window.Worker')
    for panel, name, where in ('#watch-counting', '[name=run]', '.says'), ('#watch-lines', '.hundred', '.hundred-says'):
        page.locator(panel).locator(name).click()
        says(page.locator(panel), 'lets no page start a worker', where)
    page.locator('#watch-lines [name=one]').click()
    assert count(page.locator('#watch-lines')) == 1
    page.locator('#watch-counting [name=sequence]').fill('AB')
    assert page.locator('#watch-counting .strip button').count() == 2


def test_the_address_brings_back_what_was_seen(counting, opened):
    page, panel = counting
    lines = page.locator('#watch-lines')
    lines.locator('[name=hid]').fill('3')
    lines.locator('[name=rate]').fill('0.01')
    lines.locator('[name=one]').click()
    lines.locator('.editable').focus()
    page.keyboard.press('Enter')  # turns a point
    for _ in range(3):
        lines.locator('[name=one]').click()
    page.locator('#editor [name=b0]').fill('2.25')
    page.locator('.view[data-network=anb2n_srn2] [name=sequence]').fill('AABB')
    panel.locator('[name=seed]').fill('7')
    panel.locator('.view [name=states]').check()
    train_recurrent(panel, 3)
    playwright.expect(page).to_have_url(re.compile('c.epoch=3000'))
    other = opened(address='#' + page.url.partition('#')[2])
    says(other.locator('#watch-counting'), 'After 3,000 epochs')
    for one in page, other:
        assert count(one.locator('#watch-lines')) == 4
    says(other.locator('#watch-lines'), 'changed after 1 epochs')  # the losses before are lost
    assert dots(lines) == dots(other.locator('#watch-lines'))
    shown = '.numbers', 'div.curve', '.strip', '.units', '.place-says'
    for where in [
        *(f'#watch-counting {part}' for part in shown),
        *('#watch-lines .numbers', '#watch-lines .drawn', '.view[data-network=anb2n_srn2] .strip'),
    ]:
        texts = [one.locator(where).first.inner_html() for one in (page, other)]
        assert texts[0] == texts[1], where
    assert other.locator('#editor [name=b0]').input_value() == '2.25'
    assert other.locator('#watch-counting .view [name=states]').is_checked()
    top = other.locator('#watch-counting').evaluate('one => one.getBoundingClientRect().top')
    assert abs(top) < 200  # the place is in the address, too


def test_an_address_that_was_cut_gives_the_page_as_it_opens(opened):
    faults = ['p.points=0_0_0_1', 'p.hid=99', 'p.w=1_2_x', 'c.hid=0', 'c.model=x', 'yours.at=x', '%']
    page = opened(address=f'#watch-lines&{"&".join(faults[:-1])}')
    for fault in faults:
        assert count(page.locator('#watch-lines')) == 0 and len(dots(page.locator('#watch-lines'))) == 9, fault
        assert page.locator('#watch-lines .drawn circle').count() == 8
        assert page.locator('#watch-counting .units .meter').count() == 2
        page.evaluate("location.hash = '#watch-lines&p.hid=3&c.hid=1'")
        playwright.expect(page.locator('#watch-lines .drawn circle')).to_have_count(6)
        playwright.expect(page.locator('#watch-counting .units .meter')).to_have_count(1)
        page.evaluate('fault => (location.hash = `#watch-lines&${fault}`)', fault)
        playwright.expect(page.locator('#watch-lines .drawn circle')).to_have_count(8)


def test_pictures_are_saved_as_png(counting, tmp_path):
    page, panel = counting
    train_recurrent(panel)
    for button, where in ('.stage [data-png]', '.stage canvas'), ('.train [data-png]', '.curve svg'):
        with page.expect_download() as download:
            panel.locator(button).click()
        path = tmp_path / 'x.png'
        download.value.save_as(path)
        image = Image.open(path).convert('RGB')
        box = panel.locator(where).bounding_box()
        assert image.width / image.height == pytest.approx(box['width'] / box['height'], rel=0.02)
        colours = image.getcolors(image.width * image.height)
        assert len(colours) > 20 and max(colours)[1] == (255, 255, 255)


WATCH = """where => {
    window.changes = 0;
    const seen = new MutationObserver(all => (window.changes += all.length));
    const what = { childList: true, characterData: true, subtree: true };
    for (const each of document.querySelectorAll(where)) seen.observe(each, what);
}"""


def test_live_regions_do_not_chatter_while_it_trains(counting):
    page, panel = counting
    page.evaluate(WATCH, '[role=status], [aria-live]')
    train_recurrent(panel, 20)
    page.locator('#watch-lines [name=run]').click()
    page.wait_for_timeout(500)
    page.locator('#watch-lines [name=run]').click()
    assert 0 < page.evaluate('changes') <= 2 * 6  # it trains, has learned, done; it trains, it pauses


@pytest.mark.parametrize(('motion', 'fewest', 'most'), [('no-preference', 10, 1000), ('reduce', 1, 4)])
def test_less_motion_where_the_reader_wants_that(motion, fewest, most, opened):
    page = opened(reduced_motion=motion)
    page.evaluate(WATCH, '#watch-lines .drawn')
    page.locator('#watch-lines [name=run]').click()
    page.wait_for_timeout(1500)
    assert fewest <= page.evaluate('changes') <= most
