"""measure.py: two ways are timed in turns, growth is fitted, and the machine is described."""

import time

import pytest
import torch

from lab.bench import measure


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


def test_without_a_floor_its_column_is_empty(clock, capsys):
    row = measure.compare('net', 'epoch', lambda: 3.0, lambda: 2.0, 1)
    assert row['floor_s'] is None
    assert ' '.join(capsys.readouterr().out.split()) == 'net epoch 3.0000 2.00000 1.5 (1.5 to 1.5)'


def test_seconds_are_those_of_the_clock_and_nothing_is_printed(monkeypatch, capsys):
    now = iter([100.0, 107.5])
    monkeypatch.setattr(time, 'perf_counter', lambda: next(now))
    assert measure.seconds(lambda: print('noise')) == 7.5
    assert capsys.readouterr().out == ''


def test_each_size_counts_with_its_median(clock, capsys):
    times = {size: iter(values) for size, values in {1: [1.0, 9.0, 2.0], 2: [4.0, 4.0, 0.0]}.items()}
    row = measure.grow('net', 'units', {size: lambda size=size: next(times[size]) for size in times})
    assert row['seconds'] == [2, 4] and row['exponent'] == pytest.approx(1)
    assert capsys.readouterr().out.splitlines()[1].split() == ['units', '1', '2']


def test_rates_are_those_of_the_fastest_try(monkeypatch):
    tries = iter([0.5, 0.25, *[1.0] * 8])
    monkeypatch.setattr(measure, 'seconds', lambda run: run().shape == (10, 10) and next(tries))
    monkeypatch.setattr(measure, 'MATRIX', 10)
    assert measure.matrix_rate(torch.device('cpu')) == 10**3 / 0.25


def test_the_cost_of_a_call_is_the_fastest_try_divided_by_the_calls(monkeypatch):
    tries, calls = iter([9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 8.0, 9.0]), []
    monkeypatch.setattr(measure, 'seconds', lambda run: run() or next(tries))

    def fill(x, y, times):
        assert (x.min(), x.max()) == (-2, 2)
        calls.append(len(y) * times)

    cost = measure.call_cost(fill)
    assert calls == [measure.CALLS, *[calls[1]] * 10] and calls[1] > 100_000  # the first compiles
    assert cost == 2.0 / calls[1]


def test_the_machine_is_described(monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    about = measure.machine()
    assert about['gpu'] is None and about['processor'] and about['torch'] == torch.__version__
    assert about['cores'] >= 1 and about['threads'] == torch.get_num_threads()


def test_where_the_processor_is_not_told_its_kind_is(monkeypatch):
    def missing(path):
        raise FileNotFoundError(path)

    monkeypatch.setattr(measure, 'open', missing, raising=False)
    monkeypatch.setattr(measure.platform, 'processor', lambda: '')
    monkeypatch.setattr(measure.platform, 'machine', lambda: 'some kind')
    assert measure.machine()['processor'] == 'some kind'
