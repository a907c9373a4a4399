"""A two-layer perceptron in words: what each unit tests, a table of activations, a table of margins."""

import numpy as np

from lab.check.lines import Weights, distances, smallest_scale


def conditions(weights: Weights) -> list[str]:
    """For each hidden unit, where it is on: '2 x - y + 0.5 >= 0'."""
    rows = zip(weights.w, weights.b, strict=True)
    return [f'{_sum([(x, "x"), (y, "y"), (bias, "")])} >= 0' for (x, y), bias in rows]


def equations(weights: Weights) -> list[str]:
    """A line of text for each hidden unit, with its dividing line, and one for the output: where each is on."""
    lines = []
    for k, text in enumerate(conditions(weights)):
        (x, y), bias = weights.w[k], weights.b[k]
        if y:
            divide = f'line y = {_sum([(-x / y, "x"), (-bias / y, "")])}'
        else:
            divide = f'line x = {-bias / x + 0.0:.4g}' if x else 'no line: always the same'
        lines.append(f'h{k}: {text},  {divide}')
    terms = [(weight, f'h{k}') for k, weight in enumerate(weights.v)]
    return [*lines, f'out: {_sum([*terms, (weights.c, "")])} >= 0']


def _sum(terms: list[tuple[float, str]]) -> str:
    """'2 x - y + 0.5' for [(2, 'x'), (-1, 'y'), (0.5, '')]; terms that are 0 are left out."""
    words = []
    for value, name in terms:
        if name and abs(value) == 1:
            words.append(name if value > 0 else f'-{name}')
        elif value:
            words.append(f'{value:.4g} {name}'.strip())
    return ' + '.join(words).replace('+ -', '- ') or '0'


def table(points: np.ndarray, values: np.ndarray, columns: list[tuple[str, str]]) -> list[str]:
    """Lines of text: a heading, then each point (N, 2) with its values (N, C); columns: C names and number formats."""
    rows = [['x', 'y', *(name for name, _ in columns)]]
    for point, row in zip(points, values, strict=True):
        fields = [format(value, form) for value, (_, form) in zip(row, columns, strict=True)]
        rows.append([f'{point[0]:g}', f'{point[1]:g}', *fields])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ['  '.join(field.rjust(width) for field, width in zip(row, widths, strict=True)) for row in rows]


def activations(points: np.ndarray, hidden: np.ndarray, out: np.ndarray, targets: np.ndarray, act: str) -> list[str]:
    """The table of hidden activations (N, hid), outputs (N) and targets (N) at points (N, 2)."""
    form = '.0f' if act == 'step' else '.2f'
    columns = [*((f'h{k}', form) for k in range(hidden.shape[1])), ('out', form), ('target', '.0f')]
    return table(points, np.column_stack([hidden, out, targets]), columns)


def margins(weights: Weights, points: np.ndarray, act: str) -> list[str]:
    """The table of the points' margins (see lines.distances), and a line with the smallest of them."""
    far = distances(weights, points, act)
    names = [*(f'h{k}' for k in range(len(weights.b))), 'out']
    return [
        *table(points, far, [(name, '.2f') for name in names]),
        f'Smallest margin: {far[:, :-1].min():.4f} at the hidden units, {far[:, -1].min():.4f} at the output',
    ]


def scale(weights: Weights, made: float, points: np.ndarray, targets: np.ndarray) -> str:
    """The smallest scale of hand-made weights, which have been multiplied by `made` already."""
    found = smallest_scale(Weights(*(part / made for part in weights)), points, targets)
    return f'{found:.3f}' if found else 'none, the sigmoid copy is never right'
