"""picture.py: files are JPGs, the same each time; windows open after them, where there is a display that works."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from lab.common import picture

HOUSE = Path(__file__).parents[2]
DISPLAYS = 'DISPLAY', 'WAYLAND_DISPLAY'


@pytest.fixture
def screen(monkeypatch):
    """A function that sets a display, the system and the backend that the user chose."""

    def make(variable='DISPLAY', system='linux', backend=''):
        for name in DISPLAYS:
            monkeypatch.delenv(name, raising=False)
        if variable:
            monkeypatch.setenv(variable, ':0')
        monkeypatch.setattr(picture.sys, 'platform', system)
        monkeypatch.setattr(picture, 'BACKEND', backend)

    monkeypatch.setattr(picture, '_figures', {})
    return make


@pytest.fixture
def opener(monkeypatch, tmp_path, screen):
    """A function that puts another script in place of windows.py, and shows a figure with it."""

    def show(body):
        screen()
        monkeypatch.setattr(picture, 'WINDOWS', tmp_path / 'other.py')
        (tmp_path / 'other.py').write_text(f'import os, sys, time\n{body}')
        picture.new(2, 1, title='a')
        picture.show()

    return show


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
        ('DISPLAY', 'linux', '', True),
        ('DISPLAY', 'linux', 'TkAgg', True),
        ('WAYLAND_DISPLAY', 'linux', 'qtagg', True),
        ('DISPLAY', 'linux', 'Agg', False),
        ('DISPLAY', 'linux', 'module://matplotlib_inline.backend_inline', False),
        (None, 'linux', '', False),
        (None, 'darwin', '', True),
        (None, 'win32', 'TkAgg', True),
        (None, 'darwin', 'agg', False),
    ],
)
def test_windows_need_a_display_and_no_backend_that_only_writes_files(variable, system, backend, windows, screen):
    screen(variable, system, backend)
    assert picture.has_display() is windows


def test_only_the_process_that_writes_files_opens_windows(screen, monkeypatch):
    screen()
    monkeypatch.setattr(picture.files, 'WRITES', False)
    assert not picture.has_display()


def test_figures_are_shown_once_unless_they_are_for_the_file_alone_and_are_called_as_their_files(
    screen, monkeypatch, tmp_path
):
    shown = []
    monkeypatch.setattr(picture, '_open_windows', shown.extend)
    screen()
    first, second, third = picture.new(2, 1), picture.new(4, 3, window=False), picture.new(2, 2, title='sheet')
    for name, figure in ('kuzu_lin_curve', first), ('net', second), ('other', third):
        picture.save(figure, str(tmp_path / f'{name}.jpg'))
    picture.show()
    picture.show()
    assert shown == [('kuzu_lin_curve', first), ('sheet', third)]


def test_without_a_display_no_process_is_started(screen, monkeypatch):
    monkeypatch.setattr(subprocess, 'Popen', lambda *_: pytest.fail('a process'))
    screen(None)
    picture.new(1, 1)
    picture.show()


@pytest.mark.parametrize(
    ('body', 'told'),
    [
        ('print("open", flush=True); time.sleep(0.2)', ''),
        ('print("open", flush=True); os.abort()', ''),  # the display goes away while windows are open
        ('print("no display"); sys.exit(1)', 'no windows: no display\n'),
        ('os.abort()', 'no windows: their process ended with -6\n'),  # as Qt does without a display
    ],
)
def test_a_display_that_does_not_work_is_at_most_a_note(body, told, opener, capsys):
    opener(body)
    assert capsys.readouterr().err == told


def test_a_display_that_does_not_answer_is_given_up(opener, capsys, monkeypatch):
    monkeypatch.setattr(picture, 'PATIENCE', 0.5)
    start = time.monotonic()
    opener('time.sleep(600)')
    assert time.monotonic() - start < 60
    assert capsys.readouterr().err == 'no windows: the display has not answered in 0.5 s\n'


def test_a_backend_that_matplotlib_does_not_know_is_told_by_its_name(screen, capsys):
    screen(backend='nonsense')
    picture.new(1, 1)
    picture.show()
    assert capsys.readouterr().err.startswith('no windows: MPLBACKEND=nonsense: ')


def test_matplotlib_loads_whatever_backend_a_notebook_has_set_and_without_a_home(tmp_path):
    code = 'from lab.common import picture; picture.save(picture.new(1, 1), "a.jpg"); picture.show()'
    for backend in 'module://matplotlib_inline.backend_inline', 'nonsense':
        environment = {**os.environ, 'MPLBACKEND': backend, 'PYTHONPATH': str(HOUSE), 'MPLCONFIGDIR': os.devnull}
        for name in DISPLAYS:
            environment.pop(name, None)
        done = subprocess.run([sys.executable, '-c', code], cwd=tmp_path, env=environment, capture_output=True)
        assert (done.returncode, done.stderr) == (0, b'')
        (tmp_path / 'a.jpg').unlink()
