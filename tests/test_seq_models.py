import pytest
import torch
from torch import nn

from seq_models import LSTM_model, SRN_model
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
