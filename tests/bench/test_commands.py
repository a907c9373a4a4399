"""commands.py: whole commands take turns with the classic way and with T0, and are held to what is asked for."""

import os
import sys

import pytest

import bench
from lab.bench import classic, commands, measure
from lab.bench.commands import Command
from lab.common.errors import UserError
from tests.kuzu.server import made_files

ASKED = {'T0': 2, 'ratio': 20, 's more': 3}


def test_each_command_is_understood_by_its_script():
    names = [command.typed.split()[0] for command in commands.COMMANDS]
    assert {*names} == {'kuzu_main.py', 'check_main.py', 'seq_train.py', 'seq_plot.py'}
    for command in commands.COMMANDS:
        script, *flags = command.typed.split()
        if flags != ['--help']:
            __import__(script.removesuffix('.py')).parse(flags)
    assert commands.race.__name__ in bench.PARTS['commands'][0]


@pytest.fixture
def clock(monkeypatch):
    """Processes that take the seconds that `clock` says, by what is run; what ran stands in clock['ran']."""
    found = {'ran': [], 'torch': iter([2.0, 1.0, 4.0]), 'kuzu_main.py': iter([11.0, 5.0, 4.0, 8.0])}

    def process(words, folder, **environment):
        if 'lab.bench.classic' in words:
            with open(words[-1], 'w') as file:
                file.write('2.0 50')
            found['ran'].append('classic')
            return 3.0
        name = 'torch' if words[1] == '-c' else os.path.basename(words[1])
        found['ran'].append(name)
        return next(found[name])

    monkeypatch.setattr(commands, 'process', process)
    monkeypatch.setattr(commands, 'made_kmnist', lambda root: None)
    return found


def test_turns_ratios_and_what_is_missed(clock, monkeypatch, capsys):
    monkeypatch.setattr(commands, 'COMMANDS', [Command('kuzu_main.py --net lin', ASKED, ('kuzu', 'lin'))])
    [row] = commands.race()
    assert clock['ran'] == ['kuzu_main.py', *['torch', 'kuzu_main.py', 'classic'] * 3]
    assert (row['s'], row['T0'], row['classic_s']) == (5, 2.5, 3 + 2 * 49)
    assert (row['ratio'], row['first_run_s'], row['s more']) == (101 / 5, 11, 6)
    assert row['missed'] == ['T0', 's more']
    out = capsys.readouterr().out
    assert '5.00   2.50      101.0   20.2  2 T0 (!), ratio 20, 3 s more (first run 11.0 s) (!)' in out
    assert 'T0 = 2.00 s' in out


def test_a_long_command_runs_once_and_one_without_classic_way_has_no_ratio(clock, monkeypatch, capsys):
    monkeypatch.setattr(commands, 'COMMANDS', [Command('kuzu_main.py --net conv', {'s': 11}, rounds=1)])
    [row] = commands.race()
    assert clock['ran'] == ['torch', 'kuzu_main.py']
    assert row['missed'] == [] and 'ratio' not in row
    assert 'kuzu_main.py --net conv: 11.0 s' in capsys.readouterr().err


def test_a_command_runs_in_its_folder_with_its_own_empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv('DISPLAY', ':7')
    (tmp_path / 'show.py').write_text(
        'import os; print(os.getcwd(), os.environ["NUMBA_CACHE_DIR"], file=open("out", "w"))'
    )
    monkeypatch.setattr(commands, 'HOUSE', tmp_path)
    folders = []
    for flags in '--net lin', '--net full':
        assert commands.run(Command(f'show.py {flags}'), str(tmp_path)) > 0
        where, cache = (tmp_path / 'out').read_text().split()
        assert where == str(tmp_path) and cache.startswith(where)
        folders.append(cache)
    assert folders[0] != folders[1]


def test_a_command_that_fails_ends_the_measuring_in_its_words(tmp_path):
    with pytest.raises(UserError, match='exit code 3: no such luck'):
        measure.process([sys.executable, '-c', 'import sys; print("no such luck", file=sys.stderr); sys.exit(3)'], '.')
    code = 'import os; assert not os.environ.keys() & {"DISPLAY", "WAYLAND_DISPLAY"}; assert os.environ["A"] == "b"'
    assert measure.process([sys.executable, '-c', code], str(tmp_path), A='b') > 0


@pytest.mark.parametrize(('part', 'times'), [(['kuzu', 'lin'], 100), (['seq', 'srn'], 200), (['seq', 'lstm'], 500)])
def test_the_classic_way_does_a_part_of_the_command(part, times, tmp_path, monkeypatch, capsys):
    raw = tmp_path / 'data' / 'KMNIST' / 'raw'
    raw.mkdir(parents=True)
    for name, data in made_files((1300, 100)).items():
        (raw / name).write_bytes(data)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(classic, 'SEQ_EPOCHS', {kind: count // 100 for kind, count in classic.SEQ_EPOCHS.items()})
    monkeypatch.setattr(classic, 'SEQ_ALL', classic.SEQ_ALL // 100)
    classic.main(*part, 'part.txt')
    seconds, found = map(float, (tmp_path / 'part.txt').read_text().split())
    assert found == times and seconds > 0
    if part[0] == 'kuzu':
        assert '[0/130 (0%)]' in capsys.readouterr().out
