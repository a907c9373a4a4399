"""Pictures of automata: states around the points that they stand for, the machine itself, and the maps of an SRN."""

import itertools

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, Polygon

from lab.common import picture
from lab.insight.automaton import NONE, OPEN, SYMBOLS, Array, Automaton
from lab.insight.figures import COLOURS
from lab.insight.fixed import FixedPoint
from lab.insight.layout import Layout
from lab.insight.states import States
from lab.insight.step import Network

MARKERS = {'attracting': 'o', 'saddle': 'X', 'repelling': 's'}
POINTS = 3000  # more would only be drawn on top of each other
SEPARATES = -1.0  # with a lower score in best_pair() a pair of units does not separate the states


def machine(automaton: Automaton, place: Layout) -> Figure:
    """The automaton: a circle per state with its name and the symbol that it predicts, an arrow per transition."""
    x, y = place.x.astype(float), -1.3 * place.row
    width, height = np.ptp(x) + 3.2, np.ptp(y) + 2.4
    scale = min(0.75, 40 / max(width, height))
    figure = picture.new(width * scale, height * scale, window=False)
    axes = figure.add_axes((0, 0, 1, 1), aspect='equal')
    axes.set(xlim=(x.min() - 1.9, x.max() + 1.3), ylim=(y.min() - 1.1, 1.3))
    axes.axis('off')
    for here, leads in enumerate(automaton.following):
        for symbol, there in enumerate(leads):
            if there != NONE:
                between = (y == y[here]) & (y == y[there]) & ((x - x[here]) * (x - x[there]) < 0)
                _transition(axes, x[[here, there]], y[[here, there]], symbol, between.any())
    for state, name in enumerate(place.names):
        axes.add_patch(Circle((x[state], y[state]), 0.36, fc='white', ec=COLOURS[automaton.phase[state]], lw=1.5))
        predicts = automaton.output[state]
        axes.text(x[state], y[state] + 0.1, name, ha='center', va='center', fontsize=12 * scale / 0.75, weight='bold')
        says = 'A/B' if predicts == OPEN else SYMBOLS[predicts]
        axes.text(x[state], y[state] - 0.17, says, ha='center', va='center', fontsize=8 * scale / 0.75, color='0.35')
    start = np.array([x[0], y[0]])
    axes.annotate('start', start - (0.25, 0.25), start - (1.2, 0.85), ha='center', arrowprops={'arrowstyle': '-|>'})
    return figure


def _transition(axes: Axes, x: Array, y: Array, symbol: int, bent: bool):
    """An arrow from (x[0], y[0]) to (x[1], y[1]). It bends around circles in between; on its way up it keeps left."""
    style = {'arrowstyle': '-|>', 'mutation_scale': 10, 'color': COLOURS[symbol], 'lw': 1.1, 'shrinkA': 0, 'shrinkB': 0}
    ends, bend = np.column_stack([x, y]), 0.25 if bent else 0.0
    if (ends[0] == ends[1]).all():
        ends, bend = ends + np.array([(0.3, -0.2), (0.3, 0.2)]), 1.4
    elif y[1] > y[0]:
        ends, bend = ends + np.array([(-0.1, 0.36), (-0.37, -0.05)]), -0.2
    else:
        ends = ends + np.array([[0.38], [-0.38]]) * (ends[1] - ends[0]) / np.hypot(*(ends[1] - ends[0]))
    axes.add_patch(FancyArrowPatch(*ends, connectionstyle=f'arc3,rad={bend}', **style))
    # arc3 is a parabola: its middle is half of rad times its length beside the middle of the straight line
    dx, dy = ends[1] - ends[0]
    beside = np.array([dy, -dx]) * (bend / 2 + np.copysign(0.14, bend) / max(np.hypot(dx, dy), 0.1))
    text = {'ha': 'center', 'va': 'center', 'fontsize': 8, 'color': COLOURS[symbol]}
    axes.text(*(ends.mean(axis=0) + beside), SYMBOLS[symbol], **text)


def best_pair(units: Array, state: Array) -> tuple[int, int]:
    """The two units that separate the states best; the first two if none do.

    Their score is the mean over the states of log(distance to the nearest state / spread of the state).
    units: (P, hid); state: (P,), the state of each point, or NONE.
    """
    groups = [units[state == each] for each in np.unique(state[state != NONE])]
    means, spreads = np.array([group.mean(axis=0) for group in groups]), np.array([g.std(axis=0) for g in groups])

    def score(pair):
        apart = np.hypot(*(means[:, None, pair] - means[None, :, pair]).transpose(2, 0, 1))
        np.fill_diagonal(apart, np.inf)
        return np.mean(np.log(apart.min(axis=1) + 1e-3) - np.log(np.hypot(*spreads[:, pair].T) + 1e-2))

    pairs = itertools.combinations(range(units.shape[1]), 2)
    best = max(pairs, key=lambda pair: score(list(pair)))
    return best if len(groups) > 1 and score(list(best)) > SEPARATES else (0, 1)


def hull(points: Array) -> Array:
    """The corners of the convex hull of points (N, 2), in order (Andrew's monotone chain, 1979)."""
    corners = sorted(set(map(tuple, points.tolist())))

    def half(ordered):
        chain: list[tuple[float, float]] = []
        for x, y in ordered:
            while len(chain) > 1:
                (ax, ay), (bx, by) = chain[-2:]
                if (bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0:  # a turn to the left
                    break
                chain.pop()
            chain.append((x, y))
        return chain[:-1]

    return np.array(half(corners) + half(corners[::-1]) if len(corners) > 2 else corners)


def states(found: States, units: Array, following: Array, place: Layout, pair: tuple[int, int]) -> Figure:
    """What students draw by hand: the plane of two units with all visited points and a boundary around each state.

    Arrows show where each symbol leads, a cross marks the start. units: (P, hid); following: as in states.Visits.
    """
    j, k = pair
    points, automaton = units[:, [j, k]], found.automaton
    figure = picture.new(9, 9, window=False)
    axes = figure.add_axes((0.1, 0.07, 0.87, 0.9))
    span = np.ptp(points, axis=0).max()
    circle = 0.011 * span * np.column_stack([np.cos(np.arange(24) * np.pi / 12), np.sin(np.arange(24) * np.pi / 12)])
    some = np.random.default_rng(0).permutation(len(points))[:POINTS]
    colours = np.array([*COLOURS, '0.6'])[np.where(found.state == NONE, 3, automaton.phase[found.state])]
    axes.scatter(*points[some].T, s=4, c=colours[some], alpha=0.5, linewidths=0)
    rims = []
    for cluster in np.unique(found.cluster[1:][found.state[1:] != NONE]):
        members = np.flatnonzero(found.cluster == cluster)
        state = found.state[members[0]]
        rim = hull((hull(points[members[members > 0]])[:, None] + circle).reshape(-1, 2))
        rims.append((state, rim))
        axes.add_patch(Polygon(rim, fill=False, ec=COLOURS[automaton.phase[state]], lw=1.2, alpha=0.9))
    for here, leads in enumerate(automaton.following):
        for symbol in np.flatnonzero(leads != NONE):
            _stroke(axes, *_typical(points, np.flatnonzero(found.state == here), following[:, symbol]), symbol)
    axes.plot(*points[0], 'x', color='black', ms=11, mew=2.5)
    axes.set(xlabel=f'unit {j}', ylabel=f'unit {k}')
    axes.margins(0.07)
    axes.autoscale_view()
    _labels(axes, rims, place.names, np.array(COLOURS)[automaton.phase], points[np.append(some, 0)])
    return figure


def _typical(points: Array, members: Array, following: Array) -> Array:
    """One real step that stands for all, (2, 2): it begins at the member nearest to the middle of the members."""
    members = members[following[members] != NONE]
    member = members[((points[members] - points[members].mean(axis=0)) ** 2).sum(axis=1).argmin()]
    return points[[member, following[member]]]


def _stroke(axes: Axes, here: Array, there: Array, symbol: int):
    """An arrow of the states picture. It is bent, so that two opposite arrows do not cover each other."""
    length = np.hypot(*(there - here))
    if length == 0:
        return
    style = {'arrowstyle': '-|>', 'mutation_scale': 11, 'color': COLOURS[symbol], 'lw': 0.9, 'alpha': 0.8}
    axes.add_patch(FancyArrowPatch(here, there, connectionstyle='arc3,rad=0.15', shrinkA=2, shrinkB=2, **style))
    if length > 0.05 * np.ptp(axes.dataLim.get_points(), axis=0).max():  # on a shorter one it would hide the states
        beside = np.array([there[1] - here[1], here[0] - there[0]]) * 0.075
        axes.text(*((here + there) / 2 + beside), SYMBOLS[symbol], fontsize=8, color=COLOURS[symbol], ha='center',
                  va='center', bbox={'fc': 'white', 'ec': 'none', 'pad': 0.4, 'alpha': 0.8})  # fmt: skip


def _labels(axes: Axes, rims: list, names: list[str], colours: Array, points: Array):
    """The name of a state beside each boundary, at the place where it covers least."""
    low, high = np.array([axes.get_xlim(), axes.get_ylim()]).T
    size = np.array([0.046, 0.024]) * (high - low)  # of a name
    taken = np.array([rim.mean(axis=0) for _, rim in rims])
    around = np.column_stack([np.cos(np.arange(16) * np.pi / 8), np.sin(np.arange(16) * np.pi / 8)])
    for state, rim in sorted(rims, key=lambda item: len(item[1])):
        middle, best = rim.mean(axis=0), None
        for further in (0.7, 1.2, 2, 3, 4, 5):
            for direction in around:
                edge = rim[((rim - middle) @ direction).argmax()]
                at = middle + direction * (((edge - middle) @ direction) + further * 0.6 * size.max())
                near = (np.abs(taken - at) / size < 1).all(axis=1).sum() * 100
                covers = (np.abs(points - at) / size < 0.5).all(axis=1).sum()
                cost = near + covers + 3 * further + 1000 * ((at < low + size) | (at > high - size)).any()
                if best is None or cost < best[0]:
                    best = cost, at, edge
        _, at, edge = best
        taken = np.vstack([taken, at])
        axes.plot(*np.array([edge, at]).T, color='0.5', lw=0.5, zorder=1)
        axes.text(*at, names[state], fontsize=10, weight='bold', color=colours[state], ha='center', va='center',
                  bbox={'fc': 'white', 'ec': 'none', 'pad': 0.5, 'alpha': 0.85})  # fmt: skip


def flow(net: Network, fixed: list[list[FixedPoint]], steps: list[tuple[Array, Array]]) -> Figure:
    """The map of each symbol in an SRN of 2 units: grey arrows show where it moves states, over them its fixed points.

    steps: for each symbol the visited states before it (N, 2) and after it (N, 2).
    """
    figure = picture.new(6.2 * net.num_class, 6.6, window=False)
    grid = np.stack(np.meshgrid(*2 * [np.linspace(-1, 1, 21)]), axis=-1).reshape(-1, 2)
    for symbol, axes in enumerate(np.ravel(figure.subplots(1, net.num_class))):
        moved = net.read(grid, symbol) - grid
        moved /= np.linalg.norm(moved, axis=1, keepdims=True) + 1e-12
        axes.quiver(*grid.T, *moved.T, color='0.75', angles='xy', pivot='mid', scale=28, width=0.0028)
        before, after = steps[symbol]
        axes.quiver(*before.T, *(after - before).T, color=COLOURS[symbol], angles='xy', scale_units='xy', scale=1,
                    width=0.0022, alpha=0.35)  # fmt: skip
        axes.plot(*after.T, '.', color=COLOURS[symbol], ms=4)
        for each in fixed[symbol]:
            for value, vector in zip(each.eigenvalues, each.eigenvectors.T, strict=True):
                if abs(value.imag) < 1e-9:
                    ends = each.point + np.array([[-0.22], [0.22]]) * vector.real
                    axes.plot(*ends.T, color='black', lw=1.6, ls='-' if abs(value) > 1 else ':')
            axes.plot(*each.point, MARKERS[each.kind], color='gold', mec='black', ms=11)
        axes.set(xlim=(-1.08, 1.08), ylim=(-1.08, 1.08), xlabel='unit 0', ylabel='unit 1', title=SYMBOLS[symbol])
        axes.set_aspect('equal')
    text = 'fixed points: circle attracting, X saddle, square repelling; '
    text += 'lines: eigenvectors, growing (solid), shrinking (dotted)'
    figure.text(0.5, 0.02, text, ha='center', fontsize=9)
    figure.subplots_adjust(left=0.06, right=0.98, bottom=0.13, top=0.94)
    return figure
