"""report.py as a student types it."""

import re

import pytest

import report


def test_without_flags_the_page_has_all_parts():
    args = report.parse([])
    assert (args.part, args.out, args.dataset, args.seed) == ([1, 2, 3], 'report.html', 'kmnist', None)
    assert (args.data_path, args.out_path, args.plot_path) == ('data', 'net', 'plot')


def test_a_part_is_written_alone(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    report.main(['--part', '2', '--seed', '1', '--out', 'my page.html'])
    text = (tmp_path / 'my page.html').read_text()
    assert re.findall(r'<section id="(part\d)"', text) == ['part2']
    assert 'python3 check_main.py --act sig --hid 5 --seed 1' in text
    assert 'python3 report.py --part 2 --seed 1 --out &#39;my page.html&#39;' in text
    out, err = capsys.readouterr()
    assert out == '' and 'seed: 1\n' in err and 'my page.html: 0.1 MB' in err


@pytest.mark.parametrize('flags', [['--part', '4'], ['--out', ''], ['--out', '.'], ['--dataset', 'x']])
def test_a_wrong_flag_is_told(flags, capsys):
    with pytest.raises(SystemExit) as ended:
        report.parse(flags)
    assert ended.value.code == 2
    assert re.search(r'error: argument --\w+: ', capsys.readouterr().err)
