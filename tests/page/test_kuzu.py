"""Part 1 of the page: only networks of the page's own command are taken, and all numbers are theirs."""

import io
import json
import os
import re
from contextlib import redirect_stdout
from dataclasses import replace

import numpy as np
import pytest
import torch

from kuzu import NetConv, NetFull, NetLin
from lab.common.children import Command
from lab.common.errors import UserError
from lab.common.run import Interrupt
from lab.page import kuzu, render
from tests.kuzu.runs import Counted, digits, play
from tests.page.made import OPTIONS, untrained

DATA = digits()


def count(model):
    return sum(parameter.numel() for parameter in model.parameters())


def trained(folder, stop=Interrupt, flags='--recipe fast') -> str:
    """Train the linear network in `folder` by the page's command; return what it prints."""
    with redirect_stdout(io.StringIO()) as printed:
        play(folder, f'--net lin {flags}', stop=stop)
    return printed.getvalue()


def at(folder):
    return OPTIONS._replace(out_path=str(folder))


def test_the_numbers_are_those_of_the_transcript(tmp_path):
    printed = trained(tmp_path)
    found = kuzu.read_trained('lin', at(tmp_path), DATA, str(tmp_path))
    loss, correct, total = re.findall(r'Average loss: ([\d.]+), Accuracy: (\d+)/(\d+)', printed)[-1]
    matrix = re.findall(r'[\d.]+', printed[printed.rindex('[[') : printed.rindex(']]')])
    said = kuzu.describe([found], DATA, at(tmp_path))['networks'][0]
    assert (f'{said["loss"]:.4f}', said['correct'], said['total']) == (loss, int(correct), int(total))
    assert np.array(said['confusion']).ravel().tolist() == [float(count) for count in matrix]
    assert said['accuracy'] == 100 * int(correct) / int(total)


@pytest.mark.parametrize(
    ('flags', 'why'),
    [
        ('--recipe fast --seed 2', 'seed 2, not 1'),
        ('--lr 0.01', 'recipe classic, not fast'),
        ('--recipe fast --epochs 11', 'epochs 11, not 10'),
    ],
)
def test_a_network_of_another_run_is_refused(flags, why, tmp_path):
    trained(tmp_path, flags=flags)
    with pytest.raises(UserError, match=why):
        kuzu.read_trained('lin', at(tmp_path), DATA, str(tmp_path))


def test_a_network_that_was_tested_on_other_images_is_refused(tmp_path):
    trained(tmp_path)
    other = replace(DATA, test_images=DATA.test_images.flip(0))
    with pytest.raises(UserError, match='other test images'):
        kuzu.read_trained('lin', at(tmp_path), other, str(tmp_path))


def test_a_damaged_file_is_refused(tmp_path):
    trained(tmp_path)
    (tmp_path / 'kuzu_lin.resume').write_bytes(b'damaged')
    with pytest.raises(UserError, match='not a plain tensor file'):
        kuzu.read_trained('lin', at(tmp_path), DATA, str(tmp_path))


def test_without_a_seed_any_seed_is_taken(tmp_path):
    trained(tmp_path, flags='--recipe fast --seed 7')
    found = kuzu.read_trained('lin', at(tmp_path)._replace(seed=None), DATA, str(tmp_path))
    assert (found.seed, found.command) == (
        7,
        'python3 kuzu_main.py --net lin --seed 7 --dataset digits --recipe fast',
    )


def test_a_run_that_was_stopped_goes_on(tmp_path):
    trained(tmp_path, lambda: Counted(50))
    folder, job, _ = kuzu.find_trained('lin', at(tmp_path), DATA, 1)
    assert (folder, job.extra) == (str(tmp_path), ['--resume'])


def test_files_of_another_run_are_left_alone(tmp_path, capsys):
    trained(tmp_path, flags='--recipe fast --seed 2')
    folder, job, _ = kuzu.find_trained('lin', at(tmp_path), DATA, 1)
    assert folder == os.path.join(tmp_path, 'report')
    assert job.words[-2:] == ['--out_path', folder]
    assert 'seed 2, not 1' in capsys.readouterr().err


def test_where_nothing_is_there_the_labs_command_is_run(tmp_path):
    folder, job, _ = kuzu.find_trained('conv', at(tmp_path), DATA, 1)
    assert (folder, isinstance(job, Command), job.extra) == (str(tmp_path), True, [])


@pytest.mark.parametrize(
    ('model', 'texts', 'total'),
    [
        (NetLin(), ['(28 × 28) × 10 + 10'], 7850),
        (NetFull(100), ['(28 × 28) × 100 + 100', '100 × 10 + 10'], 79510),
        (
            NetConv(),
            [
                '16 filters of 1 × 3 × 3 + 16',
                '32 filters of 16 × 3 × 3 + 32',
                '(32 × 7 × 7) × 128 + 128',
                '128 × 10 + 10',
            ],
            206922,
        ),
        (NetConv((64, 128), (5, 3), (2, 1), 0), None, 138250),
        (torch.nn.Sequential(torch.nn.BatchNorm1d(3)), ['3 + 3'], 6),
    ],
)
def test_the_parameters_add_up_term_by_term(model, texts, total):
    rows = kuzu.terms(model)
    assert sum(count for *_, count in rows) == total == count(model)
    for _, text, number in rows:
        calculation = text.replace('filters of', '*').replace('×', '*')
        assert eval(calculation) == number
    assert texts is None or [text for _, text, _ in rows] == texts


def test_each_cell_has_the_images_that_were_confused():
    found = untrained('full')
    view = kuzu.describe([found], DATA, OPTIONS)['view']
    labels = DATA.test_labels.numpy()
    for cell, images in view['networks'][0]['cells'].items():
        target, chosen = divmod(cell, 10)
        count = found.confusion[target, chosen]
        assert len(images) == (count if target != chosen else min(count, kuzu.RIGHT))
        assert all(labels[image] == target and found.chosen[image] == chosen for image in images)
        assert set(images) <= set(view['images'])


def test_published_figures_stand_only_beside_the_full_set():
    part = kuzu.describe([untrained('lin')], DATA, OPTIONS._replace(dataset='kmnist'))
    assert part['reports'] is None and 'published' not in render.page({'kuzu': part}, 'python3 report.py')


def test_beside_the_full_set_the_page_shows_every_published_figure():
    data = replace(DATA, official=True)
    part = kuzu.describe([untrained(kind) for kind in kuzu.NAMES], data, OPTIONS._replace(dataset='kmnist'))
    text = render.page({'kuzu': part}, 'python3 report.py')
    table = text[text.index('Beside five published reports') :]
    for report in json.loads(kuzu.REPORTS.read_text()).values():
        assert report.get('note', '') in table
        for kind in kuzu.NAMES:
            figures = report[kind]
            assert f'>{figures["params"]:,}<' in table and f'>{figures["accuracy"]:.2f}%<' in table
            assert figures['test_loss'] is None or f'>{figures["test_loss"]:.4g}<' in table


def test_the_page_is_of_the_networks_that_are_written(monkeypatch, capsys):
    monkeypatch.delattr('kuzu.NetConv')
    assert kuzu.written(torch.device('cpu')) == ['lin', 'full']
    assert capsys.readouterr().err == 'kuzu_conv is left out: kuzu.py has no class NetConv\n'
    part = kuzu.describe([untrained('lin'), untrained('full')], DATA, OPTIONS)
    assert 'Two networks learn' in render.page({'kuzu': part}, 'python3 report.py')


def test_the_networks_of_the_published_figures_have_the_parameters_stated():
    for report in json.loads(kuzu.REPORTS.read_text()).values():
        assert report['lin']['params'] == 7850
        words = report['full']['flags'].split()
        assert count(NetFull(int(words[1]))) == report['full']['params']
        words = report['conv']['flags'].replace('--', '|').split('|')[1:]
        shape = {name: [int(value) for value in values] for name, *values in map(str.split, words)}
        two = [tuple(shape[name] * 2)[:2] for name in ('channels', 'kernel', 'pad')]
        assert count(NetConv(*two, shape['fc'][0])) == report['conv']['params']
