"""picture.py: files are JPGs, the same each time, and windows open only where there is a display."""

import matplotlib.pyplot as plt
import pytest
from PIL import Image

from lab.common import picture

DISPLAYS = 'DISPLAY', 'WAYLAND_DISPLAY'


@pytest.fixture
def screen(monkeypatch):
    """A function that sets a display, the system and matplotlib's backend; all are as before in the end."""

    def make(variable='DISPLAY', system='linux', backend='tkagg'):
        for name in DISPLAYS:
            monkeypatch.delenv(name, raising=False)
        if variable:
            monkeypatch.setenv(variable, ':0')
        monkeypatch.setattr(picture.sys, 'platform', system)
        monkeypatch.setattr(plt, 'get_backend', lambda: asked.append(backend) or backend)
        picture.has_windows.cache_clear()

    asked = []
    make.asked = asked
    yield make
    plt.close('all')
    picture.has_windows.cache_clear()


def test_the_same_figure_is_the_same_file(tmp_path):
    for name in 'first.jpg', 'second.jpg':
        figure = picture.new(2, 1)
        figure.subplots().plot([1, 2, 4])
        picture.save(figure, str(tmp_path / name))
    data = (tmp_path / 'first.jpg').read_bytes()
    assert data[:3] == b'\xff\xd8\xff' and data == (tmp_path / 'second.jpg').read_bytes()


def test_a_figure_has_100_dots_an_inch_unless_more_are_asked_for(tmp_path):
    for options, size in (({}, (200, 100)), ({'dpi': 150}, (300, 150))):
        picture.save(picture.new(2, 1), str(tmp_path / 'a.jpg'), **options)
        assert Image.open(tmp_path / 'a.jpg').size == size


def test_figures_and_images_are_written_with_the_same_quality(tmp_path):
    picture.save(picture.new(2, 1), str(tmp_path / 'figure.jpg'))
    picture.save_image(Image.new('RGB', (20, 10)), str(tmp_path / 'image.jpg'))
    Image.new('RGB', (20, 10)).save(tmp_path / 'wanted.jpg', quality=92)
    figure, image, wanted = (Image.open(tmp_path / f'{name}.jpg') for name in ('figure', 'image', 'wanted'))
    assert figure.quantization == image.quantization == wanted.quantization


@pytest.mark.parametrize(
    ('variable', 'system', 'backend', 'windows'),
    [
        ('DISPLAY', 'linux', 'TkAgg', True),
        ('WAYLAND_DISPLAY', 'linux', 'qtagg', True),
        ('DISPLAY', 'linux', 'agg', False),
        (None, 'darwin', 'macosx', True),
        (None, 'win32', 'TkAgg', True),
        (None, 'darwin', 'agg', False),
    ],
)
def test_windows_need_a_display_and_a_toolkit(variable, system, backend, windows, screen):
    screen(variable, system, backend)
    assert picture.has_windows() is windows


def test_without_a_display_matplotlib_is_not_asked_and_nothing_opens(screen, monkeypatch):
    screen(None, 'linux')
    assert not picture.has_windows() and screen.asked == []
    picture.new(1, 1)
    monkeypatch.setattr(plt, 'show', lambda: pytest.fail('a window'))
    picture.show()
    assert plt.get_fignums() == []


def test_a_window_is_called_as_its_file(tmp_path):
    figure = plt.figure(figsize=(1, 1))  # with a manager, as that of a window
    titles = []
    figure.canvas.manager.set_window_title = titles.append
    picture.save(figure, str(tmp_path / 'some_picture.jpg'))
    assert titles == ['some_picture']
    plt.close(figure)


def test_figures_are_shown_in_windows_unless_they_are_for_the_file_alone(screen, monkeypatch):
    screen()
    monkeypatch.setattr(plt, 'figure', lambda figsize: shown.append(figsize))
    monkeypatch.setattr(plt, 'show', lambda: shown.append('all'))
    shown = []
    picture.new(2, 1)
    assert picture.new(4, 3, window=False).get_size_inches().tolist() == [4, 3]
    picture.show()
    assert shown == [(2, 1), 'all']
