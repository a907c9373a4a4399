"""Pictures: the same figure is the same file, byte for byte. Windows open after all files are written, if they can."""

from __future__ import annotations

import io
import logging
import math
import os
import pickle
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from lab.common import files
from lab.common.errors import note
from lab.common.helper import Helper

if TYPE_CHECKING:  # matplotlib takes most of a second to load; it is imported where it draws
    from matplotlib.figure import Figure
    from PIL import Image

logging.getLogger('matplotlib').setLevel(logging.ERROR)  # it warns of a home that cannot be written

JPEG = {'quality': 92}
WINDOWS = Path(__file__).with_name('windows.py')
PATIENCE = 30  # seconds that a display has to answer; loading matplotlib may take most of them on a busy machine
LOOK = 0.05  # seconds between two looks at whether it has
FILES_ONLY = {'agg', 'cairo', 'pdf', 'pgf', 'ps', 'svg', 'template', 'inline', 'nbagg', 'notebook', 'ipympl', 'widget'}

# What the user, or a notebook, has chosen to show pictures with. matplotlib itself would refuse to load if it does not
# know it; here it only writes files.
BACKEND = os.environ.get('MPLBACKEND', '')
if BACKEND:
    os.environ['MPLBACKEND'] = 'agg'

_figures: dict[Figure, str] = {}  # what show() will show, and the titles of the windows


def has_display() -> bool:
    """Whether there may be a display, and the user wants windows on it. Does not load matplotlib."""
    if BACKEND.startswith('module://') or BACKEND.lower() in FILES_ONLY:
        return False
    linux = sys.platform.startswith('linux')
    return not linux or bool(os.environ.get('DISPLAY') or os.environ.get('WAYLAND_DISPLAY'))


def painter(module: str) -> Helper:
    """A process that loads matplotlib and draws with this module's functions, while this one does something else.

    Windows are for this process: where there may be some, it draws them itself.
    """
    return Helper(module, not has_display() and 'matplotlib' not in sys.modules)


def ready():
    """Draw a letter, and throw it away: matplotlib loads its fonts only then."""
    figure = new(1, 1, window=False)
    figure.text(0, 0, 'a')
    figure.savefig(io.BytesIO(), format='jpg')


def new(width: float, height: float, window: bool = True, title: str = '') -> Figure:
    """A new figure of width x height inches. With `window`, show() opens it in a window where there is a display.

    title: of the window; '' is the name of the file that save() writes.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    if window and has_display():
        _figures[figure] = title
    return figure


def save(figure: Figure, path: str, dpi: int = 100):
    """Write a figure as a JPG file that is whole or not there, see files.write(). Its window is called as the file."""
    if figure.canvas.manager:
        figure.canvas.manager.set_window_title(os.path.splitext(os.path.basename(path))[0])
    buffer = io.BytesIO()
    figure.savefig(buffer, format='jpg', dpi=dpi, pil_kwargs=JPEG)
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
    shown = [(title, figure) for figure, title in _figures.items()]
    _figures.clear()
    if not shown:
        return
    sys.stdout.flush()  # the transcript is whole while the windows are open
    try:
        fault = _open_windows(shown)
    except Exception as error:  # no process can be started, say
        fault = str(error)
    if fault:
        note(f'no windows: {f"MPLBACKEND={BACKEND}: " if BACKEND else ""}{fault[:200]}')


def _open_windows(shown: list[tuple[str, Figure]]) -> str | None:
    """Open a window for each (title, figure), and wait until all are closed. Returns why none could be opened."""
    with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as said:
        pickle.dump(shown, asked)
        asked.seek(0)
        command = [sys.executable, WINDOWS, BACKEND]
        environment = {name: value for name, value in os.environ.items() if name != 'MPLBACKEND'}
        child = subprocess.Popen(command, stdin=asked, stdout=said, stderr=subprocess.DEVNULL, env=environment)
        end = time.monotonic() + PATIENCE
        try:
            while child.poll() is None and not os.fstat(said.fileno()).st_size:
                if time.monotonic() > end:
                    return f'the display has not answered in {PATIENCE} s'
                time.sleep(LOOK)
            child.wait()
        finally:
            child.kill()
            child.wait()
        said.seek(0)
        words = said.read().decode(errors='replace').strip() or f'their process ended with {child.returncode}'
        return None if words.startswith('open') else words
