import os
from dataclasses import FrozenInstanceError, replace

import pytest

from lab.common import cli
from lab.seq.task import RECIPES, Task, Training, add_network


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
    assert (lab.optim, lab.lr, lab.mom, lab.init, lab.epoch, lab.decay) == ('sgd', 0.005, 0, None, 100, 1e-4)
    assert (lab.clip, lab.schedule, lab.grow, lab.mix, lab.saturate) == (0, 'constant', 0, 0, 0)
    assert RECIPES['lab'] == {}


def test_the_recipes_are_those_that_were_measured():
    sure = {'optim': 'adam', 'lr': 0.01, 'schedule': 'linear', 'clip': 0.3, 'grow': 0.5}
    far = {'length': 10, 'hid': 6, 'lr': 0.03, 'init': 0.02, 'epoch': 150, 'grow': 0.4, 'mix': 0.5, 'saturate': 3}
    assert RECIPES['sure'] == sure
    assert RECIPES['far'] == sure | far
    assert RECIPES['hard'] == {'optim': 'adam', 'lr': 0.01, 'schedule': 'linear', 'clip': 1, 'epoch': 100}


@pytest.mark.parametrize('settings, name', [(Task(), 'hid'), (Training(), 'lr')])
def test_settings_do_not_change_on_their_way(settings, name):
    with pytest.raises(FrozenInstanceError):
        setattr(settings, name, 1)


def parse(line, capsys):
    parser = cli.Parser('about')
    add_network(parser)
    return parser.parse_args(line.split())


def test_the_flags_name_a_task_and_a_folder(capsys):
    args = parse('--lang anb2nc3n --length 100 --model lstm --hid 100 --out_path some', capsys)
    assert Task(args.lang, args.length, args.model, args.hid) == Task('anb2nc3n', 100, 'lstm', 100)
    assert args.out_path == 'some'


def test_without_flags_it_is_the_labs_first_task(capsys):
    args = parse('', capsys)
    assert Task(args.lang, args.length, args.model, args.hid) == Task('anb2n', 4, 'srn', 2)
    assert vars(parse('--length 0 --hid 0', capsys)) == vars(args)
    assert parse('--length 1 --hid 1', capsys).hid == 1


@pytest.mark.parametrize('line', ['--length 101', '--length -1', '--hid 101', '--hid -1', '--model gru', '--lang ab'])
def test_other_values_are_refused(line, capsys):
    with pytest.raises(SystemExit, match='2'):
        parse(line, capsys)
    assert line.split()[0] in capsys.readouterr().err
