import functools

import pytest
import torch
from torch.nn import functional

from anb2n import lang_anb2n
from lab.seq import verdict
from lab.seq.verdict import count, draw, interval, judge


def oracle(x, limit=1000, blur=0.0, length=None):
    """A perfect predictor (log-probabilities) that loses count in blocks of more than `limit` A's.

    After an A it answers what `target` has, or what is true when n is uniform in 1..length.
    """
    answers = torch.zeros(x.shape)
    classes = x.shape[2]
    for row, answer in zip(x, answers, strict=True):
        symbols, n, run = row.argmax(dim=1).tolist(), 0, 0
        for t, symbol in enumerate(symbols):
            run = run + 1 if t and symbol == symbols[t - 1] else 1
            if symbol == 0:
                n = run
                end = 1 / (length + 1 - n) if length and n <= length else 0.2
                answer[t, :2] = torch.tensor([1 - end, end])
            else:
                full = min(n, limit) * (symbol + 1)
                answer[t, (symbol + 1) % classes if run == full else symbol] = 1
    return (answers * (1 - blur) + blur / classes).clamp(min=1e-9).log()


@pytest.fixture
def examples(monkeypatch):
    monkeypatch.setattr(verdict, 'SEQUENCES', 100)
    torch.manual_seed(0)
    return draw(lang_anb2n(3, 3))


def test_a_perfect_predictor_has_learned(examples, monkeypatch):
    monkeypatch.setattr(verdict, 'COUNT_LIMIT', 12)
    found = judge(oracle, *examples, 0.02)
    assert found.loss == pytest.approx(0, abs=1e-6)
    assert found[1:] == (1, 1, True, 12)


@pytest.mark.parametrize('lang, num_class, floor', [('anb2n', 2, 0.027), ('anb2nc3n', 3, 0.009)])
def test_who_knows_the_true_probabilities_has_learned_but_not_without_loss(lang, num_class, floor, monkeypatch):
    monkeypatch.setattr(verdict, 'SEQUENCES', 300)
    torch.manual_seed(0)
    examples = draw(lang_anb2n(num_class, 4))
    found = judge(lambda x: oracle(x, 9, length=4), *examples, verdict.THRESHOLD[lang])
    assert found.loss == pytest.approx(floor, abs=0.001)
    assert found.learned


def test_one_wrong_symbol_in_long_blocks_is_not_learned(examples):
    found = judge(lambda x: oracle(x, limit=2), *examples, 0.5)
    assert found.right < 1
    assert not found.learned
    assert found.counts == 2


def test_right_symbols_without_confidence_are_not_learned(examples):
    found = judge(lambda x: oracle(x, limit=3, blur=0.5), *examples, 0.02)
    assert found.right == 1
    assert found.below == 0
    assert not found.learned


def test_mean_loss_is_the_mean_of_the_sequences_losses(examples):
    found = judge(lambda x: x + 0.3, *examples, 0.1)
    losses = []
    for x, target, length in zip(*examples, [int(x.sum()) for x in examples[0]], strict=True):
        losses.append(functional.mse_loss(functional.softmax(x[:length] + 0.3, dim=1), target[:length]).item())
    assert found.loss == pytest.approx(sum(losses) / len(losses), rel=1e-5)
    assert found.below == pytest.approx(sum(loss < 0.1 for loss in losses) / len(losses))


@pytest.mark.parametrize('limit', [0, 9, 10, 11])
def test_counting_ends_before_the_first_n_that_fails(limit):
    assert count(lambda x: oracle(x, limit), 2) == limit


def test_wilsons_interval():
    assert interval(140, 200) == pytest.approx((0.6331, 0.7592), abs=1e-3)
    assert interval(200, 200) == pytest.approx((0.9812, 1), abs=1e-4)
    assert interval(0, 10) == pytest.approx((0, 0.2775), abs=1e-4)


def test_a_verdict_is_on_a_thousand_sequences():
    assert [len(each) for each in draw(lang_anb2n(2, 1))] == [1000, 1000]


def test_the_labs_limit_for_anb2n_is_0_05(monkeypatch):
    monkeypatch.setattr(verdict, 'SEQUENCES', 50)
    examples = draw(lang_anb2n(2, 4))
    under, over = (
        judge(functools.partial(oracle, limit=9, blur=blur), *examples, verdict.THRESHOLD['anb2n'])
        for blur in (0.4, 0.6)
    )
    assert under.right == over.right == 1
    assert under.loss < 0.05 < over.loss
    assert under.learned and not over.learned


def test_counting_is_tried_up_to_100():
    def follower(x):
        """Always right, but for sequences that are longer than those with n = 100."""
        return x.roll(-1, dims=1) if x.shape[1] <= 5 * 3 * 100 else -x

    assert count(follower, 2) == 100
