"""Pictures: the same figure is the same file, byte for byte. Windows open after all files are written, if they can."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import logging
import math
import os
import sys
from collections.abc import Callable, Iterator
from concurrent import futures
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from lab import hidden
from lab.common import files
from lab.common.children import Child
from lab.common.errors import UserError, note
from lab.common.run import BACKEND

if TYPE_CHECKING:  # matplotlib takes most of a second to load; it is imported where it draws
    from matplotlib.figure import Figure
    from PIL import Image

JPEG = {'quality': 92}
HANGING = 120  # seconds after which a drawing process is given up
PATIENCE = 30  # seconds that a display has to answer; loading matplotlib may take most of them on a busy machine
FILES_ONLY = {'agg', 'cairo', 'pdf', 'pgf', 'ps', 'svg', 'template', 'inline', 'nbagg', 'notebook', 'ipympl', 'widget'}

_figures: dict[Figure, str] = {}  # what show() will show, and the titles of the windows


def has_display() -> bool:
    """Whether there may be a display, and the user wants windows on it. Does not load matplotlib."""
    if BACKEND.startswith('module://') or BACKEND.lower() in FILES_ONLY:
        return False
    linux = sys.platform.startswith('linux')
    return not linux or bool(os.environ.get('DISPLAY') or os.environ.get('WAYLAND_DISPLAY'))


@contextlib.contextmanager
def painter(module: str) -> Iterator[Painter]:
    """with painter('package.module') as painter: painter.call('function', *values) draws with the module's functions.

    They run in another process, which loads matplotlib while this one does something else. But windows are for this
    process: where there may be some, it draws itself.
    """
    if line := hidden(None, 'matplotlib', 'PIL'):  # told before a network is trained
        raise UserError(line)
    with contextlib.ExitStack() as stack:
        child = None
        if not has_display() and 'matplotlib' not in sys.modules:
            with contextlib.suppress(OSError, RuntimeError):  # no more processes, or threads, may be started
                other = stack.enter_context(Child())
                other.submit(__name__, 'get_ready', module)
                child = other
        yield Painter(module, child)


class Painter(NamedTuple):
    """See painter(). What the other process cannot do is done here, so that an error is the same."""

    module: str
    child: Child | None

    def submit(self, function: str, *values) -> Callable[[], Any]:
        """Begin to draw. Returns a function that waits until it is done, and gives what the module's function gives."""
        drawing = self.child and self.child.submit(__name__, 'draw', self.module, function, *values)

        def finish():
            if drawing and futures.wait([drawing], HANGING).not_done:
                self.child.process.kill()  # else each further picture would be waited for as long
            with contextlib.suppress(Exception):
                if drawing:
                    return drawing.result()
            return draw(self.module, function, *values)

        return finish

    def call(self, function: str, *values) -> Any:
        """Draw, and give what the module's function gives."""
        return self.submit(function, *values)()


def draw(module: str, function: str, *values) -> Any:
    """Call a function that draws; what a user has set for other work, as in a matplotlibrc, is not for it."""
    load_matplotlib()
    import matplotlib

    with matplotlib.rc_context(matplotlib.rcParamsDefault):
        return getattr(importlib.import_module(module), function)(*values)


def load_matplotlib():
    """Load it from the folder of its own settings, as it would read others first, and end where they are damaged."""
    if 'matplotlib' in sys.modules:
        return
    logging.getLogger('matplotlib').setLevel(logging.ERROR)  # it warns of a home that cannot be written
    here, found = os.getcwd(), importlib.util.find_spec('matplotlib')
    with contextlib.suppress(OSError, AttributeError):  # AttributeError: it is not installed
        os.chdir(Path(found.origin).with_name('mpl-data'))
    try:
        importlib.import_module('matplotlib')
    finally:
        os.chdir(here)


def get_ready(module: str):
    """Load a module, draw a letter, and throw it away: matplotlib loads its fonts only then."""
    load_matplotlib()
    importlib.import_module(module)
    figure = new(1, 1, window=False)
    figure.text(0, 0, 'a')
    figure.savefig(io.BytesIO(), format='jpg')


def new(width: float, height: float, window: bool = True, title: str = '') -> Figure:
    """A new figure of width x height inches. With `window`, show() opens it in a window where there is a display.

    title: of the window; '' is the name of the file that save() writes.
    """
    load_matplotlib()
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    if window and has_display():
        _figures[figure] = title
    return figure


def save(figure: Figure, path: str):
    """Write a figure as a JPG file that is whole or not there, see files.write(). Its window is called as the file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format='jpg', dpi=100, pil_kwargs=JPEG)
    files.write(path, buffer.getvalue())
    if figure in _figures:
        _figures[figure] = _figures[figure] or Path(path).stem


def ticks(low: float, high: float, most: int = 5, off: float = 0.1) -> list[float]:
    """Round numbers inside a range: `most` steps at most, and none nearer to an end than `off` of a step."""
    size = 10.0 ** math.floor(math.log10(high - low))
    step = next(size * part for part in (0.2, 0.5, 1, 2) if (high - low) / (size * part) <= most)
    first, last = math.ceil(low / step + off), math.floor(high / step - off)
    return [round(i * step, 12) for i in range(first, last + 1)]


def save_image(image: Image.Image, path: str):
    """Write a Pillow image likewise."""
    buffer = io.BytesIO()
    image.save(buffer, format='jpeg', **JPEG)
    files.write(path, buffer.getvalue())


def show():
    """Show the figures made with new(window=True) until the user closes them. Does nothing without a display.

    A display that refuses, hangs or goes away costs a note at most: the windows belong to another process.
    """
    if not _figures:
        return
    shown = [(title, figure) for figure, title in _figures.items()]
    _figures.clear()
    sys.stdout.flush()  # the transcript is whole while the windows are open
    try:
        with Child() as child:
            child.submit(__name__, 'open_windows', BACKEND, shown).result(PATIENCE)
            with contextlib.suppress(UserError):  # the display goes away
                child.submit(__name__, 'wait_until_closed').result()
    except Exception as error:
        late = isinstance(error, futures.TimeoutError)
        fault = f'the display has not answered in {PATIENCE} s' if late else ' '.join(str(error).split())
        chosen = f'MPLBACKEND={BACKEND}: ' if BACKEND else ''
        note(f'no windows: {chosen}{(fault or type(error).__name__)[:200]}')


def open_windows(backend: str, shown: list[tuple[str, Figure]]):
    """In the other process: open a window for each title and figure. Raises an error where none can be opened.

    backend: the user's choice of matplotlib's backends, or empty.
    """
    import matplotlib
    import matplotlib.pyplot as plt

    matplotlib.rcParams.update(matplotlib.rcParamsDefault)  # but for the backend
    if backend:
        plt.switch_backend(backend)
    for title, figure in shown:
        canvas = plt.figure(title, figsize=figure.get_size_inches(), dpi=figure.dpi).canvas
        if canvas.required_interactive_framework is None:  # matplotlib found nothing that opens windows
            where = f'on {os.environ["DISPLAY"]}' if 'DISPLAY' in os.environ else 'here'
            raise RuntimeError(f'no toolkit (tkinter or PyQt, say) opens one {where}')
        figure.set_canvas(canvas)  # in place of the empty figure that the window was made with
        canvas.figure = figure


def wait_until_closed():
    """In the other process, after open_windows()."""
    import matplotlib.pyplot as plt

    plt.show()
