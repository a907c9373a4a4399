"""check.py of bench: both ways do the same work, until all points are right."""

import subprocess

import pytest

from lab.bench import check, measure
from lab.check import classic, train
from lab.check.points import read
from lab.check.settings import CHECK_CSV
from lab.common.errors import UserError


def test_an_exponential_costs_some_nanoseconds():
    assert 1e-11 < measure.call_cost(check.fill) < 1e-6


def test_the_epochs_of_a_run_are_counted_to_the_next_hundred(monkeypatch):
    monkeypatch.setattr(train, 'train', lambda *_: iter([(0, 0.7, 44.4), (900, 0.1, 100.0)]))
    monkeypatch.setattr(check, 'accuracy', lambda *_: 100)
    assert check.run(1, 6, *read(CHECK_CSV)) == (True, 1000)


def test_classic_and_suite_are_given_the_same_seeds_in_each_round(monkeypatch):
    seeds, rows, most = {'classic': [], 'suite': []}, [], []

    def compare(name, unit, slow, fast, rounds, floor=None):
        rows.append(name)
        if floor:
            for _ in range(rounds):
                slow(), fast()
            assert floor() == pytest.approx(16 * 9 * 6 * 5000 * 1e-9)  # starts, points, units, epochs, an exponential
        return {}

    monkeypatch.setattr(check, 'compare', compare)
    monkeypatch.setattr(check, 'start', lambda seed, hid: seed)
    monkeypatch.setattr(classic, 'draw', lambda seed, init: seeds['classic'].append(seed))
    monkeypatch.setattr(classic, 'train', lambda net, points, targets, settings: most.append(settings.epochs) or [])
    monkeypatch.setattr(check, 'run', lambda seed, *_: seeds['suite'].append(seed) or (True, 5000))
    monkeypatch.setattr(check, 'call_cost', lambda fill: 1e-9)
    check.race()
    assert rows == ['check, 5 units', 'check, set_weights'] and most == [60_000] * 3
    assert seeds == {'classic': [0, 1, 2], 'suite': [0, 0, 1, 2]}  # the first compiles


@pytest.mark.parametrize('script', ['lab.check.classic', 'check_main'])
def test_both_processes_write_the_picture_of_the_output(script, monkeypatch, tmp_path):
    def compare(name, unit, slow, fast, *_):
        if unit == 'process':
            (slow if script.startswith('lab') else fast)()
        return {}

    run, done = subprocess.run, []

    def run_here(command, cwd, **more):
        done.append(run(command, cwd=tmp_path, **more))
        return done[0]

    monkeypatch.setattr(subprocess, 'run', run_here)
    monkeypatch.setattr(check, 'compare', compare)
    monkeypatch.setattr(check, 'run', lambda *_: (True, 5000))
    (tmp_path / 'plot').mkdir()
    check.race()
    assert (tmp_path / 'plot' / 'out_4.jpg').stat().st_size > 0
    assert done[0].returncode == 0 and 'Initial Accuracy:  100.0' in done[0].stdout


def test_seeds_are_counted(monkeypatch, capsys):
    monkeypatch.setattr(check, 'run', lambda seed, hid, *_: (seed != hid - 4, 1000 * (seed + 1)))
    rows = check.seeds()
    assert [(row['units'], row['right'], row['seeds']) for row in rows] == [(4, 99, 100), (5, 99, 100), (6, 99, 100)]
    assert rows[0]['epochs_range'] == (1000, 100_000)
    line = 'check, 6 units: 99 of 100 seeds right at all points, after 50500 epochs (1000 to 100000)'
    assert capsys.readouterr().out.splitlines()[-1] == line


def test_a_process_that_fails_is_not_timed(monkeypatch):
    monkeypatch.setattr(check, 'run', lambda *_: (True, 5000))
    monkeypatch.setattr(check, 'compare', lambda name, unit, slow, *_: unit == 'process' and slow())
    monkeypatch.setattr(check.sys, 'executable', 'false')
    with pytest.raises(UserError, match=r'lab\.check\.classic ended with exit code 1'):
        check.race()
