"""Part 3 of the page: only checkpoints of the page's own command are taken."""

import contextlib
import io
import json

import pytest
import torch

import seq_train
from lab.common import files
from lab.common.children import Command
from lab.common.errors import UserError
from lab.page import checkpoints
from lab.seq import origin, results, student
from lab.seq.task import Training
from tests.page.made import OPTIONS, SRN
from tests.seq.learned import LEARNED

RUN = {'seed': 1, 'restarts': None, 'engine': 'auto', 'tried': '2 starts tried: seed 2 has learned'}


@pytest.fixture
def folder(tmp_path):
    """Checkpoints of an SRN after 0 and 10,000 epochs, and what seq_train.py says of them."""
    torch.manual_seed(0)
    states = {epoch: student.new_network(SRN).state_dict() for epoch in (0, 10)}
    for epoch, state in states.items():
        files.write_tensors(SRN.checkpoint(str(tmp_path), epoch), state)
    origin.write(SRN, Training(), str(tmp_path), states, RUN)
    return tmp_path


def options(folder, seed=1):
    return OPTIONS._replace(out_path=str(folder), seed=seed)


def test_checkpoints_of_the_command_are_taken(folder):
    files.write_tensors(SRN.checkpoint(str(folder), 20), LEARNED)  # of a longer run before
    found = checkpoints.read_trained(SRN, options(folder), str(folder))
    assert (found.seed, found.tried, list(found.states)) == (1, RUN['tried'], [0, 10])
    assert found.command == 'python3 seq_train.py --lang anb2n --seed 1'  # not where they are: that may tell a name
    assert not torch.equal(found.states[0]['W'], found.states[10]['W'])
    assert checkpoints.read_trained(SRN, options(folder, seed=None), str(folder)).seed == 1  # any is taken


def test_of_two_runs_at_once_none_takes_the_checkpoints_of_the_other_for_its_own(folder):
    """The other run has written its weights just before this one says how its own were trained."""
    mine, theirs = ({0: student.new_network(SRN).state_dict()} for _ in range(2))
    files.write_tensors(SRN.checkpoint(str(folder), 0), theirs[0])
    origin.write(SRN, Training(), str(folder), mine, RUN)
    with pytest.raises(UserError, match='have changed'):
        origin.read(SRN, str(folder))


@pytest.mark.parametrize(
    ('flags', 'why'), [('', None), ('--lr 0.01', 'lr 0.01, not 0.005'), ('--restarts 2', 'restarts 2')]
)
def test_what_the_lab_has_just_trained_is_known(flags, why, tmp_path, monkeypatch):
    monkeypatch.setattr(results, 'learned', lambda found: True)  # the first start is enough here
    monkeypatch.setattr(checkpoints.Task, 'epochs', 1)
    with contextlib.redirect_stdout(io.StringIO()):
        seq_train.main(['--lang', 'anb2n', '--seed', '3', '--out_path', str(tmp_path), *flags.split()])
    if why:
        with pytest.raises(UserError, match=why):
            checkpoints.read_trained(SRN, options(tmp_path, None), str(tmp_path))
    else:
        found = checkpoints.read_trained(SRN, options(tmp_path, None), str(tmp_path))
        assert (found.seed, list(found.states), found.tried[:14]) == (3, [0, 1], '1 start tried:')


def change(folder):
    files.write_tensors(SRN.checkpoint(str(folder), 10), LEARNED)


def lose(folder):
    (folder / 'anb2n_srn2_0.pth').unlink()


def forge(folder):
    (folder / 'anb2n_srn2.json').write_text(json.dumps({'command': 'x'}))


def forget(folder):
    (folder / 'anb2n_srn2.json').unlink()


@pytest.mark.parametrize(
    ('spoil', 'seed', 'why'),
    [
        (None, 2, 'seed 1, not 2'),
        (change, 1, 'have changed'),
        (lose, 1, 'have changed'),
        (forge, 1, 'not written by seq_train.py'),
        (forget, 1, 'not known'),
    ],
)
def test_other_checkpoints_are_refused(folder, spoil, seed, why):
    if spoil:
        spoil(folder)
    with pytest.raises(UserError, match=why):
        checkpoints.read_trained(SRN, options(folder, seed), str(folder))


def test_checkpoints_of_another_run_are_left_alone_and_where_nothing_is_there_the_labs_command_is_run(folder, capsys):
    there, job, _ = checkpoints.find_trained(SRN, options(folder, 2), 2)
    assert (there, job.words[-2:]) == (f'{folder}/report', ['--out_path', f'{folder}/report'])
    assert 'not used' in capsys.readouterr().err
    there, job, _ = checkpoints.find_trained(SRN, options(folder / 'new'), 1)
    assert (there, isinstance(job, Command)) == (str(folder / 'new'), True)
