import json

import pytest
import torch

import bench
from lab.bench import check, kuzu, measure
from lab.kuzu import classic
from lab.kuzu.data import load


@pytest.fixture
def clock(monkeypatch):
    """A second passes for each that the timed function returns."""
    monkeypatch.setattr(measure, 'seconds', lambda run: run())


def test_two_ways_take_turns_and_the_ratio_is_the_median_of_the_rounds(clock, capsys):
    order = []
    slow, fast = iter([8.0, 30.0, 12.0]), iter([2.0, 3.0, 2.0])
    row = measure.compare(
        'net', 'epoch', lambda: order.append('c') or next(slow), lambda: order.append('s') or next(fast), 3, lambda: 0.5
    )
    assert order == ['c', 's'] * 3
    assert (row['classic_s'], row['suite_s'], row['floor_s']) == (12, 2, 0.5)
    assert (row['ratio'], row['ratio_range']) == (6, (4, 10))
    assert ' '.join(capsys.readouterr().out.split()) == 'net epoch 12.0000 2.00000 0.50000 6.0 (4.0 to 10.0)'


def test_growth_fits_the_exponent(clock, capsys):
    row = measure.grow('net', 'units', {size: lambda size=size: 3.0 * size**2 for size in (1, 2, 4, 8)})
    assert row['exponent'] == pytest.approx(2)
    assert row['seconds'] == [3, 12, 48, 192]
    assert capsys.readouterr().out.endswith('s ~ size^2.00\n')


def test_the_multiply_adds_of_the_layers():
    assert kuzu.layer_costs(kuzu.NetLin()) == [7840]
    conv = [16 * 9 * 28 * 28, 32 * 16 * 9 * 14 * 14, 32 * 7 * 7 * 128, 1280]
    assert kuzu.layer_costs(kuzu.NetConv()) == conv


def test_both_ways_are_given_the_same_images_and_in_the_end_all(monkeypatch, tmp_path):
    monkeypatch.setattr(kuzu, 'IMAGES', (200, 50))
    kuzu.made_kmnist(tmp_path)
    data = load('kmnist', tmp_path, torch.device('cpu'))
    rounds = kuzu.fifths(data, classic.loaders(tmp_path))
    for ours, (train, test) in rounds:
        assert torch.equal(ours.train_images, torch.cat([images for images, _ in train]))
        assert torch.equal(ours.test_labels, torch.cat([labels for _, labels in test]))
    assert torch.equal(torch.cat([ours.train_images for ours, _ in rounds]), data.train_images)


def test_an_exponential_costs_some_nanoseconds():
    assert 1e-11 < measure.call_cost(check.fill) < 1e-6


def test_json_holds_what_was_measured(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(check, 'SEEDS', 2)
    bench.main(['seeds', '--json', str(tmp_path / 'new' / 'found.json')])
    found = json.loads((tmp_path / 'new' / 'found.json').read_text())
    assert [row['right'] for row in found['seeds']] == [2, 2, 2]
    assert found['machine']['torch'] == torch.__version__
    assert 'check, 4 units: 2 of 2 seeds' in capsys.readouterr().out


@pytest.mark.parametrize('flags', [['--json', ''], ['--json', '.'], ['kuzzu'], ['--json']])
def test_wrong_flags_are_refused_in_one_line(flags, capsys):
    with pytest.raises(SystemExit, match='2'):
        bench.parse(flags)
    assert capsys.readouterr().err.count('\n') == 1
