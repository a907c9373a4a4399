import os
from dataclasses import replace

import pytest

from lab.seq.task import Task


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
