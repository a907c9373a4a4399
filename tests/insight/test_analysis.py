"""The whole analysis of a network: what it finds, of which networks, and on which sequences it is judged."""

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

from lab.insight.found import analysis, behaviour
from lab.insight.found import automaton as fsm
from lab.insight.found.step import network
from lab.insight.said import words
from tests.insight.counting import analysed, exact, untrained
from tests.seq.learned import LEARNED


@pytest.fixture
def few(monkeypatch):
    """Fewer sequences and points than usual."""
    monkeypatch.setattr(analysis, 'FRESH', 50)
    monkeypatch.setattr('lab.insight.found.states.POINTS', 300)


def test_what_is_found_of_a_network_that_has_learned():
    found = analysed('learned')
    assert fsm.same(found.found.states.automaton, found.found.language)
    assert fsm.same(found.found.language, fsm.minimise(fsm.language(2, 4)))
    assert (found.found.shares, found.place.names[0]) == ((1, 1), 'B0')
    assert found.counts and found.length == 4
    assert all(point.symbol == symbol for symbol, points in enumerate(found.points) for point in points)
    np.testing.assert_array_equal(found.loss, behaviour.losses(found.net)[0])
    np.testing.assert_array_equal(found.right, behaviour.losses(found.net)[1])


def test_any_network_of_pytorch_is_explained_by_its_start_its_step_and_its_outputs(few):
    w = {name: value.double() for name, value in LEARNED.items()}
    found = analysis.explain(
        torch.tanh(w['H0']),
        lambda states, symbols: torch.tanh(w['W'][symbols] + states @ w['U'] + w['hid_bias']),
        lambda states: states @ w['V'] + w['out_bias'],
        classes=2,
        length=2,
    )
    of_the_lab = analysis.analyse(network(LEARNED), 2)  # only of these the weights are known
    assert words.lines(found) == words.lines(of_the_lab._replace(shown=of_the_lab.shown._replace(circuit=None)))
    assert of_the_lab.shown.circuit


def test_the_page_shows_how_a_gru_is_explained(few, capsys):
    page = Path(__file__).parents[2] / 'docs' / 'insight.md'
    [code] = re.findall(r'^```python\n(.*?)^```', page.read_text(), re.MULTILINE | re.DOTALL)
    torch.manual_seed(0)
    exec(code, {})
    assert '----- the finite automaton found\n' in capsys.readouterr().out


def test_the_same_seed_gives_the_same_analysis_and_progress_is_told(few, capsys):
    one, two, other = (analysis.analyse(untrained('srn', 2, 2), 2, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.sequences, two.sequences)
    np.testing.assert_array_equal(one.found.fresh, two.found.fresh)
    assert not np.array_equal(one.found.fresh, other.found.fresh)
    told = capsys.readouterr()
    assert (told.out, len(told.err.splitlines())) == ('', 3 * 4)


def test_fidelity_is_measured_on_sequences_that_did_not_choose_the_automaton(monkeypatch):
    monkeypatch.setattr(analysis, 'FRESH', 400)
    monkeypatch.setattr(analysis, 'CHOOSING', 20)
    asked, real = [], analysis.states.fidelity

    def fidelity(net, language, sequences):
        asked.append(sequences)
        return real(net, language, sequences)

    monkeypatch.setattr(analysis.states, 'fidelity', fidelity)
    found = analysis.extracted(exact(2), 10, np.random.default_rng(0))
    choosing, fresh = asked
    assert fresh is found.fresh
    assert len(choosing) == len(np.unique(choosing, axis=0)) == 20
    assert not {*map(bytes, choosing)} & {*map(bytes, fresh)}


def test_a_perfect_network_of_long_blocks_has_the_automaton_of_the_language(monkeypatch):
    """The search cannot make so many clusters; it once told of three states and a fidelity of 0."""
    monkeypatch.setattr(analysis, 'FRESH', 100)
    monkeypatch.setattr('lab.insight.found.states.CLUSTERS', 60)
    found = analysis.extracted(exact(2), 30, np.random.default_rng(0))
    assert (len(found.states.automaton.output), found.shares, found.states.given_up) == (90, (1, 1), 60)
    assert found.shown and not found._replace(shares=(0.0, 0.99)).shown


def test_a_run_that_does_not_end_is_no_count_and_an_n_that_was_not_tried_no_failure():
    found = analysed('learned')
    assert found._replace(alone=[found.alone[0], Counter(), *found.alone[2:]]).counts
    assert not found._replace(alone=[*found.alone[:3], Counter({((1, -1016),): 1})]).counts
