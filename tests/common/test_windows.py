"""windows.py: a window for each figure, in the toolkit that matplotlib finds; here that is a made one."""

import os
import pickle
import subprocess
import sys

import pytest
from matplotlib.figure import Figure

from lab.common import picture

TOOLKIT = """
from matplotlib import pyplot as plt
from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg


class FigureCanvas(FigureCanvasAgg):
    required_interactive_framework = {framework!r}
    manager_class = FigureManagerBase


FigureManager = FigureManagerBase


def show(*_, **__):
    for number in plt.get_fignums():
        canvas = plt.figure(number).canvas
        print(canvas.manager.num, *canvas.figure.axes[0].get_title().split(), canvas.figure.canvas is canvas)
"""


@pytest.mark.parametrize(
    ('framework', 'code', 'said'),
    [
        ('headless', 0, ['open', '1 first True', '2 second True']),
        (None, 1, ['no toolkit (tkinter or PyQt, say) opens one on :5']),
    ],
)
def test_each_figure_gets_its_window(framework, code, said, tmp_path):
    (tmp_path / 'toolkit.py').write_text(TOOLKIT.format(framework=framework))
    figures = [('one', Figure()), ('two', Figure())]
    for (_, figure), title in zip(figures, ('first', 'second'), strict=True):
        figure.subplots().set_title(title)
    environment = {**os.environ, 'PYTHONPATH': str(tmp_path), 'DISPLAY': ':5'}
    command = [sys.executable, picture.WINDOWS, 'module://toolkit']
    done = subprocess.run(command, input=pickle.dumps(figures), env=environment, stdout=subprocess.PIPE)
    assert (done.returncode, done.stdout.decode().splitlines()) == (code, said)


def test_what_goes_wrong_is_one_line():
    done = subprocess.run([sys.executable, picture.WINDOWS, ''], input=b'', stdout=subprocess.PIPE)
    assert (done.returncode, done.stdout) == (1, b'Ran out of input\n')
