"""The page in a real browser: fixtures for all tests that open it."""

import itertools
import json
import shutil

import pytest

from tests.page.made import html

try:
    from playwright import sync_api as playwright
except ImportError:
    playwright = None

BROWSER = shutil.which('chromium') or shutil.which('chromium-browser') or shutil.which('google-chrome')
needs_browser = pytest.mark.skipif(not (BROWSER and playwright), reason='no chromium, or no playwright, is installed')
FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking']
FLAGS += ['--disable-component-update', '--disable-sync']
WIDTHS = {'phone': (390, 844), 'laptop': (1280, 800), 'wide': (1920, 1080)}


PLAIN = {'media': 'null', 'color_scheme': 'light', 'reduced_motion': 'no-preference', 'forced_colors': 'none'}
TIMES = itertools.count()


@pytest.fixture(scope='package')
def browser():
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=BROWSER, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope='package')
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp('page') / 'report.html'
    path.write_text(html(), encoding='utf-8')
    return path


def new_tab(browser, file, wrong: list, **options):
    """A tab with storage of its own; each error, warning and request of the page goes into `wrong`."""
    page = browser.new_context(**options).new_page()
    page.on('console', lambda message: wrong.append(message.text))
    page.on('pageerror', lambda error: wrong.append(str(error)))
    own = 'data:', 'blob:', f'file://{file}'
    page.on('request', lambda request: request.url.startswith(own) or wrong.append(request.url))
    return page


@pytest.fixture(scope='package')
def shared(browser, file):
    """The tab in which most tests open the page, as a new one takes twice as long; and what goes wrong there."""
    wrong = []
    yield new_tab(browser, file, wrong), wrong


@pytest.fixture(scope='package')
def computes(browser, file):
    """What a function of JavaScript, which leaves the page as it is, returns of a value; as JSON, which is fast."""
    wrong = []
    page = new_tab(browser, file, wrong)
    page.goto(f'file://{file}')

    def run(code, value):
        return json.loads(
            page.evaluate(f'async text => JSON.stringify(await ({code})(JSON.parse(text)))', json.dumps(value))
        )

    yield run
    assert wrong == []


@pytest.fixture
def opened(browser, file, shared):
    """Opens the page at a width; at the end there must have been no error, no warning and no request.

    address: what stands after the file's name, from # on; script: what runs before the page; media: as emulate_media().
    """
    tab, wrong = shared
    wrong.clear()
    pages = []

    def open_at(width='laptop', address='', script='', has_touch=False, **media):
        own = pages or script or has_touch
        page = new_tab(browser, file, wrong, has_touch=has_touch) if own else tab
        if script:
            page.add_init_script(script)
        pages.append(page)
        page.set_viewport_size(dict(zip(('width', 'height'), WIDTHS[width], strict=True)))
        page.emulate_media(**PLAIN | media)
        page.goto(f'file://{file}?{next(TIMES)}{address}')  # a new number, or the browser may only scroll
        return page

    yield open_at
    for page in pages:
        if page is not tab:
            page.context.close()
    if tab in pages:
        tab.evaluate('localStorage.clear()')
        tab.mouse.move(0, 0)
    assert wrong == []
