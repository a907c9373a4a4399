"""Part 3 of the page: all numbers and sentences are those of the networks shown."""

import numpy as np

import seq_models
from lab.insight.drawn import figures
from lab.page import seq
from tests.page.made import LSTM, SRN, parts
from tests.seq.learned import LEARNED


def test_the_page_says_what_the_analysis_says():
    srn, lstm = parts()['seq']['networks']
    assert srn['parameters'] == sum(value.numel() for value in LEARNED.values())
    assert sum(count for *_, count in lstm['terms']) == lstm['parameters'] == 3 * 12 + 3 * 12 + 12 + 3 * 3 + 3
    assert any('automaton' in heading for heading, _ in srn['sections'])
    assert all(blocks for _, blocks in srn['sections'])
    assert {'states', 'fsm'} <= set(srn['pictures'])
    assert srn['transcript'].startswith('-----\nsymbol= A')
    assert 'epoch' not in srn['transcript']  # of the shown network, which says its own
    assert 'gates' in lstm['pictures'] and 'gates' not in srn['pictures']


def test_the_view_has_the_weights_of_every_checkpoint():
    weights = parts()['seq']['view']['networks']['anb2n_srn2']['epochs']
    assert list(weights) == [0, 10, 100]
    assert weights[100]['W'] == LEARNED['W'].double().tolist()


def test_the_networks_made_by_hand_stand_beside_the_trained_ones():
    for found, task in zip(parts()['seq']['networks'], (SRN, LSTM), strict=True):
        made = found['made']
        assert made['learned'] and made['counts'] >= 20
        assert made['command'].startswith(f'python3 seq_plot.py --lang {task.lang} ')
        assert made['command'].endswith(' --set_weights')
        weights = parts()['seq']['view']['networks'][task.stem]['made']
        assert weights == seq.as_lists(seq.by_hand(task))


def test_the_loss_by_n_of_a_network_made_by_hand_can_be_read():
    """It is 0 but for rounding: neither is the axis made for that, nor are points cut off or hidden."""
    figure = figures.reach(np.full(30, 3e-15), np.ones(30), 4, 'x')
    figure.canvas.draw()
    axes = figure.axes[0]
    assert axes.get_ylim()[1] > 1e-4
    points = [line for line in axes.lines if line.get_marker() not in ('None', '')]
    assert sum(len(line.get_xdata()) for line in points) == 30 and not any(line.get_clip_on() for line in points)
    legend = axes.get_legend().get_window_extent()
    assert not any(
        legend.padded(6).contains(*axes.transData.transform(at)) for line in points for at in line.get_xydata()
    )


def test_a_students_seq_models_may_have_no_weights_made_by_hand(monkeypatch, capsys):
    monkeypatch.delattr(seq_models.SRN_model, 'set_weights')
    assert seq.by_hand(SRN) is None
    assert 'has no set_weights()' in capsys.readouterr().err
