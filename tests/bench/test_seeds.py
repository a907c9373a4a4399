"""seeds.py: each default command is searched with seeds of its own, and what it gives is counted."""

import seq_train
from lab.bench import seeds
from lab.seq import results, starts
from lab.seq.results import Result
from lab.seq.verdict import Verdict


def test_check_seeds_are_counted(monkeypatch, capsys):
    monkeypatch.setattr(seeds, 'SEEDS', 3)
    monkeypatch.setattr(seeds, 'train_many_starts', lambda *_: [(100, 0.7, 44.4), (1000, 0.1, 100.0)])
    monkeypatch.setattr(seeds, 'accuracy', lambda *_: next(ends))
    ends = iter([100, 88.9, 100])
    seeds.check_row(6)
    line = 'check, 6 units: 2 of 3 seeds right at all points, after 1000 epochs (1000 to 1000)\n'
    assert capsys.readouterr().out == line


def test_each_pair_is_searched_by_its_default_command_from_seeds_of_its_own(monkeypatch, capsys):
    searches = []

    def choose(numbers, many, judge, first):
        (task, training, _), *_ = many = [*many]
        searches.append((task, training, [seed for *_, seed in many]))
        assert [*numbers] == searches[-1][2]
        learned = len(searches) % 2 == 0
        return [Result(0, Verdict(0.1, 0, 0, False, 1, False)), Result(1, Verdict(0.1, 0, 0, learned, 3, False))], []

    monkeypatch.setattr(seeds, 'SEEDS', 2)
    monkeypatch.setattr(starts, 'choose_engine', lambda *_: None)
    monkeypatch.setattr(starts, 'begin', lambda *values: values)
    monkeypatch.setattr(starts, 'train_all', lambda many, *_: many)
    monkeypatch.setattr(results, 'choose', choose)
    for pair, flags in zip(
        seeds.PAIRS, ['', '--model lstm', '--lang anb2nc3n --model lstm', '--lang anb2nc3n'], strict=True
    ):
        searches.clear()
        seeds.seq_row(*pair)
        args = seq_train.parse(flags.split())
        assert searches[1:] == [(args.task, args.training, [*range(20)]), (args.task, args.training, [*range(20, 40)])]
        out = capsys.readouterr().out
        assert out.startswith(f'{pair[0]:16}    1 of 2') and out.endswith(
            '3 (3 to 3)                        2 (at most 2)\n'
        )
