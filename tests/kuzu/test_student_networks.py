"""Whatever a student's network does, kuzu_main.py trains it as the lab's own loop does, digit for digit."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import kuzu_main
from kuzu import NetConv, NetFull, NetLin
from tests.kuzu.runs import digits, play

EPOCHS = 2


class Changed(NetLin):
    """NetLin with something done to each input first."""

    def forward(self, x):
        return super().forward(self.change(x))


class Flips(Changed):
    def change(self, x):
        return torch.flip(x, [3]) if self.training and torch.rand(1).item() < 0.3 else x


class Clamps(Changed):
    def change(self, x):
        self.out.weight.data.clamp_(-0.05, 0.05)
        return x


class ChangesItsInput(Changed):
    def change(self, x):
        return x.add_(1).div_(2)


class Prints(Changed):
    calls = 0

    def change(self, x):
        self.calls += 1
        if self.calls % 10 == 0:
            print('call', self.calls, len(x))
        return x


class Counts(Prints):
    def change(self, x):
        self.calls += 1
        return x / (1 + self.calls / 20)


class Several(NetFull):
    def forward(self, x):
        hidden = torch.tanh(self.hid(x.flatten(1)))
        return hidden[:, :3], F.log_softmax(self.out(hidden), dim=1), hidden


class Drops(NetConv):
    def forward(self, x):
        x = F.relu(F.max_pool2d(F.dropout(self.conv1(x), 0.2, self.training), 2))
        x = F.relu(F.max_pool2d(self.conv2(x), 2)).flatten(1)
        return F.log_softmax(self.out(F.dropout(F.relu(self.fc(x)), 0.5, self.training)), dim=1)


def normalised():
    layers = nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.BatchNorm2d(8), nn.Dropout(0.3)
    return nn.Sequential(*layers, nn.Conv2d(8, 8, 3), nn.Flatten(), nn.Linear(8 * 12 * 12, 10), nn.LogSoftmax(1))


def lazy():
    return nn.Sequential(nn.Conv2d(1, 4, 5), nn.Dropout(), nn.Flatten(), nn.LazyLinear(10), nn.LogSoftmax(1))


def classic(network) -> dict:
    """The lab's loop, with a line for every batch. Returns the weights that it ends with."""
    data = digits()
    torch.manual_seed(1)
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.5)
    halves = (data.train_images, data.train_labels), (data.test_images, data.test_labels)
    batches, tests = (list(zip(*(values.split(64) for values in half), strict=True)) for half in halves)
    first = (lambda output: output[1]) if network is Several else (lambda output: output)
    for epoch in range(1, EPOCHS + 1):
        model.train()
        for number, (images, labels) in enumerate(batches):
            optimizer.zero_grad()
            loss = F.nll_loss(first(model(images.clone())), labels)  # a DataLoader's batch is a copy, too
            loss.backward()
            optimizer.step()
            done = f'{number * 64}/1400 ({100 * number / len(batches):.0f}%)'
            print(f'Train Epoch: {epoch} [{done}]\tLoss: {loss.item():.6f}')
        model.eval()
        loss, confusion = 0.0, np.zeros((10, 10))
        with torch.no_grad():
            for images, labels in tests:
                output = first(model(images.clone()))
                loss += F.nll_loss(output.double(), labels, reduction='sum').item()
                np.add.at(confusion, (labels.numpy(), output.argmax(1).numpy()), 1)
        with np.printoptions(precision=4, suppress=True):
            print(type(confusion), confusion, sep='\n')
        right = int(confusion.trace())
        print(f'\nTest set: Average loss: {loss / 397:.4f}, Accuracy: {right}/397 ({100 * right / 397:.0f}%)\n')
    return model.state_dict()


@pytest.mark.parametrize(
    ('kind', 'network'),
    [
        ('lin', NetLin),
        ('full', NetFull),
        ('conv', NetConv),
        ('conv', Drops),
        ('conv', normalised),
        ('conv', lazy),
        ('lin', Flips),
        ('lin', Clamps),
        ('lin', ChangesItsInput),
        ('lin', Prints),
        ('lin', Counts),
        ('full', Several),
    ],
    ids=lambda value: getattr(value, '__name__', ''),
)
def test_each_line_and_the_weights_are_those_of_the_classic_loop(kind, network, tmp_path, monkeypatch, capsys):
    expected = classic(network)
    transcript = capsys.readouterr().out
    monkeypatch.setattr(kuzu_main, 'REPORT_EVERY', 1)
    play(tmp_path, f'--net {kind} --epochs {EPOCHS}', network)
    assert capsys.readouterr().out.split('Model parameters')[0] == transcript
    trained = torch.load(tmp_path / f'kuzu_{kind}.pth', weights_only=True)
    assert all(torch.equal(trained[name], value) for name, value in expected.items())


@pytest.mark.parametrize(
    ('kind', 'lines'),
    [
        ('lin', ['[0/1400 (0%)]\tLoss: 2.367885', 'Average loss: 0.9923, Accuracy: 328/397 (83%)', '5 -> 9 4']),
        ('full', ['[0/1400 (0%)]\tLoss: 2.303006', 'Average loss: 1.6390, Accuracy: 293/397 (74%)', '9 -> 7 7']),
        ('conv', ['[0/1400 (0%)]\tLoss: 2.302680', 'Average loss: 2.2951, Accuracy: 100/397 (25%)', '8 -> 3 33']),
    ],
)
def test_our_own_networks_give_the_digits_that_they_have_always_given(kind, lines, tmp_path, capsys):
    play(tmp_path, f'--net {kind} --epochs 1')
    out = capsys.readouterr().out
    assert [line in out for line in lines] == [True] * 3 and out.endswith(f'{lines[-1]}\n')
