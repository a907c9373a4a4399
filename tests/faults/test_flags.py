"""Every flag of every script with values that are none: one line that names the flag; what is accepted ends well."""

import argparse
import importlib
import os
import re

import pytest

from lab.common import cli
from tests.faults.forks import Fork
from tests.faults.tally import Tally, sizes, tally

VALUES = ['0', '-1', str(10**30), '1e400', 'nan', 'inf', 'text', '', '-0', '1e-400']
VALUES += ['1_0', '٣', ' 1', '0x1', '1.5', '\0']
SCRIPTS = {  # and the flags for a run of seconds
    'kuzu_main': {'--net': 'lin', '--dataset': 'digits', '--epochs': '1', '--seed': '1'},
    'check_main': {'--epoch': '200', '--seed': '1'},
    'seq_train': {'--epoch': '1', '--seed': '1'},
    'seq_plot': {'--epoch': '0', '--num_plot': '1', '--seed': '1'},
    'bench': {},
    'report': {},
}
PATHS = cli.folder, cli.file
NEEDS = {  # flags that are refused but beside others
    '--hid': {'kuzu_main': {'--net': 'full'}},
    **{flag: {'kuzu_main': {'--net': 'conv'}} for flag in ('--channels', '--kernel', '--pad', '--fc')},
    **{flag: {'check_main': {'--set_weights': None}} for flag in ('--design', '--scale')},
    '--saturate': {'seq_train': {'--model': 'lstm'}},
}
LARGEST = (
    'kuzu_main --dataset digits --epochs 1 --hid 10000 --batch 10000',
    'kuzu_main --dataset digits --epochs 1 --net conv --channels 256 256 --kernel 1 --pad 0 --fc 0',
    'kuzu_main --dataset digits --epochs 1 --net conv --channels 256 256 --kernel 3 --pad 14 --batch 10000',
    'kuzu_main --dataset digits --epochs 1 --net conv --channels 1 1 --kernel 28 --pad 14 --fc 2000',
    'kuzu_main --dataset digits --epochs 1 --net lin --lr 100 --mom 0.9999',
    'kuzu_main --dataset digits --epochs 1 --net lin --optim adam --lr 100',
    'kuzu_main --dataset digits --epochs 1 --net all --lr 100',
    'check_main --hid 64 --restarts 1000 --init 100 --lr 10 --epoch 200',
    'check_main --set_weights --act sig --scale 10000',
    'seq_train --length 100 --hid 100 --epoch 1 --lr 10 --mom 0.9999 --init 100',
    'seq_train --length 100 --hid 100 --epoch 1 --model lstm --lang anb2nc3n --optim adam --lr 10 --decay 1 --mix',
    'seq_train --epoch 1 --restarts 10000 --seed 4294967295',
    'seq_train --epoch 1 --restarts 100 --engine torch --seed 4294967295',
    'seq_plot --epoch 0 --num_plot 1000 --length 100',
)
LONG = 8  # seconds after which a run is taken to be a long one, and is asked to stop


class Found(Exception):
    pass


def actions(script: str, monkeypatch) -> list[argparse.Action]:
    """The flags of a script that take values, as its parse() makes them."""

    def stop(parser, *_):
        raise Found(parser)

    with monkeypatch.context() as patch:
        patch.setattr(cli.Parser, 'parse_args', stop)
        with pytest.raises(Found) as found:
            importlib.import_module(script).parse([])
    return [action for action in found.value.args[0]._actions if action.nargs != 0]


def words(script: str, action: argparse.Action, value: str, base: dict) -> list[str]:
    """The command line with this value of a flag."""
    flag = action.option_strings[-1] if action.option_strings else None
    flags = {**base, **NEEDS.get(flag, {}).get(script, {})}
    if '--set_weights' in flags:
        flags.pop('--seed', None)
    flags.pop(flag, None)
    times = action.nargs if isinstance(action.nargs, int) else 1
    beside = [word for pair in flags.items() for word in pair if word is not None]
    return [*beside, *([flag] if flag else []), *[value] * times]


def parsed(script: str, argv: list[str], name: str, capsys) -> str:
    """'refused', 'survived' (accepted), or what is wrong with how parse() ended."""
    try:
        importlib.import_module(script).parse(argv)
    except SystemExit as end:
        err = capsys.readouterr().err
        right = end.code == 2 and err.count('\n') == 1 and ': error: ' in err and name in err
        return 'refused' if right else f'code {end.code}: {err!r}'
    except BaseException as error:
        return repr(error)
    return 'survived'


def bounds(script: str, action: argparse.Action, capsys) -> list[str]:
    """The smallest and the largest number that a flag takes, as its refusal tells them."""
    if not action.type or action.type in PATHS:
        return []
    with pytest.raises(SystemExit):
        importlib.import_module(script).parse(words(script, action, 'text', {}))
    told = re.search(r'number from (\S+) to (\S+)', capsys.readouterr().err)
    return [told[1], told[2]] if told else []


def beyond(low: str, high: str) -> list[str]:
    return [repr(float(low) - 1), repr(float(high) * 1.5 + 1), str(int(float(low)) - 1), str(int(float(high)) * 2 + 1)]


@sizes(8, 99)
@pytest.mark.parametrize('script', SCRIPTS)
def test_every_flag_refuses_what_is_no_value_of_it_in_one_line(script, count, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with tally('flags: values') as row:
        for action in actions(script, monkeypatch):
            name = action.option_strings[-1] if action.option_strings else action.dest
            numbers = bounds(script, action, capsys)
            for value in [*VALUES[:count], *(beyond(*numbers) if numbers else [])]:
                argv = words(script, action, value, {})
                row.count(parsed(script, argv, name, capsys), f'{script} {argv}')
            for value in numbers:
                argv = words(script, action, value, {})
                outcome = parsed(script, argv, name, capsys)
                row.count(outcome if outcome == 'survived' else f'its own bound is refused: {outcome}', f'{argv}')
    assert not os.listdir()


def limit_memory():
    import resource  # there is none on Windows

    resource.setrlimit(resource.RLIMIT_AS, (12 << 30, 12 << 30))


def briefly(row: Tally, line: list[str], folder):
    """Run a script; one that takes long gets Ctrl-C, and if need be a second. It ends with 0, 2 and a line, or 130."""
    fork, presses = Fork(line, folder, limit_memory), 0
    while not (end := fork.wait(LONG + 60 * presses)) and presses < 2:
        fork.press()
        presses += 1
    end = end or fork.kill()
    stopped = presses and end.code == 130 and 'Traceback' not in end.err
    row.count('survived' if stopped else end.told(), ' '.join(map(repr, line)), end.seconds)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where seq_plot finds a checkpoint."""
    assert Fork('seq_train --epoch 1 --seed 1', tmp_path).end().code == 0
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.campaign
@pytest.mark.parametrize('script', [script for script in SCRIPTS if SCRIPTS[script]])
def test_every_value_that_is_accepted_ends_well(script, capsys, monkeypatch, folder):
    with tally('flags: accepted values, run') as row:
        for action in actions(script, monkeypatch):
            values = VALUES[::4] if action.type in PATHS else VALUES[:-1]
            for value in dict.fromkeys([*values, *bounds(script, action, capsys)]):
                line = words(script, action, value, SCRIPTS[script])
                if parsed(script, line, '', capsys) == 'survived':
                    briefly(row, [script, *line], folder)


@pytest.mark.campaign
@pytest.mark.parametrize('line', LARGEST)
def test_the_largest_values_together_end_well(line, folder):
    with tally('flags: accepted values, run') as row:
        briefly(row, line.split(), folder)
