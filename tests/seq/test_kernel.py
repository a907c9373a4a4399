import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from anb2n import lang_anb2n
from lab.seq import gradient, kernel
from seq_models import LSTM_model, SRN_model

HERE = Path(__file__).parents[2]
MODELS = {'srn': SRN_model, 'lstm': LSTM_model}


def network(kind, classes, hid, seed=0, size=0.5):
    """A network in double precision with weights large enough that every term counts."""
    torch.manual_seed(seed)
    model = MODELS[kind](classes, hid, classes).double()
    for parameter in model.parameters():
        nn.init.normal_(parameter, 0, size)
    return model


def loss_of(model, symbols):
    one_hot = functional.one_hot(torch.tensor(symbols[:-1]), model.V.shape[1]).double()
    return functional.cross_entropy(model(one_hot.unsqueeze(0))[1][0], torch.tensor(symbols[1:]))


def train_by_autograd(model, optimizer, lang, epochs, clip=0.0):
    for _ in range(epochs):
        optimizer.zero_grad()
        loss_of(model, np.array(lang.get_one_example()[0])).backward()
        if clip:
            nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimizer.step()


class Sequence:
    """A language of one given sequence."""

    def __init__(self, symbols):
        self.symbols = np.array(symbols)

    def get_symbols(self, count):
        return np.tile(self.symbols, count), np.arange(1, count + 1) * len(self.symbols)


@pytest.mark.parametrize('kind', ['srn', 'lstm'])
@pytest.mark.parametrize(
    'optim, rate, momentum, clip',
    [('sgd', 0.02, 0.0, 0.0), ('sgd', 0.005, 0.9, 0.0), ('adam', 0.01, 0.0, 0.0), ('sgd', 0.05, 0.5, 0.3)],
)
def test_200_epochs_give_the_weights_that_autograd_gives(kind, optim, rate, momentum, clip):
    ours, reference = network(kind, 2, 3), network(kind, 2, 3)
    if optim == 'adam':
        optimizer = torch.optim.Adam(reference.parameters(), lr=rate, weight_decay=1e-4)
    else:
        optimizer = torch.optim.SGD(reference.parameters(), lr=rate, momentum=momentum, weight_decay=1e-4)
    trainer = kernel.Trainer(ours, optim, momentum, 1e-4, clip)
    torch.manual_seed(1)
    lang = lang_anb2n(2, 2)
    for count in (1, 150, 49):  # in parts: the optimizer's memory must last
        trainer.run(lang, count, rate)
    torch.manual_seed(1)
    train_by_autograd(reference, optimizer, lang_anb2n(2, 2), 200, clip)
    difference = np.abs(kernel.vector(ours) - kernel.vector(reference)).max()
    assert difference < 1e-9
    assert np.abs(kernel.vector(ours) - kernel.vector(network(kind, 2, 3))).max() > 0.1


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.sampled_from(['srn', 'lstm']),
    st.integers(1, 9),
    st.integers(2, 6),
    st.integers(2, 30),
    st.integers(0, 2**32 - 1),
    st.floats(0.01, 20),
)
def test_gradient_is_autograds_for_any_size(kind, hid, classes, steps, seed, size):
    model = network(kind, classes, hid, seed, size)
    symbols = np.random.default_rng(seed).integers(0, classes, steps)
    by_autograd = torch.autograd.grad(loss_of(model, symbols), list(model.parameters()))
    expected = nn.utils.parameters_to_vector(by_autograd).numpy()
    assert np.abs(kernel.gradient(model, symbols) - expected).max() < 1e-9 * max(1, np.abs(expected).max())


@pytest.mark.parametrize('kind', ['srn', 'lstm'])
def test_gradient_is_the_slope_of_the_loss(kind):
    model = network(kind, 3, 2)
    symbols = np.random.default_rng(0).integers(0, 3, 12)
    weights, slopes, step = kernel.vector(model), [], 1e-6
    for n in range(len(weights)):
        losses = []
        for sign in (1, -1):
            moved = weights.copy()
            moved[n] += sign * step
            kernel.set_vector(model, moved)
            losses.append(loss_of(model, symbols).item())
        slopes.append((losses[0] - losses[1]) / (2 * step))
    kernel.set_vector(model, weights)
    np.testing.assert_allclose(kernel.gradient(model, symbols), slopes, atol=1e-8)


def test_exponential_is_exact_to_1e_12():
    x = np.linspace(-36, 36, 10001)
    ours = np.array([gradient.exp(value) for value in x])
    np.testing.assert_allclose(ours, np.exp(x), rtol=1e-12)


@pytest.mark.parametrize('kind', ['srn', 'lstm'])
@pytest.mark.parametrize('optim, momentum, clip', [('sgd', 0.9, 0.0), ('adam', 0.0, 0.2)])
@pytest.mark.parametrize('count, lanes', [(2, 8), (5, 8), (9, 16)])
def test_models_trained_side_by_side_are_those_trained_alone_to_the_last_bit(kind, optim, momentum, clip, count, lanes):
    def make(seed):
        return network(kind, 3, 4, seed), lang_anb2n(3, 1 + seed % 5)  # longer and longer sequences

    team, langs = zip(*map(make, range(count)), strict=True)
    trainer = kernel.Team(team, optim, momentum, 1e-4, clip, lanes)
    for epochs in (1, 40, 19):
        trainer.run(langs, epochs, 0.01)
    for seed, vector in enumerate(trainer.vectors()):
        alone, lang = make(seed)
        trainer = kernel.Trainer(alone, optim, momentum, 1e-4, clip)
        for epochs in (1, 40, 19):
            trainer.run(lang, epochs, 0.01)
        assert np.array_equal(vector, kernel.vector(alone))
        assert np.abs(vector - kernel.vector(network(kind, 3, 4, seed))).max() > 0.01


@pytest.mark.parametrize('kind', ['srn', 'lstm'])
def test_a_model_that_diverges_leaves_its_neighbours_alone(kind):
    models = [network(kind, 2, 2, seed) for seed in (0, 0)]
    kernel.set_vector(models[0], kernel.vector(models[0]) * np.nan)
    team = kernel.Team(models, 'sgd', 0.0, 1e-4, 0.0, 8)
    team.run(2 * [Sequence([0, 1, 1, 0])], 5, 0.1)
    alone = network(kind, 2, 2)
    kernel.Trainer(alone, 'sgd', 0.0, 1e-4, 0.0).run(Sequence([0, 1, 1, 0]), 5, 0.1)
    assert np.array_equal(team.vectors()[1], kernel.vector(alone))
    assert np.isnan(team.vectors()[0]).all()
    diverged, state = team.states()
    assert diverged is None
    alone.load_state_dict(state)
    assert np.array_equal(team.vectors()[1], kernel.vector(alone))


@pytest.mark.parametrize('kind', ['srn', 'lstm'])
def test_a_model_keeps_its_float32(kind):
    model = network(kind, 2, 2).float()
    kernel.Trainer(model, 'sgd', 0.0, 1e-4, 0.0).run(Sequence([0, 1, 1, 0]), 5, 0.1)
    assert {value.dtype for value in model.state_dict().values()} == {torch.float32}


class Buffered(SRN_model):
    """A network that keeps something that is not learned."""

    def __init__(self, *args):
        super().__init__(*args)
        self.register_buffer('calls', torch.tensor(7))


def test_states_of_a_team_are_those_of_its_models_with_what_is_not_learned():
    model = Buffered(2, 2, 2)
    [state] = kernel.Team([model], 'sgd', 0.0, 0.0, 0.0, 8).states()
    assert list(state) == list(model.state_dict())
    assert all(torch.equal(state[name], value) for name, value in model.state_dict().items())
    assert {value.dtype for value in state.values()} == {torch.float32, torch.int64}


@pytest.mark.filterwarnings('error')
def test_weights_too_large_for_float32_have_diverged():
    model = SRN_model(2, 2, 2)
    team = kernel.Team([model], 'sgd', 0.0, 0.0, 0.0, 8)
    team.weights *= 1e50
    assert team.states() == [None]


def test_run_stops_when_asked():
    model = network('srn', 2, 2)
    before = kernel.vector(model)
    kernel.Trainer(model, 'sgd', 0.0, 1e-4, 0.0).run(Sequence([0, 1, 1, 0]), 5, 0.1, lambda: True)
    assert np.array_equal(kernel.vector(model), before)


@pytest.mark.parametrize('kind', ['srn', 'lstm'])
def test_the_definition_fits_and_keeps_its_weights(kind):
    model = MODELS[kind](3, 4, 3)
    before = kernel.vector(model)
    assert kernel.fits(model)
    assert np.array_equal(kernel.vector(model), before)


class Changed(SRN_model):
    """The same parameters, another network."""

    def forward(self, x):
        hidden, output = super().forward(x)
        return hidden, output + hidden @ self.V


class Larger(LSTM_model):
    """One parameter more, as peepholes would have."""

    def __init__(self, *args):
        super().__init__(*args)
        self.P = nn.Parameter(torch.zeros(2))


@pytest.mark.parametrize('model', [Changed(2, 2, 2), Larger(2, 2, 2), nn.Linear(2, 2)])
def test_another_model_does_not_fit(model):
    assert not kernel.fits(model)


def test_a_language_that_goes_on_otherwise_after_get_symbols_is_not_drawn_by_it():
    class Ahead(lang_anb2n):
        def get_symbols(self, count):
            symbols, ends = super().get_symbols(count + 1)
            return symbols[: ends[-2]], ends[:-1]

    assert kernel.draws(lang_anb2n())
    assert not kernel.draws(Ahead())


def test_the_second_process_does_not_compile():
    kernel.fits(SRN_model(2, 2, 2))
    code = (
        'import seq_models as m; from lab.seq import kernel, loop; kernel.fits(m.SRN_model(2, 2, 2)); '
        'print(loop.train_srn.stats)'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True, cwd=HERE)
    assert 'cache_hits=Counter({' in done.stdout
    assert 'cache_misses=Counter()' in done.stdout
