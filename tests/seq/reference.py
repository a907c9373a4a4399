"""An LSTM_model as PyTorch's own LSTM."""

import torch
from torch import nn

from seq_models import LSTM_model


def pytorchs_lstm(model: LSTM_model) -> nn.LSTM:
    """The same network. Its gates stand in the same order: input, forget, new values, output."""
    reference = nn.LSTM(len(model.W), len(model.U), batch_first=True, dtype=model.W.dtype)
    with torch.no_grad():
        reference.weight_ih_l0.copy_(model.W.T)
        reference.weight_hh_l0.copy_(model.U.T)
        reference.bias_ih_l0.copy_(model.hid_bias)
        reference.bias_hh_l0.zero_()
    return reference


def cells(model: LSTM_model, x: torch.Tensor) -> torch.Tensor:
    """The cells after each symbol of x (batch, T, in): (batch, T, hid)."""
    reference = pytorchs_lstm(model)
    with torch.no_grad():
        return torch.stack([reference(x[:, : t + 1])[1][1][0] for t in range(x.shape[1])], dim=1)
