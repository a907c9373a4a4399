"""resume.py: runs that are stopped or killed anywhere go on to the same bytes; nothing else is gone on with."""

import copy

import pytest
import torch
from torch import nn

from lab.common import files
from lab.common.errors import UserError
from lab.kuzu import resume
from tests.kuzu.runs import Counted, play, weights

RUNS = {
    'classic': '--net full --hid 9 --epochs 3',
    'shuffled adam': '--net full --hid 9 --epochs 3 --shuffle --optim adam',
    'fast': '--net lin --epochs 3 --recipe fast',
}


@pytest.mark.parametrize('name', RUNS)
@pytest.mark.parametrize('asked', [5, 37])
def test_stopped_by_ctrl_c_and_resumed_a_run_ends_with_the_same_bytes(name, asked, tmp_path):
    whole, part = tmp_path / 'whole', tmp_path / 'part'
    expected = weights(whole, RUNS[name])
    assert weights(part, RUNS[name], stop=lambda: Counted(asked)) != expected
    assert weights(part, f'{RUNS[name]} --resume') == expected
    for file in whole.iterdir():
        assert (part / file.name).read_bytes() == file.read_bytes()


@pytest.mark.parametrize('write', [4, 5, 6, 7])
def test_killed_between_any_two_writes_and_resumed_a_run_ends_with_the_same_bytes(write, tmp_path, monkeypatch):
    expected, real_write, calls = weights(tmp_path / 'whole', '--net lin --epochs 3'), files.write, []

    def dying_write(path, data):
        calls.append(path)
        if len(calls) == write:
            raise OSError('killed')
        real_write(path, data)

    with monkeypatch.context() as patch, pytest.raises(OSError, match='killed'):
        patch.setattr(files, 'write', dying_write)
        play(tmp_path / 'part', '--net lin --epochs 3')
    assert weights(tmp_path / 'part', '--net lin --epochs 3 --resume') == expected


def test_more_epochs_of_a_finished_run_are_those_of_one_longer_run(tmp_path, capsys):
    play(tmp_path / 'part', '--net lin --epochs 2')
    longer = weights(tmp_path / 'part', '--net lin --epochs 3 --resume')
    assert longer == weights(tmp_path / 'whole', '--net lin --epochs 3')
    rows = (tmp_path / 'part' / 'kuzu_lin.csv').read_text().splitlines()
    assert [row.split(',')[0] for row in rows] == ['epoch', '1', '2', '3']


def test_without_a_recipe_a_run_goes_on_with_its_own(tmp_path):
    trained = weights(tmp_path, '--net lin --epochs 1 --recipe fast')
    assert weights(tmp_path, '--net lin --epochs 1 --resume') == trained


def test_of_a_finished_run_there_is_nothing_to_do_and_it_is_tested_again(tmp_path, capsys):
    play(tmp_path, '--net lin --epochs 1')
    out = capsys.readouterr().out
    play(tmp_path, '--net lin --epochs 1 --resume')
    again = capsys.readouterr()
    assert again.out == out[out.index('<class') :]
    assert f'{tmp_path}/kuzu_lin.resume belongs to a finished run: there was nothing to do\n' in again.err


class Odd(nn.Sequential):
    """Layers whose shapes are not known at first, and parameters that are not trained."""

    def __init__(self):
        super().__init__(nn.Flatten(), nn.LazyLinear(10), nn.LogSoftmax(1))
        self.unused = nn.Linear(2, 2)

    def forward(self, x):
        return self[2](self[1](self[0](x)))


def test_a_network_of_lazy_or_unused_layers_can_be_resumed(tmp_path):
    part = weights(tmp_path / 'part', '--net lin --epochs 2', Odd, lambda: Counted(30))
    whole = weights(tmp_path / 'whole', '--net lin --epochs 2', Odd)
    assert part != whole == weights(tmp_path / 'part', '--net lin --epochs 2 --resume', Odd)


@pytest.mark.parametrize(
    ('first', 'then', 'why'),
    [
        ('--net full', '--net full --lr 0.1', r'lr 0\.01, not 0\.1'),
        ('--net full', '--net full --hid 7', r'another network: .*hid\.weight.*160, 784'),
        ('--net lin --recipe fast', '--net lin --epochs 2', 'epochs 1, not 2'),
        ('--net lin --recipe fast', '--net lin --recipe classic', 'recipe fast, not classic'),
        ('--net lin --seed 0', '--net lin --seed 1', 'seed 0, not 1'),
    ],
)
def test_a_run_with_other_settings_or_of_another_shape_is_not_gone_on_with(first, then, why, tmp_path):
    play(tmp_path, f'--epochs 1 {first}')
    with pytest.raises(UserError, match=why):
        play(tmp_path, f'--epochs 1 {then} --resume')


def test_nothing_to_resume_is_told(tmp_path):
    with pytest.raises(UserError, match=r'nothing to resume: there is no .*net\.resume'):
        resume.load(str(tmp_path / 'net'))


@pytest.fixture(scope='module')
def stopped(tmp_path_factory):
    """What a run has saved that was stopped after five batches of its third epoch."""
    folder = tmp_path_factory.mktemp('stopped')
    play(folder, '--net lin --epochs 2')
    play(folder, '--net lin --epochs 3 --resume', stop=lambda: Counted(5))
    return resume.load(str(folder / 'kuzu_lin'))


OTHER = {  # what is wrong, and the change to what was saved
    'no history': lambda saved: saved['progress'].pop('history'),
    'momentum of another shape': lambda saved: saved['optimizer']['state'][0].update(momentum_buffer=torch.ones(2)),
    'no state of the optimizer': lambda saved: saved['optimizer'].clear(),
    'a short random state': lambda saved: saved.update(random=saved['random'][:9]),
    'settings that are not known': lambda saved: saved['settings'].update(rate=1),
    'no seed': lambda saved: saved['settings'].pop('seed'),
    'something else': lambda saved: [saved.pop(name) for name in [*saved] if name != 'weights'],
}


@pytest.mark.parametrize('name', OTHER)
def test_what_does_not_fit_together_is_refused(name, stopped, tmp_path):
    saved = copy.deepcopy(stopped)
    OTHER[name](saved)
    files.write_tensors(str(tmp_path / 'kuzu_lin.resume'), saved)
    with pytest.raises(UserError, match=r'lin\.resume was not written by this script: start the run without --resume'):
        play(tmp_path, '--net lin --epochs 3 --resume')


@pytest.mark.parametrize(
    ('losses', 'told'),
    [([float('nan'), 1.0], 'infinite before the first step'), ([1.0, float('inf')], 'try a smaller --lr$')],
)
def test_a_smaller_rate_is_advised_only_where_it_can_help(losses, told):
    with pytest.raises(UserError, match=told):
        resume.Progress().add([*torch.tensor(losses)])
