"""The two recurrent networks in plain PyTorch: a simple recurrent network and an LSTM that predict the next symbol.

They define what a network computes: the compiled training in lab/seq/gradient.py is tested against them.
"""

import torch
from torch import nn

INIT = 0.001  # the standard deviation of the lab's first SRN weights


class SRN_model(nn.Module):
    """Elman's simple recurrent network (1990): h(t) = tanh(x(t) W + h(t-1) U + hid_bias), output h(t) V + out_bias.

    The state before the first symbol, tanh(H0), is learned as well.
    """

    def __init__(self, num_input: int, num_hid: int, num_out: int, batch_size: int = 1):
        super().__init__()
        self.batch_size = batch_size
        self.H0 = nn.Parameter(torch.randn(num_hid) * INIT)
        self.W = nn.Parameter(torch.randn(num_input, num_hid) * INIT)
        self.U = nn.Parameter(torch.randn(num_hid, num_hid) * INIT)
        self.hid_bias = nn.Parameter(torch.randn(num_hid) * INIT)
        self.V = nn.Parameter(torch.randn(num_hid, num_out) * INIT)
        self.out_bias = nn.Parameter(torch.randn(num_out) * INIT)

    def init_hidden(self) -> torch.Tensor:
        """The state before the first symbol, (batch_size, hid)."""
        return torch.tanh(self.H0).expand(self.batch_size, -1)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """One-hot symbols (batch, T, in) -> hidden units (batch, T, hid), outputs before softmax (batch, T, out)."""
        hidden = torch.tanh(self.H0).expand(len(x), -1)
        states = []
        for symbol in x.unbind(dim=1):
            hidden = torch.tanh(symbol @ self.W + hidden @ self.U + self.hid_bias)
            states.append(hidden)
        states = torch.stack(states, dim=1)
        return states, states @ self.V + self.out_bias


class LSTM_model(nn.Module):
    """Long short-term memory (Hochreiter and Schmidhuber 1997) with forget gates (Gers et al. 2000), no peepholes.

    The 4 hid columns of W and U, and the 4 hid elements of hid_bias, are in this order: input gate, forget gate, new
    values, output gate, with hid of each. Hidden units and cells start from zero.
    """

    def __init__(self, num_input: int, num_hid: int, num_out: int, batch_size: int = 1):
        super().__init__()
        self.batch_size = batch_size
        self.num_hid = num_hid
        self.W = nn.Parameter(torch.empty(num_input, 4 * num_hid))
        self.U = nn.Parameter(torch.empty(num_hid, 4 * num_hid))
        self.hid_bias = nn.Parameter(torch.empty(4 * num_hid))
        self.V = nn.Parameter(torch.empty(num_hid, num_out))
        self.out_bias = nn.Parameter(torch.empty(num_out))
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -(num_hid**-0.5), num_hid**-0.5)

    def init_hidden(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Hidden units and cells before the first symbol: zeros, each (batch_size, hid)."""
        zeros = self.U.new_zeros(self.batch_size, self.num_hid)
        return zeros, zeros

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """One-hot symbols (batch, T, in) -> hidden units (batch, T, hid), outputs before softmax (batch, T, out)."""
        hidden = cell = self.U.new_zeros(len(x), self.num_hid)
        states = []
        for symbol in x.unbind(dim=1):
            net = symbol @ self.W + hidden @ self.U + self.hid_bias
            net_input, net_forget, net_new, net_out = net.chunk(4, dim=1)
            cell = torch.sigmoid(net_forget) * cell + torch.sigmoid(net_input) * torch.tanh(net_new)
            hidden = torch.sigmoid(net_out) * torch.tanh(cell)
            states.append(hidden)
        states = torch.stack(states, dim=1)
        return states, states @ self.V + self.out_bias
