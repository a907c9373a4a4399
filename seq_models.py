"""The two recurrent networks in plain PyTorch, a simple recurrent network and an LSTM that predict the next symbol, and
weights for them made by hand.

The classes define what a network computes: the compiled training in lab/seq/formulas.py is tested against them.
docs/by_hand.md explains how the hand-made networks count.
"""

import math
from typing import NamedTuple

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

    def set_weights(self, design: str | None = None):
        """Set the hand-made weights of a design of SRN_DESIGNS; None: the first one of the network's shape.

        Raises ValueError where there is no such design, or where it has another shape.
        """
        _set_weights(self, SRN_DESIGNS, design)


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

    def set_weights(self, design: str | None = None):
        """Set the hand-made weights of a design of LSTM_DESIGNS; None: the first one of the network's shape.

        Raises ValueError where there is no such design, or where it has another shape.
        """
        _set_weights(self, LSTM_DESIGNS, design)


class SRNDesign(NamedTuple):
    """Weights of an SRN made by hand; order and shapes are those of SRN_model's parameters."""

    H0: list[float]
    W: list[list[float]]  # a row for each symbol
    U: list[list[float]]  # a row for each unit that a weight comes from
    hid_bias: list[float]
    V: list[list[float]]  # a row for each unit
    out_bias: list[float]


class LSTMDesign(NamedTuple):
    """Weights of an LSTM made by hand. U and hid_bias are 0: the gates see nothing but the symbol read."""

    input: list[list[float]]  # what opens the input gates (net input): a row for each symbol, a column for each cell
    forget: list[list[float]]  # likewise
    new: list[list[float]]
    output: list[list[float]]
    V: list[list[float]]  # a row for each unit
    out_bias: list[float]


FULL = 100.0  # a net input so large that tanh is 1 and a gate open in each digit of float32; -FULL: tanh is -1, shut
NEVER = 1000.0  # a symbol whose output lies so far below the others has probability 0
LN3 = math.log(3)  # as the net input of a gate: open by 3/4; -LN3: by 1/4
LN4 = math.log(4)  # the outputs of A and B after an A differ by this: probabilities 0.8 and 0.2
ONE = math.tanh(1)  # a hidden unit whose cell is 1


def hold(slope: float, rest: float) -> float:
    """The net input w that lets a tanh unit rest at `rest`: tanh(slope * rest + w) = rest."""
    return math.atanh(rest) - slope * rest


def factor(slope: float, rest: float) -> float:
    """By how much a small distance to the rest is multiplied at each symbol: the derivative of hold()'s unit there."""
    return slope * (1 - rest**2)


def rest_of(slope: float, multiply: float) -> float:
    """The rest below 0 with this factor()."""
    return -math.sqrt(1 - multiply / slope)


def anb2n_srn() -> SRNDesign:
    """Unit 0 counts. Unit 1 is 1 after an A and 0 after a B.

    While A's are read, unit 0 comes closer to its rest at 0.82: each A leaves 0.655 of the distance. The first B takes
    the distance over to another rest, -0.618, and each B makes it 1.235 times as large. 0.655 x 1.235 x 1.235 = 1:
    after twice as many B's as A's unit 0 crosses -0.5025, whatever n was, and the next symbol is an A.
    """
    slope, rest_a = 2, 0.82
    rest_b = rest_of(slope, factor(slope, rest_a) ** (-1 / 2))
    move = slope * (rest_b - rest_a)  # from one rest to the other
    sharp, end = 2000, -0.5025
    return SRNDesign(
        H0=[math.atanh(-0.456), 0],
        W=[[hold(slope, rest_a) - move, FULL], [hold(slope, rest_b), 0]],
        U=[[slope, 0], [move, 0]],
        hid_bias=[0, 0],
        V=[[sharp, 0], [LN4 - sharp * (rest_a - end), 0]],
        out_bias=[-sharp * end, 0],
    )


def anb2nc3n_srn() -> SRNDesign:
    """Unit 0 counts A's for the B's, and unit 1 counts A's for the C's. Unit 2 is 1 after an A, unit 3 after a C.

    Unit 0 is that of anb2n_srn(); the C's hold it at 1. Of unit 1's distance to its rest each A leaves 0.583, each B
    0.977, and each C makes it 1.224 times as large. 0.583 x 0.977^2 x 1.224^3 is about 1: at the last C unit 1 crosses
    0.53.
    """
    slope0, rest0_a = 2, 0.82
    slope1, rest1_a, rest1_b, rest1_c = 2.4, 0.87, -0.77, -0.70
    rest0_b = rest_of(slope0, factor(slope0, rest0_a) ** (-1 / 2))
    move0 = slope0 * (rest0_b - rest0_a)  # from the rest in the A's to that in the B's
    move1, back1 = slope1 * (rest1_b - rest1_a), slope1 * (rest1_b - rest1_c)
    sharp, end0, end1 = 100, -0.28, 0.53
    return SRNDesign(
        H0=[FULL, math.atanh(0.92), 0, FULL],
        W=[
            [hold(slope0, rest0_a) - move0, hold(slope1, rest1_a) - move1, FULL, 0],
            [hold(slope0, rest0_b), hold(slope1, rest1_b), 0, 0],
            [FULL, hold(slope1, rest1_c) - back1, 0, FULL],
        ],
        U=[[slope0, 0, 0, 0], [0, slope1, 0, 0], [move0, move1, 0, 0], [0, back1, 0, 0]],
        hid_bias=[0, 0, 0, 0],
        V=[
            [0, -sharp, 0],
            [sharp, 0, 0],
            [NEVER, sharp * (rest1_a + rest0_a - end0) - LN4, -NEVER],
            [NEVER - sharp * end1, -NEVER, 0],
        ],
        out_bias=[-NEVER, sharp * end0, 0],
    )


SRN_DESIGNS = {
    'anb2n': anb2n_srn(),
    'anb2nc3n': anb2nc3n_srn(),
    # ------------------------------------------------------------------------------------------------------------------
    # YOUR OWN WEIGHTS go here. See them with
    #     python3 seq_plot.py --lang anb2n --model srn --hid 2 --set_weights --design mine
    # The weights below are a first idea: unit 0 remembers whether an A was read, unit 1 counts nothing yet.
    # ------------------------------------------------------------------------------------------------------------------
    'mine': SRNDesign(
        H0=[0, 0],
        W=[[2, 0], [-2, 0]],
        U=[[0, 0], [0, 0]],
        hid_bias=[0, 0],
        V=[[1, -1], [0, 0]],
        out_bias=[0, 0],
    ),
}
LSTM_DESIGNS = {
    # Cell 0 counts: +1 for each A, -1/2 for each B, since the input gate is half open then (sigmoid(0) = 1/2). Its
    # output gate opens when a B is read. Then unit 0 is 0 after the last B, and at least tanh(1/2) before. Unit 1 says
    # which symbol was read: ONE after an A, 0 after a B.
    'anb2n': LSTMDesign(
        input=[[FULL, FULL], [0, FULL]],
        forget=[[FULL, -FULL], [FULL, -FULL]],
        new=[[FULL, FULL], [-FULL, 0]],
        output=[[-FULL, FULL], [FULL, FULL]],
        V=[[0, 100], [0, (20 - LN4) / ONE]],
        out_bias=[0, -20],
    ),
    # The same without unit 1. After the last B unit 0 is 0, as it is after an A: the next A has probability 0.8, not 1.
    'anb2n_small': LSTMDesign(
        input=[[FULL], [0]],
        forget=[[FULL], [FULL]],
        new=[[FULL], [-FULL]],
        output=[[-FULL], [FULL]],
        V=[[0, 100]],
        out_bias=[0, -LN4],
    ),
    # Cell 0 counts for the B's as above. Cell 1 counts for the C's: +3/4 for each A, -1/4 for each C, as
    # sigmoid(ln 3) = 3/4. Each has its output gate open when its symbol is read. Unit 2 says which symbol was read:
    # ONE after an A, -ONE after a B, 0 after a C. The output of A is always 0; B and C lie above it or below.
    'anb2nc3n': LSTMDesign(
        input=[[FULL, LN3, FULL], [0, -FULL, FULL], [-FULL, -LN3, FULL]],
        forget=[[FULL, FULL, -FULL], [FULL, FULL, -FULL], [FULL, FULL, -FULL]],
        new=[[FULL, FULL, FULL], [-FULL, 0, -FULL], [0, -FULL, 0]],
        output=[[-FULL, -FULL, FULL], [FULL, -FULL, FULL], [-FULL, FULL, FULL]],
        V=[[0, 300, 0], [0, 0, 200], [0, (40 - LN4) / ONE, -40 / ONE]],
        out_bias=[0, -40, -20],
    ),
    # The same without unit 2. Unit 1 also speaks when a B is read, so that it says C as soon as unit 0 is 0.
    'anb2nc3n_small': LSTMDesign(
        input=[[FULL, LN3], [0, -FULL], [-FULL, -LN3]],
        forget=[[FULL, FULL], [FULL, FULL], [FULL, FULL]],
        new=[[FULL, FULL], [-FULL, 0], [0, -FULL]],
        output=[[-FULL, -FULL], [FULL, FULL], [-FULL, FULL]],
        V=[[0, 1000, 0], [0, 0, 200]],
        out_bias=[0, -LN4, -20],
    ),
    # ------------------------------------------------------------------------------------------------------------------
    # YOUR OWN WEIGHTS go here. See them with
    #     python3 seq_plot.py --lang anb2n --model lstm --hid 2 --set_weights --design mine
    # The weights below are a first idea: cell 0 counts +1 for each A and -1 for each B. The next A comes too early.
    # ------------------------------------------------------------------------------------------------------------------
    'mine': LSTMDesign(
        input=[[FULL, FULL], [FULL, FULL]],
        forget=[[FULL, -FULL], [FULL, -FULL]],
        new=[[FULL, FULL], [-FULL, 0]],
        output=[[-FULL, FULL], [FULL, FULL]],
        V=[[0, 100], [0, (20 - LN4) / ONE]],
        out_bias=[0, -20],
    ),
}


def _parameters(made: SRNDesign | LSTMDesign) -> list[torch.Tensor]:
    """The design as tensors, in the order of the network's parameters."""
    if isinstance(made, SRNDesign):
        return [torch.tensor(values, dtype=torch.float) for values in made]
    W = torch.hstack([torch.tensor(rows, dtype=torch.float) for rows in made[:4]])
    V, out_bias = torch.tensor(made.V, dtype=torch.float), torch.tensor(made.out_bias, dtype=torch.float)
    return [W, torch.zeros(len(V), W.shape[1]), torch.zeros(W.shape[1]), V, out_bias]


def _set_weights(model: nn.Module, designs: dict[str, SRNDesign | LSTMDesign], design: str | None):
    made = {name: _parameters(values) for name, values in designs.items()}
    (symbols, _), (hid, _) = model.W.shape, model.V.shape
    fits = [name for name, values in made.items() if (len(values[-1]), len(values[-2])) == (symbols, hid)]
    if design is not None and design not in made:
        raise ValueError(f'unknown design {design!r}: it should be one of {", ".join(made)}')
    if design is not None and design not in fits:
        need = 'the hand-made design {!r} has {} hidden units and {} symbols, not {} and {}'
        raise ValueError(need.format(design, *made[design][-2].shape, hid, symbols))
    if not fits:
        sizes = ', '.join(f'{name} ({len(values[-2])})' for name, values in made.items())
        raise ValueError(f'no hand-made weights for {hid} hidden units and {symbols} symbols; there are {sizes}')
    with torch.no_grad():
        for (name, parameter), values in zip(model.named_parameters(), made[design or fits[0]], strict=True):
            try:
                parameter.copy_(values)
            except RuntimeError as error:
                shapes = f'{tuple(values.shape)}: it should be {tuple(parameter.shape)}'
                raise ValueError(f'{name} of the design {design or fits[0]!r} has the shape {shapes}') from error
