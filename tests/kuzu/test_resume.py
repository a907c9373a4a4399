"""resume.py: runs that are stopped or killed anywhere go on to the same bytes; nothing else is gone on with."""

import copy

import pytest
import torch

from kuzu import NetConv, NetFull, NetLin
from lab.common import files
from lab.common.errors import UserError
from lab.kuzu import resume
from lab.kuzu.networks import to_device
from lab.kuzu.recipe import choose
from tests.kuzu.runs import PressedAt, digits, outcome, settings

CONFIGS = {
    'classic': {'epochs': 4},
    'shuffled adam': {'epochs': 4, 'shuffle': True, 'optim': 'adam', 'lr': 0.001},
    'fast': {'epochs': 4, 'recipe': 'fast', 'shuffle': True, 'batch': 32},
}


@pytest.mark.parametrize('name', CONFIGS)
@pytest.mark.parametrize('steps', [5, 37])
def test_stopped_by_ctrl_c_and_resumed_a_run_ends_with_the_same_bytes(name, steps, tmp_path):
    config = settings(**CONFIGS[name])
    whole = outcome(tmp_path / 'whole', config)
    part = outcome(tmp_path / 'part', config, stop=PressedAt(steps))
    assert part != whole
    assert outcome(tmp_path / 'part', config, go_on=True) == whole
    assert (tmp_path / 'part.csv').read_bytes() == (tmp_path / 'whole.csv').read_bytes()


@pytest.mark.parametrize('write', [4, 5, 6, 7])
def test_killed_between_any_two_writes_and_resumed_a_run_ends_with_the_same_bytes(write, tmp_path, monkeypatch):
    config = settings(epochs=3)
    whole = outcome(tmp_path / 'whole', config)
    real_write, calls = files.write, []

    def dying_write(path, data):
        calls.append(path)
        if len(calls) == write:
            raise SystemExit('killed')
        real_write(path, data)

    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(files, 'write', dying_write)
        outcome(tmp_path / 'part', config)
    assert outcome(tmp_path / 'part', config, go_on=True) == whole


def test_more_epochs_of_a_finished_run_are_those_of_one_longer_run(tmp_path):
    outcome(tmp_path / 'part', settings(epochs=2))
    longer = settings(epochs=3)
    assert outcome(tmp_path / 'part', longer, go_on=True) == outcome(tmp_path / 'whole', longer)


def test_resuming_with_other_settings_is_refused(tmp_path):
    outcome(tmp_path / 'net', settings(epochs=1))
    with pytest.raises(UserError, match=r'lr 0\.01, not 0\.1'):
        outcome(tmp_path / 'net', settings(epochs=2, lr=0.1), go_on=True)


def test_resuming_another_shape_is_refused(tmp_path):
    outcome(tmp_path / 'net', settings(epochs=1))
    with pytest.raises(UserError, match=r'hid\.weight is \(160, 784\)'):
        outcome(tmp_path / 'net', settings(epochs=2), go_on=True, network=lambda: NetFull(7))


def test_the_checkpoint_is_a_plain_state_dict(tmp_path):
    outcome(tmp_path / 'net', settings(epochs=1), network=NetConv)
    state = torch.load(tmp_path / 'net.pth', weights_only=True)
    NetConv().load_state_dict(state)
    assert all(value.is_contiguous() for value in state.values())


def test_the_table_has_a_row_per_epoch(tmp_path):
    outcome(tmp_path / 'net', settings(epochs=2))
    lines = (tmp_path / 'net.csv').read_text().splitlines()
    assert lines[0] == 'epoch,train_loss,test_loss,accuracy'
    assert [line.split(',')[0] for line in lines[1:]] == ['1', '2']


def test_the_seed_0_is_a_seed(tmp_path):
    config = settings(seed=0, epochs=1)
    whole = outcome(tmp_path / 'net', config)
    assert resume.load(str(tmp_path / 'net'))['settings']['seed'] == 0
    assert outcome(tmp_path / 'net', config, go_on=True) == whole


@pytest.fixture(scope='module')
def stopped(tmp_path_factory):
    """What a run has saved that was stopped after five batches of its third epoch."""
    path = tmp_path_factory.mktemp('stopped') / 'net'
    outcome(path, settings(epochs=2), network=NetLin)
    outcome(path, settings(epochs=3), network=NetLin, stop=PressedAt(5), go_on=True)
    return resume.load(str(path))


OTHER = {  # what is wrong, and the change to what was saved
    'a batch too many': lambda saved: saved['progress'].update(batch=6),
    'a loss too few': lambda saved: saved['progress']['losses'].pop(),
    'a whole epoch as a part': lambda saved: saved['progress'].update(batch=22, losses=[0.5] * 22),
    'a loss that is no number': lambda saved: saved['progress']['losses'].__setitem__(0, float('nan')),
    'a loss that is text': lambda saved: saved['progress']['losses'].__setitem__(0, '0.5'),
    'an epoch too many': lambda saved: saved['progress'].update(epoch=4),
    'a row of another epoch': lambda saved: saved['progress']['history'][1].__setitem__(0, 3),
    'a row without accuracy': lambda saved: saved['progress']['history'][1].pop(),
    'no history': lambda saved: saved['progress'].pop('history'),
    'momentum of another shape': lambda saved: saved['optimizer']['state'][0].update(momentum_buffer=torch.ones(2)),
    'no momentum': lambda saved: saved['optimizer'].update(state={}),
    'no state of the optimizer': lambda saved: saved['optimizer'].clear(),
    'a short random state': lambda saved: saved.update(random=saved['random'][:9]),
    'settings of another kind': lambda saved: saved['settings'].update(lr='0.01'),
    'weights that are none': lambda saved: saved.update(weights=[]),
    'no random state': lambda saved: saved.pop('random'),
    'no seed': lambda saved: saved['settings'].pop('seed'),
    'a negative seed': lambda saved: saved['settings'].update(seed=-1),
    'a seed that is too large': lambda saved: saved['settings'].update(seed=2**32),
    'a seed that is no whole number': lambda saved: saved['settings'].update(seed=1.0),
}


@pytest.mark.parametrize('name', OTHER)
def test_what_does_not_fit_together_is_refused(name, stopped, tmp_path):
    saved, path = copy.deepcopy(stopped), str(tmp_path / 'net')
    OTHER[name](saved)
    files.write_tensors(f'{path}.resume', saved)
    model = to_device(NetLin(), digits().train_images)
    with pytest.raises(UserError, match=r'net\.resume was not written by this script: start the run without --resume'):
        resume.restore(resume.load(path), path, model, choose(model, settings()).optimizer, settings(epochs=3))


def test_nothing_to_resume_is_told(tmp_path):
    with pytest.raises(UserError, match=r'nothing to resume: there is no .*net\.resume'):
        resume.load(str(tmp_path / 'net'))


def test_the_fast_recipe_cannot_be_made_longer(tmp_path):
    fast = {'recipe': 'fast', 'shuffle': True, 'batch': 32}
    outcome(tmp_path / 'net', settings(epochs=1, **fast), network=NetLin)
    with pytest.raises(UserError, match='of a run with epochs 1, not 2'):
        outcome(tmp_path / 'net', settings(epochs=2, **fast), network=NetLin, go_on=True)
