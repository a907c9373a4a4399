import pytest
import torch

from lab.common.errors import UserError
from lab.seq import results, verdict
from lab.seq.results import Result
from lab.seq.starts import Snapshot
from lab.seq.task import Task
from lab.seq.verdict import Verdict
from tests.seq.learned import LEARNED

BLANK = {name: torch.zeros_like(value) for name, value in LEARNED.items()}
GOOD = Verdict(loss=0.03, below=0.9, right=1.0, learned=True, counts=7, guesses=True)
BAD = Verdict(loss=0.09, below=0.125, right=0.75, learned=False, counts=2, guesses=False)


@pytest.fixture(autouse=True)
def few(monkeypatch):
    monkeypatch.setattr(verdict, 'SEQUENCES', 50)


def record(*rows):
    return [Snapshot(epoch, state, None, ()) for epoch, state in rows]


def test_learned_comes_before_counting_and_counting_before_loss():
    order = [
        GOOD,
        GOOD._replace(loss=0.04),
        GOOD._replace(counts=6, loss=0.01),
        BAD._replace(counts=9, loss=0.001),
        BAD._replace(loss=0.08),
        BAD,
        BAD._replace(counts=0, loss=0.001),
        None,
    ]
    ranks = [Result(0, found).rank() for found in order]
    assert ranks == sorted(ranks, reverse=True)
    assert len(set(ranks)) == len(ranks)


def test_the_network_that_a_start_ends_with_is_judged():
    for last in LEARNED, BLANK:
        result = results.judge(Task(), 7, record((0, LEARNED), (10_000, BLANK), (20_000, last)))
        assert (result.seed, result.verdict.learned) == (7, last is LEARNED)


def test_a_start_that_diverged_has_no_verdict():
    assert results.judge(Task(), 7, [*record((0, LEARNED), (10_000, LEARNED)), None]) == (7, None)


def test_all_starts_are_judged_on_the_same_sequences():
    found = [results.judge(Task(), seed, record((0, LEARNED))).verdict for seed in (1, 1, 2)]
    assert found == [found[0]] * 3


def test_another_language_has_another_threshold():
    perfect = Task('anb2nc3n', model='srn')
    state = {name: torch.zeros(shape) for name, shape in (('H0', 4), ('hid_bias', 4), ('out_bias', 3))}
    state |= {'W': torch.zeros(3, 4), 'U': torch.zeros(4, 4), 'V': torch.zeros(4, 3)}
    found = results.judge(perfect, 1, record((0, state))).verdict
    assert not found.learned
    assert (found.below, found.counts) == (0, 0)


def choose(*verdicts):
    """The results and the index of the best record; a verdict None: diverged; 'none': Ctrl-C came first."""
    records = [[] if found == 'none' else [found and n] for n, found in enumerate(verdicts)]
    found, best = results.choose(
        range(10, 10 + len(records)),
        (record for record in records),
        lambda seed, record: Result(seed, None if record[-1] is None else verdicts[record[-1]]),
        first=False,
    )
    return [seed for seed, _ in found], best


def test_the_best_start_wins_and_of_equal_ones_the_first():
    assert choose(BAD, GOOD, None, GOOD, BAD) == ([10, 11, 12, 13, 14], [1])
    assert choose(None, BAD) == ([10, 11], [1])


def test_starts_that_ctrl_c_kept_from_training_are_left_out():
    assert choose(BAD, 'none', GOOD, 'none') == ([10, 12], [2])
    assert choose('none', 'none') == ([], [])


def test_where_all_starts_diverge_there_is_no_best():
    with pytest.raises(UserError, match='diverged in all 2 starts'):
        choose(None, 'none', None)


def test_the_table_has_a_line_for_each_start(capsys):
    results.print_table([Result(4294967295, GOOD), Result(7, BAD), Result(8, None)])
    assert capsys.readouterr().out.splitlines() == [
        '',
        '      seed    loss   below   right  counts  learned',
        '4294967295  0.0300   90.0% 100.00%       7  yes',
        '         7  0.0900   12.5%  75.00%       2  no',
        '         8  diverged',
        'learned: 1 of 3 (33.3%; 95% interval 6% to 79%)',
    ]


def test_the_verdict_in_words(capsys):
    results.print_verdict(Task('anb2nc3n', length=5), GOOD, 'more')
    results.print_verdict(Task(), BAD, 'python3 more.py')
    good, bad = capsys.readouterr().out.split('\n\n')
    assert good.splitlines()[1:] == [
        *verdict.lines(GOOD, 3, 5),
        ' learned: yes',
    ]
    assert bad.splitlines()[1].startswith(' mean loss: 0.0900 (learned: under 0.05; ')
    assert bad.splitlines()[-1] == ' learned: no; try: python3 more.py'
