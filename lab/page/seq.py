"""Part 3 of the page: the recurrent networks, trained and made by hand: numbers, sentences, pictures."""

import contextlib
import io
import itertools
import re

import numpy as np
import torch

from lab.common.children import on_all_cores
from lab.common.cli import typed
from lab.common.errors import UserError, note
from lab.common.run import Interrupt
from lab.insight.drawn import pictures
from lab.insight.found.analysis import analyse
from lab.insight.found.step import network
from lab.insight.said import words
from lab.page import images
from lab.page.checkpoints import Trained, network_flags
from lab.seq import results, student
from lab.seq.task import Task

SEQUENCE_SEED = 1  # of the sequence that is printed
MADE = 'made by hand'
HEAT = 'time'  # the picture whose colours are numbers
ALTS = {  # what each picture shows; pictures of other names are left out
    'circuit': 'The circuit: the units and the weights that are needed, thick where large; found greedily.',
    'interchange': 'Units carried over from another run, by place in the block: how often it then goes on as that run.',
    'states': 'Points: the network after each symbol; a boundary round each state; arrows with the symbol read.',
    'fsm': 'The finite automaton: a row for each phase, arrows with the symbol.',
    'gates': 'The gates by phase.',
    'time': 'One sequence: units, cells, gates and outputs over time.',
    'flow': 'Where each symbol moves the state of the two units, with the fixed points.',
    'reach': 'The loss for blocks of n = 1 to 30.',
}


def describe(trained: list[Trained], stop: Interrupt) -> dict:
    """All that the page says of Part 3, as plain data; {} after Ctrl-C."""
    made = [by_hand(each.task) for each in trained]
    tasks = [(each.task, each.states[max(each.states)], f'epoch {1000 * max(each.states):,}') for each in trained]
    tasks += [(each.task, state, MADE) for each, state in zip(trained, made, strict=True) if state]
    found = iter(on_all_cores(examine, tasks, stop))
    if stop:
        return {}
    networks = [one(each) | next(found) for each in trained]
    for described, each, state in zip(networks, trained, made, strict=True):
        command = typed(['seq_plot.py', *network_flags(each.task), '--set_weights'])
        described['made'] = state and next(found) | {'command': command}
    views = {each.task.stem: view(each, state) for each, state in zip(trained, made, strict=True)}
    return {'networks': networks, 'view': {'networks': views}}


def by_hand(task: Task) -> student.State | None:
    """The weights of the network made by hand; None where the student's seq_models.py has none."""
    model = student.new_network(task)
    try:
        student.set_weights(model, task, None)
    except UserError as error:
        note(f'no network made by hand: {error}')
        return None
    return model.state_dict()


def view(trained: Trained, made: student.State | None) -> dict:
    """What the page's own code needs: the weights of each checkpoint and of the network made by hand, the language."""
    task = trained.task
    epochs = {epoch: as_lists(state) for epoch, state in trained.states.items()}
    found = {'lang': task.lang, 'classes': task.classes, 'length': task.length, 'hid': task.hid, 'epochs': epochs}
    return found | {'made': made and as_lists(made)}


def as_lists(state: student.State) -> dict[str, list]:
    """The weights of a network by name."""
    return {name: value.double().numpy().tolist() for name, value in state.items()}


def one(trained: Trained) -> dict:
    """What the page says of the training of a network."""
    _, last = max(trained.states.items())
    terms = [(name, ' × '.join(map(str, value.shape)), value.numel()) for name, value in last.items()]
    return trained._asdict() | {'terms': terms, 'parameters': sum(count for *_, count in terms)}


def examine(task: Task, state: student.State, origin: str) -> dict:
    """What is found out about a network, with its pictures."""
    torch.set_num_threads(1)  # several networks are examined at once
    with contextlib.redirect_stderr(io.StringIO()):  # nor do they tell how far they are
        found = analyse(network(state), task.length, judged=results.verdict_of(task, state))
    drawn = pictures.of_analysis(found, True, f'{task.lang}, {task.model.upper()}, {origin}')
    with np.printoptions(suppress=True, precision=2, linewidth=110):
        weights = [(name, str(value.numpy())) for name, value in state.items()]
    return {
        'counts': found.verdict.counts,
        'learned': found.verdict.learned,
        'weights': weights,
        'transcript': transcript(task, state),
        'sections': [(heading, blocks(lines)) for heading, lines in words.parts(found, origin != MADE).items()],
        'pictures': {
            name: images.picture(figure, name == HEAT) | {'alt': ALTS[name]} for name, figure in drawn if name in ALTS
        },
    }


def transcript(task: Task, state: student.State) -> str:
    """The lab's block of a fresh sequence, without the epoch: the page says that elsewhere."""
    torch.manual_seed(SEQUENCE_SEED)
    lang = student.new_language(task)
    x, seq, target, colour = lang.get_sequence()
    hidden, output = student.outputs_of(task, state, x)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), np.printoptions(suppress=True, precision=2, sign=' '):
        lang.print_outputs(0, seq, colour, hidden, target, output)
    return printed.getvalue().replace('epoch: 0\n', '')


def blocks(lines: list[str]) -> list[tuple[bool, str]]:
    """Lines of the analysis as blocks of the page: is it a table (with its lines), or a sentence?"""
    found = []
    for table, some in itertools.groupby(lines, lambda line: bool(re.search(r'^ |\S  +\S', line))):
        texts = list(some)
        found += [(True, '\n'.join(texts))] if table else [(False, text) for text in texts]
    return found
