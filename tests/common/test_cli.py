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


@pytest.mark.parametrize('text', ['0', '-1', '11', '1.5', 'nan', 'inf', 'two', '', '9' * 5000])
def test_whole_numbers_out_of_range_or_not_whole_are_refused(text):
    with pytest.raises(argparse.ArgumentTypeError, match='whole number from 1 to 10'):
        cli.whole(1, 10)(text)


@pytest.mark.parametrize('text', ['-0.1', '1.1', 'nan', 'inf', '-inf', '1e999', 'x', ''])
def test_numbers_out_of_range_are_refused(text):
    with pytest.raises(argparse.ArgumentTypeError, match='number from 0 to 1'):
        cli.real(0, 1)(text)


def test_numbers_in_range_are_read_and_so_are_its_ends():
    assert [cli.whole(1, 10)(text) for text in ('1', '10')] == [1, 10]
    assert [cli.real(0, 1)(text) for text in ('0', '1e-3', '1')] == [0, 0.001, 1]


def test_what_was_typed_is_told_but_not_at_full_length():
    for flag, length in ((cli.whole(1, 2), 40), (cli.real(1, 2), 40)):
        with pytest.raises(argparse.ArgumentTypeError, match=f"^'{'x' * length}' is not a"):
            flag('x' * 1000)


def test_a_wrong_flag_is_one_line_and_exit_code_2(capsys):
    with pytest.raises(SystemExit) as end:
        cli.Parser('about').parse_args(['--what'])
    assert end.value.code == 2
    assert re.fullmatch(r'\S+: error: unrecognized arguments: --what\n', capsys.readouterr().err)


def parser() -> cli.Parser:
    """Of a script with two flags of the lab, `--epoch` and `--no_cuda`, and new ones beside them."""
    made = cli.Parser('about', lab='epoch no_cuda')
    made.add_argument('--epoch', type=int)
    made.add_argument('--no_cuda', action='store_true')
    made.add_argument('--engine', choices=['auto', 'kernel', 'torch'])
    for flag in ('--hid', '--lr', '--batch', '--note'):
        made.add_argument(flag)
    return made


def told(words: str, capsys) -> str:
    """The line about a typing error."""
    with pytest.raises(SystemExit, match='2'):
        parser().parse_args(words.split())
    err = capsys.readouterr().err
    assert err.count('\n') == 1
    return err.split(': error: ')[1].strip()


def test_hyphens_and_underscores_in_flags_are_the_same():
    assert parser().parse_args(['--no-cuda']).no_cuda
    assert parser().parse_args(['--hid=a-b_c']).hid == 'a-b_c'


@pytest.mark.parametrize('typed', ['--e', '--ep', '--epo', '--epoch'])
def test_what_was_clear_among_the_flags_of_the_lab_stays_clear(typed):
    assert parser().parse_args([typed, '3']).epoch == 3
    assert parser().parse_args([f'{typed}=3']).epoch == 3


def test_help_was_clear_and_is(capsys):
    with pytest.raises(SystemExit, match='0'):
        parser().parse_args(['--h'])
    assert '--engine' in capsys.readouterr().out


def test_among_new_flags_what_is_not_clear_is_refused(capsys):
    made = parser().parse_args(['--en', 'torch', '--no-c'])
    assert (made.engine, made.no_cuda) == ('torch', True)
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
        ('--Epoch 3', '--epoch'),
        ('-epoch 3', '--epoch'),
        ('\u2013epoch 3', '--epoch'),  # copied from a PDF
        ('\u2014no_cuda', '--no_cuda'),
        ('--epochs 3 --hidden 4', '--epoch, --hid'),
    ],
)
def test_an_unknown_flag_is_told_the_nearest_one(typed, meant, capsys):
    assert told(typed, capsys) == f'unrecognized arguments: {typed}: did you mean {meant}?'


@pytest.mark.parametrize(('typed', 'meant'), [('Torch', 'torch'), ('kernels', 'kernel'), ('autograd', 'auto')])
def test_an_unknown_choice_is_told_the_nearest_one(typed, meant, capsys):
    line = told(f'--engine {typed}', capsys)
    assert line.startswith(f"argument --engine: invalid choice: '{typed}' (choose from ")
    assert line.endswith(f'): did you mean {meant}?')


def test_nothing_is_guessed_where_nothing_is_near(capsys):
    assert told('--what', capsys) == 'unrecognized arguments: --what'
    assert told('--engine zzz', capsys).endswith(')')
    with pytest.raises(SystemExit, match='2'):
        parser().parse_args(['', 'two\nlines'])
    assert capsys.readouterr().err.count('\n') == 1


@pytest.mark.parametrize(
    ('script', 'short', 'meant'),
    [
        ('kuzu_main', '--h', None),
        ('kuzu_main', '--m .25', 'mom'),
        ('kuzu_main', '--no', 'no_cuda'),
        ('check_main', '--s', 'set_weights'),
        ('check_main', '--se', 'set_weights'),
        ('check_main', '--i .25', 'init'),
        ('seq_train', '--e 7', 'epoch'),
        ('seq_train', '--i .25', 'init'),
        ('seq_train', '--ou .', 'out_path'),
        ('seq_plot', '--n 7', 'num_plot'),
        ('seq_plot', '--e 7', 'epoch'),
    ],
)
def test_the_abbreviations_of_the_labs_scripts_are_understood(script, short, meant):
    module = importlib.import_module(script)
    if meant is None:
        with pytest.raises(SystemExit, match='0'):
            module.parse(short.split())
        return
    flag, *value = short.split()
    assert vars(module.parse([flag, *value])) == vars(module.parse([f'--{meant}', *value]))


def test_the_help_has_each_default_once_and_none_that_says_nothing(capsys):
    parser = cli.Parser('about')
    parser.add_argument('--mom', type=float, default=0.0, help='momentum')
    parser.add_argument('--net', default='full', help='which network')
    parser.add_argument('--resume', action='store_true', help='go on')
    cli.add_seed(parser)
    with pytest.raises(SystemExit, match='0'):
        parser.parse_args(['--help'])
    said = ' '.join(capsys.readouterr().out.split())
    for words in ('momentum (default: 0.0) ', 'which network (default: full) ', 'go on --', 'is drawn and printed)'):
        assert words in said
    assert said.endswith('is drawn and printed)')


def test_a_folder_may_be_missing(tmp_path):
    for path in (tmp_path, tmp_path / 'new' / 'folder'):
        assert cli.folder(str(path)) == str(path)


def test_what_cannot_be_a_folder_is_refused(tmp_path):
    file = tmp_path / ('f' * 250)
    file.touch()
    for text in (str(file), '', 'a\0b'):
        with pytest.raises(argparse.ArgumentTypeError, match=re.escape(f'{text[:200]!r} is not a folder')):
            cli.folder(text)


@pytest.mark.parametrize('seed', [0, 2**32 - 1])
def test_every_seed_of_32_bits_is_taken(seed):
    parser = cli.Parser('about')
    cli.add_seed(parser)
    assert parser.parse_args(['--seed', str(seed)]).seed == seed
    for wrong in (-1, 2**32):
        with pytest.raises(SystemExit, match='2'):
            parser.parse_args(['--seed', str(wrong)])


@pytest.mark.parametrize(('cuda', 'no_cuda', 'expected'), [(1, 0, 'cuda'), (1, 1, 'cpu'), (0, 0, 'cpu'), (0, 1, 'cpu')])
def test_the_device_is_cuda_where_there_is_one_and_it_is_not_declined(cuda, no_cuda, expected, monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: bool(cuda))
    monkeypatch.setattr(torch.Tensor, 'to', lambda tensor, place: tensor)
    assert cli.device(bool(no_cuda)).type == expected
    assert torch.backends.cudnn.deterministic and not torch.backends.cudnn.benchmark


@pytest.mark.parametrize(
    'fault', ['CUDA error: no kernel image is available for execution on the device', 'CUDA error: out of memory']
)
def test_a_gpu_that_does_not_compute_is_told_and_the_cpu_taken(fault, monkeypatch, capsys):
    def to(tensor, place):
        raise RuntimeError(f'{fault}\nCompile with TORCH_USE_CUDA_DSA')

    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    monkeypatch.setattr(torch.Tensor, 'to', to)
    assert cli.device(False).type == 'cpu'
    assert capsys.readouterr().err == f'the GPU cannot be used ({fault}): training on the CPU, as with --no_cuda\n'
    assert cli.device(True).type == 'cpu' and capsys.readouterr().err == ''


def test_a_driver_that_is_too_old_is_one_line(monkeypatch, capsys):
    old = 'CUDA initialization: The NVIDIA driver on your system is too old'
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: bool(warnings.warn(old, stacklevel=1)))
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        assert cli.device(False).type == 'cpu'
    assert capsys.readouterr().err == f'the GPU cannot be used ({old}): training on the CPU, as with --no_cuda\n'


def test_one_thread_unless_more_are_asked_for():
    try:
        for threads in (2, 1):
            cli.device(True, threads)
            assert torch.get_num_threads() == threads
        torch.set_num_threads(2)
        cli.device(True)
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(1)


def test_the_seed_is_printed_and_decides_every_source_of_chance(capsys):
    def draws(seed):
        assert cli.seed_all(seed) == seed
        return random.random(), numpy.random.rand(), torch.rand(1).item()

    assert draws(7) == draws(7) != draws(8)
    assert capsys.readouterr().err.splitlines() == ['seed: 7', 'seed: 7', 'seed: 8']


def test_a_seed_that_is_not_given_is_drawn_and_printed(capsys):
    assert cli.seed_all(None) != cli.seed_all(None)
    assert max(cli.draw_seed() for _ in range(100)) > 2**24  # all of its bits are used
    assert re.fullmatch(r'(seed: \d+\n){2}', capsys.readouterr().err)


def test_what_cannot_be_a_file_is_refused(tmp_path):
    pipe = tmp_path / 'pipe'
    os.mkfifo(pipe)
    for text in ('', 'a\0b', str(tmp_path), str(pipe)):
        with pytest.raises(argparse.ArgumentTypeError, match=re.escape(f'{text[:200]!r} is not a file')):
            cli.file(text)
    (tmp_path / 'there').touch()
    for path in (tmp_path / 'there', tmp_path / 'new' / 'file'):
        assert cli.file(str(path)) == str(path)
