"""bench.py: which parts are measured."""

import pytest
import torch

import bench
from lab.bench import commands, seeds


@pytest.mark.parametrize(('typed', 'measured'), [([], 'commands'), (['seeds'], 'seeds')])
def test_the_part_typed_is_measured(typed, measured, monkeypatch, capsys):
    monkeypatch.setattr(commands, 'commands', lambda: print('commands'))
    monkeypatch.setattr(seeds, 'seeds', lambda: print('seeds'))
    bench.main(typed)
    machine, found = capsys.readouterr().out.splitlines()
    assert torch.__version__ in machine and found == measured


@pytest.mark.parametrize('flags', [['kuzzu'], ['--json', 'file']])
def test_wrong_flags_are_refused_in_one_line(flags, capsys):
    with pytest.raises(SystemExit, match='2'):
        bench.parse(flags)
    assert capsys.readouterr().err.count('\n') == 1
