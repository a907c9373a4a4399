import pytest
import torch
from torch import nn

from anb2n import lang_anb2n
from seq_models import LSTM_DESIGNS, SRN_DESIGNS, LSTM_model, SRN_model
from tests.seq.reference import pytorchs_lstm

SIZES = (3, 5, 2)  # inputs, hidden units, outputs: all different, so that no two can be mistaken


def one_hot(batch=4, time=7):
    return nn.functional.one_hot(torch.randint(SIZES[0], (batch, time)), SIZES[0]).float()


def enlarged(model):
    """The same network with weights of size 1, so that a wrong term shows."""
    torch.manual_seed(0)
    for parameter in model.parameters():
        nn.init.normal_(parameter)
    return model


def test_parameters_have_the_names_and_shapes_of_the_lab():
    shapes = {name: tuple(value.shape) for name, value in SRN_model(*SIZES).state_dict().items()}
    assert shapes == {'H0': (5,), 'W': (3, 5), 'U': (5, 5), 'hid_bias': (5,), 'V': (5, 2), 'out_bias': (2,)}
    shapes = {name: tuple(value.shape) for name, value in LSTM_model(*SIZES).state_dict().items()}
    assert shapes == {'W': (3, 20), 'U': (5, 20), 'hid_bias': (20,), 'V': (5, 2), 'out_bias': (2,)}


def test_srn_is_pytorchs_rnn():
    model, reference = enlarged(SRN_model(*SIZES)), nn.RNN(3, 5, batch_first=True)
    with torch.no_grad():
        reference.weight_ih_l0.copy_(model.W.T)
        reference.weight_hh_l0.copy_(model.U.T)
        reference.bias_ih_l0.copy_(model.hid_bias)
        reference.bias_hh_l0.zero_()
    x = one_hot()
    hidden, output = model(x)
    expected, _ = reference(x, torch.tanh(model.H0).expand(1, 4, -1).contiguous())
    torch.testing.assert_close(hidden, expected)
    torch.testing.assert_close(output, expected @ model.V + model.out_bias)


def test_lstm_is_pytorchs_lstm():
    model, x = enlarged(LSTM_model(*SIZES)), one_hot()
    hidden, output = model(x)
    expected, _ = pytorchs_lstm(model)(x)
    torch.testing.assert_close(hidden, expected)
    torch.testing.assert_close(output, expected @ model.V + model.out_bias)


def test_start_states():
    srn, lstm = SRN_model(*SIZES, batch_size=6), LSTM_model(*SIZES, batch_size=6)
    assert torch.equal(srn.init_hidden(), torch.tanh(srn.H0).expand(6, 5))
    assert [state.shape for state in lstm.init_hidden()] == [(6, 5), (6, 5)]
    assert SRN_model(*SIZES).init_hidden().shape == LSTM_model(*SIZES).init_hidden()[0].shape == (1, 5)
    assert not any(state.any() for state in lstm.init_hidden())


def test_srn_weights_start_normal_with_deviation_0_001():
    torch.manual_seed(0)
    for value in SRN_model(100, 100, 100).parameters():
        assert value.std().item() == pytest.approx(0.001, rel=0.25)
        assert value.mean().item() == pytest.approx(0, abs=0.0005)


def test_lstm_weights_start_uniform_within_one_over_root_hid():
    torch.manual_seed(0)
    weights = torch.cat([value.flatten() for value in LSTM_model(3, 100, 3).parameters()])
    assert weights.abs().max() <= 0.1
    assert weights.std().item() == pytest.approx(0.1 / 3**0.5, rel=0.02)


def by_hand(cls, symbols, hid, design=None):
    model = cls(symbols, hid, symbols)
    model.set_weights(design)
    return model


def language(blocks, symbols):
    """Sequences of blocks as (input, next symbol, which are determined); blocks: a list of n's for each sequence."""
    spelt = [[s for n in each for s in range(symbols) for _ in range((s + 1) * n)] + [0] for each in blocks]
    padded = nn.utils.rnn.pad_sequence([torch.tensor(each) for each in spelt], batch_first=True, padding_value=-1)
    read, following = padded[:, :-1].clamp(min=0), padded[:, 1:]
    return nn.functional.one_hot(read, symbols).float(), following, (following >= 0) & (read != 0)


def mistakes(model, blocks):
    """How many determined symbols the network gets wrong."""
    x, following, determined = language(blocks, model.out_bias.numel())
    with torch.no_grad():
        return int((model(x)[1].argmax(dim=2) != following)[determined].sum())


def mixed(most, count=40, blocks=12):
    """Blocks of n up to `most`, drawn; and each n many times, and in turns with 1."""
    torch.manual_seed(0)
    runs = [blocks * [n] for n in range(1, most + 1)] + [blocks // 2 * [n, 1] for n in range(1, most + 1)]
    drawn = [torch.randint(1, largest + 1, (blocks,)).tolist() for largest in (2, 4, most) for _ in range(count)]
    return runs + drawn


LSTMS = [(2, 2, 'anb2n'), (2, 1, 'anb2n_small'), (3, 3, 'anb2nc3n'), (3, 2, 'anb2nc3n_small')]


@pytest.mark.parametrize(('symbols', 'hid', 'design'), LSTMS)
def test_lstms_made_by_hand_count_to_1000(symbols, hid, design):
    model = by_hand(LSTM_model, symbols, hid, design)
    assert mistakes(model, [[n] for n in [*range(1, 101), *range(109, 1001, 9)]]) == 0
    assert mistakes(model, [[200, 1, 199], [1, 400, 2], [3, 2, 600]]) == 0


@pytest.mark.parametrize(('symbols', 'hid'), [(2, 2), (3, 3)])
def test_lstms_made_by_hand_give_the_probabilities_of_the_language(symbols, hid):
    torch.manual_seed(1)
    x, _, target, _ = lang_anb2n(symbols, 4).get_sequence()
    with torch.no_grad():
        given = by_hand(LSTM_model, symbols, hid)(x)[1].softmax(dim=2)
    assert nn.functional.mse_loss(given, target) < 1e-14


@pytest.mark.parametrize(('symbols', 'hid', 'most'), [(2, 2, 20), (3, 4, 16)])
def test_srns_made_by_hand_count_as_far_as_docs_say(symbols, hid, most):
    model = by_hand(SRN_model, symbols, hid)
    assert mistakes(model, mixed(most)) == 0
    assert mistakes(model, mixed(most + 4)) > 0


def test_the_digits_of_float32_bound_the_srn_made_by_hand():
    model = SRN_model(2, 2, 2).double()
    with torch.no_grad():
        for parameter, values in zip(model.parameters(), SRN_DESIGNS['anb2n'], strict=True):
            parameter.copy_(torch.tensor(values, dtype=torch.double))
        x, following, determined = language(mixed(40), 2)
        right = model(x.double())[1].argmax(dim=2) == following
    assert right[determined].all()


@pytest.mark.parametrize(('cls', 'designs'), [(SRN_model, SRN_DESIGNS), (LSTM_model, LSTM_DESIGNS)])
def test_every_design_can_be_set(cls, designs):
    for name, made in designs.items():
        model = by_hand(cls, len(made.out_bias), len(made.V), name)
        assert torch.equal(model.V, torch.tensor(made.V, dtype=torch.float))
        assert torch.equal(model.out_bias, torch.tensor(made.out_bias, dtype=torch.float))
    first = next(iter(designs))
    assert torch.equal(by_hand(cls, 2, 2).W, by_hand(cls, 2, 2, first).W)


def test_set_weights_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match="unknown design 'foo': it should be one of anb2n, anb2nc3n, mine"):
        by_hand(SRN_model, 2, 2, 'foo')
    with pytest.raises(ValueError, match="'anb2n' has 2 hidden units and 2 symbols, not 5 and 3"):
        by_hand(LSTM_model, 3, 5, 'anb2n')
    with pytest.raises(ValueError, match='no hand-made weights for 7 hidden units and 2 symbols; there are anb2n'):
        by_hand(SRN_model, 2, 7)
