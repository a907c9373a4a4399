"""train.py: the numbers of the classic loop, and runs that can be stopped anywhere."""

import copy
import os

import pytest
import torch

from kuzu import NetConv, NetFull, NetLin
from lab.common import files
from lab.common.endings import Interrupt, UserError
from lab.kuzu import classic, resume, train
from lab.kuzu.data import load
from lab.kuzu.networks import to_device
from lab.kuzu.recipe import choose
from lab.kuzu.resume import Progress
from lab.kuzu.settings import Settings
from tests.kuzu.server import made_files

CPU = torch.device('cpu')
real = pytest.mark.skipif('KMNIST_ROOT' not in os.environ, reason='KMNIST_ROOT names no real images')


@pytest.fixture(scope='module')
def made_root(tmp_path_factory):
    root = tmp_path_factory.mktemp('made')
    raw = root / 'KMNIST' / 'raw'
    raw.mkdir(parents=True)
    for name, data in made_files((7_000, 300)).items():
        (raw / name).write_bytes(data)
    return str(root)


@pytest.fixture(scope='module')
def digits():
    return load('digits', '', CPU)


def settings(data, **changes):
    return Settings(**{'seed': 1, 'dataset': 'digits', 'images': len(data.train_images)} | changes)


def both_transcripts(network, root, epochs, capsys):
    """What the classic loop and the suite print for the same initial weights."""
    torch.manual_seed(1)
    model = network()
    twin = copy.deepcopy(model)
    train_loader, test_loader = classic.loaders(root)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.5)
    capsys.readouterr()
    for epoch in range(1, epochs + 1):
        classic.train(model, CPU, train_loader, optimizer, epoch)
        classic.test(model, CPU, test_loader)
    theirs = capsys.readouterr().out

    data = load('kmnist', root, CPU)
    twin = to_device(twin, data.train_images)
    recipe = choose(twin, settings(data))
    for epoch in range(1, epochs + 1):
        train.train_epoch(twin, recipe, data, settings(data), Progress(epoch), False)
        train.test(twin, data.test_images, data.test_labels)
    return theirs, capsys.readouterr().out


@pytest.mark.parametrize('network', [NetLin, lambda: NetFull(30)])
def test_made_images_give_the_classic_transcript_digit_for_digit(network, made_root, capsys):
    theirs, ours = both_transcripts(network, made_root, 1, capsys)
    assert ours == theirs
    assert 'Train Epoch: 1 [6400/7000 (91%)]\tLoss: ' in ours


@real
@pytest.mark.parametrize('network', [NetLin, lambda: NetFull(100)])
def test_real_images_give_the_classic_transcript_digit_for_digit(network, capsys):
    theirs, ours = both_transcripts(network, os.environ['KMNIST_ROOT'], 1, capsys)
    assert ours == theirs


def test_netconv_gives_the_classic_losses_within_rounding(made_root, capsys):
    theirs, ours = both_transcripts(NetConv, made_root, 1, capsys)

    def losses(text):
        return [float(line.split()[-1]) for line in text.splitlines() if line.startswith('Train')]

    assert len(losses(ours)) == 2
    assert losses(ours) == pytest.approx(losses(theirs), rel=1e-4)


def outcome(data, path, config, stop=False, go_on=False, network=NetFull):
    """Train on digits; the bytes of the weights file."""
    torch.manual_seed(1)
    model = to_device(network(), data.train_images)
    train.train(model, data, config, str(path), resume.load(str(path)) if go_on else None, stop)
    return (path.parent / f'{path.name}.pth').read_bytes()


class PressedAt(Interrupt):
    """Ctrl-C at the given number of times the loop asks."""

    def __init__(self, times):
        super().__init__()
        self.left = times

    def __bool__(self):
        self.left -= 1
        return self.left < 0


CONFIGS = {
    'classic': {'epochs': 4},
    'shuffled adam': {'epochs': 4, 'shuffle': True, 'optim': 'adam', 'lr': 0.001},
    'fast': {'epochs': 4, 'recipe': 'fast', 'shuffle': True, 'batch': 32},
}


@pytest.mark.parametrize('name', CONFIGS)
@pytest.mark.parametrize('steps', [5, 37])
def test_stopped_by_ctrl_c_and_resumed_a_run_ends_with_the_same_bytes(name, steps, digits, tmp_path):
    config = settings(digits, **CONFIGS[name])
    whole = outcome(digits, tmp_path / 'whole', config)
    part = outcome(digits, tmp_path / 'part', config, stop=PressedAt(steps))
    assert part != whole
    assert outcome(digits, tmp_path / 'part', config, go_on=True) == whole
    assert (tmp_path / 'part.csv').read_bytes() == (tmp_path / 'whole.csv').read_bytes()


@pytest.mark.parametrize('write', [4, 5, 6, 7])
def test_killed_between_any_two_writes_and_resumed_a_run_ends_with_the_same_bytes(write, digits, tmp_path, monkeypatch):
    config = settings(digits, epochs=3)
    whole = outcome(digits, tmp_path / 'whole', config)
    real_write, calls = files.write, []

    def dying_write(path, data):
        calls.append(path)
        if len(calls) == write:
            raise SystemExit('killed')
        real_write(path, data)

    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(files, 'write', dying_write)
        outcome(digits, tmp_path / 'part', config)
    assert outcome(digits, tmp_path / 'part', config, go_on=True) == whole


def test_more_epochs_of_a_finished_run_are_those_of_one_longer_run(digits, tmp_path):
    outcome(digits, tmp_path / 'part', settings(digits, epochs=2))
    longer = settings(digits, epochs=3)
    assert outcome(digits, tmp_path / 'part', longer, go_on=True) == outcome(digits, tmp_path / 'whole', longer)


def test_resuming_with_other_settings_is_refused(digits, tmp_path):
    outcome(digits, tmp_path / 'net', settings(digits, epochs=1))
    with pytest.raises(UserError, match=r'lr 0\.01, not 0\.1'):
        outcome(digits, tmp_path / 'net', settings(digits, epochs=2, lr=0.1), go_on=True)


def test_resuming_another_shape_is_refused(digits, tmp_path):
    outcome(digits, tmp_path / 'net', settings(digits, epochs=1))
    with pytest.raises(UserError, match=r'hid\.weight is \(160, 784\)'):
        outcome(digits, tmp_path / 'net', settings(digits, epochs=2), go_on=True, network=lambda: NetFull(7))


def test_the_checkpoint_is_a_plain_state_dict(digits, tmp_path):
    outcome(digits, tmp_path / 'net', settings(digits, epochs=1), network=NetConv)
    state = torch.load(tmp_path / 'net.pth', weights_only=True)
    NetConv().load_state_dict(state)
    assert all(value.is_contiguous() for value in state.values())


def test_the_table_has_a_row_per_epoch(digits, tmp_path):
    outcome(digits, tmp_path / 'net', settings(digits, epochs=2))
    lines = (tmp_path / 'net.csv').read_text().splitlines()
    assert lines[0] == 'epoch,train_loss,test_loss,accuracy'
    assert [line.split(',')[0] for line in lines[1:]] == ['1', '2']


def test_an_overflow_ends_the_run_and_keeps_the_last_good_checkpoint(digits, tmp_path):
    outcome(digits, tmp_path / 'net', settings(digits, epochs=1))
    good = (tmp_path / 'net.pth').read_bytes()

    class Overflows(NetLin):
        def forward(self, x):
            return super().forward(x) * float('inf')

    with pytest.raises(UserError, match='overflowed in epoch 1'):
        outcome(digits, tmp_path / 'net', settings(digits, epochs=1), network=Overflows)
    assert (tmp_path / 'net.pth').read_bytes() == good


def test_a_network_that_uses_view_trains(digits, tmp_path):
    class Viewing(NetConv):
        def forward(self, x):
            x = torch.relu(self.conv2(torch.max_pool2d(torch.relu(self.conv1(x)), 2)))
            return torch.log_softmax(x.view(len(x), -1)[:, :10], 1)

    outcome(digits, tmp_path / 'net', settings(digits, epochs=1), network=Viewing)
