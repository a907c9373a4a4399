"""resume.py: runs that are stopped or killed anywhere go on to the same bytes; nothing else is gone on with."""

import pytest
import torch

from kuzu import NetConv, NetFull
from lab.common import files
from lab.common.endings import UserError
from tests.kuzu.runs import PressedAt, outcome, settings

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
