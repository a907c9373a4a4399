import numpy as np
import pytest

import seq_train
from lab.bench import measure, seq
from lab.seq import classic, kernel, results, student
from lab.seq.results import Result
from lab.seq.task import RECIPES, Task, Training
from lab.seq.verdict import Verdict


@pytest.mark.parametrize('task, waits', [(Task(), 1), (Task('anb2nc3n', model='lstm'), 2)])
def test_the_exponentials_that_wait_are_counted_as_the_language_has_them(task, waits):
    _, ends = student.language(task).get_symbols(20_000)
    steps = np.diff(ends).mean() - 1
    assert seq.waits(task) == pytest.approx(seq.EPOCHS * steps * waits, rel=0.02)


def test_an_exponential_costs_some_nanoseconds():
    assert 1e-11 < measure.call_cost(seq.chain) < 1e-6


@pytest.fixture
def calls(monkeypatch):
    """Nothing is trained; each call of Trainer.run is noted: (engine, hidden units, length, epochs)."""
    noted = []
    for engine in classic, kernel:

        def run(trainer, lang, count, rate, stop=None, held=1, engine=engine):
            noted.append((engine, len(trainer.model.U), lang.length, count))

        monkeypatch.setattr(engine.Trainer, 'run', run)
    monkeypatch.setattr(seq, 'call_cost', lambda fill: 1e-9)
    monkeypatch.setattr(measure, 'seconds', lambda run: (run(), 1.0)[1])
    monkeypatch.setattr(measure, 'ROUNDS', 1)
    return noted


def test_the_race_is_a_thousand_epochs_of_the_labs_two_commands_in_turns(calls, monkeypatch, capsys):
    monkeypatch.setattr(seq, 'ROUNDS', 2)
    rows = seq.race()
    assert [(row['name'], row['unit']) for row in rows] == [
        ('SRN, 2 units', '1000 epochs'),
        ('LSTM, 3 units', '1000 epochs'),
    ]
    assert [row['floor_s'] for row in rows] == pytest.approx([1e-9 * seq.waits(task) for task in seq.TASKS.values()])
    timed = [call for call in calls if call[3] > 1]
    srn, lstm = [[(engine, hid, 4, 1000) for engine in (classic, kernel)] * 2 for hid in (2, 3)]
    assert timed == srn + lstm


def test_growth_is_measured_by_size(calls, monkeypatch, capsys):
    monkeypatch.setattr(seq, 'SIZES', {'epochs': (10, 20), 'hidden units': (5,), 'length n': (7,), 'restarts': (3,)})
    monkeypatch.setattr(seq.torch.cuda, 'is_available', lambda: False)
    monkeypatch.setattr(measure, 'exponent', lambda sizes, times: 1.0)
    rows = seq.growth()
    assert [row['by'] for row in rows] == ['epochs', 'hidden units', 'length n', 'restarts'] * 2
    timed = [call[1:] for call in calls if call[3] > 1]
    srn = [(2, 4, 10), (2, 4, 20), (5, 4, 1000), (2, 7, 1000), *[(2, 4, 1000)] * 3]
    lstm = [(3, 4, 10), (3, 4, 20), (5, 4, 1000), (3, 7, 1000), *[(3, 4, 1000)] * 3]
    assert timed == srn + lstm
    assert {call[0] for call in calls} == {kernel}


def test_automata_of_learned_networks_are_judged(monkeypatch, capsys):
    monkeypatch.setattr(seq, 'LEARNED', 1)
    monkeypatch.setattr(seq, 'TASKS', {'SRN, 2 units': Task()})
    monkeypatch.setattr(seq, 'TRAINING', Training(**RECIPES['sure']))
    (row,) = seq.automata()
    assert (row['true'], row['smallest'], row['of']) == (1, 1, 1)
    assert 'of 1 networks that have learned' in capsys.readouterr().out


def test_each_pair_is_searched_by_its_default_command_from_seeds_of_its_own(monkeypatch, capsys):
    searches = []

    def train(task, training, engine, seeds, judge, stop, device=None, first=False):
        if first:
            searches.append((task, training, list(seeds)))
        learned = len(searches) % 2 == 1
        return [Result(0, Verdict(0.1, 0, 0, False, 1), 0), Result(1, Verdict(0.1, 0, 0, learned, 3), 0)], []

    monkeypatch.setattr(seq, 'SEEDS', 2)
    monkeypatch.setattr(results, 'train', train)
    rows = seq.seeds()
    for place, flags in enumerate(['', '--model lstm', '--lang anb2nc3n --model lstm', '--lang anb2nc3n']):
        args = seq_train.parse(flags.split())
        for seed, search in enumerate(searches[2 * place : 2 * place + 2]):
            assert search == (args.task, args.training, list(range(20 * seed, 20 * seed + 20)))
    assert [(row['learned'], row['seeds'], row['counts'], row['tried']) for row in rows] == [(1, 2, (3, 3), (2, 2))] * 4
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[0] == 'learned' and len(lines) == 5
    assert lines[1].startswith('SRN 2, anb2n        1 of 2')
