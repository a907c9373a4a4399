"""Pictures of what interventions show: the circuit, and which units carry n at each place."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lab.common import picture
from lab.insight.drawn.figures import CELLS, COLOURS
from lab.insight.found.automaton import SYMBOLS, Array
from lab.insight.found.circuit import Circuit
from lab.insight.found.interchange import CARRIES, Interchange
from lab.insight.found.interventions import Shown
from lab.insight.found.step import Network
from lab.insight.said.tables import MOST, inputs, short, shown_sets

PLUS, MINUS = '#5b2a8c', '#8a6500'  # weights above and below 0, as on the page
CLEAR = {'boxstyle': 'round,pad=0.1', 'facecolor': 'white', 'edgecolor': 'none', 'alpha': 0.85}
WIDEST, THIN = 5.0, 0.6  # lines, in points
NUMBERS = 40  # weights have their numbers up to so many
# Inches. Heights in the circuit: a gate, a unit, a line on what it is for, between units.
PORT, NODE, ROLE, GAP = 0.27, 0.42, 0.15, 0.3
WIDE, LEAST, ABOVE, BELOW, GATES_WIDE = 10.5, 2.0, 0.85, 0.6, 1.25  # of the page; of the names of the gates
COLUMNS = 0.14, 0.5, 0.86  # shares of the width
CELL, CELL_WIDE, HEAD, FOOT, LEAST_WIDE = 0.27, 1.1, 0.42, 0.75, 7.2  # of the heat map
FRAME = np.array([[-1, 1, 1, -1, -1], [-1, -1, 1, 1, -1]]) * [[0.47], [0.45]]


def roles(shown: Shown, unit: int) -> list[str]:
    """What a unit, or a cell with its hidden unit, is for, as was found out by intervention."""
    said: dict[str, list[str]] = {}
    for k, place in enumerate(shown.interchange.places):
        some = shown.interchange.carrier(k) if shown.interchange.pairs[k] else None
        if some and unit in some:
            others = [str(each) for each in some if each != unit]
            others = f' with {", ".join(others) if len(others) < MOST else f"{len(others)} others"}' if others else ''
            where, counted = str(place).split(': ')
            said.setdefault(f'{where}: {{}}{others}', []).append(counted)
    ends = [each for each in shown.ends if each and unit in each.groups and min(each.ends, each.goes_on) >= CARRIES]
    told = [text.format(', '.join(counted)) for text, counted in said.items()]
    return told + [f"ends the {SYMBOLS[each.symbol]}'s" for each in ends]


def circuit(net: Network, found: Circuit, shown: Shown, title: str) -> Figure:
    """The weights that are enough, as lines from unit to unit and on to the outputs: thick where large."""
    hid, lstm = net.hid, net.gates is not None
    names, told = inputs(hid, net.parameters['U']), [roles(shown, unit) for unit in range(hid)]
    kept = found.recurrent.any(axis=0)
    ports = [[k for k in range(unit, len(names), hid) if kept[k] or not lstm] for unit in range(hid)]
    heights = [max(PORT * len(some), NODE + ROLE * len(said)) + GAP for some, said in zip(ports, told, strict=True)]
    tall = max(sum(heights), LEAST)
    figure = picture.new(WIDE, tall + ABOVE + BELOW, window=False)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, WIDE), ylim=(0, tall + ABOVE + BELOW))
    axes.axis('off')
    left, middle, right = (share * WIDE for share in COLUMNS)
    centres = tall + BELOW - np.cumsum(heights) + np.array(heights) - (GAP + NODE) / 2
    places = {k: centres[unit] - row * PORT * lstm for unit in range(hid) for row, k in enumerate(ports[unit])}
    span = (centres[0], centres[-1]) if hid > 1 else (centres[0] + NODE, centres[0] - NODE)
    outputs = dict(enumerate(np.linspace(*span, net.num_class)))
    many = found.recurrent.sum() + found.output.sum() > NUMBERS
    ends = left + 0.35, centres, middle - (GATES_WIDE if lstm else 0.4), places
    _lines(axes, net.parameters['U'], found.recurrent, ends, many)
    _lines(axes, net.parameters['V'], found.output, (middle + 0.4, centres, right - 0.2, outputs), many)
    for unit, y in enumerate(centres):
        _node(axes, left, y, f'unit {unit}')
        _node(axes, middle, y, f'{"cell" if lstm else "unit"} {unit}')
        for k in ports[unit] if lstm else []:
            axes.text(middle - 0.4, places[k], names[k].split(' of ')[0], ha='right', va='center', fontsize=7.5)
        axes.text(
            middle - 0.3, y - 0.24, '\n'.join(told[unit]), va='top', fontsize=7.5, color='0.25', zorder=6, bbox=CLEAR
        )
    for symbol, y in outputs.items():
        _node(axes, right, y, SYMBOLS[symbol], COLOURS[symbol])
    for x, text in ((left, 'before the symbol'), (middle, 'after it'), (right, 'output')):
        axes.text(x, tall + BELOW + 0.2, text, ha='center', fontsize=10)
    figure.text(0.5, (tall + BELOW + 0.55) / (tall + ABOVE + BELOW), title, ha='center', fontsize=11)
    axes.text(WIDE / 2, 0.1, legend(found), ha='center', fontsize=7.5)
    return figure


def legend(found: Circuit) -> str:
    """What the picture of a circuit shows."""
    sizes = [f'{some.sum()} of {some.size}' for some in (found.recurrent, found.output)]
    enough = f'{sizes[0]} recurrent and {sizes[1]} output weights are enough for n up to {found.most}'
    return (
        f'{enough}; the others give their mean. Found greedily.\nPurple: above 0, brown: below; thick: large. Below a '
        'unit: where it carries n, or what is owed, and for which run; and which run it ends.'
    )


def _node(axes: Axes, x: float, y: float, text: str, colour: str = '0.2'):
    box = {'boxstyle': 'round,pad=0.35', 'facecolor': 'white', 'edgecolor': colour}
    axes.text(x, y, text, ha='center', va='center', fontsize=9, zorder=5, bbox=box)


def _lines(axes: Axes, weights: Array, kept: Array, ends: tuple, many: bool):
    """The weights of a matrix, from its rows to its columns. ends: where both stand (x, {row: y}, x, {column: y})."""
    begin, rows, stop, columns = ends
    largest = np.abs(weights[kept]).max(initial=1e-12)
    for column in np.flatnonzero(kept.any(axis=0)):
        some = np.flatnonzero(kept[:, column])
        for turn, row in enumerate(some):
            weight = weights[row, column]
            width = THIN + (WIDEST - THIN) * abs(weight) / largest
            arrow = {'arrowstyle': '-|>', 'lw': width, 'color': PLUS if weight > 0 else MINUS, 'alpha': 0.75}
            arrow |= {'shrinkA': 0, 'shrinkB': 0, 'mutation_scale': 6 + 1.5 * width}
            y = rows[row], columns[column]
            axes.annotate('', (stop, y[1]), (begin, y[0]), arrowprops=arrow)
            if not many:
                share = 0.3 + 0.4 * (turn + 0.5) / len(some)
                at = begin + share * (stop - begin), y[0] + share * (y[1] - y[0])
                axes.text(*at, f'{weight:.1f}', fontsize=7.5, ha='center', va='center', zorder=4, bbox=CLEAR)


def interchange(found: Interchange, title: str) -> Figure:
    """A heat map: for each set of units and place, how often the run goes on as the one that the units come from."""
    columns = [k for k, pairs in enumerate(found.pairs) if pairs]
    sets, kinds = shown_sets(found), len(found.kinds)
    rows, panel = [found.sets.index(some) for some in sets], CELL * len(sets) + HEAD
    width, height = max(1.6 + CELL_WIDE * len(columns), LEAST_WIDE), HEAD + panel * kinds + FOOT
    figure = picture.new(width, height, window=False)
    for number, kind in enumerate(found.kinds):
        low = FOOT + panel * (kinds - 1 - number)
        axes = figure.add_axes((1.4 / width, low / height, 1 - 1.6 / width, CELL * len(sets) / height))
        share = found.follows[number][np.ix_(rows, columns)]
        axes.imshow(share, aspect='auto', cmap='Blues', vmin=0, vmax=1)
        for (y, x), value in np.ndenumerate(share):
            ink = 'white' if value > 0.6 else 'black'
            axes.text(x, y, f'{value:.0%}', ha='center', va='center', fontsize=8, color=ink)
        for x, k in enumerate(columns if number == 0 else []):
            if found.carrier(k) in sets:
                at = np.array([[x], [sets.index(found.carrier(k))]])
                axes.plot(*(FRAME + at), color=CELLS[-1], lw=2.5)
        says = [str(found.places[k]).replace(': ', ':\n') for k in columns] if number == kinds - 1 else []
        axes.set_xticks(range(len(columns)) if says else [], says, fontsize=8)
        axes.set_yticks(range(len(sets)), [short(some, len(found.sets[-1])) for some in sets], fontsize=8)
        names = f'{kind}s'.replace(' with its hidden units', 's with their hidden units')
        axes.set_title(names + ' alone' * (number > 0), fontsize=9, y=1.0)
    figure.text(0.5, 1 - 0.18 / height, title, ha='center', va='center', fontsize=11)
    told = 'taken over from another run: how often the network then goes on as that run; framed: the smallest set that '
    figure.text(0.5, 0.16 / height, f'{told}carries it', ha='center', va='center', fontsize=8)
    return figure
