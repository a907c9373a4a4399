"""Part 3 of the page: which checkpoints fit, and the command that trains what is missing."""

import hashlib
import json
import os
import re
from pathlib import Path
from typing import NamedTuple

from torch import nn

from lab.common import files
from lab.common.children import Command
from lab.common.cli import typed
from lab.common.errors import UserError, note
from lab.common.student import trial
from lab.insight.found.step import of_model
from lab.page.commands import Options, Place, flags, search
from lab.seq import student
from lab.seq.task import MODELS, Task

TASKS = [Task('anb2n', 0, 'srn'), Task('anb2nc3n', 0, 'lstm')]
KNOWN = 'report.json'  # ending of the file that says which command has made the checkpoints


class Trained(NamedTuple):
    """A trained network: its checkpoints by thousands of epochs, and what its command printed at the end."""

    task: Task
    command: str
    seed: int
    states: dict[int, student.State]
    printed: str
    tried: str  # how many starts it tried, and which seed has learned


def tasks() -> list[Task]:
    """The networks of the page. A student's own are left out where they are not the lab's; a note says so."""
    found = []
    for task in TASKS:
        with trial():
            model = student.new_network(task)
            for parameter in model.parameters():
                nn.init.normal_(parameter)
        if of_model(model, task.classes):
            found.append(task)
        else:
            note(f'{task.stem} is left out: the {MODELS[task.model]} in seq_models.py is not the network of the lab')
    return found


def network_flags(task: Task) -> list[str]:
    """The flags of the lab's commands that name a network; the lab types none for an SRN."""
    return ['--lang', task.lang, *([] if task.model == 'srn' else ['--model', task.model, '--hid', str(task.hid)])]


def command(task: Task, seed: int) -> list[str]:
    """The command that trains a network, whatever its folder."""
    return ['seq_train.py', *network_flags(task), '--seed', str(seed)]


def find_trained(task: Task, options: Options, seed: int) -> Place:
    """The folder of a network's checkpoints, and the network, or the command that trains it.

    seed: of a network that has not been trained. Checkpoints that are of another run are left alone: a note says so.
    """

    def train(folder: str) -> Command:
        words = [*command(task, seed), *flags(out_path=folder)]
        return Command(words, done=lambda printed, notes: remember(task, folder, seed, printed, notes))

    return search(options.out_path, lambda folder: read_trained(task, options, folder), train)


def remember(task: Task, folder: str, seed: int, printed: str, notes: str):
    """Write down which command has made the checkpoints in `folder`, and what it printed at the end."""
    last = printed[printed.rfind('-----\n') :]
    tried = ''.join(re.findall(r'^\d+ starts? tried: [^(\n]*', notes, re.MULTILINE)).strip()
    words, sums = command(task, seed), _sums(task, folder)
    known = {'command': words, 'seed': seed, 'files': sums, 'printed': last, 'tried': tried}
    files.write(os.path.join(folder, f'{task.stem}.{KNOWN}'), json.dumps(known, indent=1).encode())


def _sums(task: Task, folder: str) -> dict[str, str]:
    """SHA-256 of each checkpoint of a network."""
    names = [name for name in os.listdir(folder) if re.fullmatch(rf'{task.stem}_\d+\.pth', name)]
    return {name: hashlib.sha256(Path(folder, name).read_bytes()).hexdigest() for name in sorted(names)}


def read_trained(task: Task, options: Options, folder: str) -> Trained | None:
    """The trained network of the checkpoints in `folder`; None if there are none.

    Raises UserError where they are of another run than the page's command, as far as is known.
    """
    path = os.path.join(folder, f'{task.stem}.{KNOWN}')
    there = _sums(task, folder) if os.path.isdir(folder) else {}
    if not there:
        return None
    if not os.path.isfile(path):
        raise UserError(f'{folder}/{task.stem}_*.pth: it is not known how they were trained')
    try:
        known = json.loads(Path(path).read_bytes())
        seed, sums = int(known['seed']), dict(known['files'])
        printed, tried = str(known['printed']), str(known['tried'])
        words = [str(word) for word in known['command']]
    except (ValueError, LookupError, TypeError) as error:
        raise UserError(f'{path} was not written by this script') from error
    if words != command(task, seed) or options.seed not in (None, seed):
        raise UserError(f'{folder}/{task.stem}_*.pth are of {typed(words)}')
    if sums != there:
        raise UserError(f'{folder}/{task.stem}_*.pth have changed since {typed(words)}')
    states, model = {}, student.new_network(task)
    for name in there:
        files.load_into(model, os.path.join(folder, name))
        states[int(name[len(task.stem) + 1 : -4])] = {key: value.clone() for key, value in model.state_dict().items()}
    return Trained(task, typed([*words, *flags(out_path=folder)]), seed, dict(sorted(states.items())), printed, tried)
