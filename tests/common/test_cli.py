"""cli.py: which flags are refused, and what the seed decides."""

import re

import pytest

from lab.common import cli


@pytest.mark.parametrize('text', ['0', '-1', '11', '1.5', 'nan', 'inf', 'two', '', '9' * 5000])
def test_whole_numbers_out_of_range_or_not_whole_are_refused(text):
    with pytest.raises(cli.argparse.ArgumentTypeError, match='whole number from 1 to 10'):
        cli.whole(1, 10)(text)


@pytest.mark.parametrize('text', ['-0.1', '1.1', 'nan', 'inf', '-inf', '1e999', 'x', ''])
def test_numbers_out_of_range_are_refused(text):
    with pytest.raises(cli.argparse.ArgumentTypeError, match='number from 0 to 1'):
        cli.real(0, 1)(text)


def test_numbers_in_range_are_read():
    assert cli.whole(1, 10)('10') == 10 and cli.real(0, 1)('1e-3') == 0.001


def test_a_wrong_flag_is_one_line_and_exit_code_2(capsys):
    with pytest.raises(SystemExit) as end:
        cli.Parser('about').parse_args(['--what'])
    assert end.value.code == 2
    assert re.fullmatch(r'\S+: error: unrecognized arguments: --what\n', capsys.readouterr().err)


def test_a_file_in_the_place_of_a_folder_is_refused(tmp_path):
    (tmp_path / 'file').touch()
    with pytest.raises(cli.argparse.ArgumentTypeError, match='not a folder'):
        cli.folder(str(tmp_path / 'file'))


def test_the_seed_is_printed_and_decides_every_source_of_chance(capsys):
    import numpy
    import torch

    def draws(seed):
        assert cli.seed_all(seed) == seed
        return cli.random.random(), numpy.random.rand(), torch.rand(1).item()

    assert draws(7) == draws(7) != draws(8)
    assert capsys.readouterr().err.splitlines() == ['seed: 7', 'seed: 7', 'seed: 8']


def test_a_seed_that_is_not_given_is_drawn_and_printed(capsys):
    assert cli.seed_all(None) != cli.seed_all(None)
    assert re.fullmatch(r'(seed: \d+\n){2}', capsys.readouterr().err)
