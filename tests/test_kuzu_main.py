"""kuzu_main.py as a student types it."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import kuzu_main
from lab.common import cli
from lab.common.errors import UserError
from lab.kuzu.resume import Progress
from lab.kuzu.settings import Network, Settings
from lab.kuzu.student import new_network
from lab.kuzu.train import Judged
from tests.kuzu.runs import Counted, Painter, play

HOUSE = Path(__file__).parents[1]
DIGITS = ['--dataset', 'digits', '--seed', '1', '--threads', '1']


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_run_prints_the_transcript_and_writes_its_files(capsys):
    kuzu_main.main(['--net', 'lin', '--epochs', '2', *DIGITS])
    out, err = capsys.readouterr()
    matrix = r"<class 'numpy.ndarray'>\n\[\[[ \d.]+\]\n( \[[ \d.]+\]\n){8} \[[ \d.]+\]\]\n"
    test = r'\nTest set: Average loss: \d\.\d{4}, Accuracy: \d+/397 \(\d+%\)\n\n'
    epochs = [rf'Train Epoch: {epoch} \[0/1400 \(0%\)\]\tLoss: \d\.\d{{6}}\n' + matrix + test for epoch in (1, 2)]
    assert re.fullmatch(''.join(epochs) + r'Model parameters: 7850\n(\d -> \d \d+\n){5}', out)
    pictures = [f'plot/kuzu_lin_{name}.jpg' for name in ('confusion', 'mistakes', 'curve')]
    assert err == f'seed: 1, threads: 1 (lin)\npictures: {", ".join(pictures)}\n'
    assert sorted(os.listdir('net')) == ['kuzu_lin.csv', 'kuzu_lin.pth', 'kuzu_lin.resume']
    assert all(map(os.path.exists, pictures)) and len(os.listdir('plot')) == 3


def test_without_flags_the_settings_are_the_labs():
    args = kuzu_main.parse([])
    assert args.networks == [Network('full', 'kuzu_full', {})]
    assert (args.seed, args.dataset, args.epochs, args.training) == (None, 'kmnist', 10, {})
    assert Settings(1, 'kmnist', 60_000) == Settings(1, 'kmnist', 60_000, 10, 64, False, 'classic', 'sgd', 0.01, 0.5)
    assert (args.data_path, args.out_path, args.plot_path) == ('./data', 'net', 'plot')
    assert (args.resume, args.threads, args.no_cuda) == (False, None, False)


@pytest.mark.parametrize(
    ('flags', 'changed'),
    [
        ('--optim adam', {'optim': 'adam', 'lr': 0.001}),
        ('--optim adam --lr 0.01', {'optim': 'adam', 'lr': 0.01}),
        ('--recipe fast', {'recipe': 'fast', 'batch': 32, 'shuffle': True}),
        ('--recipe classic', {'recipe': 'classic'}),
        ('--batch 1 --mom 0 --shuffle --seed 0', {'batch': 1, 'mom': 0, 'shuffle': True}),
    ],
)
def test_flags_change_the_settings(flags, changed):
    assert kuzu_main.parse(flags.split()).training == changed


@pytest.mark.parametrize(
    ('flags', 'networks'),
    [
        ('--hid 9 7', [('full', 'kuzu_full9', {'hid': 9}), ('full', 'kuzu_full7', {'hid': 7})]),
        (
            '--net all --hid 7 --kernel 5 --pad 2 1',
            [
                ('lin', 'kuzu_lin', {}),
                ('full', 'kuzu_full', {'hid': 7}),
                ('conv', 'kuzu_conv', {'kernel': 5, 'pad': (2, 1)}),
            ],
        ),
    ],
)
def test_flags_choose_the_networks_and_the_names_of_their_files(flags, networks):
    assert kuzu_main.parse(flags.split()).networks == [Network(*network) for network in networks]


REPORTS = {  # the networks of five worked reports, and their parameters
    '--net lin': 7850,
    '--net full --hid 128': 101_770,
    '--net conv --channels 32 64 --kernel 3 --pad 0 --fc 128': 225_034,
    '--net full --hid 100': 79_510,
    '--net conv --channels 32 64 --kernel 5 --pad 0 --fc 50': 103_856,
    '--net full --hid 300': 238_510,
    '--net conv --channels 32 64 --kernel 5 --pad 2 --fc 256': 857_738,
    '--net conv --channels 64 128 --kernel 5 3 --pad 2 1 --fc 0': 138_250,
    '--net full --hid 95': 75_535,
    '--net conv --channels 16 32 --kernel 3 --pad 1 --fc 128': 206_922,
}


@pytest.mark.parametrize('flags', REPORTS)
def test_the_networks_of_the_reports_can_be_typed_and_have_their_parameters(flags):
    [network] = kuzu_main.parse(flags.split()).networks
    model = new_network(network.kind, network.shape)
    assert sum(parameter.numel() for parameter in model.parameters()) == REPORTS[flags]


def results(*right: int) -> list[kuzu_main.Result]:
    """Of networks with 50, 100, ... hidden units that have so many of 10,000 images right, the largest first."""
    made = []
    for units, count in enumerate(right, 1):
        tested = Judged(0.5, np.diag([float(count)] + [0.0] * 9), np.zeros(10_000))
        network = Network('full', f'kuzu_full{50 * units}', {'hid': 50 * units})
        made.append(kuzu_main.Result(network, 7, tested, list('abcd')))
    return made[::-1]


def test_the_smallest_that_reaches_the_mark_is_named_and_the_table_has_three_pairs(capsys):
    painter = Painter('')
    kuzu_main.print_sweep(painter, 'path', results(8399, 8400, 8500))
    kuzu_main.print_sweep(painter, 'path', results(8399))
    kuzu_main.print_table(results(8399))
    out = capsys.readouterr().out.splitlines()
    assert out[:3] == ['Smallest that reaches 84%: 100 hidden units', 'Smallest that reaches 84%: none of these', '']
    assert out[3] == 'network        parameters  accuracy  test loss  most confused'
    assert out[4] == 'full50                  7    83.99%     0.5000  a, b, c'
    assert painter.calls[0] == ('draw_sweep', 'path', [50, 100, 150], [83.99, 84, 85], 84)


@pytest.mark.parametrize(
    ('flags', 'threads'),
    [
        ('--net all', '1 (lin), 1 (full), 3 (conv)'),
        ('--net all --threads 2', '2 (lin), 2 (full), 2 (conv)'),
        ('--hid 5 6', '1 (full)'),
    ],
)
def test_each_network_takes_the_threads_that_are_fastest_or_asked_for(flags, threads, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(torch, 'get_num_threads', lambda: 3)  # torch's own number is that of the cores
    monkeypatch.setattr(cli, 'cores', lambda: 3)
    monkeypatch.setattr('tests.kuzu.runs.DIGITS', ('--dataset', 'digits'))
    play(tmp_path, f'{flags} --epochs 1', stop=lambda: Counted(0))
    assert f'seed: 1, threads: {threads}\n' in capsys.readouterr().err


def test_net_all_ends_with_a_table_and_each_network_is_as_if_alone(capsys, here):
    painter = play(here / 'all', '--net all --epochs 1')
    table = capsys.readouterr().out.split('\n\n')[-1].splitlines()
    assert [line.split()[:2] for line in table[1:]] == [['lin', '7850'], ['full', '127210'], ['conv', '206922']]
    play(here / 'alone', '--net full --epochs 1')
    assert Path('alone/kuzu_full.pth').read_bytes() == Path('all/kuzu_full.pth').read_bytes()
    drawn = [(function, os.path.basename(path)) for function, path, *_ in painter.calls]
    assert drawn[3:6] == [(f'draw_{name}', f'kuzu_full_{name}.jpg') for name in ('confusion', 'mistakes', 'curve')]


def test_a_sweep_ends_with_the_table_and_its_picture(capsys, here):
    *_, (function, path, hidden, _, _) = play(here, '--hid 6 5 --epochs 1').calls
    assert (function, path, hidden) == ('draw_sweep', f'{here}/kuzu_full_sweep.jpg', [5, 6])
    out, err = capsys.readouterr()
    assert out.endswith('\nSmallest that reaches 84%: none of these\n') and err.endswith(f', {path}\n')


def test_the_pictures_are_given_the_numbers_of_the_last_epoch(capsys, here):
    confusion, mistakes, curve = play(here, '--net lin --epochs 2').calls
    title, classes, matrix = confusion[2:]
    right, accuracy = re.findall(r'Accuracy: (\d+)/397', capsys.readouterr().out)[-1], curve[3][-1][3]
    assert title == f'NetLin: {right} of 397 test images right ({accuracy:.1f}%)'
    assert matrix.trace() == int(right) and accuracy == 100 * int(right) / 397
    assert classes == list('0123456789') and len(mistakes[4]) == len(mistakes[5]) == 5
    assert [row[0] for row in curve[3]] == [1, 2]


@pytest.mark.parametrize(
    ('flags', 'word'),
    [
        ('--net linear', 'invalid choice'),
        ('--net conv --hid 5', '--hid belongs to --net full'),
        ('--net lin --fc 5', '--fc belongs to --net conv'),
        ('--hid 0', 'whole number from 1 to 10000'),
        ('--hid 10001', 'whole number from 1 to 10000'),
        ('--net conv --channels 16 257', 'whole number from 1 to 256'),
        ('--net conv --fc 2001', 'whole number from 0 to 2000'),
        ('--hid 5 5', 'each value once'),
        ('--net all --hid 5 6', 'needs --net full'),
        ('--lr nan', 'number from'),
        ('--lr 0', 'number from'),
        ('--mom 1', 'number from'),
        ('--epochs -1', 'whole number'),
        ('--batch 1e3', 'whole number'),
        ('--recipe fast --lr 0.1', '--lr belongs to --recipe classic'),
        ('--net conv --kernel 3 3 3', 'one number for both layers, or two'),
    ],
)
def test_wrong_flags_are_one_line_and_exit_code_2(flags, word, capsys):
    with pytest.raises(SystemExit) as end:
        kuzu_main.main(flags.split())
    err = capsys.readouterr().err
    assert end.value.code == 2 and word in err and err.count('\n') == 1
    assert not os.listdir()


@pytest.mark.parametrize(
    ('flags', 'word'),
    [('--net conv --kernel 14 --pad 0', 'too small'), ('--net lin --resume', 'nothing to resume')],
)
def test_what_cannot_be_trained_is_told_before_anything_is_written(flags, word):
    with pytest.raises(UserError, match=word):
        kuzu_main.main([*flags.split(), *DIGITS])
    assert not [name for name in Path().rglob('*') if name.is_file()]


def test_interrupted_then_killed_then_resumed_the_script_ends_with_the_same_bytes(here):
    command = [sys.executable, str(HOUSE / 'kuzu_main.py'), '--net', 'lin', '--epochs', '40', *DIGITS]
    for number, ending in (signal.SIGINT, 130), (signal.SIGKILL, -9):
        resume = ['--resume'] if number == signal.SIGKILL else []
        process = subprocess.Popen([*command, *resume], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for line in process.stdout:
            if line.startswith('Test set'):
                process.send_signal(number)
                break
        process.stdout.read()
        assert process.wait() == ending
        assert Path('net/kuzu_lin.resume').exists()
    assert Path('plot/kuzu_lin_confusion.jpg').exists()
    play(here / 'net', '--net lin --epochs 40 --resume')
    play(here / 'whole', '--net lin --epochs 40')
    assert Path('net/kuzu_lin.pth').read_bytes() == Path('whole/kuzu_lin.pth').read_bytes()


def test_a_row_of_the_table_has_the_mean_loss_of_the_epoch():
    progress = Progress()
    progress.add([torch.tensor(2.0), torch.tensor(1.0)])
    progress.end_epoch(1.25, 80.0)
    assert (progress.history, progress.epoch, progress.batch) == ([[1, 1.5, 1.25, 80.0]], 2, 0)
