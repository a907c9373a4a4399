"""check.py of bench: both ways do the same work, until all points are right."""

import subprocess

import pytest

from lab.bench import check, measure
from lab.check import classic
from lab.check.points import read
from lab.check.settings import CHECK_CSV


def test_an_exponential_costs_some_nanoseconds():
    assert 1e-11 < measure.call_cost(check.fill) < 1e-6


def test_a_run_ends_at_100_percent_with_all_points_right():
    right, epochs = check.train(1, 6, *read(CHECK_CSV))
    assert right and 2000 < epochs <= 200_000 and epochs % 100 == 0


def test_classic_and_suite_are_given_the_same_seeds_in_each_round(monkeypatch):
    seeds, rows = {'classic': [], 'suite': []}, []

    def compare(name, unit, slow, fast, rounds, floor=None):
        rows.append(name)
        if floor:
            for _ in range(rounds):
                slow(), fast()
            assert 0 < floor() < 1
        return {}

    monkeypatch.setattr(check, 'compare', compare)
    monkeypatch.setattr(check, 'start', lambda seed, hid: seed)
    monkeypatch.setattr(classic, 'draw', lambda seed, init: seeds['classic'].append(seed))
    monkeypatch.setattr(classic, 'train', lambda *_: [])
    monkeypatch.setattr(check, 'train', lambda seed, *_: seeds['suite'].append(seed) or (True, 5000))
    monkeypatch.setattr(check, 'call_cost', lambda fill: 1e-9)
    check.race()
    assert rows == ['check, 5 units', 'check, set_weights']
    assert seeds == {'classic': [0, 1, 2], 'suite': [0, 0, 1, 2]}  # the first compiles


@pytest.mark.parametrize('script', ['lab.check.classic', 'check_main'])
def test_both_processes_write_the_picture_of_the_output(script, monkeypatch, tmp_path):
    def compare(name, unit, slow, fast, *_):
        if unit == 'process':
            (slow if script.startswith('lab') else fast)()
        return {}

    run = subprocess.run
    monkeypatch.setattr(subprocess, 'run', lambda command, cwd, **more: run(command, cwd=tmp_path, **more))
    monkeypatch.setattr(check, 'compare', compare)
    monkeypatch.setattr(check, 'train', lambda *_: (True, 5000))
    (tmp_path / 'plot').mkdir()
    check.race()
    assert (tmp_path / 'plot' / 'out_4.jpg').stat().st_size > 0


def test_seeds_are_counted(monkeypatch, capsys):
    monkeypatch.setattr(check, 'SEEDS', 4)
    monkeypatch.setattr(check, 'train', lambda seed, hid, *_: (seed != hid - 4, 1000 * (seed + 1)))
    rows = check.seeds()
    assert [row['right'] for row in rows] == [3, 3, 3] and rows[0]['epochs_range'] == (1000, 4000)
    line = 'check, 6 units: 3 of 4 seeds right at all points, after 2500 epochs (1000 to 4000)'
    assert capsys.readouterr().out.splitlines()[-1] == line
