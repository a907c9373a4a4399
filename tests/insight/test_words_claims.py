"""Every sentence that the analysis prints is held to a simulation written apart from it: none is false."""

import re

import pytest
import torch

from lab.insight import automaton as fsm
from lab.insight import words
from lab.insight.analysis import analyse, judge
from lab.insight.step import network
from lab.seq import starts
from lab.seq.task import Task, Training
from seq_models import LSTM_model, SRN_model
from tests.insight import claims_inside  # noqa: F401
from tests.insight.claims import Claims
from tests.seq.learned import LEARNED

PIECES, MANY = 10, 5  # of the campaign, and in each so many networks that have learned
TASKS = {'srn': Task('anb2n', model='srn'), 'lstm': Task('anb2nc3n', model='lstm')}


def trained(task: Task, seed: int, thousands: int = 100) -> dict:
    engine = starts.choose_engine('kernel', task)
    [record] = starts.train_together([starts.begin(task, Training(epoch=thousands), engine, seed)], lambda: False)
    return record[-1].state


def false(weights: dict, length: int = 4, trained: bool = True) -> list[str]:
    lines = words.lines(analyse(network(weights), length, seed=1), trained)
    return Claims({name: value.numpy() for name, value in weights.items()}, lines, length).false()


def random(kind, hid: int, classes: int, scale: float = 1.0) -> dict:
    torch.manual_seed(hid)
    return {name: scale * torch.randn(value.shape) for name, value in kind(classes, hid, classes).state_dict().items()}


@pytest.mark.parametrize(
    'weights',
    [
        LEARNED,
        random(SRN_model, 1, 2),
        random(SRN_model, 2, 2, 2.0),  # fixed points that no sequence comes near to
        random(SRN_model, 3, 3, 1.5),
        random(LSTM_model, 1, 2, 2.0),
        random(LSTM_model, 3, 3),
    ],
    ids=['learned', 'srn1', 'srn2', 'srn3', 'lstm1', 'lstm3'],
)
def test_no_sentence_about_a_network_is_false(weights):
    assert false(weights) == []


@pytest.mark.parametrize('model', [SRN_model(3, 4, 3), LSTM_model(2, 2, 2)], ids=['srn4', 'lstm2'])
def test_no_sentence_about_a_network_made_by_hand_is_false(model):
    model.set_weights()
    assert false(model.state_dict(), trained=False) == []


@pytest.mark.parametrize(
    ('task', 'seed'),
    [
        (Task('anb2nc3n', model='lstm'), 3),
        (Task('anb2nc3n'), 770023),
        (Task('anb2n', 2), 1),
    ],
)
def test_no_sentence_about_a_trained_network_is_false(task, seed):
    assert false(trained(task, seed, 40), task.length) == []


def test_of_automata_that_agree_equally_that_is_found_whose_start_predicts_the_first_symbol():
    """This network has nearly learned: an automaton whose start is one with B2 agrees with it as often."""
    found = analyse(network(trained(Task('anb2n', hid=3), 995_009, 40)), 4, seed=1).found
    assert found.states.automaton.output[0] == 0
    assert fsm.same(found.states.automaton, found.language)


def test_a_sentence_with_another_number_is_false():
    """The claims notice a changed number, but where they are held to a random sample, with a margin."""
    weights = {name: value.numpy() for name, value in LEARNED.items()}
    lines = words.lines(analyse(network(LEARNED), 4, seed=1))
    changed = noticed = 0
    for k, line in enumerate(lines):
        sampled = line.startswith('  n = ') or 'fidelity' in line
        if not re.search(r'\d\.\d', line) or sampled:
            continue
        other = re.sub(r'\d\.(\d)', lambda m: f'{(int(m[0][0]) + 3) % 10}.{m[1]}', line, count=1)
        changed += 1
        noticed += any(other in found for found in Claims(weights, [*lines[:k], other, *lines[k + 1 :]]).false())
    assert changed > 10
    assert noticed == changed


@pytest.mark.campaign
@pytest.mark.parametrize('piece', range(PIECES))
@pytest.mark.parametrize('name', TASKS)
def test_no_sentence_about_many_networks_that_have_learned_is_false(name, piece):
    task, seed, learned, found = TASKS[name], 990_001 + 1000 * piece, 0, {}
    while learned < MANY:
        weights = trained(task, seed)
        if judge(network(weights), task.length).learned:
            learned += 1
            found[seed] = false(weights)
        seed += 1
    assert {seed: lines for seed, lines in found.items() if lines} == {}
