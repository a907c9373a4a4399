import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from anb2n import lang_anb2n
from lab.seq import compiled, formulas
from lab.seq.task import Part, Training
from seq_models import LSTM_model, SRN_model

MODELS = {'srn': SRN_model, 'lstm': LSTM_model}
SIZES = {'srn': (3, 4), 'lstm': (3, 3)}  # classes and hidden units of the lab: each new size is compiled, in seconds


def network(kind, classes, hid, seed=0, size=0.5):
    """A network in double precision with weights large enough that every term counts."""
    torch.manual_seed(seed)
    model = MODELS[kind](classes, hid, classes).double()
    for parameter in model.parameters():
        nn.init.normal_(parameter, 0, size)
    return model


def flat(parameters):
    return np.concatenate([np.ravel(value) for value in parameters.values()])


def loss_of(model, symbols, pressure=0):
    """The mean negative log-likelihood, and as much pressure on the gates, read one symbol after the other."""
    one_hot = functional.one_hot(torch.tensor(symbols[:-1]), model.V.shape[1]).double()
    hidden, output = model(one_hot.unsqueeze(0))
    loss = functional.cross_entropy(output[0], torch.tensor(symbols[1:]))
    before = torch.zeros(len(model.V)).double()
    for x, after in zip(one_hot, hidden[0], strict=True) if pressure else ():
        net = (x @ model.W + before @ model.U + model.hid_bias).reshape(4, -1)
        gates = net[[0, 1, 3]].sigmoid()
        loss = loss + pressure * ((gates * (1 - gates)).sum() + (1 - net[2].tanh() ** 2).sum() / 2) / len(one_hot)
        before = after
    return loss


def train_by_autograd(model, training, lang, epochs, pressure):
    """Weights after so many epochs with PyTorch's own optimizer."""
    rate = {'lr': training.lr, 'weight_decay': training.decay}
    adam = training.optim == 'adam'
    optimizer = torch.optim.Adam(model.parameters(), **rate) if adam else None
    optimizer = optimizer or torch.optim.SGD(model.parameters(), momentum=training.mom, **rate)
    for _ in range(epochs):
        optimizer.zero_grad()
        loss_of(model, np.array(lang.get_one_example()[0]), pressure).backward()
        if training.clip:
            nn.utils.clip_grad_norm_(model.parameters(), training.clip)
        optimizer.step()
    return nn.utils.parameters_to_vector(model.parameters()).detach().numpy()


class Sequence:
    """A language of one given sequence."""

    def get_symbols(self, count):
        return np.tile([0, 1, 1, 0], count), np.arange(1, count + 1) * 4


@pytest.mark.parametrize(('kind', 'pressure'), [('srn', 0), ('lstm', 0), ('lstm', 0.7)])
@pytest.mark.parametrize(
    'training',
    [
        Training(lr=0.02),
        Training(lr=0.005, mom=0.9),
        Training('adam', lr=0.01),
        Training(lr=0.05, mom=0.5, clip=0.3),
    ],
)
def test_40_epochs_give_the_weights_that_autograd_gives(kind, pressure, training):
    trainer = compiled.Trainer([network(kind, *SIZES[kind])], training)
    torch.manual_seed(1)
    lang = lang_anb2n(3, 2)
    for count in (1, 25, 14):  # in parts: the optimizer's memory must last
        trainer.run([lang], Part(0, count, training.lr, training.decay, pressure))
    model = network(kind, *SIZES[kind])
    torch.manual_seed(1)
    expected = train_by_autograd(model, training, lang_anb2n(3, 2), 40, pressure)
    assert np.abs(flat(trainer.parameters()[0]) - expected).max() < 1e-9


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.sampled_from(['srn', 'lstm']),
    st.booleans(),  # compiled for any size, or for its own
    st.integers(2, 30),
    st.integers(0, 2**32 - 1),
    st.floats(0.01, 20),
)
def test_gradient_is_autograds_for_any_size(kind, any_size, steps, seed, size):
    classes, hid = (7, 9) if any_size else SIZES[kind]
    model = network(kind, classes, hid, seed, size)
    symbols = np.random.default_rng(seed).integers(0, classes, steps)
    by_autograd = torch.autograd.grad(loss_of(model, symbols), list(model.parameters()))
    expected = nn.utils.parameters_to_vector(by_autograd).numpy()
    assert np.abs(flat(compiled.gradient(model, symbols)) - expected).max() < 1e-9 * max(1, np.abs(expected).max())


def test_exponential_is_exact_to_1e_12():
    x = np.linspace(-36, 36, 10001)
    np.testing.assert_allclose([formulas.exp(value) for value in x], np.exp(x), rtol=1e-12)


@pytest.mark.parametrize('kind', ['srn', 'lstm'])
@pytest.mark.parametrize('training', [Training(mom=0.9), Training('adam', clip=0.2)])
def test_models_trained_side_by_side_are_those_trained_alone_to_the_last_bit(kind, training):
    def train(seeds):
        models = [network(kind, *SIZES[kind], seed) for seed in seeds]
        langs = [lang_anb2n(3, 1 + seed % 5) for seed in seeds if torch.manual_seed(seed)]  # longer and longer
        trainer = compiled.Trainer(models, training)
        for epochs in (1, 40, 19):
            trainer.run(langs, Part(0, epochs, 0.01))
        return [flat(parameters) for parameters in trainer.parameters()]

    for seed, found in enumerate(train(range(5))):
        assert np.array_equal(found, *train([seed]))
        before = nn.utils.parameters_to_vector(network(kind, *SIZES[kind], seed).parameters())
        assert np.abs(found - before.detach().numpy()).max() > 0.01


@pytest.mark.parametrize('kind', ['srn', 'lstm'])
def test_a_model_that_diverges_leaves_its_neighbours_alone(kind):
    models = [network(kind, *SIZES[kind]), network(kind, *SIZES[kind]).float()]
    models[0].double()
    nn.init.constant_(models[0].W, torch.nan)
    team, alone = compiled.Trainer(models, Training()), compiled.Trainer(models[1:], Training())
    team.run(2 * [Sequence()], Part(0, 5, 0.1))
    alone.run([Sequence()], Part(0, 5, 0.1))
    assert team.states()[0] is None
    assert np.array_equal(flat(team.parameters()[1]), flat(alone.parameters()[0]))
    assert {value.dtype for value in team.states()[1].values()} == {torch.float32}


class Buffered(SRN_model):
    """A network that keeps something that is not learned."""

    def __init__(self, *args):
        super().__init__(*args)
        self.register_buffer('calls', torch.tensor(7))


def test_states_are_those_of_the_models_with_what_is_not_learned():
    model = Buffered(2, 2, 2)
    [state] = compiled.Trainer([model], Training()).states()
    assert list(state) == list(model.state_dict())
    assert all(torch.equal(state[name], value) for name, value in model.state_dict().items())


@pytest.mark.filterwarnings('error')
def test_weights_too_large_for_float32_have_diverged():
    trainer = compiled.Trainer([SRN_model(2, 2, 2)], Training())
    trainer.memory[0][:] *= 1e50
    assert trainer.states() == [None]


def test_run_stops_when_asked():
    trainer = compiled.Trainer([network('srn', 2, 2)], Training())
    before = trainer.memory[0].copy()
    trainer.run([Sequence()], Part(0, 5, 0.1), stop=lambda: True)
    assert np.array_equal(trainer.memory[0], before)


@pytest.mark.parametrize('kind', ['srn', 'lstm'])
def test_the_definition_fits_and_keeps_its_weights(kind):
    classes, hid = SIZES[kind]
    model = MODELS[kind](classes, hid, classes)
    before = [value.clone() for value in model.parameters()]
    assert compiled.fits(model, 61)
    assert all(map(torch.equal, model.parameters(), before))


class Changed(SRN_model):
    """The same parameters, another network."""

    def forward(self, x):
        hidden, output = super().forward(x)
        return hidden, output + hidden @ self.V


class Truncated(SRN_model):
    """The state is cut off from the past at every 40th symbol, for the gradient alone."""

    def forward(self, x):
        hidden, states = torch.tanh(self.H0).expand(len(x), -1), []
        for t, symbol in enumerate(x.unbind(1)):
            hidden = torch.tanh(symbol @ self.W + (hidden if t % 40 else hidden.detach()) @ self.U + self.hid_bias)
            states.append(hidden)
        states = torch.stack(states, 1)
        return states, states @ self.V + self.out_bias


class Larger(LSTM_model):
    """One parameter more, as peepholes would have."""

    def __init__(self, *args):
        super().__init__(*args)
        self.P = nn.Parameter(torch.zeros(2))


@pytest.mark.parametrize('model', [Changed(2, 2, 2), Truncated(2, 2, 2), Larger(2, 2, 2), nn.Linear(2, 2)])
def test_another_model_does_not_fit(model):
    assert not compiled.fits(model, 61)


def test_a_language_that_goes_on_otherwise_after_get_symbols_is_not_drawn_by_it():
    class Ahead(lang_anb2n):
        def get_symbols(self, count):
            symbols, ends = super().get_symbols(count + 1)
            return symbols[: ends[-2]], ends[:-1]

    assert compiled.draws(lang_anb2n())
    assert not compiled.draws(Ahead())
