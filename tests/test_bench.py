"""bench.py: which parts are measured, and where their numbers go."""

import json

import pytest
import torch

import bench
from lab.bench import commands, seeds


@pytest.mark.parametrize(('typed', 'measured'), [([], 'commands'), (['seeds'], 'seeds'), (['automata'], 'automata')])
def test_the_part_typed_is_measured_and_the_file_holds_its_numbers(typed, measured, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(commands, 'commands', lambda: ['commands'])
    monkeypatch.setattr(seeds, 'seeds', lambda: ['seeds'])
    monkeypatch.setattr(seeds, 'automata', lambda: ['automata'])
    bench.main([*typed, '--json', str(tmp_path / 'new' / 'found.json')])
    found = json.loads((tmp_path / 'new' / 'found.json').read_text())
    assert torch.__version__ in found.pop('machine')
    assert found == {measured: [measured]}


@pytest.mark.parametrize('flags', [['--json', ''], ['--json', '.'], ['kuzzu'], ['--json']])
def test_wrong_flags_are_refused_in_one_line(flags, capsys):
    with pytest.raises(SystemExit, match='2'):
        bench.parse(flags)
    assert capsys.readouterr().err.count('\n') == 1
