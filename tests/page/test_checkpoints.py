"""Part 3 of the page: only checkpoints of the page's own command are taken."""

import json

import pytest
import torch

from lab.common import files
from lab.common.children import Command
from lab.common.errors import UserError
from lab.page import checkpoints
from lab.seq import student
from tests.page.made import OPTIONS, SRN
from tests.seq.learned import LEARNED

NOTES = 'seed: 1\n2 starts tried: seed 2 has learned (to train it alone: --restarts 1 --seed 2)\n'
PRINTED = '-----\nfirst\n-----\nlast\n learned: yes\n'


@pytest.fixture
def folder(tmp_path):
    """Checkpoints of an SRN after 0 and 10,000 epochs, and what the page remembers of them."""
    torch.manual_seed(0)
    for epoch in 0, 10:
        files.write_tensors(SRN.checkpoint(str(tmp_path), epoch), student.new_network(SRN).state_dict())
    checkpoints.remember(SRN, str(tmp_path), 1, PRINTED, NOTES)
    return tmp_path


def options(folder, seed=1):
    return OPTIONS._replace(out_path=str(folder), seed=seed)


def test_checkpoints_of_the_command_are_taken(folder):
    found = checkpoints.read_trained(SRN, options(folder), str(folder))
    assert (found.seed, found.printed, list(found.states)) == (1, '-----\nlast\n learned: yes\n', [0, 10])
    assert found.tried == '2 starts tried: seed 2 has learned'
    assert found.command == f'python3 seq_train.py --lang anb2n --seed 1 --out_path {folder}'
    assert not torch.equal(found.states[0]['W'], found.states[10]['W'])
    assert checkpoints.read_trained(SRN, options(folder, seed=None), str(folder)).seed == 1  # any is taken


def test_the_folder_may_be_spelled_otherwise_or_have_moved(folder, tmp_path_factory):
    other = f'{folder.rename(tmp_path_factory.mktemp("moved") / "net")}/'
    assert checkpoints.read_trained(SRN, options(folder), other).command.endswith(f'--seed 1 --out_path {other}')


def change(folder):
    files.write_tensors(SRN.checkpoint(str(folder), 10), LEARNED)


def forge(folder):
    (folder / 'anb2n_srn2.report.json').write_text(json.dumps({'command': 'x'}))


def forget(folder):
    (folder / 'anb2n_srn2.report.json').unlink()


@pytest.mark.parametrize(
    ('spoil', 'seed', 'why'),
    [
        (None, 2, '--seed 1'),
        (change, 1, 'have changed'),
        (forge, 1, 'not written by this script'),
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
