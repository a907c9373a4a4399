"""What students draw by hand: all visited points in a plane, with a boundary round the points of each state."""

import numpy as np
from contourpy import contour_generator  # it comes with matplotlib, which draws its contours with it
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, Patch, PathPatch
from matplotlib.path import Path
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Affine2D, Transform

from lab.common import picture
from lab.insight.drawn.figures import COLOURS, labelled
from lab.insight.drawn.ink import AROUND, Ink
from lab.insight.found.automaton import NONE, SYMBOLS, Array, Automaton
from lab.insight.found.layout import Layout, meaning
from lab.insight.found.states import States

SIDE = 8.0  # inches, of the picture's axes
MARGIN = 0.06  # of the axes, free on each side
STEP = 0.03  # inches, of the grid in which boundaries are found
RADIUS, BRIDGE = 3, 8  # of a boundary round a single point, and half of the widest gap that it spans; in steps
NAME, LETTER = (0.42, 0.2), (0.13, 0.16)  # inches, of a name of three letters and of an arrow's letter
MOST_NAMES = 40  # with more states than this, points are coloured by count


def _distance(mask: Array, reach: int) -> Array:
    """From each cell of a grid to the nearest one of the mask, in cells; reach + 1 where it is further than reach."""
    squared = np.where(mask, 0.0, (reach + 1.0) ** 2)
    for _ in range(2):  # along one axis, then along the other
        squared, before = squared.T.copy(), squared.T
        for step in range(1, reach + 1):
            squared[step:] = np.minimum(squared[step:], before[:-step] + step**2)
            squared[:-step] = np.minimum(squared[:-step], before[step:] + step**2)
    return np.sqrt(squared)


def outlines(points: Array) -> list[Array]:
    """Boundaries (M, 2) round the groups of points (N, 2), in inches.

    They are the points made thick and then thinned again (morphological closing): a boundary spans small gaps, but no
    empty middle, and where points are far apart there are several.
    """
    if not len(points):
        return []
    low = np.floor(points.min(axis=0) / STEP) - 2 * BRIDGE - 2
    cells = np.unique(np.round(points / STEP - low).astype(int), axis=0)
    mask = np.zeros(cells.max(axis=0) + 2 * BRIDGE + 3, dtype=bool)
    mask[tuple(cells.T)] = True
    depth = _distance(_distance(mask, BRIDGE) > BRIDGE - 0.5, BRIDGE)
    lines = contour_generator(z=depth.T).lines(BRIDGE - RADIUS + 0.5)
    return [(line + low) * STEP for line in lines]


def states(found: States, points: Array, following: Array, place: Layout, labels: list[str], title: str) -> Figure:
    """The plane of two axes with all visited points and a boundary round each group of points of a state.

    Arrows are real steps, one for each state and symbol; a cross marks the start, point 0. points: (P, 2); following:
    as in states.Visits; labels: of the axes.
    """
    figure, axes, inch, points = _page(points, labels, title)
    automaton, ink = found.automaton, Ink((0, 0), (SIDE, SIDE))
    phase = np.where(found.state == NONE, NONE, automaton.phase[found.state])
    ink.dots(points, 0.3)
    _, some = np.unique(np.column_stack([np.round(points / 0.02), phase]), axis=0, return_index=True)
    colours = np.array([*COLOURS, '0.6'])
    axes.scatter(*points[some].T, s=4, c=colours[phase[some]], alpha=0.6, linewidths=0, transform=inch)
    rims = [outlines(points[found.state == state]) for state in range(len(automaton.output))]
    edges = [to_rgba(colour) for colour in colours[automaton.phase]]
    for mine, edge in zip(rims, edges, strict=True):
        for rim in mine:
            ink.dots(rim, 1)
        if mine:  # one path, so that a hole stays empty
            whole = Path.make_compound_path(*(Path(rim, closed=True) for rim in mine))
            axes.add_patch(PathPatch(whole, fc=(*edge[:3], 0.1), ec=edge, lw=1.1, transform=inch))
    _arrows(axes, inch, _steps(found, points, following), ink)
    axes.plot(*points[0], 'x', color='black', ms=7, mew=2, transform=inch)
    ink.box(points[0], (0.25, 0.25), 5)
    _names(axes, inch, rims, place.names, colours[automaton.phase], ink)
    _key(figure, automaton, place.names)
    return figure


def counts(read: Array, points: Array, count: Array, labels: list[str], title: str) -> Figure:
    """Where there are too many states to name: the points (P, 2) after each symbol, coloured by their count (P,).

    read: (P,), the symbol read last; of point 0, the start, that of a block's end.
    """
    phases = np.unique(read)
    width, height = 5.6 * len(phases) + 0.4, 6.2
    figure = picture.new(width, height, window=False)
    for column, phase in enumerate(phases):
        axes = figure.add_axes(((0.8 + 5.6 * column) / width, 0.6 / height, 4.0 / width, 5.0 / height))
        labelled(axes, labels[0], labels[1] if column == 0 else '', f'after reading {SYMBOLS[phase]}')
        mine = read == phase
        axes.scatter(*points[~mine].T, s=6, color='0.85', linewidths=0)
        cloud = axes.scatter(*points[mine].T, c=count[mine], s=16, linewidths=0, cmap='viridis')
        axes.plot(*points[0], 'x', color='black', ms=11, mew=2.5)
        bar = figure.add_axes(((4.95 + 5.6 * column) / width, 0.6 / height, 0.12 / width, 5.0 / height))
        says = "A's read in the block" if phase == 0 else f"{SYMBOLS[phase]}'s still to come"
        figure.colorbar(cloud, cax=bar, label=says, ticks=MaxNLocator(8, integer=True))
    says = f'{title}: all points, coloured by count (cross: the start; grey: all other points)'
    figure.text(0.5, 1 - 0.25 / height, says, ha='center', va='center', fontsize=11)
    return figure


def _page(points: Array, labels: list[str], title: str) -> tuple:
    """A figure, its square axes for points (P, 2), the transform from inches on them, and the points in inches."""
    width, height = SIDE + 1.3, SIDE + 1.85
    figure = picture.new(width, height, window=False)
    axes = figure.add_axes((1.1 / width, 1.4 / height, SIDE / width, SIDE / height))
    low, high = points.min(axis=0), points.max(axis=0)
    free = np.maximum(high - low, 1e-6) * MARGIN / (1 - 2 * MARGIN)
    low, high = low - free, high + free
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    labelled(axes, *labels, title, 11)
    return figure, axes, Affine2D().scale(1 / SIDE) + axes.transAxes, (points - low) / (high - low) * SIDE


def _steps(found: States, points: Array, following: Array) -> list[tuple[Array, int]]:
    """For each transition its symbol and a real step, as two points (2, 2): of all, the one nearest to their middle."""
    steps = []
    for here, symbol in np.argwhere(found.automaton.following != NONE):
        members = np.flatnonzero((found.state == here) & (following[:, symbol] != NONE))
        if len(members):
            off = ((points[members] - np.median(points[members], axis=0)) ** 2).sum(axis=1)
            member = members[off.argmin()]
            steps.append((points[[member, following[member, symbol]]], int(symbol)))
    return steps


def _arrows(axes: Axes, inch: Transform, steps: list[tuple[Array, int]], ink: Ink):
    """Arrows (2, 2) with the letter of their symbol; bent, so that two opposite ones do not cover each other."""
    t = np.linspace(0, 1, 30)[:, None]
    curves = []
    for (here, there), symbol in steps:
        bend = 0.15 * np.array([there[1] - here[1], here[0] - there[0]])
        curve = (1 - t) ** 2 * here + 2 * t * (1 - t) * ((here + there) / 2 + bend) + t**2 * there
        curves.append((curve, symbol))
        ink.dots(curve, 1)
        if np.hypot(*(there - here)) > 0.05:
            style = {'arrowstyle': '-|>', 'mutation_scale': 11, 'color': COLOURS[symbol], 'lw': 0.9, 'alpha': 0.8}
            axes.add_patch(FancyArrowPatch(here, there, connectionstyle='arc3,rad=0.15', shrinkA=0, shrinkB=2,
                                           transform=inch, **style))  # fmt: skip
    for curve, symbol in curves:
        along = curve[8:22]
        beside = along[1:] - along[:-1]
        length = np.hypot(*beside.T)[:, None]
        if length.sum() < 0.45:  # on a shorter one it would hide the states
            continue
        beside = np.column_stack([beside[:, 1], -beside[:, 0]]) / length * 0.12
        places = np.vstack([along[1:] + beside, along[1:] - beside])
        cost = ink.under(places, LETTER)
        best = places[cost.argmin()]
        if cost.min() < 4:
            ink.box(best, LETTER, 5)
            axes.text(
                *best, SYMBOLS[symbol], fontsize=8, color=COLOURS[symbol], ha='center', va='center', transform=inch
            )


def _names(axes: Axes, inch: Transform, rims: list[list[Array]], names: list[str], colours: Array, ink: Ink):
    """The name of each state, once, where it covers least; lines lead to its boundaries that are not beside it."""
    for mine, name, colour in zip(rims, names, colours, strict=True):
        if not mine:
            continue  # a state that no visited point stands for
        main = max(mine, key=lambda rim: np.ptp(rim, axis=0).sum())
        size = NAME * np.array([max(len(name), 2) / 3, 1])
        reach = (main @ AROUND.T).max(axis=0) + np.abs(AROUND * size / 2).sum(axis=1)
        middle = main.mean(axis=0)
        away = np.array([0.04, 0.15, 0.3, 0.5, 0.8, 1.2])[:, None]
        places = middle + ((reach - middle @ AROUND.T) + away)[..., None] * AROUND
        cost = ink.under(places.reshape(-1, 2), size) + np.repeat(8 * away, len(AROUND))
        at = places.reshape(-1, 2)[cost.argmin()]
        ink.box(at, size, 10)
        axes.text(*at, name, fontsize=10, weight='bold', color=colour, ha='center', va='center', transform=inch)
        for rim in mine:
            inside = np.clip(rim, at - size / 2, at + size / 2)
            nearest = np.hypot(*(rim - inside).T).argmin()
            line = np.array([rim[nearest], inside[nearest]])
            if np.hypot(*(line[1] - line[0])) > 0.1:
                axes.plot(*line.T, color=colour, lw=0.6, ls=':', transform=inch)
                ink.dots(np.linspace(*line, 30), 1)


def _key(figure: Figure, automaton: Automaton, names: list[str]):
    """What points, arrows, cross and boundaries mean, below the picture."""
    items = [
        Line2D(
            [], [], color=colour, marker='o', ms=4, lw=1, label=f'point: after reading {symbol}; arrow: reads {symbol}'
        )
        for symbol, colour in zip(SYMBOLS[: automaton.phase.max() + 1], COLOURS, strict=False)
    ]
    items += [
        Line2D([], [], color='black', marker='x', ms=9, mew=2.5, ls='', label='start, before the first symbol'),
        Patch(fc='0.92', ec='0.4', label='boundary: points of one state (dotted: they belong to that name)'),
    ]
    figure.legend(handles=items, loc='lower center', ncols=2, fontsize=9, frameon=False, bbox_to_anchor=(0.5, 0.02))
    figure.text(0.5, 0.012, f'names: {meaning(names)}', ha='center', fontsize=9)
