"""kuzu_main.py as a student types it."""

import os
import re
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import kuzu_main
from lab.common import files
from lab.common.errors import UserError
from lab.kuzu import pictures
from lab.kuzu.settings import Run, Settings

HOUSE = Path(__file__).parents[1]
DIGITS = ['--dataset', 'digits', '--seed', '1']


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_run_prints_the_transcript_and_writes_its_files(capsys, here):
    kuzu_main.main(['--net', 'lin', '--epochs', '2', *DIGITS])
    out, err = capsys.readouterr()
    matrix = r"<class 'numpy.ndarray'>\n\[\[[ \d.]+\]\n( \[[ \d.]+\]\n){8} \[[ \d.]+\]\]\n"
    test = r'\nTest set: Average loss: \d\.\d{4}, Accuracy: \d+/397 \(\d+%\)\n\n'
    epochs = [rf'Train Epoch: {epoch} \[0/1400 \(0%\)\]\tLoss: \d\.\d{{6}}\n' + matrix + test for epoch in (1, 2)]
    assert re.fullmatch(''.join(epochs) + r'Model parameters: 7850\n(\d -> \d \d+\n){5}', out)
    assert err == 'seed: 1, threads: 1 (lin)\n'
    assert sorted(os.listdir('net')) == ['kuzu_lin.csv', 'kuzu_lin.pth', 'kuzu_lin.resume']
    assert sorted(os.listdir('plot')) == ['kuzu_lin_confusion.jpg', 'kuzu_lin_curve.jpg', 'kuzu_lin_mistakes.jpg']


def test_without_flags_the_settings_are_the_labs():
    options = kuzu_main.parse([])
    assert options.runs == [Run('full', 'kuzu_full', {})]
    assert options.settings == Settings(None, 'kmnist', 0, 10, 64, False, 'classic', 'sgd', 0.01, 0.5)
    assert (options.data_path, options.out_path, options.plot_path) == ('./data', 'net', 'plot')
    assert (options.resume, options.threads, options.no_cuda) == (False, None, False)


@pytest.mark.parametrize(
    ('flags', 'changed'),
    [
        ('--optim adam', {'optim': 'adam', 'lr': 0.001}),
        ('--optim adam --lr 0.01', {'optim': 'adam', 'lr': 0.01}),
        ('--recipe fast', {'recipe': 'fast', 'batch': 32, 'shuffle': True}),
        (
            '--batch 1 --mom 0 --shuffle --epochs 3 --seed 0',
            {'batch': 1, 'mom': 0, 'shuffle': True, 'epochs': 3, 'seed': 0},
        ),
    ],
)
def test_flags_change_the_settings(flags, changed):
    assert kuzu_main.parse(flags.split()).settings == replace(kuzu_main.parse([]).settings, **changed)


@pytest.mark.parametrize(
    ('flags', 'runs'),
    [
        ('--hid 7', [('full', 'kuzu_full', {'hid': 7})]),
        ('--hid 9 7', [('full', 'kuzu_full9', {'hid': 9}), ('full', 'kuzu_full7', {'hid': 7})]),
        (
            '--net all --hid 7 --kernel 5 --pad 2 1',
            [
                ('lin', 'kuzu_lin', {}),
                ('full', 'kuzu_full', {'hid': 7}),
                ('conv', 'kuzu_conv', {'kernel': 5, 'pad': (2, 1)}),
            ],
        ),
        ('--net conv --channels 3 4 --fc 0', [('conv', 'kuzu_conv', {'channels': (3, 4), 'fc': 0})]),
    ],
)
def test_flags_choose_the_networks_and_the_names_of_their_files(flags, runs):
    assert kuzu_main.parse(flags.split()).runs == [Run(*run) for run in runs]


def results(*accuracies):
    """Of networks with 50, 100, ... hidden units, the largest first."""
    runs = [
        Run('full', f'kuzu_full{50 * (number + 1)}', {'hid': 50 * (number + 1)}) for number in range(len(accuracies))
    ]
    made = [kuzu_main.Result(run, 7, percent, 0.5, list('abcd')) for run, percent in zip(runs, accuracies, strict=True)]
    return made[::-1]


def test_the_smallest_that_reaches_the_mark_is_named_and_the_table_has_three_pairs(capsys):
    drawn = []
    kuzu_main.print_sweep(results(83.99, 84, 85), 'plot', lambda *values: drawn.append(values))
    kuzu_main.print_sweep(results(83.99), 'plot', lambda *_: None)
    kuzu_main.print_table(results(83.99))
    out = capsys.readouterr().out.splitlines()
    assert out[:3] == ['Smallest that reaches 84%: 100 hidden units', 'Smallest that reaches 84%: none of these', '']
    assert out[3] == 'network        parameters  accuracy  test loss  most confused'
    assert out[4] == 'full50                  7    83.99%     0.5000  a, b, c'
    assert drawn == [('draw_sweep', 'plot/kuzu_full_sweep.jpg', [50, 100, 150], [83.99, 84, 85], 84)]


@pytest.fixture
def no_pictures(monkeypatch):
    """For tests of the numbers alone: pictures take more time than training on the digits."""
    monkeypatch.setattr(pictures, 'draw', lambda *_: None)


@pytest.mark.parametrize(
    ('flags', 'told'),
    [
        (['--net', 'conv'], '3 (conv)'),
        (['--net', 'all'], '1 (lin), 1 (full), 3 (conv)'),
        (['--net', 'all', '--threads', '1'], '1 (lin), 1 (full), 1 (conv)'),
        (['--hid', '5', '6'], '1 (full), 1 (full)'),
        (['--net', 'lin', '--threads', str(os.cpu_count())], f'{os.cpu_count()} (lin)'),
    ],
)
def test_each_network_takes_the_threads_that_are_fastest_or_asked_for(flags, told, monkeypatch, capsys):
    """Torch's own number of threads is that of the cores: here three."""
    taken = []

    def train(model, *_):
        taken.append(f'{torch.get_num_threads()} ({type(model).__name__.removeprefix("Net").lower()})')
        return [], 1.0, np.eye(10)

    monkeypatch.setattr('lab.kuzu.train.train', train)
    monkeypatch.setattr(pictures, 'draw', lambda *_: None)
    monkeypatch.setattr(kuzu_main, 'print_sweep', lambda *_: None)
    try:
        torch.set_num_threads(3)
        kuzu_main.main([*flags, *DIGITS])
    finally:
        torch.set_num_threads(1)
    assert ', '.join(taken) == told
    assert capsys.readouterr().err == f'seed: 1, threads: {told.replace("1 (full), 1 (full)", "1 (full)")}\n'


def test_net_all_ends_with_a_table_and_each_network_is_as_if_alone(capsys, no_pictures):
    kuzu_main.main(['--net', 'all', '--epochs', '1', *DIGITS])
    table = capsys.readouterr().out.split('\n\n')[-1].splitlines()
    assert [line.split()[:2] for line in table[1:]] == [['lin', '7850'], ['full', '127210'], ['conv', '206922']]
    kuzu_main.main(['--net', 'full', '--epochs', '1', '--out_path', 'alone', *DIGITS])
    assert Path('alone/kuzu_full.pth').read_bytes() == Path('net/kuzu_full.pth').read_bytes()


def test_a_sweep_names_the_smallest_that_reaches_84(capsys, no_pictures):
    kuzu_main.main(['--hid', '2', '200', '--epochs', '12', '--optim', 'adam', *DIGITS])
    out = capsys.readouterr().out
    assert out.endswith('Smallest that reaches 84%: 200 hidden units\n')
    assert Path('plot/kuzu_full_sweep.jpg').exists() and Path('net/kuzu_full2.pth').exists()


def test_the_shape_flags_reach_the_network(capsys, no_pictures):
    flags = ['--channels', '4', '6', '--kernel', '5', '3', '--pad', '2', '1', '--fc', '0']
    kuzu_main.main(['--net', 'conv', '--epochs', '1', *flags, *DIGITS])
    assert f'Model parameters: {4 * 26 + 6 * 37 + 6 * 49 * 10 + 10}\n' in capsys.readouterr().out


@pytest.mark.parametrize(
    ('flags', 'word'),
    [
        ('--net linear', 'invalid choice'),
        ('--net conv --hid 5', '--hid belongs to --net full'),
        ('--net lin --fc 5', '--fc belongs to --net conv'),
        ('--hid 0', 'whole number from 1'),
        ('--hid 5 5', 'each value once'),
        ('--net all --hid 5 6', 'needs --net full'),
        ('--lr nan', 'number from'),
        ('--lr 0', 'number from'),
        ('--mom 1', 'number from'),
        ('--epochs -1', 'whole number'),
        ('--batch 1e3', 'whole number'),
        ('--seed -1', 'whole number'),
        ('--optim rmsprop', 'invalid choice'),
        ('--dataset mnist', 'invalid choice'),
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
    [
        ('--net conv --kernel 14 --pad 0', 'too small'),
        ('--net conv --channels 4096 4096 --fc 100000', 'too many'),
        ('--net conv --channels 4096 4096', 'GB for a batch of 1,000 images'),
        ('--resume', 'nothing to resume'),
    ],
)
def test_what_cannot_be_trained_is_told_before_anything_is_written(flags, word):
    with pytest.raises(UserError, match=word):
        kuzu_main.main([*flags.split(), *DIGITS])
    assert not [name for name in Path().rglob('*') if name.is_file()]


def test_a_resume_file_of_something_else_is_refused(here):
    files.write_tensors('net/kuzu_lin.resume', {'weights': torch.zeros(1)})
    with pytest.raises(UserError, match='was not written by this script'):
        kuzu_main.main(['--net', 'lin', '--resume', *DIGITS])


def test_a_kuzu_module_of_somebody_else_trains(here):
    """As the lab's starter code names things: no arguments, other layers, view() on the feature maps."""
    (here / 'kuzu.py').write_text(
        textwrap.dedent("""
        import torch
        import torch.nn as nn
        class NetLin(nn.Module):
            pass
        class NetFull(nn.Module):
            pass
        class NetConv(nn.Module):
            def __init__(self):
                super(NetConv, self).__init__()
                self.first = nn.Conv2d(1, 3, 5)
                self.last = nn.Linear(3 * 24 * 24, 10)
            def forward(self, x):
                x = torch.relu(self.first(x))
                return torch.log_softmax(self.last(x.view(x.shape[0], -1)), dim=1)
        """)
    )
    # a script's own folder comes first on its path, so their module has to stand where the script is
    for script in HOUSE.glob('*.py'):
        if script.name != 'kuzu.py':
            (here / script.name).symlink_to(script)
    (here / 'lab').symlink_to(HOUSE / 'lab')
    code = 'import sys; sys.path.insert(0, "."); import kuzu_main; kuzu_main.main(sys.argv[1:])'
    command = [sys.executable, '-c', code, '--net', 'conv', '--epochs', '1', *DIGITS]
    process = subprocess.run(command, capture_output=True, text=True)
    assert process.returncode == 0 and f'Model parameters: {78 + 17290}\n' in process.stdout


def test_interrupted_then_killed_then_resumed_the_script_ends_with_the_same_bytes(monkeypatch):
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
    monkeypatch.setattr(pictures, 'draw', lambda *_: None)
    kuzu_main.main([*command[2:], '--resume'])
    resumed = Path('net/kuzu_lin.pth').read_bytes()
    kuzu_main.main([*command[2:], '--out_path', 'whole'])
    assert resumed == Path('whole/kuzu_lin.pth').read_bytes()


def test_resume_takes_the_recipe_of_the_earlier_run_unless_another_is_named(here):
    kuzu_main.main(['--net', 'lin', '--recipe', 'fast', *DIGITS])
    trained = Path('net/kuzu_lin.pth').read_bytes()
    kuzu_main.main(['--net', 'lin', '--resume', *DIGITS])
    assert Path('net/kuzu_lin.pth').read_bytes() == trained
    for flags in ['--recipe', 'classic'], ['--batch', '32']:
        with pytest.raises(UserError, match='of a run with recipe fast, not classic: --resume needs the same'):
            kuzu_main.main(['--net', 'lin', '--resume', *flags, *DIGITS])
