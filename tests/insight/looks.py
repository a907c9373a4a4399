"""What must hold of every picture so that it can be read."""

import itertools

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Bbox


def texts(figure: Figure) -> list[Text]:
    """All texts of a picture, but not the numbers at 3-D axes."""
    legends = [*figure.legends, *(axes.get_legend() for axes in figure.axes if axes.get_legend())]
    found = [*figure.texts, *(text for legend in legends for text in legend.get_texts())]
    for axes in figure.axes:
        found += [*axes.texts, axes.title]
        plane = axes.axison and axes.name == 'rectilinear'
        for axis in (axes.xaxis, axes.yaxis) if plane else ():
            low, high = sorted(axis.get_view_interval())
            ticks = zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=False)
            found += [axis.label, *(label for place, label in ticks if low <= place <= high)]
    return [text for text in found if text.get_text().strip()]


def check(figure: Figure, touching: int = 0):
    """No text is cut off or too small, at most `touching` pairs of texts cover each other, and no axes do."""
    figure.draw_without_rendering()
    page = Bbox.from_bounds(-1, -1, figure.bbox.width + 2, figure.bbox.height + 2)
    places = [(text.get_text(), text.get_window_extent()) for text in texts(figure)]
    places += [('axes', axes.bbox) for axes in figure.axes]
    assert [name for name, box in places if not (page.contains(*box.min) and page.contains(*box.max))] == []
    assert [text for text in texts(figure) if text.get_fontsize() < 5] == []
    boxes = [(name, box.shrunk(0.8, 0.7)) for name, box in places if name != 'axes']
    cover = [(one, other) for (one, here), (other, there) in itertools.combinations(boxes, 2) if here.overlaps(there)]
    assert len(cover) <= touching, cover
    flat = [axes.bbox.shrunk(0.98, 0.98) for axes in figure.axes if axes.name != '3d']
    assert not any(one.overlaps(other) for one, other in itertools.combinations(flat, 2))


def arrows(figure: Figure) -> list[tuple[np.ndarray, str]]:
    """Each arrow along its way: points (N, 2) in the numbers of its patch's transform, and its colour."""
    patches = [patch for axes in figure.axes for patch in axes.patches if isinstance(patch, FancyArrowPatch)]
    return [(_points(patch), patch.get_edgecolor()) for patch in patches]


def _points(patch: FancyArrowPatch) -> np.ndarray:
    """Points on an arrow's way, without its head: matplotlib's own division of its Bezier curves."""
    if patch._path_original is not None:
        way = patch._path_original
    else:
        begins, ends = patch._posA_posB
        way = patch.get_connectionstyle()(begins, ends, shrinkA=0, shrinkB=0)
    pieces = [piece(np.linspace(0, 1, 40)) for piece, code in way.iter_bezier() if code != Path.MOVETO]
    return np.vstack(pieces)
