import copy
import random

import numpy as np
import pytest
import torch

import anb2n
import seq_models
from anb2n import lang_anb2n
from lab.common.errors import UserError
from lab.common.run import Interrupt
from lab.seq import classic, kernel, starts
from lab.seq.task import Task, Training
from seq_models import SRN_model

LSTM = Task('anb2nc3n', 2, 'lstm', 2)


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """Ten epochs between two snapshots."""
    monkeypatch.setattr(starts, 'REPORT', 10)


def weights(state):
    return np.concatenate([value.double().numpy().ravel() for value in state.values()])


def whole(record, *of_start):
    """The record with its languages."""
    return record if record[0].lang else starts.complete(starts.begin(*of_start), record)


def test_growing_starts_with_single_symbols_and_ends_with_all():
    task, lang = Task(), lang_anb2n()
    training = Training(epoch=10, grow=0.5, schedule='linear')
    steps = [(epoch, count, lang.length, rate) for epoch, count, rate, _ in starts.plan(task, training, [lang])]
    epochs, counts, lengths, rates = zip(*steps, strict=True)
    assert epochs == tuple(range(0, 101, 10))
    assert counts == (1, *10 * [10])
    assert lengths == (1, 1, 1, 2, 3, 4, 4, 4, 4, 4, 4)
    assert rates == pytest.approx((0.005, *(0.0005 * n for n in range(10, 0, -1))))


def test_mixing_draws_the_largest_n_anew_many_times_between_two_snapshots(monkeypatch):
    monkeypatch.setattr(starts, 'MIXED', 2)
    task, lang = Task(length=10), lang_anb2n(2, 10)
    steps = [(epoch, count, lang.length) for epoch, count, *_ in starts.plan(task, Training(epoch=60, mix=0.5), [lang])]
    epochs, counts, lengths = zip(*steps, strict=True)
    assert epochs == tuple(range(0, 601, 2))
    assert counts == (1, *300 * [2])
    assert set(lengths) == set(range(1, 11))
    assert lengths.count(10) == pytest.approx(150, abs=30)


def test_parts_between_two_snapshots_are_trained_alone_and_in_a_team(monkeypatch):
    monkeypatch.setattr(starts, 'MIXED', 5)
    training = Training('adam', epoch=3, lr=0.05, init=0.5, mix=1, decay=0.01, decay_until=0.9)
    many = [starts.begin(LSTM, training, kernel, seed) for seed in range(12)]
    records = list(starts.train_all(many, Interrupt()))
    for seed, record in enumerate(records):
        alone = list(starts.train(starts.begin(LSTM, training, kernel, seed), Interrupt()))
        record = whole(record, LSTM, training, kernel, seed)
        assert [snapshot.epoch for snapshot in record] == [0, 10, 20, 30]
        for found, expected in zip(record, alone, strict=True):
            assert np.array_equal(weights(found.state), weights(expected.state))
            assert found.lang.get_one_example() == expected.lang.get_one_example()


def test_weight_decay_falls_to_zero_where_that_is_asked_for():
    kept = [part[3] for part in starts.plan(Task(), Training(epoch=10), [])]
    falls = [part[3] for part in starts.plan(Task(), Training(epoch=10, decay_until=0.5), [])]
    assert kept == 11 * [1]
    assert falls == pytest.approx([1, 1, 0.8, 0.6, 0.4, 0.2, *5 * [0]])


@pytest.mark.parametrize('engine', [kernel, classic])
def test_the_share_of_the_weight_decay_reaches_the_optimizer(engine):
    ends = []
    for decay, until in (0.5, 0), (0.5, 0.01), (0, 0):
        start = starts.begin(LSTM, Training(epoch=2, decay=decay, decay_until=until), engine, 1)
        ends.append(weights(list(starts.train(start, Interrupt()))[-1].state))
    assert np.abs(ends[0] - ends[2]).max() > 0.001
    assert np.abs(ends[1] - ends[2]).max() < np.abs(ends[0] - ends[2]).max()


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

    rates = {rate for _, _, rate, _ in starts.plan(Task(), Training(lr=0.1), [Bare()])}
    assert rates == {0.1}


@pytest.mark.parametrize('task', [Task(), LSTM])
def test_a_start_follows_from_its_seed(task):
    first, same, other = (starts.begin(task, Training(init=0.3), kernel, seed) for seed in (5, 5, 6))
    assert np.array_equal(kernel.vector(first.model), kernel.vector(same.model))
    assert first.lang.get_one_example() == same.lang.get_one_example()
    assert not np.array_equal(kernel.vector(first.model), kernel.vector(other.model))
    assert first.seed == 5


def test_init_is_the_size_of_an_srns_first_weights_alone():
    srn, lstm = (starts.begin(Task(model=kind, hid=50), Training(init=7), kernel, 0) for kind in ('srn', 'lstm'))
    assert kernel.vector(srn.model).std() == pytest.approx(7, rel=0.1)
    assert np.abs(kernel.vector(lstm.model)).max() < 1


def test_the_settings_reach_the_trainer():
    training = Training('adam', mom=0.3, decay=0.2, clip=0.1)
    team = starts.begin(LSTM, training, kernel, 0).trainer.team
    assert team.settings == (True, 0.3, 0.2, 0.1)


def test_a_snapshot_is_shown_with_the_sequence_that_training_leaves_out():
    start = starts.begin(Task(), Training(), kernel, 0)
    lang = copy.deepcopy(start.lang)
    snapshot = starts.take(start, 30)
    shown, trained = lang.get_one_example(), lang.get_one_example()
    assert snapshot.epoch == 30
    assert snapshot.lang.get_one_example() == shown
    assert start.lang.get_one_example() == trained
    start.trainer.run(start.lang, 1, 0.1)
    assert np.abs(weights(snapshot.state) - kernel.vector(start.model)).max() > 0


@pytest.mark.parametrize('wrong', [torch.nan, torch.inf])
def test_weights_that_are_no_numbers_give_no_snapshot(wrong):
    start = starts.begin(Task(), Training(), kernel, 0)
    with torch.no_grad():
        start.model.V[1, 1] = wrong
    assert starts.take(start, 7000) is None


@pytest.mark.parametrize('device', [None, torch.device('cpu')])
@pytest.mark.parametrize('task', [Task(), LSTM])
def test_many_starts_train_as_each_does_alone(task, device):
    training = Training(epoch=3, init=0.5, grow=0.5)
    engine = classic if device else kernel
    many = [starts.begin(task, training, engine, seed) for seed in (1, 2, 3)]
    for seed, record in enumerate(starts.train_all(many, Interrupt(), device), 1):
        alone = list(starts.train(starts.begin(task, training, kernel, seed), Interrupt()))
        assert [snapshot.epoch for snapshot in record] == [snapshot.epoch for snapshot in alone] == [0, 10, 20, 30]
        record = whole(record, task, training, engine, seed)
        for found, expected in zip(record, alone, strict=True):
            assert np.abs(weights(found.state) - weights(expected.state)).max() < 1e-5
            assert found.lang.get_one_example() == expected.lang.get_one_example()
            assert found.lang.length == expected.lang.length


@pytest.mark.parametrize('task', [Task(), LSTM])
def test_a_start_is_the_same_to_the_last_bit_alone_and_beside_others(task, monkeypatch):
    monkeypatch.setattr(starts.os, 'cpu_count', lambda: 2)
    training = Training('adam', epoch=3, lr=0.05, init=0.5, grow=0.5, clip=0.3)
    told = []
    many = [starts.begin(task, training, kernel, seed) for seed in range(13)]
    records = list(starts.train_all(many, Interrupt(), tell=lambda: told.append(1)))
    assert len(records) == 13
    assert len(told) == 13 * 4
    for seed, record in enumerate(records):
        alone = list(starts.train(starts.begin(task, training, kernel, seed), Interrupt()))
        assert [snapshot.epoch for snapshot in record] == [0, 10, 20, 30]
        record = whole(record, task, training, kernel, seed)
        for found, expected in zip(record, alone, strict=True):
            assert np.array_equal(weights(found.state), weights(expected.state))
            assert found.lang.get_one_example() == expected.lang.get_one_example()


def test_of_many_starts_twice_as_many_train_together(monkeypatch):
    sizes = []
    monkeypatch.setattr(starts.os, 'cpu_count', lambda: 1)
    monkeypatch.setattr(starts, 'train_team', lambda team, trainer, *_: sizes.append((len(team), trainer.lanes)) or [])
    for count in 32, 33:
        list(starts.train_all([starts.begin(Task(), Training(epoch=1), kernel, 0)] * count, Interrupt()))
    assert sizes == [(8, 8), (8, 8), (8, 8), (7, 8), (16, 16), (16, 16)]


def test_the_first_start_of_each_core_trains_alone_and_eight_of_the_others_together():
    many = [starts.begin(Task(), Training(), kernel, seed) for seed in range(20)]
    assert [len(team) for team in starts.teams(many, 2, 8)] == [1, 1, 8, 8, 2]
    assert [start for team in starts.teams(many, 2, 8) for start in team] == many
    assert [len(team) for team in starts.teams(many[:3], 16, 8)] == [1, 1, 1]
    classics = [starts.begin(Task(), Training(), classic, seed) for seed in range(4)]
    assert [len(team) for team in starts.teams(classics, 2, 8)] == [1, 1, 1, 1]


def test_a_start_that_diverges_leaves_the_others_of_its_team_alone(monkeypatch):
    monkeypatch.setattr(starts.os, 'cpu_count', lambda: 1)
    many = [starts.begin(Task(), Training(epoch=2), kernel, seed) for seed in range(4)]
    with torch.no_grad():
        many[2].model.V[0, 0] = torch.nan
    records = list(starts.train_all(many, Interrupt()))
    assert records[2] == [None]
    for seed in 1, 3:
        alone = list(starts.train(starts.begin(Task(), Training(epoch=2), kernel, seed), Interrupt()))
        assert np.array_equal(weights(records[seed][-1].state), weights(alone[-1].state))


@pytest.mark.parametrize('device', [None, torch.device('cpu')])
def test_one_start_may_be_all(device):
    [record] = starts.train_all([starts.begin(Task(), Training(epoch=1), kernel, 1)], Interrupt(), device)
    assert [snapshot.epoch for snapshot in record] == [0, 10]


@pytest.mark.parametrize('device', [None, torch.device('cpu')])
def test_a_start_that_diverges_ends_with_none_and_the_others_go_on(device):
    training = Training(epoch=2)
    many = [starts.begin(Task(), training, classic if device else kernel, seed) for seed in (1, 2)]
    with torch.no_grad():
        many[0].model.V[0, 0] = torch.nan
    many[0] = many[0]._replace(trainer=type(many[0].trainer)(many[0].model, 'sgd', 0.0, 0.0, 0.0))
    records = list(starts.train_all(many, Interrupt(), device))
    assert records[0] == [None]
    assert [snapshot.epoch for snapshot in records[1]] == [0, 10, 20]


@pytest.mark.parametrize('device', [None, torch.device('cpu')])
def test_after_ctrl_c_only_whole_reports_count(device):
    many = [starts.begin(Task(), Training(), classic, seed) for seed in (1, 2)]
    stop = Interrupt()
    run = classic.Trainer.run if device is None else starts.batch.Trainer.run

    def press(trainer, langs, count, *rest):
        run(trainer, langs, count, *rest)
        press.left -= 1
        stop.pressed = press.left == 0

    press.left = 3
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(classic.Trainer if device is None else starts.batch.Trainer, 'run', press)
        patch.setattr(starts.os, 'cpu_count', lambda: 1)
        patch.setattr(starts.batch, 'fits', lambda *_: True)  # it would press, too
        records = list(starts.train_all(many, stop, device))
    epochs = [[snapshot.epoch for snapshot in record] for record in records]
    assert epochs == ([[0, 10], []] if device is None else [[0, 10], [0, 10]])


def test_ctrl_c_at_once_still_leaves_the_first_snapshot():
    stop = Interrupt()
    stop.pressed = True
    start = starts.begin(Task(), Training(), kernel, 0)
    assert [snapshot.epoch for snapshot in starts.train(start, stop)] == [0]


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
    assert starts.choose_engine('auto', Task()) is kernel
    assert starts.choose_engine('kernel', LSTM) is kernel
    assert starts.choose_engine('torch', Task()) is classic
    assert 'engine:' not in capsys.readouterr().err


def test_another_model_is_trained_by_pytorch(monkeypatch, capsys):
    monkeypatch.setattr(seq_models, 'SRN_model', OthersModel)
    assert starts.choose_engine('auto', Task()) is classic
    assert 'engine: torch, as the OthersModel in test_starts.py is not the compiled one' in capsys.readouterr().err
    with pytest.raises(UserError, match=r'is not the compiled one: train it with --engine torch'):
        starts.choose_engine('kernel', Task())


def test_another_language_is_trained_by_pytorch(monkeypatch, capsys):
    monkeypatch.setattr(anb2n, 'lang_anb2n', OthersLanguage)
    assert starts.choose_engine('auto', Task()) is classic
    assert 'engine: torch, as test_starts.py has no get_symbols()' in capsys.readouterr().err
    many = [starts.begin(Task(), Training(epoch=1), classic, 0)]
    [record] = starts.train_all(many, Interrupt(), torch.device('cpu'))
    assert [snapshot.epoch for snapshot in record] == [0, 10]


class CannotBatch(SRN_model):
    """A network that asks for a number, which PyTorch's vmap refuses."""

    def forward(self, x):
        hidden, output = super().forward(x)
        return (hidden, output) if float(output.sum()) < 1e9 else (hidden, 2 * output)


def test_a_model_that_pytorch_cannot_batch_is_trained_one_by_one(monkeypatch, capsys):
    monkeypatch.setattr(seq_models, 'SRN_model', CannotBatch)
    training = Training(epoch=1, init=0.5)
    many = [starts.begin(Task(), training, classic, seed) for seed in (1, 2)]
    records = list(starts.train_all(many, Interrupt(), torch.device('cpu')))
    assert 'cannot train the CannotBatch in test_starts.py as a batch' in capsys.readouterr().err
    for seed, record in zip((1, 2), records, strict=True):
        alone = list(starts.train(starts.begin(Task(), training, classic, seed), Interrupt()))
        assert np.array_equal(weights(record[-1].state), weights(alone[-1].state))


DRAWS = {
    'numpy': lambda: np.random.randint(2**31),
    'python': lambda: random.getrandbits(31),
    'torch': lambda: int(torch.randint(2**31, ())),
}


@pytest.mark.parametrize('name', DRAWS)
def test_a_language_of_everybodys_random_numbers_follows_from_the_seed_in_threads_too(name, monkeypatch):
    class Shares(lang_anb2n):
        def get_one_example(self):
            self.random = np.random.default_rng(DRAWS[name]())
            return super().get_one_example()

    monkeypatch.setattr(anb2n, 'lang_anb2n', Shares)
    monkeypatch.setattr(starts.os, 'cpu_count', lambda: 3)
    training = Training(epoch=3, init=0.5, grow=0.5)
    many = [starts.begin(Task(), training, classic, seed) for seed in (1, 2, 3)]
    records = list(starts.train_all(many, Interrupt()))  # all, before begin() draws for others
    for seed, record in enumerate(records, 1):
        alone = list(starts.train(starts.begin(Task(), training, classic, seed), Interrupt()))
        for found, expected in zip(record, alone, strict=True):
            assert np.array_equal(weights(found.state), weights(expected.state))
            assert found.lang.get_sequence()[1].tolist() == expected.lang.get_sequence()[1].tolist()


def test_a_language_that_takes_no_notice_of_its_length_cannot_grow(monkeypatch):
    class Fixed(lang_anb2n):
        length = property(lambda self: 4, lambda self, length: None)

    monkeypatch.setattr(anb2n, 'lang_anb2n', Fixed)
    for training in Training(grow=0.5), Training(mix=0.5):
        with pytest.raises(UserError, match=r'test_starts\.py does not follow it: try --grow 0 --mix 0'):
            starts.begin(Task(), training, classic, 1)
    assert starts.begin(Task(), Training(), classic, 1)


def test_without_numba_pytorch_trains(monkeypatch, capsys):
    monkeypatch.setattr(starts.compiling, 'fault', lambda: 'numba cannot be imported')
    assert starts.choose_engine('auto', Task()) is classic
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
    assert starts.is_long(task, Training(epoch=thousands), kernel) is long
    assert starts.is_long(task, Training(epoch=thousands), classic)
