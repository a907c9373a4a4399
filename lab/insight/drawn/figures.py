"""Pictures of a network at work: units in pairs and in space, over time, gates by phase, loss by block length."""

import functools

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from lab.common import picture
from lab.insight.found.automaton import SYMBOLS, Array
from lab.insight.found.fixed import KINDS, FixedPoint
from lab.insight.found.plane import Plane
from lab.insight.found.step import GATES, Network, follow, softmax

# Okabe and Ito's colours (2008), which colour-blind people can tell apart: first those of the symbols
COLOURS = ('#d55e00', '#0072b2', '#009e73')
CELLS = ('#cc79a7', '#56b4e9', '#000000', '#999999', '#e69f00')
RIGHT, WRONG = '#4a5a6c', '#b3261e'
SHAPES = 'os^Dv'
TICKS = 5  # on an axis: each takes a millisecond to draw
TITLE_AT = 1.01  # of the axes: a place that matplotlib need not look for, which takes it long
VIEWS = (('from the front', 15, -70), ('from the side', 15, 15), ('from above', 70, -70))  # elevation, azimuth: degrees
NEXT = (
    "number of the next symbol: an A: how many A's of its block\n"
    'came before it; a B or C: n at first, less and less to the last'
)
MARKERS = {kind: {'marker': mark, 'mec': 'black'} for kind, mark in zip(KINDS, 'oXsD', strict=True)}
POINT, CYCLE = {'ms': 11}, {'ms': 8, 'ls': '--', 'lw': 1.5}  # how a fixed point is drawn, and a cycle
OPEN_ABOVE, CLOSED_BELOW = 0.8, 0.2  # where the picture of the gates is grey
LEAST = 0.01  # that the axis of the loss shows: smaller differences are rounding


def labelled(axes: Axes, across: str, up: str, title: str, size: float = 10):
    """Give axes their labels, few ticks and a title of this size."""
    axes.set(xlabel=across, ylabel=up)
    axes.locator_params(nbins=TICKS)
    axes.set_title(title, fontsize=size, y=TITLE_AT)


def pair(units: Array, colour: Array, axes_of: dict[int, str], length: int, start: Array | None, title: str) -> Figure:
    """The lab's picture: two of the `units` (N, hid) after each symbol, coloured from 0 to `length`.

    axes_of: their two numbers, and how they are called. start: (hid,), drawn as a black cross, or None.
    """
    (j, across), (k, up) = axes_of.items()
    figure = picture.new(7.2, 5.2)
    axes = figure.add_axes((0.11, 0.1, 0.7, 0.83))
    points = axes.scatter(units[:, j], units[:, k], c=colour, cmap='jet', vmin=0, vmax=length, s=18)
    if start is not None:
        axes.plot(start[j], start[k], 'x', color='black', ms=10, mew=2, label='start')
        axes.legend(loc='best', fontsize=9)
    labelled(axes, across, up, title)
    _count_bar(figure, points, (0.84, 0.1, 0.025, 0.83))
    return figure


def space(units: Array, colour: Array, plane: Plane, length: int, start: Array | None, title: str) -> Figure:
    """Units (N, hid) along three directions in space, from three angles; in a window each turns with the mouse."""
    figure = picture.new(15.5, 5.6)
    places = units @ plane.matrix
    short = [label.split(':')[0].split(' of ')[0] for label in plane.labels]
    for column, (view, elevation, azimuth) in enumerate(VIEWS):
        axes = figure.add_axes((0.31 * column, 0.05, 0.31, 0.84), projection='3d')
        points = axes.scatter(*places.T, c=colour, cmap='jet', vmin=0, vmax=length, s=14)
        if start is not None:
            axes.plot(*(start @ plane.matrix)[:, None], 'x', color='black', ms=10, mew=2, label='start')
        axes.set(**dict(zip(('xlabel', 'ylabel', 'zlabel'), short, strict=True)), title=view)
        axes.title.set_fontsize(10)
        axes.locator_params(nbins=3)
        axes.tick_params(labelsize=8)
        for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
            axis.labelpad = 8
        axes.view_init(elevation, azimuth)
        axes.set_box_aspect((4, 4, 3), zoom=0.84)
    axes.zaxis.set_ticklabels([])  # from above they would stand on top of each other
    if start is not None:
        figure.legend(*axes.get_legend_handles_labels(), loc='upper left', fontsize=9)
    figure.text(0.46, 0.95, title, ha='center', fontsize=11)
    figure.text(0.46, 0.02, ';  '.join(label for label in plane.labels if label not in short), ha='center', fontsize=8)
    _count_bar(figure, points, (0.935, 0.1, 0.012, 0.78))
    return figure


def _count_bar(figure: Figure, points, place: tuple[float, float, float, float]):
    """What the lab's colours mean."""
    bar = figure.colorbar(points, cax=figure.add_axes(place), ticks=MaxNLocator(5, integer=True))
    bar.set_label(NEXT, fontsize=8)
    bar.ax.tick_params(labelsize=8)


def over_time(net: Network, sequence: Array, title: str) -> Figure:
    """One sequence (T,) from left to right, and above each symbol what is inside the network after reading it."""
    way = np.vstack([net.start, follow(net, sequence[None])[0]])
    states = way[1:]
    panels = [('hidden units', states[:, : net.hid], 'RdBu_r', max(1.0, np.abs(states[:, : net.hid]).max()))]
    if net.gates is not None:
        cell = states[:, net.hid :]
        panels.append(('cells', cell, 'RdBu_r', np.abs(cell).max()))
        gates = net.gates(way[:-1], sequence)
        panels += [(f'{gate} gate', gates[gate], 'viridis', 1.0) for gate in GATES[:3]]
        panels.append(('new values', gates['new'], 'RdBu_r', 1.0))
    panels.append(('probability', softmax(net.logits(states)), 'viridis', 1.0))
    rows = [values.shape[1] for _, values, _, _ in panels]
    width, height = max(7.4, 2.5 + 0.125 * len(sequence)), 1.5 + 0.25 * sum(rows) + 0.16 * len(rows)
    figure = picture.new(width, height, window=False)
    axes = np.ravel(figure.subplots(len(panels), 1, gridspec_kw={'height_ratios': rows}))
    figure.subplots_adjust(left=1.4 / width, right=1 - 0.75 / width, bottom=0.75 / height, top=1 - 0.42 / height)
    changes = np.flatnonzero(np.diff(sequence)) + 0.5
    for each, (name, values, colours, top) in zip(axes, panels, strict=True):
        low = -top if 'Rd' in colours else 0
        each.imshow(values.T, aspect='auto', cmap=colours, vmax=top, vmin=low)
        each.vlines(changes, -0.5, values.shape[1] - 0.5, color='black', lw=0.7)
        units = list(SYMBOLS[: values.shape[1]]) if name == 'probability' else [*range(values.shape[1])]
        each.set_yticks(range(values.shape[1]), units, fontsize=8)
        each.set_xticks([])
        each.set_ylabel(name, rotation=0, ha='right', va='center', labelpad=18, fontsize=9)
        _value_bar(each, values.shape, colours, low, top, 0.1 / (width - 2.15))
    below = {'y': axes[-1].get_ylim()[0] + 0.15, 'ha': 'center', 'va': 'top', 'fontsize': 7}
    for x, symbol in enumerate(sequence):
        axes[-1].text(x, s=SYMBOLS[symbol], color=COLOURS[symbol], **below)
    axes[-1].set_xlabel('symbol read; above it what is inside the network after that, and how likely it takes each '
                        'symbol to come next' if width > 8 else 'symbol read', fontsize=9, labelpad=14)  # fmt: skip
    figure.text(0.5, 1 - 0.2 / height, title, ha='center', va='center', fontsize=10)
    return figure


def _value_bar(axes: Axes, shape: tuple[int, int], colours: str, low: float, top: float, width: float):
    """A colour bar beside a panel of this shape (T, rows), `width` panels wide: matplotlib's own takes long to draw."""
    steps, rows = shape
    right = steps * (1 + width) - 0.5
    extent = (right, right + steps * width, rows - 0.5, -0.5)
    axes.imshow(np.linspace(top, low, 64)[:, None], aspect='auto', cmap=colours, extent=extent, clip_on=False)
    axes.set_xlim(-0.5, steps - 0.5)
    for value, y, side in ((top, -0.5, 'top'), (low, rows - 0.5, 'bottom')):
        axes.text(right + 1.4 * steps * width, y, f'{value:.3g}', va=side, fontsize=7)


def path(places: Array, sequence: Array, labels: list[str], title: str) -> Figure:
    """The way of a sequence (T,) through a plane: an arrow per symbol, in its colour.

    places: (T + 1, 2), the start first. labels: of the axes.
    """
    figure = picture.new(7.2, 7.4, window=False)
    axes = figure.add_axes((0.13, 0.08, 0.84, 0.86))
    for symbol in np.unique(sequence):
        here = np.flatnonzero(sequence == symbol)
        step = places[here + 1] - places[here]
        axes.quiver(*places[here].T, *step.T, color=COLOURS[symbol], angles='xy', scale_units='xy', scale=1,
                    width=0.003, headwidth=5, alpha=0.8, label=f'reads {SYMBOLS[symbol]}')  # fmt: skip
        axes.plot(*places[here + 1].T, 'o', color=COLOURS[symbol], ms=4)
    axes.plot(*places[0], 'x', color='black', ms=11, mew=2.5, label='start')
    labelled(axes, *labels, title)
    axes.margins(0.06)
    axes.legend(loc='best', fontsize=9)
    return figure


def gates(by_phase: dict[str, dict[str, Array]], title: str) -> Figure:
    """Gates by phase: a point at each unit's mean, a bar from its least to its largest value."""
    figure = picture.new(11, 6.8, window=False)
    hid = by_phase['A']['forget'].shape[1]
    for axes, gate in zip(np.ravel(figure.subplots(2, 2)), GATES, strict=True):
        if gate != 'new':
            axes.axhspan(OPEN_ABOVE, 1, color='0.93')
            axes.axhspan(0, CLOSED_BELOW, color='0.93')
        for unit in range(hid):
            mean, least, largest = np.stack([each[gate][:, unit] for each in by_phase.values()], axis=1)
            x = np.arange(len(by_phase)) + (unit - (hid - 1) / 2) * min(0.18, 0.7 / hid)
            again, which = divmod(unit, len(CELLS))
            axes.vlines(x, least, largest, color=CELLS[which], lw=1.2)
            axes.plot(x, mean, SHAPES[again % len(SHAPES)], color=CELLS[which], ms=5, label=f'cell {unit}')
        axes.set_xticks(range(len(by_phase)), list(by_phase))
        name = 'new values' if gate == 'new' else f'{gate} gate (grey below: closed, above: open)'
        axes.set_title(name, fontsize=10, y=TITLE_AT)
        axes.set_ylim(*((-1.05, 1.05) if gate == 'new' else (-0.04, 1.04)))
    if hid <= 20:
        figure.legend(
            *axes.get_legend_handles_labels(),
            loc='lower center',
            ncols=min(hid, 10),
            fontsize=9,
            bbox_to_anchor=(0.5, 0.035),
        )
    figure.text(0.5, 0.965, title, ha='center', fontsize=11)
    says = 'point: the mean; line: from the least to the largest value; restart: the first A of a further block'
    figure.text(0.5, 0.015, says, ha='center', fontsize=9)
    figure.subplots_adjust(left=0.05, right=0.985, bottom=0.17, top=0.9, hspace=0.28, wspace=0.12)
    return figure


def reach(loss: Array, right: Array, trained: int, title: str) -> Figure:
    """The lab's loss on blocks of n = 1, 2, .. and whether every determined symbol is right there."""
    figure = picture.new(7, 4.5, window=False)
    axes = figure.add_axes((0.11, 0.24, 0.86, 0.68))
    n = np.arange(1, len(loss) + 1)
    axes.axvspan(0.5, trained + 0.5, color='0.93', label=f'trained on (n up to {trained})')
    axes.plot(n, loss, color='0.6', lw=1, zorder=1)
    for mask, shape, colour, text in (
        (right == 1, 'o', RIGHT, 'right'),
        (right < 1, 'X', WRONG, 'not all right'),
    ):
        axes.plot(
            n[mask], loss[mask], shape, color=colour, ms=6, clip_on=False, label=f'where one symbol can follow: {text}'
        )
    labelled(axes, 'n, the same in all five blocks', 'loss (mean squared difference)', title)
    axes.set_xlim(0.5, len(n) + 0.5)
    axes.set_ylim(0, max(1.1 * loss.max(), LEAST))
    axes.legend(loc='upper center', bbox_to_anchor=(0.5, -0.16), ncol=2, fontsize=9, frameon=False)
    return figure


def flow(net: Network, fixed: list[list[FixedPoint]], steps: list[tuple[Array, Array]], title: str) -> Figure:
    """The map of each symbol in an SRN of 2 units: grey arrows show where it moves states, over them its fixed points,
    points that are nearly fixed, and cycles.

    steps: for each symbol the visited states before it (N, 2) and after it (N, 2).
    """
    figure = picture.new(6.2 * net.num_class, 6.9, window=False)
    span = max(1.0, *(np.abs(places).max(initial=0) for step in steps for places in step))
    grid = np.stack(np.meshgrid(*2 * [np.linspace(-span, span, 21)]), axis=-1).reshape(-1, 2)
    for symbol, axes in enumerate(np.ravel(figure.subplots(1, net.num_class))):
        moved = net.read(grid, symbol) - grid
        moved /= np.linalg.norm(moved, axis=1, keepdims=True) + 1e-12
        axes.quiver(*grid.T, *moved.T, color='0.75', angles='xy', pivot='mid', scale=28, width=0.0028)
        before, after = steps[symbol]
        _, some = np.unique(np.round(np.hstack([before, after]), 2), axis=0, return_index=True)
        before, after = before[some], after[some]
        axes.quiver(*before.T, *(after - before).T, color=COLOURS[symbol], angles='xy', scale_units='xy', scale=1,
                    width=0.0022, alpha=0.35)  # fmt: skip
        axes.plot(*after.T, '.', color=COLOURS[symbol], ms=4)
        for each in fixed[symbol]:
            for value, vector in zip(each.eigenvalues, each.eigenvectors.T, strict=True):
                if len(each.cycle) == 1 and each.kind != 'slow' and abs(value.imag) < 1e-9:
                    ends = each.point + np.array([[-0.22], [0.22]]) * vector.real
                    axes.plot(*ends.T, color='black', lw=1.6, ls='-' if abs(value) > 1 else ':')
            there_and_back = len(each.cycle) < 3  # one line
            loop = each.cycle if there_and_back else np.vstack([each.cycle, each.point])
            axes.plot(*loop.T, color='gold', **MARKERS[each.kind], **(POINT if len(each.cycle) == 1 else CYCLE))
        axes.set(xlim=(-1.08 * span, 1.08 * span), ylim=(-1.08 * span, 1.08 * span))
        labelled(axes, 'unit 0', 'unit 1', f'reading {SYMBOLS[symbol]}', 12)
        axes.set_aspect('equal')
    figure.text(0.5, 0.97, title, ha='center', fontsize=11)
    _flow_key(figure, net.num_class)
    figure.subplots_adjust(left=0.06, right=0.98, bottom=0.2, top=0.91)
    return figure


def _flow_key(figure: Figure, classes: int):
    """What arrows, marks and lines of flow() mean."""
    line = functools.partial(Line2D, [], [])
    items = [line(color='0.75', marker=r'$\rightarrow$', ms=13, ls='', label='where the symbol moves a state')]
    items += [
        line(color=colour, marker=r'$\rightarrow$', ms=13, ls='', label=f'a step that was visited, reading {symbol}')
        for symbol, colour in zip(SYMBOLS[:classes], COLOURS, strict=False)
    ]
    items += [line(color='gold', ls='', **how, **POINT, label=f'{kind} point') for kind, how in MARKERS.items()]
    items += [
        line(color='gold', marker='o', **CYCLE, label='cycle (marked as points are)'),
        line(color='black', lw=1.6, ls='-', label='direction that grows'),
        line(color='black', lw=1.6, ls=':', label='direction that shrinks'),
    ]
    figure.legend(handles=items, loc='lower center', ncols=2 + classes, fontsize=9, frameon=False)
