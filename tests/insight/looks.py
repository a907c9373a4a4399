"""What must hold of every picture so that it can be read."""

import itertools

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch
from matplotlib.path import Path
from matplotlib.quiver import Quiver
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


def bars(figure: Figure) -> list:
    """The axes that are colour bars."""
    return [axes for axes in figure.axes if hasattr(axes, '_colorbar')]


def check(figure: Figure, touching: int = 0):
    """Every text is inside the picture and large enough, and so are the axes, of which no two share a place.

    At most `touching` pairs of texts cover each other. Lines are thin, markers small.
    """
    figure.draw_without_rendering()
    page = Bbox.from_bounds(-1, -1, figure.bbox.width + 2, figure.bbox.height + 2)
    places = [(text, text.get_window_extent()) for text in texts(figure)]
    for text, place in places:
        assert 5 <= text.get_fontsize() <= 12, text
        assert page.containsx(place.x0) and page.containsx(place.x1), text
        assert page.containsy(place.y0) and page.containsy(place.y1), text
    pairs = itertools.combinations([(text.get_text(), place.shrunk(0.8, 0.7)) for text, place in places], 2)
    cover = [(one, other) for (one, here), (other, there) in pairs if here.overlaps(there)]
    assert len(cover) <= touching, cover
    for axes in figure.axes:
        assert page.fully_containsx(axes.bbox.x0) and page.fully_containsx(axes.bbox.x1)
        assert page.fully_containsy(axes.bbox.y0) and page.fully_containsy(axes.bbox.y1)
        for line in axes.lines:
            assert line.get_linewidth() <= 2 and line.get_markersize() <= 11 and line.get_markeredgewidth() <= 2.5
        assert all(patch.get_linewidth() <= 1.6 for patch in axes.patches)
        assert all(arrows.width <= 0.003 for arrows in axes.findobj(Quiver))
    for one, other in itertools.combinations(figure.axes, 2):
        assert one.name == '3d' or not one.bbox.shrunk(0.98, 0.98).overlaps(other.bbox)


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
