"""What a run of Part 3 is about: which network learns which language, and how it is trained."""

import argparse
import os
from dataclasses import dataclass
from typing import NamedTuple

from lab.common import cli

CLASSES = {'anb2n': 2, 'anb2nc3n': 3}  # symbols of each language
MODELS = {'srn': 'SRN_model', 'lstm': 'LSTM_model'}  # and their classes in seq_models.py
MOST_EPOCHS, MOST_STARTS = 1_000_000, 10_000  # that --epoch, in thousands, and --restarts take
SRN_INIT = 0.001
ADAM = {'optim': 'adam', 'schedule': 'linear', 'clip': 0.3, 'grow': 0.5}
FAR = {'length': 10, 'hid': 6, 'lr': 0.03, 'init': 0.02, 'epoch': 150, 'grow': 0.4, 'mix': 0.5, 'saturate': 3}
RECIPES = {  # other settings than the lab's; docs/measurements.md has the shares of starts that learn with each
    'lab': {},
    'sure': ADAM | {'lr': 0.01},
    'hard': {'optim': 'adam', 'schedule': 'linear', 'lr': 0.01, 'clip': 1, 'epoch': 100},
    'far': ADAM | FAR,
}


@dataclass(frozen=True)
class Task:
    """Which network reads which language. Where length or hid is 0, the lab's size takes its place."""

    lang: str = 'anb2n'
    length: int = 0  # most A's in a block
    model: str = 'srn'
    hid: int = 0  # hidden units

    def __post_init__(self):
        usual = 2 if self.lang == 'anb2n' else 3 if self.model == 'lstm' else 4
        object.__setattr__(self, 'length', self.length or 4)
        object.__setattr__(self, 'hid', self.hid or usual)

    @property
    def classes(self) -> int:
        """How many symbols the language has."""
        return CLASSES[self.lang]

    @property
    def longest(self) -> int:
        """How many symbols the longest sequence has: five blocks and an A."""
        return 5 * self.length * self.classes * (self.classes + 1) // 2 + 1

    @property
    def hard(self) -> bool:
        """Whether one start in ten learns with the lab's settings; for other pairs it is more than half."""
        return (self.lang, self.model) == ('anb2nc3n', 'srn')

    @property
    def epochs(self) -> int:
        """The lab's length of a run, in thousands of epochs."""
        return 200 if self.hard else 100

    @property
    def stem(self) -> str:
        """The first part of the names of this network's files."""
        return f'{self.lang}_{self.model}{self.hid}'

    def checkpoint(self, folder: str, thousands: int) -> str:
        """The file of the weights after so many thousands of epochs, as in net/anb2n_srn2_100.pth."""
        return os.path.join(folder, f'{self.stem}_{thousands}.pth')


@dataclass(frozen=True)
class Training:
    """How a network is trained, in the words of seq_train.py's flags. The defaults are the lab's."""

    optim: str = 'sgd'  # or adam
    lr: float = 0.005
    mom: float = 0  # momentum of sgd
    init: float | None = None  # standard deviation of the first weights; None: SRN_INIT, or an LSTM class's own
    epoch: int = 100  # thousands of epochs
    decay: float = 1e-4  # weight decay
    clip: float = 0  # largest norm of the gradient; 0 = any
    schedule: str = 'constant'  # or linear: the learning rate falls to 0
    grow: float = 0  # share of the run in which the longest block grows from n = 1 to the task's length
    mix: float = 0  # share of the epochs in which the longest block is shorter: 1 to 9 is as likely as 10 to 99
    saturate: float = 0  # pressure on the gates of an LSTM to be open or shut, from half the run on; see gates.py


class Part(NamedTuple):
    """A part of a run in which the settings stay the same."""

    epoch: int  # reached at its end
    count: int  # epochs to train until then
    rate: float  # learning rate
    decay: float = 0  # weight decay
    pressure: float = 0  # on the gates of an LSTM


def add_network(parser: argparse.ArgumentParser):
    """Add --lang, --length, --model and --hid, the fields of a Task, and --out_path: flags of training and plotting."""
    add = parser.add_argument
    add('--lang', choices=CLASSES, default='anb2n', help='language')
    add('--length', type=cli.whole(0, 100), default=0, help="most A's in a block; 0 = 4")
    add('--model', choices=MODELS, default='srn', help='network')
    add('--hid', type=cli.whole(0, 100), default=0, help='hidden units; 0 = 2 (on anb2nc3n: lstm 3, srn 4)')
    add('--out_path', type=cli.folder, default='net', help='folder of the checkpoints')
