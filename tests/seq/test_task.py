import os
from dataclasses import FrozenInstanceError, replace

import pytest

from lab.seq.task import RECIPES, Task, Training


@pytest.mark.parametrize(
    'task, length, hid',
    [
        (Task(), 4, 2),
        (Task(model='lstm'), 4, 2),
        (Task('anb2nc3n'), 4, 4),
        (Task('anb2nc3n', model='lstm'), 4, 3),
        (Task('anb2nc3n', 9, 'srn', 7), 9, 7),
        (replace(Task(), hid=5), 4, 5),
    ],
)
def test_zero_stands_for_the_labs_sizes(task, length, hid):
    assert (task.length, task.hid) == (length, hid)


def test_a_task_knows_its_symbols_and_its_files():
    assert (Task().classes, Task('anb2nc3n').classes) == (2, 3)
    assert Task('anb2nc3n', model='lstm').checkpoint('net', 50) == os.path.join('net', 'anb2nc3n_lstm3_50.pth')


def test_the_default_is_the_labs_training():
    lab = Training()
    assert (lab.optim, lab.lr, lab.mom, lab.init, lab.epoch, lab.decay) == ('sgd', 0.005, 0, 0.001, 100, 1e-4)
    assert (lab.clip, lab.schedule, lab.grow, lab.mix, lab.keep) == (0, 'constant', 0, False, 'last')
    assert RECIPES['lab'] == {}


def test_the_recipes_are_those_that_were_measured():
    sure = {'optim': 'adam', 'lr': 0.01, 'schedule': 'linear', 'clip': 0.3, 'grow': 0.5}
    far = {'length': 100, 'hid': 6, 'lr': 0.03, 'clip': 1, 'grow': 0.8, 'mix': 1, 'decay_until': 0.8, 'keep': 'best'}
    assert RECIPES['sure'] == sure
    assert RECIPES['far'] == sure | far
    assert RECIPES['hard'] == {'optim': 'adam', 'lr': 0.01, 'schedule': 'linear', 'clip': 1, 'epoch': 100}


@pytest.mark.parametrize('settings, name', [(Task(), 'hid'), (Training(), 'lr')])
def test_settings_do_not_change_on_their_way(settings, name):
    with pytest.raises(FrozenInstanceError):
        setattr(settings, name, 1)
