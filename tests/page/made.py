"""A page made of small networks that are trained in a moment, or not at all; its numbers are as on a real page."""

import functools
import pickle
import time
from pathlib import Path
from unittest import mock

import torch
import torch.nn.functional as F

from lab.common import cli, files
from lab.insight.found import analysis, states
from lab.kuzu import student as student_of_kuzu
from lab.kuzu.train import predict
from lab.page import check, kuzu, render, seq
from lab.page.checkpoints import Trained
from lab.page.commands import Options
from lab.seq import student, verdict
from lab.seq.task import Task
from tests.kuzu.runs import digits
from tests.seq.learned import LEARNED

FOLDER = Path()  # set by conftest.py
OPTIONS = Options(1, 'digits', 'data', 'net', 'plot')
SRN, LSTM = Task('anb2n', 4, 'srn', 2), Task('anb2nc3n', 4, 'lstm', 3)


def untrained(kind: str) -> kuzu.Trained:
    """A network of Part 1 with its first weights, tested on the digits."""
    torch.manual_seed(1)
    data, model = digits(), student_of_kuzu.new_network(kind, {})
    outputs = predict(model, data.test_images)
    confusion = torch.bincount(data.test_labels * 10 + outputs.argmax(1), minlength=100).view(10, 10).numpy()
    loss = F.nll_loss(outputs.double(), data.test_labels).item()
    accuracy = 100 * confusion.trace() / confusion.sum()
    history = [[1, 2.0, 2.1, accuracy / 2], [2, 1.0, loss, accuracy]]
    return kuzu.Trained(
        kind, f'python3 kuzu_main.py --net {kind}', 1, model, history, loss, confusion, outputs.exp().numpy()
    )


def recurrent() -> list[Trained]:
    """An SRN that has learned, with its way there, and an LSTM with its first weights."""
    torch.manual_seed(2)
    begin = {name: 0.1 * value for name, value in LEARNED.items()}
    srn, lstm = (student.new_network(task).state_dict() for task in (SRN, LSTM))
    told = 'python3 seq_train.py --seed 1', 1
    tried = '1 start tried: seed 1 has learned'
    return [
        Trained(SRN, *told, {0: srn, 10: begin, 100: LEARNED}, tried),
        Trained(LSTM, *told, {0: lstm, 100: lstm}, tried),
    ]


EXAMINE = seq.examine


def examined(*task) -> dict:
    """In another process: as on the page, but with fewer sequences, and n up to 30 alone is tried."""
    analysis.FRESH, states.POINTS, verdict.TRIED = 300, 2000, range(1, 31)
    return EXAMINE(*task)


def make() -> dict[str, dict]:
    with mock.patch.object(seq, 'examine', examined), mock.patch.object(cli, 'cores', lambda: 1):  # the others test
        part3 = seq.describe(recurrent(), False)
    return {
        'kuzu': kuzu.describe([untrained(kind) for kind in kuzu.NAMES], digits(), OPTIONS),
        'check': check.describe(*check.make(1, False)),
        'seq': part3,
    }


@functools.cache
def parts() -> dict[str, dict]:
    """What is on the page; made by the process that asks first, the others wait for its file."""
    file = FOLDER / 'parts'
    try:
        FOLDER.mkdir()
    except FileExistsError:
        while FOLDER.exists() and not file.exists():
            time.sleep(0.2)
    else:
        try:
            files.write(str(file), pickle.dumps(make()))
        except BaseException:
            FOLDER.rmdir()
            raise
    return pickle.loads(file.read_bytes())


@functools.cache
def html() -> str:
    return render.page(parts(), 'python3 report.py')
