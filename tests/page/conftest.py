"""The processes of one test run share the page that the first of them makes."""

import os

import pytest

from tests.page import made
from tests.page.browser import browser, computes, file, opened, shared  # noqa: F401, as fixtures


@pytest.fixture(scope='session', autouse=True)
def folder_of_the_page(tmp_path_factory):
    base = tmp_path_factory.getbasetemp()  # of each process its own, inside that of the run
    made.FOLDER = (base.parent if 'PYTEST_XDIST_WORKER' in os.environ else base) / 'page'
