"""commands.py: whole commands take turns with the classic way and with T0, and are held to what is asked for."""

import os
import sys

import pytest

from lab.bench import commands
from lab.bench.commands import Command
from lab.common.errors import UserError


def test_each_command_is_understood_by_its_script():
    for command in commands.COMMANDS:
        script, *flags = command.typed.split()
        if flags != ['--help']:
            __import__(script.removesuffix('.py')).parse(flags)


@pytest.fixture
def clock(monkeypatch):
    """Processes that take the seconds that `clock` says, by what is run; what ran stands in clock['ran']."""
    found = {'ran': [], 'torch': iter([2.0, 1.0, 4.0]), 'kuzu_main.py': iter([11.0, 5.0, 4.0, 8.0])}

    def process(words, folder, **environment):
        if 'lab.bench.classic' in words:
            found['ran'].append('classic')
            return 3.0, 'transcript\n2.0 50\n'
        name = 'torch' if words[1] == '-c' else os.path.basename(words[1])
        found['ran'].append(name)
        return next(found[name]), ''

    monkeypatch.setattr(commands, 'process', process)
    monkeypatch.setattr(commands, 'made_kmnist', lambda root: None)
    return found


def test_turns_ratios_and_what_is_missed(clock, monkeypatch, capsys):
    asked = {'T0': 2, 'ratio': 20, 's more': 3}
    monkeypatch.setattr(commands, 'COMMANDS', [Command('kuzu_main.py --net lin', asked, ('kuzu', 'lin'))])
    commands.commands()
    assert clock['ran'] == ['kuzu_main.py', *['torch', 'kuzu_main.py', 'classic'] * 3]
    out = capsys.readouterr().out  # the best of each; the classic way: 3 + 2 * 49 s
    assert '    4.00     4.00    11.00   101.00    25.25  2 T0 (!), 20 ratio, 3 s more (!)' in out
    assert 'T0 = 1.00 s' in out


def test_a_long_command_runs_once_and_one_without_classic_way_has_no_ratio(clock, monkeypatch, capsys):
    monkeypatch.setattr(commands, 'COMMANDS', [Command('kuzu_main.py --net conv', {'s': 11}, rounds=1)])
    commands.commands()
    assert clock['ran'] == ['torch', 'kuzu_main.py']
    out, err = capsys.readouterr()
    assert f'   11.00     5.50{29 * " "}11 s\n' in out and 'kuzu_main.py --net conv: 11.0 s' in err


def test_a_command_runs_in_its_folder_with_its_own_empty_cache_and_no_display(tmp_path, monkeypatch):
    monkeypatch.setenv('DISPLAY', ':7')
    code = 'import os; assert "DISPLAY" not in os.environ; print(os.getcwd(), os.environ["NUMBA_CACHE_DIR"], file='
    (tmp_path / 'show.py').write_text(f'{code}open("out", "w"))')
    monkeypatch.setattr(commands, 'HOUSE', tmp_path)
    folders = []
    for flags in '--net lin', '--net full':
        assert commands.run_command(Command(f'show.py {flags}'), str(tmp_path)) > 0
        where, cache = (tmp_path / 'out').read_text().split()
        assert where == str(tmp_path) and cache.startswith(where)
        folders.append(cache)
    assert folders[0] != folders[1]


def test_a_command_that_fails_ends_the_measuring_in_its_words():
    code = 'import sys; print("no such luck", file=sys.stderr); sys.exit(3)'
    with pytest.raises(UserError, match='exit code 3: no such luck'):
        commands.process([sys.executable, '-c', code], '.')
