"""cli.py: which flags are refused, and what the seed decides."""

import argparse
import random
import re

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
    assert cli.device(bool(no_cuda)).type == expected
    assert torch.backends.cudnn.deterministic and not torch.backends.cudnn.benchmark


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
