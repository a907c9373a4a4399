"""picture.py: files are JPGs, the same each time; windows open after them, where there is a display that works."""

import os
import subprocess
import sys
import time
from pathlib import Path
from unittest import mock

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


def test_the_same_figure_is_the_same_file(tmp_path):
    for name in 'first.jpg', 'second.jpg':
        figure = picture.new(2, 1)
        figure.subplots().plot([1, 2, 4])
        picture.save(figure, str(tmp_path / name))
    data = (tmp_path / 'first.jpg').read_bytes()
    assert data[:3] == b'\xff\xd8\xff' and data == (tmp_path / 'second.jpg').read_bytes()


def test_a_figure_has_100_dots_an_inch(tmp_path):
    picture.save(picture.new(2, 1), str(tmp_path / 'a.jpg'))
    assert Image.open(tmp_path / 'a.jpg').size == (200, 100)


@pytest.mark.parametrize(
    ('variable', 'system', 'backend', 'windows'),
    [
        ('DISPLAY', 'linux', '', True),
        ('WAYLAND_DISPLAY', 'linux', 'qtagg', True),
        ('DISPLAY', 'linux', 'Agg', False),
        ('DISPLAY', 'linux', 'module://matplotlib_inline.backend_inline', False),
        (None, 'linux', '', False),
        (None, 'darwin', '', True),
        (None, 'darwin', 'agg', False),
    ],
)
def test_windows_need_a_display_and_no_backend_that_only_writes_files(variable, system, backend, windows, screen):
    screen(variable, system, backend)
    assert picture.has_display() is windows


def test_figures_are_shown_once_unless_they_are_for_the_file_alone_and_are_called_as_their_files(
    screen, monkeypatch, tmp_path
):
    other = mock.MagicMock()
    monkeypatch.setattr(picture, 'Child', other)
    screen()
    first, second, third = picture.new(2, 1), picture.new(4, 3, window=False), picture.new(2, 2, title='sheet')
    for name, figure in ('kuzu_lin_curve', first), ('net', second), ('other', third):
        picture.save(figure, str(tmp_path / f'{name}.jpg'))
    picture.show()
    picture.show()
    calls = [call.args[1:] for call in other.return_value.__enter__.return_value.submit.call_args_list]
    assert calls == [('open_windows', '', [('kuzu_lin_curve', first), ('sheet', third)]), ('wait_until_closed',)]


# A toolkit for matplotlib: its "windows" are lines in a file
TOOLKIT = """
from matplotlib import pyplot as plt
from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
import os, time


class FigureCanvas(FigureCanvasAgg):
    required_interactive_framework = {framework!r}
    manager_class = FigureManagerBase

    def __init__(self, figure):
        super().__init__(figure)
        {begin}


FigureManager = FigureManagerBase


def show(*_, **__):
    canvases = [plt.figure(number).canvas for number in plt.get_fignums()]
    with open('shown', 'w') as file:
        print(*[(canvas.figure.axes[0].get_title(), canvas.figure.canvas is canvas) for canvas in canvases], file=file)
    {end}
"""


@pytest.fixture
def toolkit(screen, monkeypatch, tmp_path, capsys):
    """A function that shows two figures with TOOLKIT, and returns what was told, and the windows that were shown."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)

    def show(framework='headless', begin='pass', end='pass'):
        (tmp_path / 'toolkit.py').write_text(TOOLKIT.format(framework=framework, begin=begin, end=end))
        screen(backend='module://toolkit')
        monkeypatch.setattr(picture, 'has_display', lambda: True)
        for title in 'first', 'second':
            picture.new(2, 1, title=title).subplots().set_title(title)
        picture.show()
        said = capsys.readouterr().err.removeprefix('no windows: MPLBACKEND=module://toolkit: ')
        return said, Path('shown').read_text() if Path('shown').exists() else None

    return show


WINDOWS = "('first', True) ('second', True)\n"


@pytest.mark.parametrize(
    ('fault', 'told', 'windows'),
    [
        ({}, '', WINDOWS),
        ({'end': 'os.abort()'}, '', WINDOWS),  # the display goes away while windows are open
        ({'framework': None}, 'no toolkit (tkinter or PyQt, say) opens one on :0\n', None),
        ({'begin': 'raise OSError("no\\ndisplay")'}, 'no display\n', None),
        ({'begin': 'os.abort()'}, 'another process has ended, with code -6\n', None),  # as Qt does without a display
        ({'begin': 'time.sleep(600)'}, 'the display has not answered in 5 s\n', None),
    ],
)
def test_each_figure_gets_its_window_and_a_display_that_does_not_work_is_a_note(
    fault, told, windows, toolkit, monkeypatch
):
    monkeypatch.setattr(picture, 'PATIENCE', 5 if 'sleep' in fault.get('begin', '') else 60)
    assert toolkit(**fault) == (told, windows)


def test_without_a_display_no_process_is_started(screen, monkeypatch):
    monkeypatch.setattr(picture, 'Child', lambda *_: pytest.fail('a process'))
    screen(None)
    picture.new(1, 1)
    picture.show()


def test_a_backend_that_matplotlib_does_not_know_is_told_by_its_name(screen, capsys):
    screen(backend='nonsense')
    picture.new(1, 1)
    picture.show()
    assert capsys.readouterr().err.startswith('no windows: MPLBACKEND=nonsense: ')


def test_matplotlib_loads_whatever_backend_a_notebook_has_set_and_without_a_home(tmp_path):
    code = 'from lab.common import picture, run\n'
    code += 'run.run(lambda: (picture.save(picture.new(1, 1), "a.jpg"), picture.show()))'
    for backend in 'module://matplotlib_inline.backend_inline', 'nonsense':
        environment = {**os.environ, 'MPLBACKEND': backend, 'PYTHONPATH': str(HOUSE), 'MPLCONFIGDIR': os.devnull}
        for name in DISPLAYS:
            environment.pop(name, None)
        done = subprocess.run([sys.executable, '-c', code], cwd=tmp_path, env=environment, capture_output=True)
        assert (done.returncode, done.stderr) == (0, b'')
        (tmp_path / 'a.jpg').unlink()


@pytest.mark.parametrize('settings', [b'image.cmap: nonsense\ntext.usetex: True\nfont.size: 30', b'\xff\xfet\0'])
def test_settings_of_matplotlib_for_other_work_change_no_picture(settings, tmp_path):
    code = 'from lab.common import picture\nwith picture.painter("tests.common.test_picture") as painter:\n'
    code += '    painter.call("plot", "child.jpg")\npicture.draw("tests.common.test_picture", "plot", "here.jpg")'
    (tmp_path / 'matplotlibrc').write_bytes(settings)
    around = {**os.environ, 'PYTHONPATH': str(HOUSE)}
    done = subprocess.run([sys.executable, '-c', code], cwd=tmp_path, env=around, capture_output=True)
    plot(str(tmp_path / 'usual.jpg'))
    assert (done.returncode, done.stderr) == (0, b'')
    assert len({path.read_bytes() for path in tmp_path.glob('*.jpg')}) == 1


def plot(path: str):
    figure = picture.new(1, 1, window=False)
    figure.subplots().set_title('a')
    picture.save(figure, path)


def test_where_no_more_processes_may_be_started_this_one_draws(screen, tmp_path, monkeypatch):
    screen(None)
    monkeypatch.setattr(picture.sys, 'modules', {})
    monkeypatch.setattr(picture, 'Child', mock.Mock(side_effect=BlockingIOError(11, 'temporarily unavailable')))
    with picture.painter('tests.common.test_picture') as painter:
        monkeypatch.undo()
        assert painter.call('write_text', str(tmp_path / 'one'), 'text') == os.getpid()


def write_text(path: str, text: str) -> int:
    """What the painter does in these tests: it leaves a text, and gives the number of its process."""
    if 'in all but' in text and not text.endswith(f' {os.getpid()}'):
        os._exit(1) if text.startswith('die') else time.sleep(1000)
    Path(path).write_text(text)
    return os.getpid()


@pytest.mark.parametrize(
    ('variable', 'loaded', 'text', 'here'),
    [
        (None, False, 'text', False),
        (None, False, f'die in all but {os.getpid()}', True),
        (None, False, f'hang in all but {os.getpid()}', True),
        ('DISPLAY', False, 'text', True),
        (None, True, 'text', True),
    ],
    ids=['there', 'it dies', 'it hangs', 'windows', 'matplotlib is loaded'],
)
def test_another_process_draws_or_else_this_one(variable, loaded, text, here, screen, tmp_path, monkeypatch):
    screen(variable)
    modules = {name: module for name, module in sys.modules.items() if name != 'matplotlib'}
    modules |= {'matplotlib': None} if loaded else {}
    monkeypatch.setattr(picture.sys, 'modules', modules)
    monkeypatch.setattr(picture, 'HANGING', 1 if 'hang' in text else 100)
    with picture.painter('tests.common.test_picture') as painter:
        finish = painter.submit('write_text', str(tmp_path / 'one'), text)
        numbers = finish(), painter.call('write_text', str(tmp_path / 'two'), text)
        assert [number == os.getpid() for number in numbers] == [here, here]
        with pytest.raises(FileNotFoundError):
            painter.call('write_text', str(tmp_path / 'no folder' / 'file'), text)
    assert (tmp_path / 'one').read_text() == (tmp_path / 'two').read_text() == text
