"""train.py: the numbers of the classic loop."""

import copy
import os
import re

import pytest
import torch

from kuzu import NetConv, NetFull, NetLin
from lab.bench import classic
from lab.common.errors import UserError
from lab.kuzu import train
from lab.kuzu.data import Dataset, load
from lab.kuzu.networks import to_device
from lab.kuzu.recipe import choose
from lab.kuzu.resume import Progress
from tests.kuzu.runs import CPU, outcome, settings
from tests.kuzu.server import made_files

real = pytest.mark.skipif('KMNIST_ROOT' not in os.environ, reason='KMNIST_ROOT names no real images')


@pytest.fixture(scope='module')
def made_root(tmp_path_factory):
    root = tmp_path_factory.mktemp('made')
    raw = root / 'KMNIST' / 'raw'
    raw.mkdir(parents=True)
    for name, data in made_files((7_000, 300)).items():
        (raw / name).write_bytes(data)
    return str(root)


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
    recipe = choose(twin, settings(dataset='kmnist'))
    for epoch in range(1, epochs + 1):
        train.train_epoch(twin, recipe, data, settings(dataset='kmnist'), Progress(epoch), False)
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


def test_an_overflow_ends_the_run_and_keeps_the_last_good_checkpoint(tmp_path):
    outcome(tmp_path / 'net', settings(epochs=1))
    good = (tmp_path / 'net.pth').read_bytes()

    class Overflows(NetLin):
        def forward(self, x):
            return super().forward(x) * float('inf')

    with pytest.raises(UserError, match='overflowed in epoch 1'):
        outcome(tmp_path / 'net', settings(epochs=1), network=Overflows)
    assert (tmp_path / 'net.pth').read_bytes() == good


def test_a_network_that_uses_view_trains(tmp_path):
    class Viewing(NetConv):
        def forward(self, x):
            x = torch.relu(self.conv2(torch.max_pool2d(torch.relu(self.conv1(x)), 2)))
            return torch.log_softmax(x.view(len(x), -1)[:, :10], 1)

    outcome(tmp_path / 'net', settings(epochs=1), network=Viewing)


def small_epoch(epoch, **changes):
    """One epoch of 20 images in batches of 8; the numbers of the images as they came, and the shares of steps done."""
    images = torch.arange(20.0)[:, None, None, None] * torch.ones(20, 1, 28, 28)
    data = Dataset(images, torch.arange(20) % 10, images, torch.arange(20) % 10, [])
    config = settings(batch=8, epochs=2, **changes)
    taken, shares = [], []
    model = NetLin()
    recipe = choose(model, config)
    recipe.augment = lambda batch: taken.append(batch[:, 0, 0, 0].tolist()) or batch
    recipe.rate = lambda share: shares.append(share) or 0.001 * len(shares)
    progress = Progress(epoch)
    train.train_epoch(model, recipe, data, config, progress, False)
    assert progress.batch == len(progress.losses) == 3
    assert recipe.optimizer.param_groups[0]['lr'] == 0.003
    return taken, shares


def test_an_epoch_takes_the_images_in_file_order_and_the_rate_follows_the_steps_done():
    taken, shares = small_epoch(2)
    assert taken == [[*range(8)], [*range(8, 16)], [*range(16, 20)]]
    assert shares == pytest.approx([3 / 6, 4 / 6, 5 / 6])


def test_shuffled_each_epoch_takes_all_images_in_an_order_of_its_seed_and_number():
    orders = [small_epoch(epoch, shuffle=True, seed=seed)[0] for epoch, seed in ((1, 1), (2, 1), (1, 2), (1, 1))]
    assert [len(batch) for batch in orders[0]] == [8, 8, 4]
    assert all(sorted(place for batch in order for place in batch) == [*range(20)] for order in orders)
    order = torch.randperm(20, generator=torch.Generator().manual_seed(100_004)).tolist()  # an old run can be repeated
    assert orders[0] == [order[:8], order[8:16], order[16:]]
    assert orders[0] == orders[3] and orders[0] != orders[1] != orders[2] != orders[0]


def test_the_table_of_epochs_has_the_mean_loss_and_the_accuracy_in_percent(tmp_path, capsys):
    outcome(tmp_path / 'net', settings(epochs=1, batch=700), network=NetLin)
    out = capsys.readouterr().out
    first = float(re.search(r'Loss: (\S+)', out)[1])
    test_loss, right = re.search(r'Average loss: (\S+), Accuracy: (\d+)/397', out).groups()
    epoch, train_loss, tested, accuracy = (tmp_path / 'net.csv').read_text().splitlines()[1].split(',')
    assert epoch == '1' and 0 < float(train_loss) < first
    assert float(tested) == pytest.approx(float(test_loss), abs=1e-4)
    assert accuracy == f'{100 * int(right) / 397:.2f}'


def test_a_finished_run_that_is_resumed_is_tested_again(tmp_path, capsys):
    outcome(tmp_path / 'net', settings(epochs=1, batch=700), network=NetLin)
    whole = capsys.readouterr().out
    outcome(tmp_path / 'net', settings(epochs=1, batch=700), network=NetLin, go_on=True)
    assert capsys.readouterr().out == whole[whole.index('<class') :]
