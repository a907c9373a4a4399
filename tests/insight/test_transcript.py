"""Sequences are printed as the lab prints them, and with --cell the cells of the model beside them."""

import re

import numpy as np
import pytest
import torch

from anb2n import lang_anb2n
from lab.common.errors import UserError
from lab.insight.found.step import of_model
from lab.insight.said import transcript
from seq_models import LSTM_model, SRN_model
from tests.seq.reference import cells


class Drawn:
    """A language that draws these sequences one after the other."""

    def __init__(self, num_class, count):
        torch.manual_seed(3)
        self.lang = lang_anb2n(num_class, 4)
        self.drawn = [self.lang.get_sequence() for _ in range(count)]
        self.print_outputs = self.lang.print_outputs
        self.get_sequence = iter(self.drawn).__next__


def print_sequences(model, lang, cells):
    net = of_model(model, lang.lang.num_class)
    return transcript.print_sequences(model, net, lang, len(lang.drawn), cells)


@pytest.fixture
def lstm():
    torch.manual_seed(3)
    return LSTM_model(3, 3, 3)


def test_what_is_printed_and_seen_are_units_cells_and_colours_of_the_model(lstm, capsys):
    lang = Drawn(3, 2)
    seen = print_sequences(lstm, lang, True)
    with torch.no_grad():
        hidden = [lstm(x)[0][0] for x, _, _, _ in lang.drawn]
    expected = [cells(lstm, x)[0] for x, _, _, _ in lang.drawn]
    np.testing.assert_allclose(seen.cell, np.vstack(expected), atol=1e-5)
    np.testing.assert_allclose(seen.hidden, np.vstack(hidden), atol=1e-5)
    printed = re.findall(r'cell: \[(.*?)\]', capsys.readouterr().out)
    np.testing.assert_allclose([np.array(row.split(), float) for row in printed], seen.cell, atol=0.0051)
    assert seen.colour.tolist() == [number for _, _, _, state in lang.drawn for number in state[1:]]
    assert print_sequences(SRN_model(2, 2, 2), Drawn(2, 1), False).cell is None


def test_cells_that_the_model_returns_are_taken_and_without_any_it_is_told(lstm):
    class Returns(LSTM_model):
        def forward(self, x):
            hidden, output = super().forward(x)
            hidden.cell = 7 * hidden
            return hidden, output

    seen = transcript.print_sequences(Returns(3, 3, 3), None, Drawn(3, 1), 1, True)
    np.testing.assert_allclose(seen.cell, 7 * seen.hidden)
    with pytest.raises(UserError, match=r'--cell: the LSTM_model .* should return its cells'):
        transcript.print_sequences(lstm, None, Drawn(3, 1), 1, True)


def test_a_block_with_cells_is_the_labs_block_with_one_column_more_and_no_number_has_an_exponent(lstm, capsys):
    with torch.no_grad():
        lstm.W[0, 0] = 1e-7
    print_sequences(lstm, Drawn(3, 2), False)
    plain = capsys.readouterr().out
    print_sequences(lstm, Drawn(3, 2), True)
    found = capsys.readouterr().out
    same = re.sub(r'^([ABC]) hidden: (.*) cell: .* output: (.*)$', r'\1 \2 \3', found, flags=re.MULTILINE)
    assert same.replace('activations, cell states and', 'activations and') == plain
    for text in plain, found:
        assert not re.search(r'\d\.\d{3}|e-', '\n'.join(line for line in text.splitlines() if 'loss' not in line))
