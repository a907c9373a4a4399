"""How checkpoints were trained: a file beside them says it, as a checkpoint is the lab's plain state_dict."""

import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path

from lab.common import files
from lab.common.errors import UserError
from lab.seq.task import Task, Training


def write(task: Task, training: Training, folder: str, states: dict[int, dict], run: dict):
    """Write <folder>/<stem>.json: the settings, and the checksum of each checkpoint of the run.

    states: the weights in each checkpoint, by thousands of epochs; not read from the folder, where another run may have
    written others by now. run: what else decides what they hold, and what it came to.
    """
    sums = {os.path.basename(task.checkpoint(folder, k)): _sum(files.packed(state)) for k, state in states.items()}
    known = {**asdict(task), **asdict(training), **run, 'files': sums}
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
    there = {name: Path(folder, name) for name in sums}
    if any(not file.is_file() or _sum(file.read_bytes()) != sums[name] for name, file in there.items()):
        raise UserError(f'{name} have changed since {path} was written')
    return known


def _sum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
