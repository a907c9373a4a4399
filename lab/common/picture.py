"""Pictures: the same figure is the same file, byte for byte; windows open where there is a display."""

from __future__ import annotations

import io
import os
import sys
from functools import cache
from typing import TYPE_CHECKING

from lab.common import files

if TYPE_CHECKING:  # matplotlib takes most of a second to load; it is imported where it draws
    from matplotlib.figure import Figure
    from PIL import Image

JPEG = {'quality': 92}


@cache
def has_windows() -> bool:
    """Whether matplotlib can open windows here: there is a display, and a toolkit that draws on it."""
    if sys.platform.startswith('linux') and not (os.environ.get('DISPLAY') or os.environ.get('WAYLAND_DISPLAY')):
        return False  # without asking pyplot, which takes a third of a second to load
    import matplotlib.pyplot as plt
    from matplotlib.backends import BackendFilter, backend_registry

    return plt.get_backend().lower() in backend_registry.list_builtin(BackendFilter.INTERACTIVE)


def new(width: float, height: float, window: bool = True) -> Figure:
    """A new figure of width x height inches. With `window`, show() opens it in a window where there is a display."""
    if window and has_windows():
        import matplotlib.pyplot as plt

        return plt.figure(figsize=(width, height))
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height))


def save(figure: Figure, path: str, dpi: int = 100):
    """Write a figure as a JPG file that is whole or not there, see files.write(). Its window is called as the file."""
    if figure.canvas.manager:
        figure.canvas.manager.set_window_title(os.path.splitext(os.path.basename(path))[0])
    buffer = io.BytesIO()
    figure.savefig(buffer, format='jpg', dpi=dpi, pil_kwargs=JPEG)
    files.write(path, buffer.getvalue())


def save_image(image: Image.Image, path: str):
    """Write a Pillow image likewise."""
    buffer = io.BytesIO()
    image.save(buffer, format='jpeg', **JPEG)
    files.write(path, buffer.getvalue())


def show():
    """Show the figures made with new(window=True) until the user closes them. Does nothing without a display."""
    if has_windows():
        import matplotlib.pyplot as plt

        plt.show()
