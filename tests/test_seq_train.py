import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import seq_models
import seq_train
from lab.common import cli, files
from lab.common.errors import UserError
from lab.seq import compiled, results, starts
from lab.seq.task import Task, Training
from lab.seq.verdict import Verdict
from seq_models import LSTM_model, SRN_model
from tests.seq.test_starts import OthersModel

HERE = Path(seq_train.__file__).parent


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def transcript(capsys):
    """Run seq_train.py with these flags; return what it printed: (the lab's blocks, our evaluation)."""

    def run(flags):
        seq_train.main(flags.split())
        lab, _, ours = capsys.readouterr().out.partition('\n\n')
        return lab, ours

    return run


def weights(path):
    return torch.cat([value.flatten() for value in files.read_tensors(path).values()])


def test_the_labs_command_as_typed(tmp_path):
    compiled.fits(SRN_model(2, 2, 2), 61)  # from now on no other process compiles that
    flags = '--lang anb2n --epoch 10 --seed 1 --restarts 1'
    done = subprocess.run([sys.executable, HERE / 'seq_train.py', *flags.split()], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, 'seed: 1\n')
    blocks = done.stdout.split('-----\n')
    assert blocks[0] == ''
    assert len(blocks) == 12
    lines = blocks[1].splitlines()
    assert lines[0].startswith('symbol= A')
    assert lines[1] == 'hidden activations and output probabilities:'
    assert lines[2][:3] == 'A [' and lines[2].count(']') == 2
    assert lines[-2] == 'epoch: 0'
    assert lines[-1].startswith(' loss: 0.')
    assert 'epoch: 10000\n loss: ' in blocks[-1]
    assert sorted(path.name for path in tmp_path.rglob('*.pth')) == ['anb2n_srn2_0.pth', 'anb2n_srn2_10.pth']


def test_checkpoints_load_into_the_labs_model(transcript):
    transcript('--lang anb2nc3n --model lstm --epoch 1 --out_path some/where')
    files.load_into(LSTM_model(3, 3, 3), 'some/where/anb2nc3n_lstm3_0.pth')
    assert weights('some/where/anb2nc3n_lstm3_0.pth').dtype == torch.float32


STORED = {  # the first and the last lines of the last block
    '--seed 880903': [
        'symbol= AAABBBBBBAABBBBAAAABBBBBBBBABBAAAABBBBBBBBA',
        'hidden activations and output probabilities:',
        'A [-0.    0.01] [ 0.33  0.67]',
        'A [-0.    0.01] [ 0.33  0.67]',
        'A [-0.    0.01] [ 0.33  0.67]',
        'B [ 0. -0.] [ 0.33  0.67]',
        'B [ 0. -0.] [ 0.33  0.67]',
        'B [ 0. -0.] [ 0.33  0.67]',
        'epoch: 3000',
        ' loss: 0.1863',
    ],
    '--lang anb2nc3n --model lstm --seed 880901': [
        'symbol= ABBCCCAABBBBCCCCCCABBCCCAAABBBBBBCCCCCCCCCAABBBBCCCCCCA',
        'hidden activations and output probabilities:',
        'A [ 0.02  0.01 -0.11] [ 0.19  0.37  0.44]',
        'B [ 0.17  0.03 -0.3 ] [ 0.18  0.41  0.41]',
        'B [ 0.24  0.04 -0.32] [ 0.17  0.41  0.42]',
        'C [ 0.36  0.11  0.04] [ 0.16  0.3   0.54]',
        'C [ 0.32  0.08  0.27] [ 0.16  0.25  0.59]',
        'C [ 0.32  0.08  0.27] [ 0.16  0.25  0.59]',
        'epoch: 3000',
        ' loss: 0.1667',
    ],
}


@pytest.mark.parametrize('flags', STORED)
def test_a_run_prints_the_stored_digits(transcript, flags):
    lab, _ = transcript(f'{flags} --epoch 3 --restarts 1')
    lines = lab.rpartition('-----\n')[2].splitlines()
    assert lines[:6] + lines[-4:] == STORED[flags]


@pytest.mark.parametrize('flags', ['--init 0.3 --length 2', '--lang anb2nc3n --model lstm --length 1'])
def test_both_engines_print_the_same_transcript(transcript, flags, monkeypatch):
    monkeypatch.setattr(starts, 'REPORT', 200)
    flags += ' --restarts 1 --seed 3 --epoch 2'
    compiled, plain = (transcript(f'{flags} --engine {engine}')[0] for engine in ('kernel', 'torch'))
    assert compiled == plain and 'epoch: 400\n' in compiled


@pytest.mark.parametrize(
    'flags',
    [
        '--lang anbn',
        '--model gru',
        '--length -1',
        '--length 101',
        '--hid 101',
        '--hid 2.5',
        '--lr nan',
        '--lr 0',
        '--lr 50',
        '--mom 1',
        '--init inf',
        '--epoch -1',
        '--restarts 0',
        '--clip -1',
        '--grow 2',
        '--optim rprop',
    ],
)
def test_a_wrong_value_is_refused_in_one_line(flags, capsys, tmp_path):
    with pytest.raises(SystemExit, match='2'):
        seq_train.main(flags.split())
    message = capsys.readouterr().err
    assert 'error: argument ' + flags.split()[0] in message
    assert message.count('\n') == 1
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / 'file').write_text('here first')
    with pytest.raises(OSError):
        seq_train.main(['--epoch', '1', '--out_path', 'file/net'])
    assert (tmp_path / 'file').read_text() == 'here first'


def test_the_best_of_many_starts_is_what_its_seed_gives_alone(transcript):
    many, ours = transcript('--epoch 10 --init 0.5 --seed 7 --restarts 3 --out_path many')
    rows = [line.split() for line in ours.splitlines()[1:4]]
    assert [row[0] for row in rows] == ['7', '8', '9']
    best = min(rows, key=lambda row: (-int(row[4]), float(row[1])))
    alone, _ = transcript(f'--epoch 10 --init 0.5 --seed {best[0]} --restarts 1 --out_path alone')
    assert many == alone
    assert torch.equal(weights('many/anb2n_srn2_10.pth'), weights('alone/anb2n_srn2_10.pth'))
    assert f' mean loss: {best[1]} ' in ours


def test_many_starts_with_pytorch_give_what_the_compiled_engine_gives(transcript, monkeypatch):
    monkeypatch.setattr(starts, 'REPORT', 10)
    flags = '--epoch 2 --init 0.5 --seed 1 --restarts 3'
    lab, ours = transcript(f'{flags} --engine torch --no_cuda')
    expected = transcript(f'{flags} --engine kernel')
    assert lab == expected[0]
    assert ours.splitlines()[:5] == expected[1].splitlines()[:5]


@pytest.mark.parametrize(
    'flags, better',
    [
        ('--epoch 1 --seed 1', '--seed 1 --epoch 100'),  # short: it is not told to try the same again
        ('--hid 1 --epoch 100 --restarts 1', '--epoch 100 --restarts 1 --hid 2'),
        ('--restarts 1', '--restarts 20'),
        ('--seed 5 --restarts 30', '--seed 5 --restarts 60'),
        ('--restarts 6000', '--restarts 10000'),  # no more is taken
        ('--restarts 10000', '--restarts 10000 --recipe sure'),
        ('--recipe sure --epoch 600000', '--recipe sure --epoch 1000000'),
        ('--recipe sure --epoch 1000000', '--recipe sure --epoch 1000000 --hid 3'),
        ('--length 9', '--length 9 --recipe sure'),
        ('--recipe sure', '--recipe sure --epoch 200'),
        ('--lang anb2nc3n --restarts 1', '--lang anb2nc3n --recipe hard --restarts 20'),
    ],
)
def test_a_start_that_failed_says_what_to_type(flags, better):
    assert seq_train.retry(seq_train.parse(flags.split()), flags.split()) == f'python3 seq_train.py {better}'
    seq_train.parse(better.split())


def test_the_seed_that_is_told_can_be_typed_where_the_starts_run_over_the_largest(capsys, monkeypatch):
    monkeypatch.setattr(starts, 'REPORT', 10)
    seq_train.main(['--epoch', '1', '--seed', str(2**32 - 1), '--restarts', '3'])
    table = capsys.readouterr().out.partition('learned\n')[2]
    assert [int(line.split()[0]) for line in table.splitlines()[:3]] == [2**32 - 1, 0, 1]


def test_what_to_type_is_said_at_the_end(transcript):
    _, ours = transcript('--epoch 1 --seed 1')
    assert ours.splitlines()[-1] == ' learned: no; try: python3 seq_train.py --seed 1 --epoch 100'


class Judge:
    """Replaces results.judge(): the starts with these seeds have learned."""

    def __init__(self, *seeds):
        self.seeds = seeds

    def __call__(self, task, seed, record):
        return results.Result(seed, Verdict(1 / seed, 0, 0, seed in self.seeds, 0, False))


@pytest.mark.parametrize('cores', [1, 5])
def test_without_restarts_the_lowest_seed_that_learns_is_all_there_is(cores, monkeypatch, capsys):
    monkeypatch.setattr(cli, 'cores', lambda: cores)
    monkeypatch.setattr(results, 'judge', Judge(9, 10, 25))
    seq_train.main(['--epoch', '11', '--init', '0.5', '--seed', '7', '--out_path', 'several'])
    several = capsys.readouterr()
    seq_train.main(['--epoch', '11', '--init', '0.5', '--seed', '9', '--restarts', '1', '--out_path', 'alone'])
    assert capsys.readouterr().out == several.out
    assert several.err == 'seed: 7\n3 starts tried: seed 9 has learned (to train it alone: --restarts 1 --seed 9)\n'
    names = [f'anb2n_srn2_{n}.pth' for n in (0, 10, 11)]
    assert sorted(path.name for path in Path('several').glob('*.pth')) == names
    assert all(Path('several', name).read_bytes() == Path('alone', name).read_bytes() for name in names)


def test_where_none_learns_the_best_of_20_is_shown(monkeypatch, capsys):
    monkeypatch.setattr(results, 'judge', Judge())
    seq_train.main(['--epoch', '1', '--seed', '7', '--out_path', 'several'])
    several = capsys.readouterr()
    assert '20 starts tried: none has learned; best: seed 26 (to train it alone: --restarts 1 --seed 26)' in several.err
    seq_train.main(['--epoch', '1', '--seed', '26', '--restarts', '1', '--out_path', 'alone'])
    assert capsys.readouterr().out.partition(' learned: no')[0] == several.out.partition(' learned: no')[0]
    assert torch.equal(weights('several/anb2n_srn2_1.pth'), weights('alone/anb2n_srn2_1.pth'))


def test_the_other_starts_stop_when_one_has_learned(monkeypatch):
    monkeypatch.setattr(cli, 'cores', lambda: 4)
    monkeypatch.setattr(results, 'judge', Judge(7))
    calls = []
    run = compiled.Trainer.run
    monkeypatch.setattr(compiled.Trainer, 'run', lambda *args: (calls.append(1), run(*args)))
    seq_train.main(['--epoch', '30', '--seed', '7'])
    assert len(calls) < 6 * 31  # a start has 31; three are under way beside it


def test_without_restarts_ctrl_c_keeps_the_best_so_far(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(cli, 'cores', lambda: 2)
    monkeypatch.setattr(starts, 'ThreadPoolExecutor', OneByOne)  # signals belong to the main thread
    patch(monkeypatch, 36, lambda _: signal.raise_signal(signal.SIGINT))
    with pytest.raises(SystemExit, match='130'):
        seq_train.main(['--epoch', '20', '--seed', '1'])
    found = capsys.readouterr()
    assert ' learned: no' in found.out
    assert '2 starts tried: none has learned' in found.err
    assert 'stopped at epoch' in found.err
    assert (tmp_path / 'net/anb2n_srn2_0.pth').is_file()


def test_the_network_that_was_judged_is_on_disk(transcript):
    transcript('--epoch 3 --restarts 1 --seed 1')
    assert sorted(path.name for path in Path('net').glob('*.pth')) == ['anb2n_srn2_0.pth', 'anb2n_srn2_3.pth']


def test_an_srn_on_anb2nc3n_has_the_settings_that_it_needs_unless_the_lab_is_asked_for(capsys, monkeypatch):
    ours, flags = (seq_train.parse(f'--lang anb2nc3n {more}'.split()) for more in ('', '--recipe hard'))
    assert (ours.task, ours.training) == (flags.task, flags.training)
    for more in '--restarts 1', '--restarts 9', '--recipe lab':
        assert seq_train.parse(f'--lang anb2nc3n {more}'.split()).training == Training(epoch=200)
    assert seq_train.parse(['--lang', 'anb2nc3n', '--model', 'lstm']).training == Training()
    monkeypatch.setattr(results, 'judge', Judge(7))
    seq_train.main(['--lang', 'anb2nc3n', '--epoch', '1', '--seed', '7'])
    assert capsys.readouterr().err.splitlines()[1:] == [
        'recipe: hard, because with --recipe lab only one of ten srn starts learns anb2nc3n',
        '1 start tried: seed 7 has learned (to train it alone: --restarts 1 --seed 7 --recipe hard)',
    ]


def test_a_start_that_learned_says_so(transcript):
    _, ours = transcript('--recipe sure --seed 1')
    assert ours.splitlines()[-1] == ' learned: yes'
    assert ' right where only one symbol can follow: 100.00%' in ours


class After:
    """Replaces Trainer.run: does something more at the call given."""

    def __init__(self, call, action):
        self.run, self.left, self.action = compiled.Trainer.run, call, action

    def __call__(self, trainer, *rest):
        self.run(trainer, *rest)
        self.left -= 1
        if self.left == 0:
            self.action(trainer)


def patch(monkeypatch, call, action):
    after = After(call, action)
    monkeypatch.setattr(compiled.Trainer, 'run', lambda *args: after(*args))


def test_ctrl_c_keeps_the_last_whole_thousand(monkeypatch, capsys, tmp_path):
    patch(monkeypatch, 16, lambda _: signal.raise_signal(signal.SIGINT))
    with pytest.raises(SystemExit, match='130'):
        seq_train.main(['--epoch', '30', '--seed', '1', '--restarts', '1'])
    found, _, ours = capsys.readouterr().out.partition('\n\n')
    assert found.splitlines()[-2] == 'epoch: 14000'
    assert 'learned' in ours
    assert {path.name for path in tmp_path.rglob('*.pth')} == {f'anb2n_srn2_{n}.pth' for n in (0, 10, 14)}


def test_ctrl_c_among_many_starts_keeps_the_best_so_far(monkeypatch, capsys, tmp_path):
    patch(monkeypatch, 30, lambda _: signal.raise_signal(signal.SIGINT))
    monkeypatch.setattr(cli, 'cores', lambda: 2)
    monkeypatch.setattr(starts, 'ThreadPoolExecutor', OneByOne)  # signals belong to the main thread
    with pytest.raises(SystemExit, match='130'):
        seq_train.main(['--epoch', '20', '--seed', '1', '--restarts', '5'])
    assert 'learned: 0 of 2 ' in capsys.readouterr().out
    assert len(list(tmp_path.rglob('*.pth'))) >= 3


def test_ctrl_c_before_any_of_many_starts_is_done_ends_quietly(monkeypatch, capsys):
    monkeypatch.setattr(results, 'choose', lambda *_, **__: (signal.raise_signal(signal.SIGINT), ([], []))[1])
    with pytest.raises(SystemExit, match='130'):
        seq_train.main(['--epoch', '1', '--seed', '1', '--restarts', '2'])
    assert capsys.readouterr().out == ''


class OneByOne:
    """In the place of ThreadPoolExecutor: all in the main thread."""

    def __init__(self, *_):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    map = staticmethod(map)


def spoil(trainer):
    trainer.memory[0][:] = torch.nan


def test_nan_ends_the_run_and_keeps_the_last_good_checkpoint(monkeypatch, capsys, tmp_path):
    patch(monkeypatch, 12, spoil)
    with pytest.raises(
        UserError, match=r'training diverged.* at epoch 11000; try --clip 1, or --lr smaller than 0.005'
    ):
        seq_train.main(['--epoch', '20', '--seed', '1', '--restarts', '1'])
    assert 'learned' not in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.rglob('*.pth')) == ['anb2n_srn2_0.pth', 'anb2n_srn2_10.pth']
    assert weights('net/anb2n_srn2_10.pth').isfinite().all()


def test_a_start_that_diverged_is_not_the_best(monkeypatch, capsys):
    monkeypatch.setattr(starts, 'ThreadPoolExecutor', OneByOne)
    patch(monkeypatch, 2, spoil)
    seq_train.main(['--epoch', '1', '--seed', '1', '--restarts', '2'])
    table = capsys.readouterr().out.partition('\n\n')[2].splitlines()
    assert table[1].split() == ['1', 'diverged']
    assert 'nan' not in ''.join(table)


def test_another_model_trains_with_pytorch(monkeypatch, capsys):
    monkeypatch.setattr(seq_models, 'SRN_model', OthersModel)
    monkeypatch.setattr(starts, 'REPORT', 10)
    seq_train.main(['--epoch', '2'])
    found = capsys.readouterr()
    assert 'engine: torch, as the OthersModel in test_starts.py is not the compiled one' in found.err
    assert 'training one, live, and not until one learns' in found.err
    assert 'starts tried' not in found.err
    assert 'epoch: 20\n' in found.out


def test_a_recipe_is_other_defaults_and_flags_come_first():
    args = seq_train.parse(['--model', 'lstm', '--recipe', 'far', '--lr', '0.5'])
    task, training = args.task, args.training
    assert (task.hid, task.length, training.grow, training.lr) == (6, 10, 0.4, 0.5)
    assert (training.optim, training.saturate) == ('adam', 3)


def test_without_flags_it_trains_as_the_lab_does():
    args = seq_train.parse([])
    assert (args.task, args.training) == (Task(), Training())


def test_each_setting_has_its_flag():
    flags = '--lang anb2nc3n --length 5 --model lstm --hid 6 --optim adam --lr 0.1 --mom 0.2 --init 0.3 --epoch 4 '
    flags += '--decay 0.5 --clip 0.6 --schedule linear --grow 0.7 --mix --saturate 0.9'
    args = seq_train.parse(flags.split())
    assert args.task == Task('anb2nc3n', 5, 'lstm', 6)
    assert args.training == Training('adam', 0.1, 0.2, 0.3, 4, 0.5, 0.6, 'linear', 0.7, 0.5, 0.9)


@pytest.mark.parametrize(
    'flags, epoch',
    [
        ('', 100),
        ('--model lstm', 100),
        ('--lang anb2nc3n --restarts 1', 200),
        ('--lang anb2nc3n --model lstm', 100),
        ('--epoch 0', 100),
        ('--epoch 5', 5),
    ],
)
def test_zero_epochs_mean_the_labs(flags, epoch):
    assert seq_train.parse(flags.split()).epoch == epoch


def test_help_says_which_flags_a_recipe_stands_for():
    assert seq_train.as_flags('lab') == 'lab = as below'
    assert seq_train.as_flags('far').startswith('far = --optim adam --schedule linear --clip 0.3 --grow 0.4')
    assert seq_train.as_flags('far').endswith('--init 0.02 --epoch 150 --mix 0.5 --saturate 3')
