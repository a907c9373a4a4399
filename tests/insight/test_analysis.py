import re
from pathlib import Path

import numpy as np
import pytest
import torch

from lab.insight import analysis, phases, words
from lab.insight import automaton as fsm
from lab.insight.step import network
from lab.seq import verdict
from seq_models import SRN_model
from tests.insight.counting import analysed, exact, untrained
from tests.seq.learned import LEARNED


def test_what_is_found_of_a_network_that_has_learned():
    found = analysed('learned')
    assert fsm.same(found.found.states.automaton, found.found.language)
    assert fsm.same(found.found.language, fsm.minimise(fsm.language(2, 4))[0])
    assert found.found.shares == (1, 1)
    assert found.mistakes == []
    assert found.gates is None
    assert found.place.names[0] == 'B0'
    assert len(found.points) == len(found.moves) == len(found.readings) == len(found.endings) == 2
    assert found.counts
    assert [point.symbol for points in found.points for point in points] == sorted(
        symbol for symbol, points in enumerate(found.points) for _ in points
    )
    assert found.length == 4
    np.testing.assert_array_equal(found.loss, phases.losses(found.net)[0])
    np.testing.assert_array_equal(found.right, phases.losses(found.net)[1])


def test_the_verdict_is_that_of_the_network_as_pytorch_computes_it():
    model = SRN_model(2, 2, 2, batch_size=1)
    model.load_state_dict(LEARNED)

    def read(x):
        model.batch_size = len(x)
        with torch.no_grad():
            return model(x)[1]

    expected, found = verdict.judge(read, 2, 4), analysed('learned').verdict
    assert found.loss == pytest.approx(expected.loss, abs=1e-6)
    assert (found.learned, found.counts, found.right) == (expected.learned, expected.counts, expected.right)


def test_any_network_of_pytorch_is_explained_by_its_start_its_step_and_its_outputs(monkeypatch):
    monkeypatch.setattr(analysis, 'FRESH', 50)
    monkeypatch.setattr('lab.insight.states.POINTS', 300)
    w = {name: value.double() for name, value in LEARNED.items()}
    found = analysis.explain(
        torch.tanh(w['H0']),
        lambda states, symbols: torch.tanh(w['W'][symbols] + states @ w['U'] + w['hid_bias']),
        lambda states: states @ w['V'] + w['out_bias'],
        classes=2,
        length=2,
        seed=3,
    )
    assert words.lines(found) == words.lines(analysis.analyse(network(LEARNED), 2, 3))


def test_the_page_shows_how_a_gru_is_explained(monkeypatch, capsys):
    monkeypatch.setattr(analysis, 'FRESH', 50)
    page = Path(__file__).parents[2] / 'docs' / 'insight.md'
    [code] = re.findall(r'^```python\n(.*?)^```', page.read_text(), re.MULTILINE | re.DOTALL)
    assert len(code.splitlines()) <= 10
    torch.manual_seed(0)
    exec(code, {})
    assert '----- the finite automaton found\n' in capsys.readouterr().out


def test_sequences_have_five_blocks_of_every_length():
    sequences = analysis.draw(3, 2, 400, np.random.default_rng(0))
    spelt = [''.join('AB'[symbol] for symbol in row[row >= 0]) for row in sequences]
    blocks = [[len(run) for run in text[:-1].replace('B', ' ').split()] for text in spelt]
    assert len(spelt) == 400
    assert {len(each) for each in blocks} == {5}
    share = np.bincount(np.ravel(blocks), minlength=4)[1:] / 2000
    np.testing.assert_allclose(share, 1 / 3, atol=0.05)
    assert all(text.endswith('BA') for text in spelt)


def test_the_analysis_of_an_lstm_that_has_not_learned():
    found = analysed('lstm3')
    assert set(found.gates) == {'A', 'first B', 'B', 'first C', 'C', 'restart'}
    assert found.sequences.shape[0] == analysis.SHOWN
    assert found.found.fresh.shape[0] == 300
    assert found.mistakes
    assert len(found.place.names) == len(found.found.states.automaton.output)


def test_the_same_seed_gives_the_same_analysis_and_progress_is_told(monkeypatch, capsys):
    monkeypatch.setattr(analysis, 'FRESH', 50)
    monkeypatch.setattr('lab.insight.states.POINTS', 300)
    net = untrained('srn', 2, 2)
    one, two, other = (analysis.analyse(net, 2, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.sequences, two.sequences)
    np.testing.assert_array_equal(one.found.fresh, two.found.fresh)
    assert not np.array_equal(one.found.fresh, other.found.fresh)
    assert len(one.found.fresh) == 50
    out, err = capsys.readouterr()
    assert out == ''
    assert err.splitlines() == 3 * [
        'how far it counts',
        'automaton',
        'automaton with guesses',
        'fixed points and cycles',
        'how it counts',
    ]


def hashed():
    """A network that follows no automaton: what it predicts depends on a hash of all that it has read."""
    table = np.random.default_rng(0).integers(0, 2, 100_003)
    plain = exact(2)

    def read(states, symbols):
        after = plain.read(states, symbols)
        after[:, 3] = (states[:, 3] * 31 + symbols + 1) % 9973
        return after

    return plain._replace(
        read=read, logits=lambda states: np.eye(2)[table[(np.abs(states[..., 3]) * 7919).astype(int) % 100_003]]
    )


def test_the_automaton_that_is_shown_has_not_many_more_states_than_the_languages(monkeypatch):
    monkeypatch.setattr(analysis, 'FRESH', 200)
    monkeypatch.setattr('lab.insight.states.CLUSTERS', 40)
    found = analysis.find(hashed(), 2, np.random.default_rng(0))
    size = len(found.language.output)
    assert size == 6
    assert len(found.states.automaton.output) <= analysis.LARGER * size
    assert len(found.guessing.automaton.output) <= 40
    assert 0 <= found.shares[0] < 1 > found.shares[1] > 0.3


def test_fidelity_is_measured_on_sequences_that_did_not_choose_the_automaton(monkeypatch):
    monkeypatch.setattr(analysis, 'FRESH', 400)
    asked = []

    def fidelity(net, language, sequences, guesses):
        asked.append((sequences, guesses))
        return real(net, language, sequences, guesses)

    real = analysis.states.fidelity
    monkeypatch.setattr(analysis.states, 'fidelity', fidelity)
    found = analysis.find(exact(2), 10, np.random.default_rng(0))
    (choosing, _), (fresh, _), (again, _), (once_more, _) = asked
    assert [guesses for _, guesses in asked] == [False, False, True, True]
    assert choosing is again
    assert fresh is once_more is found.fresh
    assert len(choosing) == len(np.unique(choosing, axis=0)) == 400
    assert not {*map(bytes, choosing)} & {*map(bytes, fresh)}
    assert found.shares == found.guesses == (pytest.approx(1), pytest.approx(1))


def test_so_many_different_sequences_choose_an_automaton(monkeypatch):
    monkeypatch.setattr(analysis, 'FRESH', 300)
    monkeypatch.setattr(analysis, 'CHOOSING', 20)
    others = []
    real = analysis.draw
    monkeypatch.setattr(analysis, 'draw', lambda *given: others.append(real(*given)) or others[-1])
    asked = []
    fidelity = analysis.states.fidelity
    monkeypatch.setattr(analysis.states, 'fidelity', lambda *given: asked.append(given[2]) or fidelity(*given))
    analysis.find(exact(2), 2, np.random.default_rng(0))
    first = []  # of the second draw, the first 20 that differ
    for row in map(tuple, others[1]):
        if row not in first:
            first.append(row)
    assert [*map(tuple, asked[0])] == first[:20]


@pytest.mark.parametrize(('length', 'choosing', 'every'), [(4, 1024, 1), (5, 1024, 1), (20, 512, 2)])
def test_by_what_automata_are_chosen_and_judged(monkeypatch, length, choosing, every):
    """By 1,024 different sequences, all that there are with n up to 4 (fewer of long ones), and on 10,000 others."""
    net, asked, extracted = exact(2), [], []
    language = fsm.minimise(fsm.language(2, length))[0]

    def fidelity(net, language, sequences, guesses):
        asked.append(sequences)
        return lambda automaton: (1.0, 1.0)

    def extract(visits, agreement, guesses, most, every):
        extracted.append((guesses, most, every))
        return analysis.states.States(language, np.zeros(1, dtype=int), analysis.states.where(language, visits))

    monkeypatch.setattr(analysis.states, 'fidelity', fidelity)
    monkeypatch.setattr(analysis.states, 'extract', extract)
    monkeypatch.setattr(analysis.states, 'POINTS', 100)
    analysis.find(net, length, np.random.default_rng(0))
    assert len(asked[0]) == pytest.approx(choosing, abs=2)
    assert len(asked[1]) == 10_000
    size = len(language.output)
    assert extracted == [(False, size * 3 // 2, every), (True, size * 3, every)]
