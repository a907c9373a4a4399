"""Trained with n up to 10, an LSTM counts to 10,000: followed by a simulation written apart, in single precision."""

import numpy as np
import pytest

import seq_train
from lab.seq import compiled, starts

SEEDS = {'anb2n': 6001, 'anb2nc3n': 6002}


def follow(weights: dict, symbols: list[int]) -> list[int]:
    """What an LSTM with these weights predicts after each symbol, in float32."""
    W, U, bias, V, out = (np.float32(weights[name]) for name in ('W', 'U', 'hid_bias', 'V', 'out_bias'))
    given, hid = W + bias, len(V)
    unit = cell = np.zeros(hid, dtype=np.float32)
    units = []
    for symbol in symbols:
        net = given[symbol] + unit @ U
        enter, forget, _, opened = np.reciprocal(np.exp(-net) + np.float32(1)).reshape(4, hid)
        cell = forget * cell + enter * np.tanh(net[2 * hid : 3 * hid])
        unit = opened * np.tanh(cell)
        units.append(unit)
    return (np.array(units) @ V + out).argmax(axis=1).tolist()


@pytest.mark.filterwarnings('ignore:overflow')
@pytest.mark.parametrize('lang', SEEDS)
def test_a_trained_network_makes_no_mistake_up_to_10000(lang):
    args = seq_train.parse(['--lang', lang, '--model', 'lstm', '--recipe', 'far'])
    start = starts.begin(args.task, args.training, SEEDS[lang])
    [record] = starts.train_together([start], compiled, lambda: False)
    classes = args.task.classes
    blocks = [3, 700, 1, 10_000, 2]
    symbols = [symbol for n in blocks for symbol in range(classes) for _ in range(n * (symbol + 1))] + [0]
    predicts = follow({name: value.numpy() for name, value in record[-1].state.items()}, symbols[:-1])
    wrong = [t for t, predicted in enumerate(predicts) if symbols[t] > 0 and predicted != symbols[t + 1]]
    assert wrong == [] and len(predicts) > 30_000
