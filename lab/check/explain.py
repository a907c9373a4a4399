"""A two-layer perceptron in words: what each unit tests, a table of activations, a table of margins."""

import numpy as np

from lab.check.lines import Weights, distances, smallest_scale


def conditions(weights: Weights) -> list[str]:
    """For each hidden unit, where it is on: '2 x - y + 0.5 >= 0'."""
    rows = np.column_stack([weights.w, weights.b])
    return [f'{_sum([(x, "x"), (y, "y"), (bias, "")])} >= 0' for x, y, bias in rows]


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
            words.append(name if value == 1 else f'-{name}')
        elif value:
            words.append(f'{value:.4g} {name}'.strip())
    return ' + '.join(words).replace('+ -', '- ') or '0'


def table(points: np.ndarray, columns: dict[str, tuple[np.ndarray, str]]) -> list[str]:
    """Lines of text: a heading, then each point (N, 2) with its values; columns: name -> values (N), number format."""
    columns = {'x': (points[:, 0], 'g'), 'y': (points[:, 1], 'g'), **columns}
    texts = [[name, *(format(value, form) for value in values)] for name, (values, form) in columns.items()]
    aligned = [[text.rjust(max(map(len, column))) for text in column] for column in texts]
    return ['  '.join(row) for row in zip(*aligned, strict=True)]


def activations(points: np.ndarray, hidden: np.ndarray, out: np.ndarray, targets: np.ndarray, act: str) -> list[str]:
    """The table of hidden activations (N, hid), outputs (N) and targets (N) at points (N, 2)."""
    form = '.0f' if act == 'step' else '.2f'
    columns = {f'h{k}': (values, form) for k, values in enumerate(hidden.T)}
    return table(points, {**columns, 'out': (out, form), 'target': (targets, '.0f')})


def margins(weights: Weights, points: np.ndarray, act: str) -> list[str]:
    """The table of the points' margins (see lines.distances), and a line with the smallest of them."""
    *hidden, out = distances(weights, points, act).T
    columns = {f'h{k}': (far, '.2f') for k, far in enumerate(hidden)}
    least = f'{np.min(hidden):.4f} at the hidden units, {out.min():.4f} at the output'
    return [*table(points, {**columns, 'out': (out, '.2f')}), f'Smallest margin: {least}']


def scale(weights: Weights, made: float, points: np.ndarray, targets: np.ndarray) -> str:
    """The smallest scale of hand-made weights, which have been multiplied by `made` already."""
    found = smallest_scale(Weights(*(part / made for part in weights)), points, targets)
    return f'{found:.3f}' if found else 'none, the sigmoid copy is never right'
