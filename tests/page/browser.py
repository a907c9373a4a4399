"""The page in a real browser: fixtures for all tests that open it."""

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


@pytest.fixture(scope='module')
def browser():
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=BROWSER, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope='module')
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp('page') / 'report.html'
    path.write_text(html(), encoding='utf-8')
    return path


@pytest.fixture
def opened(browser, file):
    """Opens the page at a width; at the end there must have been no error, no warning and no request.

    address: what stands after the file's name, from # on; script: what runs before the page.
    """
    pages, wrong = [], []

    def open_at(width='laptop', address='', script='', **options):
        size = WIDTHS[width]
        page = browser.new_context(viewport={'width': size[0], 'height': size[1]}, **options).new_page()
        page.on('console', lambda message: wrong.append(message.text))
        page.on('pageerror', lambda error: wrong.append(str(error)))
        own = 'data:', 'blob:', f'file://{file}'
        page.on('request', lambda request: request.url.startswith(own) or wrong.append(request.url))
        page.add_init_script(script)
        page.goto(f'file://{file}{address}')
        pages.append(page)
        return page

    yield open_at
    for page in pages:
        page.context.close()
    assert wrong == []
