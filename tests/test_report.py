"""report.py as a student types it."""

import re
import time

import pytest

import report
from lab.common.errors import UserError
from tests.faults.forks import Fork
from tests.kuzu.server import made_files


def test_without_flags_the_page_has_all_parts():
    args = report.parse([])
    assert (args.part, args.out, args.dataset, args.seed) == ([1, 2, 3], 'report.html', 'kmnist', None)
    assert [report.parse(flags.split()).part for flags in ('--part 3 2', '--part 3 --part 1')] == [[2, 3], [1, 3]]
    assert (args.data_path, args.out_path, args.plot_path) == ('data', 'net', 'plot')


def test_a_part_is_written_alone(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    report.main(['--part', '2', '--seed', '1', '--out', 'my page.html'])
    text = (tmp_path / 'my page.html').read_text()
    assert re.findall(r'<section id="(part\d)"', text) == ['part2']
    assert 'python3 check_main.py --act sig --hid 5 --seed 1' in text
    assert '<code>python3 report.py --part 2 --seed 1</code>' in text
    out, err = capsys.readouterr()
    assert out == '' and 'seed: 1\n' in err and 'my page.html: 0.1 MB' in err


@pytest.mark.parametrize('flags', [['--part', '4'], ['--out', ''], ['--out', '.'], ['--dataset', 'x']])
def test_a_wrong_flag_is_told(flags, capsys):
    with pytest.raises(SystemExit) as ended:
        report.parse(flags)
    assert ended.value.code == 2
    assert re.search(r'error: argument --\w+: ', capsys.readouterr().err)


RUN = 'report --part 1 --dataset digits --seed 1'


def test_ctrl_c_keeps_what_is_trained_and_the_next_run_goes_on(tmp_path):
    first = Fork(RUN, tmp_path)
    while not list(tmp_path.glob('net/kuzu_*.resume')):
        assert first.process.is_alive()
        time.sleep(0.05)
    first.press()
    assert first.end().code == 130 and not (tmp_path / 'report.html').exists()
    second = Fork(RUN, tmp_path).end()
    assert (second.code, second.out) == (0, '') and '$ python3 kuzu_main.py' in second.err
    page = (tmp_path / 'report.html').read_text()
    assert '$ ' not in Fork(RUN, tmp_path).end().err
    assert (tmp_path / 'report.html').read_text() == page
    percents = []
    for kind in 'lin', 'full', 'conv':  # as kuzu_main.py alone writes them
        rows = (tmp_path / 'net' / f'kuzu_{kind}.csv').read_text().splitlines()
        epoch, _, loss, accuracy = rows[-1].split(',')
        assert epoch == '10'
        assert f'<b>{accuracy}%</b>' in page and f'{float(loss):.4f}' in page
        assert f'python3 kuzu_main.py --net {kind} --seed 1 --dataset digits --recipe fast' in page
        percents.append(float(accuracy))
    assert percents[1] - percents[0] > 2 < percents[2] - percents[1]  # digits teach what KMNIST teaches


def test_an_error_leaves_the_old_page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'report.html').write_text('old')
    raw = tmp_path / 'data' / 'KMNIST' / 'raw'
    raw.mkdir(parents=True)
    for name, data in made_files().items():
        (raw / name).write_bytes(data[:-1])
    with pytest.raises(UserError, match='is truncated'):
        report.main(['--part', '1'])
    assert (tmp_path / 'report.html').read_text() == 'old'
