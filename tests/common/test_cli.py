"""cli.py: which flags are refused, and what the seed decides."""

import argparse
import importlib
import os
import random
import re
import warnings

import numpy
import pytest
import torch

from lab.common import cli


@pytest.mark.parametrize(
    ('flag', 'wrong', 'right'),
    [
        (cli.whole(1, 10), ['0', '11', '1.5', 'nan', 'inf', 'two', '', '9' * 5000], {'1': 1, '10': 10}),
        (cli.real(0, 1), ['-0.1', '1.1', 'nan', '-inf', '1e999', 'x', ''], {'0': 0, '1e-3': 0.001, '1': 1}),
    ],
)
def test_numbers_out_of_range_are_refused_in_a_short_line(flag, wrong, right):
    assert {text: flag(text) for text in right} == right
    for text in wrong:
        with pytest.raises(argparse.ArgumentTypeError, match=f"^'{text[:40]}' is not a .*number from"):
            flag(text)


def parser() -> cli.Parser:
    """Of a script with two flags of the lab, `--epoch` and `--no_cuda`, and new ones beside them."""
    made = cli.Parser('about', lab='epoch no_cuda')
    made.add_argument('--epoch', type=int)
    made.add_argument('--no_cuda', action='store_true')
    made.add_argument('--engine', choices=['auto', 'kernel', 'torch'])
    for flag in ('--hid', '--lr', '--batch', '--note'):
        made.add_argument(flag)
    return made


def told(words: list[str], capsys) -> str:
    """The one line about a typing error; the exit code is 2."""
    with pytest.raises(SystemExit, match='2'):
        parser().parse_args(words)
    err = capsys.readouterr().err
    assert err.count('\n') == 1
    return err.split(': error: ')[1].strip()


@pytest.mark.parametrize(
    ('typed', 'name', 'value'),
    [
        (['--no-cuda'], 'no_cuda', True),
        (['--no-c'], 'no_cuda', True),
        (['--hid=a-b_c'], 'hid', 'a-b_c'),
        (['--e', '3'], 'epoch', 3),  # clear among the flags of the lab
        (['--epo=3'], 'epoch', 3),
        (['--en', 'torch'], 'engine', 'torch'),
    ],
)
def test_hyphens_are_underscores_and_what_was_clear_among_the_flags_of_the_lab_stays_clear(typed, name, value):
    assert getattr(parser().parse_args(typed), name) == value


def test_a_script_takes_the_flags_that_were_typed(monkeypatch):
    monkeypatch.setattr('sys.argv', ['script.py', '--epoch', '3'])
    assert parser().parse_args().epoch == 3


def test_among_new_flags_what_is_not_clear_is_refused(capsys):
    made = cli.Parser('about', lab='lang length')
    for flag in ('--lang', '--length', '--lr'):
        made.add_argument(flag)
    with pytest.raises(SystemExit, match='2'):
        made.parse_args(['--l', '3'])
    assert 'ambiguous option: --l could match' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('typed', 'meant'),
    [
        ('--epochs 3', '--epoch'),
        ('--hidden 4', '--hid'),
        ('--batch-size 4', '--batch'),
        ('--learning-rate 1', '--lr'),
        ('-epoch 3', '--epoch'),
        ('\u2013Epoch 3', '--epoch'),  # copied from a PDF
        ('--epochs 3 --hidden 4', '--epoch, --hid'),
        ('--what', None),
        ('two\nlines', None),
    ],
)
def test_an_unknown_flag_is_told_the_nearest_one(typed, meant, capsys):
    question = f': did you mean {meant}?' if meant else ''
    assert told(typed.split(' '), capsys) == f'unrecognized arguments: {" ".join(typed.split())}{question}'


@pytest.mark.parametrize(('typed', 'end'), [('Torch', 'mean torch?'), ('kernels', 'mean kernel?'), ('zzz', ')')])
def test_an_unknown_choice_is_told_the_nearest_one(typed, end, capsys):
    line = told(['--engine', typed], capsys)
    assert line.startswith(f"argument --engine: invalid choice: '{typed}' (choose from ") and line.endswith(end)


@pytest.mark.parametrize(
    ('script', 'short', 'meant'),
    [
        ('kuzu_main', '--m .25', 'mom'),
        ('kuzu_main', '--no', 'no_cuda'),
        ('check_main', '--s', 'set_weights'),
        ('check_main', '--i .25', 'init'),
        ('seq_train', '--e 7', 'epoch'),
        ('seq_train', '--ou .', 'out_path'),
        ('seq_plot', '--n 7', 'num_plot'),
        ('seq_plot', '--e 7', 'epoch'),
    ],
)
def test_the_abbreviations_of_the_labs_scripts_are_understood(script, short, meant):
    parse = importlib.import_module(script).parse
    flag, *value = short.split()
    assert vars(parse([flag, *value])) == vars(parse([f'--{meant}', *value]))


def test_the_help_has_the_first_line_and_each_default_once_and_none_that_says_nothing(capsys):
    made = cli.Parser('about this script\nand more')
    made.add_argument('--mom', type=float, default=0.0, help='momentum')
    made.add_argument('--net', default='full', help='which network')
    made.add_argument('--resume', action='store_true', help='go on')
    cli.add_seed(made)
    with pytest.raises(SystemExit, match='0'):
        made.parse_args(['--help'])
    said = ' '.join(capsys.readouterr().out.split())
    assert 'and more' not in said
    for words in ('about this script', 'momentum (default: 0.0) ', 'which network (default: full) ', 'go on --'):
        assert words in said
    assert said.endswith('is drawn and printed)')


@pytest.mark.skipif(not hasattr(os, 'mkfifo'), reason='makes a pipe that has a name: Linux and macOS')
def test_what_cannot_be_a_folder_or_a_file_is_refused_and_what_is_missing_is_not(tmp_path):
    file, pipe, missing = tmp_path / ('f' * 250), tmp_path / 'pipe', tmp_path / 'new' / 'one'
    file.touch()
    os.mkfifo(pipe)
    for flag, what, right, wrong in (
        (cli.folder, 'folder', tmp_path, [file]),
        (cli.file, 'file', file, [tmp_path, pipe]),
    ):
        assert [flag(str(path)) for path in (right, missing)] == [str(right), str(missing)]
        for text in ('', 'a\0b', *map(str, wrong)):
            with pytest.raises(argparse.ArgumentTypeError, match=re.escape(f'{text[:200]!r} is not a {what}')):
                flag(text)


def test_every_seed_of_32_bits_is_taken():
    made = cli.Parser('about')
    cli.add_seed(made)
    assert [made.parse_args(['--seed', str(seed)]).seed for seed in (0, 2**32 - 1)] == [0, 2**32 - 1]
    for seed in ('-1', str(2**32)):
        with pytest.raises(SystemExit, match='2'):
            made.parse_args(['--seed', seed])


@pytest.mark.parametrize(('cuda', 'no_cuda', 'expected'), [(1, 0, 'cuda'), (1, 1, 'cpu'), (0, 0, 'cpu')])
def test_the_device_is_cuda_where_there_is_one_and_it_is_not_declined(cuda, no_cuda, expected, monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: bool(cuda))
    monkeypatch.setattr(torch.Tensor, 'to', lambda tensor, place: tensor)
    assert cli.device(bool(no_cuda)).type == expected
    assert torch.backends.cudnn.deterministic and not torch.backends.cudnn.benchmark


def fails(*_):
    raise RuntimeError('CUDA error: no kernel image is available\nCompile with TORCH_USE_CUDA_DSA')


def too_old():
    warnings.warn('CUDA error: no kernel image is available', stacklevel=1)
    return False


@pytest.mark.parametrize('available', [lambda: True, too_old])
def test_a_gpu_that_does_not_compute_or_has_an_old_driver_is_told_and_the_cpu_taken(available, monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, 'is_available', available)
    monkeypatch.setattr(torch.Tensor, 'to', fails)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        assert cli.device(False).type == 'cpu'
    fault = 'CUDA error: no kernel image is available'
    assert capsys.readouterr().err == f'the GPU cannot be used ({fault}): training on the CPU, as with --no_cuda\n'
    assert cli.device(True).type == 'cpu' and capsys.readouterr().err == ''


def test_there_is_one_thread():
    torch.set_num_threads(2)
    cli.device(True)
    assert torch.get_num_threads() == 1


def test_the_seed_is_printed_and_decides_every_source_of_chance(capsys):
    def draws(seed):
        assert cli.seed_all(seed) == seed
        return random.random(), numpy.random.rand(), torch.rand(1).item()

    assert draws(7) == draws(7) != draws(8)
    assert capsys.readouterr().err.splitlines() == ['seed: 7', 'seed: 7', 'seed: 8']


def test_a_seed_that_is_not_given_is_drawn_and_printed(capsys):
    drawn = [cli.seed_all(None) for _ in range(9)]
    assert len({*drawn}) == 9 and max(drawn) > 2**24  # all of its bits are used
    assert capsys.readouterr().err.splitlines() == [f'seed: {seed}' for seed in drawn]


def test_the_cores_are_those_that_this_process_may_use(monkeypatch):
    monkeypatch.setattr(os, 'sched_getaffinity', lambda _: {3}, raising=False)
    assert cli.cores() == 1
    monkeypatch.delattr(os, 'sched_getaffinity')  # Windows and macOS
    for count, cores in (96, 96), (None, 1):
        monkeypatch.setattr(os, 'cpu_count', lambda count=count: count)
        assert cli.cores() == cores


@pytest.mark.parametrize(('system', 'shown'), [('posix', "'a b'"), ('nt', '"a b"')])
def test_a_command_is_quoted_as_the_terminal_of_the_system_reads_it(system, shown, monkeypatch):
    monkeypatch.setattr(cli.os, 'name', system)
    assert cli.typed(['report.py', 'a b']) == f'python3 report.py {shown}'
