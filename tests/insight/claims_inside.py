"""The claims about fixed points and cycles; false_lines() holds all lines of a network to all claims."""
# ruff: noqa: E501

import re

import numpy as np

from lab.insight.found.analysis import analyse
from lab.insight.found.step import network
from lab.insight.said import words
from tests.insight import claims_far, claims_story  # noqa: F401  (their claims are added to those of Claims)
from tests.insight.claims import NUMBER, Claims, claim, near

LIST = r'(\[[^\]]*\])'


@claim(
    rf'  ([ABC]): (attracting|repelling|saddle|slow)( cycle of (\d))? at ((?:{LIST} ?)+), eigenvalues (.*); {NUMBER} away(?:, where a step is {NUMBER} long)?'
)
def _(c, name, kind, _cycle, period, text, _last, values, away, speed):
    symbol, period = 'ABC'.index(name), int(period or 1)
    if '..' in text:  # not all of its numbers are printed
        return True
    places = [np.array([float(v) for v in each.strip('[]').split()]) for each in re.findall(LIST, text)]
    states = np.array([step.before for step in c.steps if step.symbol == symbol])
    if kind == 'slow':
        step = np.linalg.norm(c.sim.step(places[0], symbol) - places[0])
        size = np.linalg.norm(np.ptp(states, axis=0))
        return float(speed) < 0.01 * size + 0.0006 and abs(step - float(speed)) < 0.05
    place = c.sim.polish(places[0], symbol, period)
    cycle = [c.sim.step(place, symbol, k) for k in range(period)]
    found = sorted(np.linalg.eigvals(c.sim.jacobian(place, symbol, period)), key=abs, reverse=True)
    moduli = [abs(complex(each.replace(' ', '').replace('i', 'j'))) for each in values.split(', ')]
    inside = np.abs(found) < 1
    right = 'attracting' if inside.all() else 'saddle' if inside.any() else 'repelling'
    distance = min(np.linalg.norm(states - each, axis=1).min() for each in cycle)
    back = np.abs(c.sim.step(place, symbol, period) - place).max() < 1e-7
    own = all(np.abs(c.sim.step(place, symbol, k) - place).max() > 1e-4 for k in range(1, period))
    return (
        back and own and right == kind and near(away, distance, 2)
        and all(np.abs(a - b).max() < 0.006 for a, b in zip(places, cycle, strict=True))
        and all(abs(a - abs(b)) < 0.012 + 0.002 * abs(b) for a, b in zip(moduli, found, strict=False))
    )  # fmt: skip


def false_lines(weights: dict, length: int = 4, trained: bool = True) -> list[str]:
    """The lines about a network with these weights, tensors, that are false. trained: it was not made by hand."""
    lines = words.lines(analyse(network(weights), length), trained)
    return Claims(weights, lines, length).false()
