"""seq_plot.py as a student types it: transcript, pictures, and what wrong input gets."""

import contextlib
import io
import os
import re

import pytest
import torch

import seq_models
import seq_plot
from lab.common import files
from lab.common.errors import UserError
from tests.seq.learned import LEARNED


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder with three checkpoints: a learned SRN, and one start each of an LSTM and a larger SRN."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv('DISPLAY', raising=False)
    files.write_tensors('net/anb2n_srn2_100.pth', LEARNED)
    torch.manual_seed(0)
    files.write_tensors('net/anb2nc3n_lstm3_50.pth', seq_models.LSTM_model(3, 3, 3).state_dict())
    files.write_tensors('net/anb2n_srn3_100.pth', seq_models.SRN_model(2, 3, 2).state_dict())
    return tmp_path


@pytest.fixture
def short(monkeypatch):
    """With fewer sequences."""
    monkeypatch.setattr('lab.insight.found.analysis.FRESH', 300)
    monkeypatch.setattr('lab.insight.found.states.POINTS', 2000)


def run(line, capsys):
    seq_plot.main(line.split())
    return capsys.readouterr()


@pytest.fixture(scope='module')
def srn_run(tmp_path_factory):
    """What a run prints and draws for the learned SRN: (folder, standard output, standard error)."""
    folder = tmp_path_factory.mktemp('srn')
    files.write_tensors(str(folder / 'anb2n_srn2_100.pth'), LEARNED)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.MonkeyPatch.context() as patch:
        patch.delenv('DISPLAY', raising=False)
        seq_plot.main(f'--out_path {folder} --plot_path {folder}/plot --seed 1 --num_plot 3'.split())
    return folder, out.getvalue(), err.getvalue()


def test_an_srn_as_the_lab_shows_it_then_its_automaton(srn_run):
    _, out, err = srn_run
    assert out.startswith('[1.92 1.52]\n[[-0.05  1.96]\n [ 0.04 -2.03]]\n')
    blocks = re.findall(r'-----\nsymbol= ([AB]+)\nhidden activations and output probabilities:\n', out)
    assert len(blocks) == 3
    assert re.findall(r'epoch: (\d+)\n loss: 0\.0\d{3}\n', out) == ['0', '1', '2']
    assert out.index('epoch: 2') < out.index('has it learned?') < out.index("  A's  A1 A2 A3 A4; B: A1 to B1")
    assert 'It is the smallest automaton of the language for n <= 4 (12 states)' in out
    assert ' in 100.00% of 10000 fresh sequences.' in out
    assert len(out[out.index('has it learned?') :].splitlines()) < 60 and 'left to itself' not in out
    assert 'seed: 1' in err
    assert err.endswith('plot/anb2n_srn2_*.jpg: 01, interchange, circuit, reach, fsm, states, path, time, flow\n')


def test_pictures_of_an_srn_of_two_units(srn_run):
    pictures = {name.removeprefix('anb2n_srn2_') for name in os.listdir(srn_run[0] / 'plot')}
    names = ['01', 'interchange', 'circuit', 'time', 'path', 'states', 'fsm', 'flow', 'reach']
    assert pictures == {f'{name}.jpg' for name in names}


def test_an_lstm_with_its_cells(folder, capsys, short):
    out = run('--lang anb2nc3n --model lstm --epoch 50 --cell --seed 2 --num_plot 2 --details', capsys).out
    lines = re.findall(r'^[ABC] hidden: \[.*\] cell: \[.*\] output: \[.*\]$', out, re.MULTILINE)
    assert len(lines) == sum(len(symbols) - 1 for symbols in re.findall('symbol= ([ABC]+)', out))
    assert 'It is not the smallest automaton' in out
    assert 'The shortest sequence that it gets wrong: ' in out and 'left to itself' in out
    pictures = {name.removeprefix('anb2nc3n_lstm3_') for name in os.listdir('plot')}
    pairs = {'01', '02', '12', '3d'}
    expected = pairs | {f'cell_{name}' for name in pairs} | {'states', 'path', 'time', 'fsm', 'gates', 'reach'}
    assert pictures == {f'{name}.jpg' for name in expected}


def test_what_is_found_out_does_not_depend_on_the_seed(folder, capsys, short):
    one, two = (run(f'--lang anb2n --num_plot 1 --seed {seed} --details', capsys).out for seed in (1, 2))
    transcript, found = one.split('----- has it learned?')
    assert two.split('----- has it learned?') == [two[: -len(found) - len('----- has it learned?')], found]
    assert not two.startswith(transcript) and 'when a symbol repeats' in found


@pytest.mark.parametrize(
    ('line', 'says'),
    [
        ('--epoch 70', 'of anb2n_srn2 there is --epoch 100'),
        ('--hid 4', 'there are only anb2n_srn2, anb2n_srn3, anb2nc3n_lstm3 in net'),
        ('--lang anb2nc3n', 'seq_train.py --lang anb2nc3n --model srn --hid 4'),
        (
            '--out_path elsewhere --model lstm --hid 5',
            'no checkpoint elsewhere/anb2n_lstm5_100.pth; '
            'python3 seq_train.py --lang anb2n --model lstm --hid 5 makes some',
        ),
    ],
)
def test_a_missing_checkpoint_says_what_there_is(folder, line, says):
    with pytest.raises(UserError) as error:
        seq_plot.main(line.split())
    assert says in str(error.value)
    assert not os.path.exists('plot')


def test_a_folder_that_takes_no_pictures_is_told_before_the_work(folder, capsys):
    (folder / 'file').touch()
    with pytest.raises(OSError, match='Not a directory'):
        seq_plot.main(['--plot_path', 'file/plot'])
    assert capsys.readouterr().out == ''


def test_a_checkpoint_of_another_network_is_refused(folder):
    os.rename('net/anb2n_srn3_100.pth', 'net/anb2n_srn2_100.pth')
    with pytest.raises(UserError, match='another network'):
        seq_plot.main([])


def test_the_labs_flags_and_what_they_are_without_being_typed():
    args = seq_plot.parse([])
    assert (args.task.lang, args.task.length, args.task.model, args.task.hid) == ('anb2n', 4, 'srn', 2)
    assert (args.epoch, args.num_plot, args.out_path, args.plot_path, args.seed) == (100, 10, 'net', 'plot', None)
    assert (args.cell, args.plane, args.set_weights) == (False, None, False)


@pytest.mark.parametrize(
    'line',
    [
        '--num_plot 1001',
        '--epoch 1000001',
        '--lang abc',
        '--model srn --cell',
        '--plane unit',
        '--design mine',
    ],
)
def test_wrong_flags_end_in_one_line(folder, capsys, line):
    with pytest.raises(SystemExit) as end:
        seq_plot.main(line.split())
    assert end.value.code == 2
    err = capsys.readouterr().err
    assert err.count('\n') == 1
    assert ': error: ' in err


def test_a_network_made_by_hand_needs_no_training(tmp_path, monkeypatch, capsys, short):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv('DISPLAY', raising=False)
    out = run('--model lstm --set_weights --num_plot 1 --seed 1', capsys).out
    assert 'epoch: 0\n loss: 0.0000\n' in out
    assert 'It is the smallest automaton of the language for n <= 4 (12 states)' in out
    assert (tmp_path / 'plot' / 'anb2n_lstm2_hand_01.jpg').exists()
    assert not (tmp_path / 'net').exists()


@pytest.mark.parametrize(
    ('flags', 'message'),
    [
        ('--set_weights --design foo', "unknown design 'foo': it should be one of anb2n, anb2nc3n, mine"),
        ('--set_weights --hid 9', 'no hand-made weights for 9 hidden units and 2 symbols'),
        ('--set_weights --design anb2nc3n', "the hand-made design 'anb2nc3n' has 4 hidden units and 3 symbols"),
    ],
)
def test_a_design_that_does_not_fit(folder, flags, message):
    with pytest.raises(UserError, match=message):
        seq_plot.main(flags.split())
    assert not os.listdir('plot')
