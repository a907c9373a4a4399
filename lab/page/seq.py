"""Part 3 of the page: the recurrent networks, taken from files or trained by the lab's command, and their story."""

import contextlib
import hashlib
import io
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from lab.common import checkpoint, files
from lab.common.endings import UserError, note
from lab.insight import pictures, words
from lab.insight.analysis import Analysis, analyse
from lab.insight.phases import word
from lab.insight.step import GATES, network
from lab.page import images
from lab.page.commands import Job, Options, folders, typed
from lab.seq import student
from lab.seq.task import Task

TASKS = [Task('anb2n', 0, 'srn'), Task('anb2nc3n', 0, 'lstm')]
KNOWN = 'report.json'  # ending of the file that says which command has made the checkpoints
SEQUENCE_SEED = 1  # of the sequence that is printed
ALTS = {  # what each picture shows; pictures of other names are left out
    'states': 'Points: the network after each symbol; a boundary round each state; arrows with the symbol read.',
    'fsm': 'The finite automaton: a row for each phase, arrows with the symbol.',
    'gates': 'The gates by phase.',
    'time': 'One sequence: units, cells, gates and outputs over time.',
    'flow': 'Where each symbol moves the state of the two units, with the fixed points.',
    'reach': 'The loss for blocks of n = 1 to 30.',
}


class Trained(NamedTuple):
    """A trained network: its checkpoints by thousands of epochs, and what its command printed at the end."""

    task: Task
    command: str
    seed: int
    states: dict[int, student.State]
    printed: str


def command(task: Task, seed: int, options: Options, folder: str) -> list[str]:
    """The command that trains a network; flags that have their default are left out."""
    flags = [] if task.model == 'srn' else ['--model', task.model, '--hid', str(task.hid)]
    place = [] if folder == 'net' else ['--out_path', folder]
    return ['seq_train.py', '--lang', task.lang, *flags, '--seed', str(seed), *place]


def find(task: Task, options: Options, seed: int) -> tuple[str, Trained | Job]:
    """The folder of a network's checkpoints, and the network, or the command that trains it.

    seed: of a network that has not been trained. Checkpoints that are of another run are left alone: a note says so.
    """
    free = folders(options.out_path)[-1]
    for folder in reversed(folders(options.out_path)):
        try:
            found = read(task, options, folder)
        except UserError as error:
            note(f'not used: {error}')
            continue
        if found is None:
            free = folder
        else:
            return folder, found
    words = command(task, seed, options, free)
    return free, Job(words, done=lambda printed: remember(task, free, words, seed, printed))


def remember(task: Task, folder: str, words: list[str], seed: int, printed: str):
    """Write down which command has made the checkpoints in `folder`, and what it printed at the end."""
    last = printed[printed.rfind('-----\n') :]
    known = {'command': words, 'seed': seed, 'files': _sums(task, folder), 'printed': last}
    files.write(os.path.join(folder, f'{task.stem}.{KNOWN}'), json.dumps(known, indent=1).encode())


def _sums(task: Task, folder: str) -> dict[str, str]:
    """SHA-256 of each checkpoint of a network."""
    names = [name for name in os.listdir(folder) if re.fullmatch(rf'{task.stem}_\d+\.pth', name)]
    return {name: hashlib.sha256(Path(folder, name).read_bytes()).hexdigest() for name in sorted(names)}


def read(task: Task, options: Options, folder: str) -> Trained | None:
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
        seed, printed, sums = int(known['seed']), str(known['printed']), dict(known['files'])
        words = [str(word) for word in known['command']]
    except (ValueError, LookupError, TypeError) as error:
        raise UserError(f'{path} was not written by this script') from error
    if words != command(task, seed, options, folder) or options.seed not in (None, seed):
        raise UserError(f'{folder}/{task.stem}_*.pth are of {typed(words)}')
    if sums != there:
        raise UserError(f'{folder}/{task.stem}_*.pth have changed since {typed(words)}')
    states, model = {}, student.network(task)
    for name in there:
        checkpoint.load_into(model, os.path.join(folder, name))
        states[int(name[len(task.stem) + 1 : -4])] = {key: value.clone() for key, value in model.state_dict().items()}
    return Trained(task, typed(words), seed, dict(sorted(states.items())), printed)


def describe(trained: list[Trained], seed: int) -> dict:
    """All that the page says of Part 3, as plain data."""
    return {
        'networks': [one(each, seed) for each in trained],
        'view': {'networks': {each.task.stem: view(each) for each in trained}},
    }


def view(trained: Trained) -> dict:
    """What the page's own code needs: the weights of each checkpoint, and the language."""
    task = trained.task
    checkpoints = {
        epoch: {name: value.double().numpy().tolist() for name, value in state.items()}
        for epoch, state in trained.states.items()
    }
    return {'lang': task.lang, 'classes': task.classes, 'length': task.length, 'hid': task.hid, 'epochs': checkpoints}


def one(trained: Trained, seed: int) -> dict:
    """What the page says of one network."""
    task, last = trained.task, max(trained.states)
    state = trained.states[last]
    note(f'examining {task.stem}')
    found = analyse(network(state), task.length, seed)
    shapes = [(name, tuple(value.shape), value.numel()) for name, value in state.items()]
    return {
        'stem': task.stem,
        'lang': task.lang,
        'model': task.model,
        'hid': task.hid,
        'classes': task.classes,
        'length': task.length,
        'command': trained.command,
        'seed': trained.seed,
        'epoch': last,
        'epochs': list(trained.states),
        'terms': [(name, ' × '.join(map(str, shape)), count) for name, shape, count in shapes],
        'parameters': sum(count for *_, count in shapes),
        'counts': found.verdict.counts,
        'learned': found.verdict.learned,
        'transcript': transcript(task, state),
        'printed': trained.printed,
        'sections': sections(words.lines(found)),
        'gates': found.gates and gates(found),
        'pictures': list(drawn(found, f'{task.lang}, {task.model.upper()}, epoch {1000 * last:,}')),
    }


def transcript(task: Task, state: student.State) -> str:
    """The lab's block of a fresh sequence."""
    torch.manual_seed(SEQUENCE_SEED)
    lang = student.language(task)
    x, seq, target, colour = lang.get_sequence()
    hidden, output = student.read(task, state, x)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), np.printoptions(suppress=True, precision=2, sign=' '):
        lang.print_outputs(0, seq, colour, hidden, target, output)
    return printed.getvalue()


def sections(lines: list[str]) -> list[tuple[str, list[tuple[bool, str]]]]:
    """The lines of lab.insight.words by their headings, as blocks: is it a table (with its lines), or a sentence?"""
    found: list[tuple[str, list[tuple[bool, str]]]] = []
    for line in lines:
        if line.startswith('-----'):
            found.append((line.strip('- '), []))
        elif line and found:
            blocks, table = found[-1][1], bool(re.search(r'^ |\S  +\S', line))
            if table and blocks and blocks[-1][0]:
                blocks[-1] = True, f'{blocks[-1][1]}\n{line}'
            else:
                blocks.append((table, line))
    return found


def gates(found: Analysis) -> list[dict]:
    """The gates of an LSTM by phase: for each unit their means, extremes, and the word for the mean."""
    rows = []
    for phase, values in found.gates.items():
        for unit in range(values['new'].shape[1]):
            cells = [[float(number) for number in values[gate][:, unit]] for gate in GATES]
            says = [word(cell[0]) for cell in cells[:-1]] + ['']
            rows.append({'phase': phase, 'unit': unit, 'cells': list(zip(GATES, cells, says, strict=True))})
    return rows


def drawn(found: Analysis, title: str) -> Iterator[dict]:
    """The pictures, in the order of ALTS, each with what it shows."""
    by_name = {name: figure for name, figure in pictures.of_analysis(found, True, title) if name in ALTS}
    for name, alt in ALTS.items():
        if name in by_name:
            yield {'name': name, 'alt': alt, **images.picture(by_name[name])}
