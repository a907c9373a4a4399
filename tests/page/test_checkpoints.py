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

NOTES = 'seed: 1\n2 starts tried: seed 2 has learned (alone: --restarts 1 --seed 2)\n'
PRINTED = '-----\nfirst\n-----\nlast\n learned: yes\n'


@pytest.fixture
def folder(tmp_path):
    """Checkpoints of an SRN after 0 and 10,000 epochs, and what the page remembers of them."""
    torch.manual_seed(0)
    for epoch in 0, 10:
        files.write_tensors(SRN.checkpoint(str(tmp_path), epoch), student.new_network(SRN).state_dict())
    checkpoints.remember(SRN, str(tmp_path), 1, PRINTED, NOTES)
    return tmp_path


def options(folder):
    return OPTIONS._replace(out_path=str(folder))


def test_checkpoints_of_the_command_are_taken(folder):
    found = checkpoints.read_trained(SRN, options(folder), str(folder))
    assert (found.seed, found.printed, list(found.states)) == (1, '-----\nlast\n learned: yes\n', [0, 10])
    assert found.tried == '2 starts tried: seed 2 has learned'
    assert found.command == f'python3 seq_train.py --lang anb2n --seed 1 --out_path {folder}'
    assert not torch.equal(found.states[0]['W'], found.states[10]['W'])


def test_the_folder_may_be_spelled_otherwise_or_have_moved(folder, tmp_path_factory):
    other = f'{folder.rename(tmp_path_factory.mktemp("moved") / "net")}/'
    assert checkpoints.read_trained(SRN, options(other), other).command.endswith(f'--seed 1 --out_path {other}')


def test_without_a_seed_any_seed_is_taken(folder):
    assert checkpoints.read_trained(SRN, options(folder)._replace(seed=None), str(folder)).seed == 1


def test_other_checkpoints_are_refused(folder):
    with pytest.raises(UserError, match='--seed 1'):
        checkpoints.read_trained(SRN, options(folder)._replace(seed=2), str(folder))
    files.write_tensors(SRN.checkpoint(str(folder), 10), LEARNED)
    with pytest.raises(UserError, match='have changed'):
        checkpoints.read_trained(SRN, options(folder), str(folder))
    (folder / 'anb2n_srn2.report.json').write_text(json.dumps({'command': 'x'}))
    with pytest.raises(UserError, match='not written by this script'):
        checkpoints.read_trained(SRN, options(folder), str(folder))
    (folder / 'anb2n_srn2.report.json').unlink()
    with pytest.raises(UserError, match='not known'):
        checkpoints.read_trained(SRN, options(folder), str(folder))


def test_checkpoints_of_another_run_are_left_alone(folder, capsys):
    there, job = checkpoints.find_trained(SRN, options(folder)._replace(seed=2), 2)
    assert (there, job.words[-2:]) == (f'{folder}/report', ['--out_path', f'{folder}/report'])
    assert 'not used' in capsys.readouterr().err


def test_where_nothing_is_there_the_labs_command_is_run(tmp_path):
    there, job = checkpoints.find_trained(SRN, options(tmp_path / 'new'), 1)
    assert (there, isinstance(job, Command)) == (str(tmp_path / 'new'), True)
