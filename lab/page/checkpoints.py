"""Part 3 of the page: which checkpoints fit, and the command that trains what is missing."""

import os
from dataclasses import asdict
from typing import NamedTuple

from torch import nn

from lab.common import files
from lab.common.children import Command
from lab.common.cli import typed
from lab.common.errors import UserError, note
from lab.common.student import trial
from lab.insight.found.step import of_model
from lab.page.commands import Options, Place, flags, search
from lab.seq import origin, student
from lab.seq.task import MODELS, Task, Training

TASKS = [Task('anb2n', 0, 'srn'), Task('anb2nc3n', 0, 'lstm')]


class Trained(NamedTuple):
    """A trained network: its checkpoints by thousands of epochs."""

    task: Task
    command: str
    seed: int
    states: dict[int, student.State]
    tried: str  # how many starts its command tried, and which seed has learned


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
    return search(
        options.out_path,
        lambda folder: read_trained(task, options, folder),
        lambda folder: Command([*command(task, seed), *flags(out_path=folder)]),
    )


def read_trained(task: Task, options: Options, folder: str) -> Trained | None:
    """The trained network of the checkpoints in `folder`; None if there are none.

    Raises UserError where they are of another run than the page's command, as far as is known.
    """
    known = origin.read(task, folder)
    if known is None:
        return None
    usual = {**asdict(task), **asdict(Training(epoch=task.epochs)), 'restarts': None, 'engine': 'auto'}
    usual['seed'] = known.get('seed') if options.seed is None else options.seed
    for name, value in usual.items():
        if known.get(name) != value:
            raise UserError(f'{folder}/{task.stem}_*.pth are of a run with {name} {known.get(name)}, not {value}')
    states, model = {}, student.new_network(task)
    for name in known['files']:
        files.load_into(model, os.path.join(folder, name))
        states[int(name[len(task.stem) + 1 : -4])] = {key: value.clone() for key, value in model.state_dict().items()}
    seed = known['seed']
    return Trained(task, typed(command(task, seed)), seed, dict(sorted(states.items())), str(known['tried']))
