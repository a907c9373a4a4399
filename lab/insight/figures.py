"""Pictures of a network at work: units in pairs and in space, over time, gates by phase, loss by block length."""

import numpy as np
from matplotlib.figure import Figure

from lab.common import picture
from lab.insight.automaton import SYMBOLS, Array
from lab.insight.phases import CLOSED_BELOW, OPEN_ABOVE
from lab.insight.step import GATES, Network, before, follow, softmax

COLOURS = ('tab:red', 'tab:blue', 'tab:green')  # of the symbols
ANGLES = ((20, -60), (20, 30), (55, -60))  # elevation and azimuth, degrees


def pair(units: Array, colour: Array, j: int, k: int, length: int, start: Array | None) -> Figure:
    """The lab's picture: units j and k of `units` (N, hid) after each symbol, coloured from 0 to `length`.

    start: (hid,), drawn as a black cross, or None.
    """
    figure = picture.new(6.4, 4.8)
    axes = figure.add_subplot()
    axes.scatter(units[:, j], units[:, k], c=colour, cmap='jet', vmin=0, vmax=length, s=18)
    if start is not None:
        axes.plot(start[j], start[k], 'x', color='black', ms=10, mew=2)
    axes.set(xlabel=f'unit {j}', ylabel=f'unit {k}')
    return figure


def space(units: Array, colour: Array, length: int, start: Array | None) -> Figure:
    """The first three units in space, seen from three angles; in a window each of the three turns with the mouse."""
    figure = picture.new(15, 5.4)
    for place, (elevation, azimuth) in enumerate(ANGLES):
        axes = figure.add_subplot(1, 3, place + 1, projection='3d')
        axes.scatter(*units[:, :3].T, c=colour, cmap='jet', vmin=0, vmax=length, s=14)
        if start is not None:
            axes.plot(*start[:3, None], 'x', color='black', ms=10, mew=2)
        axes.set(xlabel='unit 0', ylabel='unit 1', zlabel='unit 2')
        axes.locator_params(nbins=4)
        axes.view_init(elevation, azimuth)
    figure.subplots_adjust(left=0.01, right=0.95, bottom=0.05, top=1, wspace=0.22)
    return figure


def over_time(net: Network, sequence: Array) -> Figure:
    """One sequence (T,) from left to right, and above each symbol what is inside the network after reading it."""
    states = follow(net, sequence[None])[0]
    panels = [('hidden', states[:, : net.hid], 'RdBu_r', 1.0)]
    if net.gates is not None:
        cell = states[:, net.hid :]
        panels.append(('cell', cell, 'RdBu_r', np.abs(cell).max()))
        gates = net.gates(before(net, sequence[None])[0], sequence)
        panels += [(f'{gate} gate', gates[gate], 'viridis', 1.0) for gate in GATES[:3]]
        panels.append(('new values', gates['new'], 'RdBu_r', 1.0))
    panels.append(('output', softmax(net.logits(states)), 'viridis', 1.0))
    rows = [values.shape[1] for _, values, _, _ in panels]
    figure = picture.new(max(7.0, 1.6 + 0.125 * len(sequence)), 0.9 + 0.27 * sum(rows) + 0.16 * len(rows), window=False)
    axes = np.ravel(figure.subplots(len(panels), 1, gridspec_kw={'height_ratios': rows}))
    changes = np.flatnonzero(np.diff(sequence)) + 0.5
    for each, (name, values, colours, top) in zip(axes, panels, strict=True):
        image = each.imshow(values.T, aspect='auto', cmap=colours, vmax=top, vmin=-top if 'Rd' in colours else 0)
        each.vlines(changes, -0.5, values.shape[1] - 0.5, color='black', lw=0.7)
        units = list(SYMBOLS[: values.shape[1]]) if name == 'output' else [*range(values.shape[1])]
        each.set_yticks(range(values.shape[1]), units, fontsize=8)
        each.set_xticks([])
        each.set_ylabel(name, rotation=0, ha='right', va='center', labelpad=18, fontsize=9)
        bar = figure.colorbar(image, ax=each, fraction=0.1 / figure.get_figwidth(), pad=0.012, aspect=6)
        bar.ax.tick_params(labelsize=7)
    axes[-1].set_xticks(range(len(sequence)), [SYMBOLS[symbol] for symbol in sequence], fontsize=7)
    for tick, symbol in zip(axes[-1].get_xticklabels(), sequence, strict=True):
        tick.set_color(COLOURS[symbol])
    width, height = figure.get_size_inches()
    figure.subplots_adjust(left=1.35 / width, right=1 - 0.3 / width, bottom=0.35 / height, top=1 - 0.12 / height)
    return figure


def path(places: Array, sequence: Array, units: tuple[int, int]) -> Figure:
    """The way of a sequence (T,) through the plane of two units: an arrow per symbol, in its colour.

    places: (T + 1, 2), the start first.
    """
    figure = picture.new(7, 7, window=False)
    axes = figure.add_axes((0.13, 0.08, 0.84, 0.88))
    for symbol in np.unique(sequence):
        here = np.flatnonzero(sequence == symbol)
        step = places[here + 1] - places[here]
        axes.quiver(*places[here].T, *step.T, color=COLOURS[symbol], angles='xy', scale_units='xy', scale=1,
                    width=0.003, headwidth=5, alpha=0.8, label=f'reads {SYMBOLS[symbol]}')  # fmt: skip
        axes.plot(*places[here + 1].T, 'o', color=COLOURS[symbol], ms=4)
    axes.plot(*places[0], 'x', color='black', ms=11, mew=2.5, label='start')
    axes.set(xlabel=f'unit {units[0]}', ylabel=f'unit {units[1]}')
    axes.margins(0.06)
    axes.legend(loc='best', fontsize=9)
    return figure


def gates(table: dict[str, dict[str, Array]]) -> Figure:
    """Gates by phase, see phases.gates(): a point at each unit's mean, a bar from its least to its largest value."""
    figure = picture.new(11, 6.4, window=False)
    hid = next(iter(table.values()))['new'].shape[1]
    for axes, gate in zip(np.ravel(figure.subplots(2, 2)), GATES, strict=True):
        if gate != 'new':
            axes.axhspan(OPEN_ABOVE, 1, color='0.93')
            axes.axhspan(0, CLOSED_BELOW, color='0.93')
        for unit in range(hid):
            mean, least, largest = np.stack([values[gate][:, unit] for values in table.values()], axis=1)
            x = np.arange(len(table)) + (unit - (hid - 1) / 2) * min(0.18, 0.7 / hid)
            axes.errorbar(x, mean, (mean - least, largest - mean), fmt='o', ms=5, capsize=2, label=f'unit {unit}')
        axes.set_xticks(range(len(table)), list(table))
        axes.set_title('new values' if gate == 'new' else f'{gate} gate (grey: closed, open)', fontsize=10)
        axes.set_ylim(*((-1.05, 1.05) if gate == 'new' else (-0.04, 1.04)))
    if hid <= 10:
        figure.legend(*axes.get_legend_handles_labels(), loc='lower center', ncols=hid, fontsize=9)
    figure.subplots_adjust(left=0.05, right=0.985, bottom=0.12, top=0.95, hspace=0.28, wspace=0.12)
    return figure


def reach(loss: Array, right: Array, trained: int) -> Figure:
    """The lab's loss on blocks of n = 1, 2, .. and whether every determined symbol is right there."""
    figure = picture.new(7, 4.2, window=False)
    axes = figure.add_axes((0.11, 0.13, 0.86, 0.83))
    n = np.arange(1, len(loss) + 1)
    axes.axvspan(0.5, trained + 0.5, color='0.93', label=f'trained on (n up to {trained})')
    axes.plot(n, loss, color='0.6', lw=1, zorder=1)
    for mask, colour, text in ((right == 1, 'tab:green', 'right'), (right < 1, 'tab:red', 'not all right')):
        axes.plot(n[mask], loss[mask], 'o', color=colour, ms=5, label=f'determined symbols {text}')
    axes.set(xlabel='n, the same in all five blocks', ylabel='loss (mean squared difference)', xlim=(0.5, len(n) + 0.5))
    axes.set_ylim(bottom=0)
    axes.legend(loc='lower right', fontsize=9)
    return figure
