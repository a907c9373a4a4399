import copy
import random

import numpy as np
import pytest
import torch

import anb2n
import seq_models
from anb2n import lang_anb2n
from lab.common import cli
from lab.common.errors import UserError
from lab.seq import compiled, plain, starts, student
from lab.seq.task import Task, Training
from seq_models import SRN_model

LSTM = Task('anb2nc3n', 2, 'lstm', 3)
ENGINES = COMPILED, PLAIN = compiled, plain


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """Ten epochs between two snapshots."""
    monkeypatch.setattr(starts, 'REPORT', 10)


def never():
    return False


def weights(state):
    return np.concatenate([value.double().numpy().ravel() for value in state.values()])


def test_growing_starts_with_single_symbols_and_ends_with_all():
    task, lang = Task(), lang_anb2n()
    training = Training(epoch=10, grow=0.5, schedule='linear')
    steps = [(part.epoch, part.count, lang.length, part.rate) for part in starts.plan(task, training, [lang])]
    epochs, counts, lengths, rates = zip(*steps, strict=True)
    assert epochs == tuple(range(0, 101, 10))
    assert counts == (1, *10 * [10])
    assert lengths == (1, 1, 1, 2, 3, 4, 4, 4, 4, 4, 4)
    assert rates == pytest.approx((0.005, *(0.0005 * n for n in range(10, 0, -1))))


def test_mixing_draws_the_largest_n_anew_many_times_between_two_snapshots(monkeypatch):
    monkeypatch.setattr(starts, 'MIXED', 2)
    task, lang = Task(length=10), lang_anb2n(2, 10)
    parts = starts.plan(task, Training(epoch=60, mix=0.5), [lang])
    steps = [(part.epoch, part.count, lang.length) for part in parts]
    epochs, counts, lengths = zip(*steps, strict=True)
    assert epochs == tuple(range(0, 601, 2))
    assert counts == (1, *300 * [2])
    assert set(lengths) == set(range(1, 11))
    assert lengths.count(10) == pytest.approx(150, abs=30)


def test_pressure_on_the_gates_rises_from_half_the_run_on_and_weight_decay_falls():
    parts = list(starts.plan(LSTM, Training(epoch=10, saturate=2), []))
    assert [part.pressure for part in parts] == pytest.approx([*7 * [0], 0.4, 0.8, 1.2, 1.6])
    shares = 1, 1, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125, 0, 0
    assert [part.decay for part in parts] == pytest.approx([1e-4 * share for share in shares])
    assert {part[3:] for part in starts.plan(LSTM, Training(epoch=10), [])} == {(1e-4, 0)}


@pytest.mark.parametrize('engine', [COMPILED, PLAIN])
def test_the_settings_reach_the_optimizer(engine):
    def end(**settings):
        start = starts.begin(LSTM, Training(epoch=4, **settings), 1)
        return weights(starts.train_together([start], engine, never)[0][-1].state)

    plain = end()
    for settings in {'decay': 0.5}, {'optim': 'adam'}, {'mom': 0.5}, {'clip': 0.1}, {'lr': 0.1}, {'saturate': 20}:
        assert np.abs(end(**settings) - plain).max() > 1e-4


def test_mixing_draws_small_numbers_as_often_as_large_ones():
    task, lang = Task(length=100), lang_anb2n(2, 100)
    lengths = np.array([lang.length for _ in starts.plan(task, Training(epoch=1000, mix=1), [lang])][1:])
    for least in 1, 10:
        assert ((lengths >= least) & (lengths < 10 * least)).mean() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize('share', [0.2, 0.3, 0.75, 1])
def test_mixing_has_the_share_that_was_asked_for(share):
    task, lang = Task(length=100), lang_anb2n(2, 100)
    lengths = [lang.length for _ in starts.plan(task, Training(epoch=1000, mix=share), [lang])]
    assert sum(length < 100 for length in lengths) == pytest.approx(1000 * share, abs=0.02 * 1000)


def test_the_lab_trains_at_one_rate_and_leaves_the_language_alone():
    class Bare:
        __slots__ = ()

    rates = {part.rate for part in starts.plan(Task(), Training(lr=0.1), [Bare()])}
    assert rates == {0.1}


@pytest.mark.parametrize('task', [Task(), LSTM])
def test_a_start_follows_from_its_seed(task):
    first, same, other = (starts.begin(task, Training(init=0.3), seed) for seed in (5, 5, 6))
    assert np.array_equal(weights(first.model.state_dict()), weights(same.model.state_dict()))
    assert first.lang.get_one_example() == same.lang.get_one_example()
    assert not np.array_equal(weights(first.model.state_dict()), weights(other.model.state_dict()))


@pytest.mark.parametrize(('kind', 'init', 'size'), [('srn', 7, 7), ('lstm', 7, 7), ('srn', None, 0.001)])
def test_init_is_the_size_of_the_first_weights(kind, init, size):
    first = weights(starts.begin(Task(model=kind, hid=50), Training(init=init), 0).model.state_dict())
    assert (first.mean(), first.std()) == (pytest.approx(0, abs=0.1 * size), pytest.approx(size, rel=0.1))


def test_an_lstms_first_weights_are_those_that_its_class_draws():
    start = starts.begin(LSTM, Training(), 5)
    torch.manual_seed(5)
    assert np.array_equal(weights(start.model.state_dict()), weights(student.new_network(LSTM).state_dict()))


def test_first_weights_that_are_no_numbers_are_told(monkeypatch):
    model = seq_models.LSTM_model(3, 3, 3)
    torch.nn.init.constant_(model.W, torch.nan)
    monkeypatch.setattr(starts.student, 'new_network', lambda _: model)
    with pytest.raises(UserError, match=r'LSTM_model in seq_models\.py are NaN or infinite at first'):
        starts.begin(LSTM, Training(), 1)


def test_a_snapshot_is_shown_with_the_sequence_that_training_leaves_out():
    start = starts.begin(Task(), Training(), 0)
    lang = copy.deepcopy(start.lang)
    [snapshot] = starts.take([start], compiled.Trainer([start.model], Training()), 30)
    shown, trained = lang.get_one_example(), lang.get_one_example()
    assert (snapshot.epoch, snapshot.sequence[1].tolist()) == (30, shown[0])
    assert start.lang.get_one_example() == trained


@pytest.mark.parametrize('engine', [COMPILED, PLAIN])
@pytest.mark.parametrize('wrong', [torch.nan, torch.inf])
def test_a_start_that_diverges_ends_with_none_and_the_others_go_on(wrong, engine, monkeypatch):
    monkeypatch.setattr(cli, 'cores', lambda: 1)
    many = [starts.begin(Task(), Training(epoch=2), seed) for seed in range(4)]
    with torch.no_grad():
        many[2].model.V[1, 1] = wrong
    records = list(starts.train_all(many, engine, never))
    assert records[2] == [None]
    for seed in 0, 1, 3:
        assert [snapshot.epoch for snapshot in records[seed]] == [0, 10, 20]


@pytest.mark.parametrize('engine', [COMPILED, PLAIN])
@pytest.mark.parametrize('task', [Task(), LSTM])
def test_a_start_is_the_same_to_the_last_bit_alone_and_among_many(task, engine, monkeypatch):
    monkeypatch.setattr(cli, 'cores', lambda: 2)
    monkeypatch.setattr(starts, 'MIXED', 5)
    training = Training('adam', epoch=3, lr=0.05, init=0.5, grow=0.5, mix=0.5, clip=0.3, saturate=2 * (task is LSTM))
    count = 13 if engine is COMPILED else 3  # one on each core, eight together, and more
    many = [starts.begin(task, training, seed) for seed in range(count)]
    records = list(starts.train_all(many, engine, never))
    assert len(records) == count
    for seed, record in enumerate(records):
        [alone] = starts.train_together([starts.begin(task, training, seed)], engine, never)
        assert [snapshot.epoch for snapshot in record] == [0, 10, 20, 30]
        for found, expected in zip(record, alone, strict=True):
            assert np.array_equal(weights(found.state), weights(expected.state))
            assert found.sequence[1].tolist() == expected.sequence[1].tolist()


@pytest.mark.parametrize('task', [Task(), LSTM])
def test_both_engines_train_alike(task):
    training = Training(epoch=3, init=0.5, grow=0.5)
    [ours], [labs] = (starts.train_together([starts.begin(task, training, 1)], each, never) for each in ENGINES)
    assert np.abs(weights(ours[-1].state) - weights(labs[-1].state)).max() < 1e-5


def test_the_first_start_of_each_core_trains_alone_and_eight_of_the_others_together():
    many = list(range(20))
    assert [len(team) for team in starts.teams(many, 2)] == [1, 1, 8, 8, 2]
    assert [start for team in starts.teams(many, 2) for start in team] == many
    assert [len(team) for team in starts.teams(many[:3], 16)] == [1, 1, 1]


def test_after_ctrl_c_only_whole_reports_count(monkeypatch):
    monkeypatch.setattr(cli, 'cores', lambda: 1)
    many = [starts.begin(Task(), Training(), seed) for seed in (1, 2)]
    run, left = plain.Trainer.run, iter(range(2, -1, -1))
    pressed = []

    def press(trainer, *rest):
        run(trainer, *rest)
        if next(left) == 0:
            pressed.append(True)

    monkeypatch.setattr(plain.Trainer, 'run', press)
    records = list(starts.train_all(many, PLAIN, lambda: bool(pressed)))
    assert [[snapshot.epoch for snapshot in record] for record in records] == [[0, 10], []]


def test_ctrl_c_at_once_still_leaves_the_first_snapshot():
    [record] = starts.train_together([starts.begin(Task(), Training(), 0)], COMPILED, lambda: True)
    assert [snapshot.epoch for snapshot in record] == [0]


class OthersModel(SRN_model):
    """Another network: hidden units that are sigmoids."""

    def forward(self, x):
        hidden = self.init_hidden()
        states = []
        for t in range(x.shape[1]):
            hidden = torch.sigmoid(x[:, t] @ self.W + hidden @ self.U + self.hid_bias)
            states.append(hidden)
        hidden = torch.stack(states, 1)
        return hidden, hidden @ self.V + self.out_bias


class OthersLanguage:
    """Another language, with the lab's methods only."""

    def __init__(self, num_class=2, length=4):
        ours = lang_anb2n(num_class, length)
        self.get_one_example, self.get_sequence = ours.get_one_example, ours.get_sequence
        self.print_outputs = ours.print_outputs


def test_our_models_and_language_are_trained_by_the_compiled_engine(capsys):
    assert starts.choose_engine('auto', Task()) == COMPILED
    assert starts.choose_engine('kernel', LSTM) == COMPILED
    assert starts.choose_engine('torch', Task()) == PLAIN
    assert 'engine:' not in capsys.readouterr().err


def test_another_model_is_trained_by_pytorch(monkeypatch, capsys):
    monkeypatch.setattr(seq_models, 'SRN_model', OthersModel)
    assert starts.choose_engine('auto', Task()) == PLAIN
    assert 'engine: torch, as the OthersModel in test_starts.py is not the compiled one' in capsys.readouterr().err
    with pytest.raises(UserError, match=r'is not the compiled one: train it with --engine torch'):
        starts.choose_engine('kernel', Task())


def test_another_language_is_trained_by_pytorch(monkeypatch, capsys):
    monkeypatch.setattr(anb2n, 'lang_anb2n', OthersLanguage)
    assert starts.choose_engine('auto', Task()) == PLAIN
    assert 'engine: torch, as test_starts.py has no get_symbols()' in capsys.readouterr().err
    [record] = starts.train_together([starts.begin(Task(), Training(epoch=1), 0)], PLAIN, never)
    assert [snapshot.epoch for snapshot in record] == [0, 10]


DRAWS = {
    'numpy': lambda: np.random.randint(2**31),
    'python': lambda: random.getrandbits(31),
    'torch': lambda: int(torch.randint(2**31, ())),
}


@pytest.mark.parametrize('name', DRAWS)
def test_a_language_of_everybodys_random_numbers_follows_from_the_seed(name, monkeypatch):
    class Shares(lang_anb2n):
        def get_one_example(self):
            self.random = np.random.default_rng(DRAWS[name]())
            return super().get_one_example()

    monkeypatch.setattr(anb2n, 'lang_anb2n', Shares)
    training = Training(epoch=3, init=0.5, grow=0.5)
    many = (starts.begin(Task(), training, seed) for seed in (1, 2, 3))
    records = list(starts.train_all(many, PLAIN, never))
    for seed, record in enumerate(records, 1):
        [alone] = starts.train_together([starts.begin(Task(), training, seed)], PLAIN, never)
        for found, expected in zip(record, alone, strict=True):
            assert np.array_equal(weights(found.state), weights(expected.state))
            assert found.sequence[1].tolist() == expected.sequence[1].tolist()


def test_a_language_that_takes_no_notice_of_its_length_cannot_grow(monkeypatch):
    class Fixed(lang_anb2n):
        length = property(lambda self: 4, lambda self, length: None)

    monkeypatch.setattr(anb2n, 'lang_anb2n', Fixed)
    for training in Training(grow=0.5), Training(mix=0.5):
        with pytest.raises(UserError, match=r'test_starts\.py does not follow it: try --grow 0 --mix 0'):
            starts.begin(Task(), training, 1)
    assert starts.begin(Task(), Training(), 1)


def test_without_numba_pytorch_trains(monkeypatch, capsys):
    monkeypatch.setattr(starts.compiling, 'fault', lambda: 'numba cannot be imported')
    assert starts.choose_engine('auto', Task()) == PLAIN
    assert capsys.readouterr().err == 'engine: torch, as numba cannot be imported\n'
    with pytest.raises(UserError, match='numba cannot be imported: train it with --engine torch'):
        starts.choose_engine('kernel', Task())


@pytest.mark.parametrize(
    'task, thousands, long',
    [
        (Task(), 1000, False),
        (Task('anb2nc3n', 4, 'lstm'), 1000, False),
        (Task('anb2nc3n', 100, 'lstm', 100), 100, True),
        (Task('anb2nc3n', 100, 'lstm', 100), 1, True),
        (Task(), 1_000_000, True),
    ],
)
def test_a_start_of_minutes_is_told_from_a_short_one(task, thousands, long, monkeypatch):
    monkeypatch.setattr(starts, 'REPORT', 1000)
    assert starts.is_long(task, Training(epoch=thousands), COMPILED) is long
    assert starts.is_long(task, Training(epoch=thousands), PLAIN)
