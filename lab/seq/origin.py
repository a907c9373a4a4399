"""How checkpoints were trained: a file beside them says it, as a checkpoint is the lab's plain state_dict."""

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from lab.common import files
from lab.common.errors import UserError
from lab.seq.task import Task, Training


def write(task: Task, training: Training, folder: str, thousands: Iterable[int], run: dict):
    """Write <folder>/<stem>.json: the settings, and the checksum of each checkpoint of the run.

    thousands: epochs of the checkpoints. run: what else decides what they hold, and what it came to.
    """
    names = [os.path.basename(task.checkpoint(folder, epoch)) for epoch in thousands]
    known = {**asdict(task), **asdict(training), **run, 'files': {name: _sum(folder, name) for name in names}}
    files.write(os.path.join(folder, f'{task.stem}.json'), json.dumps(known, indent=1).encode())


def read(task: Task, folder: str) -> dict | None:
    """What write() has written, with its run's checkpoints unchanged; None where there is no checkpoint.

    Raises UserError where it is not known how they were trained, or where they have changed since.
    """
    path, name = Path(folder, f'{task.stem}.json'), f'{folder}/{task.stem}_*.pth'
    if not any(Path(folder).glob(f'{task.stem}_*.pth')):
        return None
    if not path.is_file():
        raise UserError(f'{name}: it is not known how they were trained, there is no {path}')
    try:
        known = json.loads(path.read_bytes())
        sums = dict(known['files'])
    except (ValueError, LookupError, TypeError) as error:
        raise UserError(f'{path} was not written by seq_train.py') from error
    if any(_sum(folder, name) != before for name, before in sums.items()):
        raise UserError(f'{name} have changed since {path} was written')
    return known


def _sum(folder: str, name: str) -> str | None:
    path = Path(folder, name)
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
