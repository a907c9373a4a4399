"""bench.py: which parts are measured, and where their numbers go."""

import importlib
import json

import pytest
import torch

import bench
from lab.bench import check, seq


def test_json_holds_what_was_measured(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(check, 'SEEDS', 2)
    monkeypatch.setattr(seq, 'seeds', lambda: [{'name': 'SRN'}])
    bench.main(['seeds', '--json', str(tmp_path / 'new' / 'found.json')])
    found = json.loads((tmp_path / 'new' / 'found.json').read_text())
    assert [row['right'] for row in found['seeds'][:3]] == [2, 2, 2]
    assert found['seeds'][3] == {'name': 'SRN'}
    assert found['machine']['torch'] == torch.__version__
    assert 'check, 4 units: 2 of 2 seeds' in capsys.readouterr().out


@pytest.mark.parametrize('flags', [['--json', ''], ['--json', '.'], ['kuzzu'], ['--json']])
def test_wrong_flags_are_refused_in_one_line(flags, capsys):
    with pytest.raises(SystemExit, match='2'):
        bench.parse(flags)
    assert capsys.readouterr().err.count('\n') == 1


@pytest.mark.parametrize('part', bench.PARTS)
def test_every_part_is_there_to_be_measured(part):
    for name in bench.PARTS[part]:
        room, function = name.split('.')
        assert callable(getattr(importlib.import_module(f'lab.bench.{room}'), function))


def test_parts_are_measured_in_the_order_typed_and_the_usual_ones_without(monkeypatch, capsys):
    measured = []
    monkeypatch.setattr(bench, 'measure', lambda part: measured.append(part))
    bench.main(['seeds', 'kuzu'])
    assert measured == ['seeds', 'kuzu'] and 'ratio' not in capsys.readouterr().out
    bench.main([])
    assert measured[2:] == ['kuzu', 'check', 'seq', 'growth']
    assert 'classic s' in capsys.readouterr().out


def test_the_help_says_what_the_script_is_for(capsys):
    with pytest.raises(SystemExit, match='0'):
        bench.parse(['--help'])
    assert 'How fast the suite is' in capsys.readouterr().out


def test_json_may_be_a_name_alone(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(bench, 'measure', lambda part: [])
    bench.main(['seeds', '--json', 'found.json'])
    assert (tmp_path / 'found.json').read_text().startswith('{\n "machine": {')
