"""Part 1 of the page: only networks of the page's own command are taken, and all numbers are theirs."""

import io
import json
import re
from contextlib import redirect_stdout
from dataclasses import replace

import numpy as np
import pytest
import torch

from kuzu import NetConv, NetFull, NetLin
from lab.common.errors import UserError
from lab.common.run import Interrupt
from lab.kuzu import fetch, networks, train
from lab.kuzu.settings import Settings
from lab.page import kuzu, render
from lab.page.commands import Job
from tests.kuzu.runs import PressedAt, digits
from tests.page.made import OPTIONS, untrained

DATA = digits()


def trained(folder, stop=None, **changes) -> str:
    """Train the linear network in `folder` as kuzu_main.py does; return what it prints."""
    settings = replace(Settings(1, 'digits', len(DATA.train_images)), **changes)
    torch.manual_seed(settings.seed)
    model = networks.to_device(NetLin(), DATA.train_images)
    with redirect_stdout(io.StringIO()) as printed:
        train.train(model, DATA, settings, str(folder / 'kuzu_lin'), None, Interrupt() if stop is None else stop)
    return printed.getvalue()


def read(folder, data=DATA, seed=1):
    return kuzu.read('lin', at(folder)._replace(seed=seed), data, str(folder))


def at(folder):
    return OPTIONS._replace(out_path=str(folder))


def test_the_numbers_are_those_of_the_transcript(tmp_path):
    printed = trained(tmp_path)
    said = kuzu.describe([read(tmp_path)], DATA, at(tmp_path))['networks'][0]
    loss, correct, total = re.findall(r'Average loss: ([\d.]+), Accuracy: (\d+)/(\d+)', printed)[-1]
    matrix = re.findall(r'[\d.]+', printed[printed.rindex('[[') : printed.rindex(']]')])
    assert (f'{said["loss"]:.4f}', said['correct'], said['total']) == (loss, int(correct), int(total))
    assert np.array(said['confusion']).ravel().tolist() == [float(count) for count in matrix]
    assert said['accuracy'] == 100 * int(correct) / int(total)


@pytest.mark.parametrize(
    ('changes', 'why'),
    [
        ({'seed': 2}, 'seed 2, not 1'),
        ({'lr': 0.02}, 'lr 0.02, not 0.01'),
        ({'epochs': 11}, '11 epochs, not 10'),
        ({'dataset': 'kmnist'}, 'dataset kmnist, not digits'),
    ],
)
def test_a_network_of_another_run_is_refused(changes, why, tmp_path):
    trained(tmp_path, **changes)
    with pytest.raises(UserError, match=why):
        read(tmp_path)


def test_a_network_tested_on_other_images_and_a_damaged_file_are_refused(tmp_path):
    trained(tmp_path)
    with pytest.raises(UserError, match='other test images'):
        read(tmp_path, replace(DATA, test_images=DATA.test_images.flip(0)))
    (tmp_path / 'kuzu_lin.resume').write_bytes(b'damaged')
    with pytest.raises(UserError, match='not a plain tensor file'):
        read(tmp_path)


def test_without_a_seed_any_seed_is_taken(tmp_path):
    trained(tmp_path, seed=7)
    found, command = read(tmp_path, seed=None), 'python3 kuzu_main.py --net lin --seed 7 --dataset digits --out_path'
    assert (found.seed, found.command) == (7, f'{command} {tmp_path}')


def test_a_run_that_was_stopped_goes_on(tmp_path):
    trained(tmp_path, PressedAt(50))
    folder, job = kuzu.find('lin', at(tmp_path), DATA, 1)
    assert (folder, job.extra) == (str(tmp_path), ['--resume'])


def test_files_of_another_run_are_left_alone_and_where_nothing_is_there_the_labs_command_is_run(tmp_path, capsys):
    trained(tmp_path, seed=2)
    folder, job = kuzu.find('lin', at(tmp_path), DATA, 1)
    assert (folder, job.words[-2:]) == (f'{tmp_path}/report', ['--out_path', folder])
    assert 'seed 2, not 1' in capsys.readouterr().err
    folder, job = kuzu.find('conv', at(tmp_path), DATA, 1)
    assert (folder, isinstance(job, Job), job.extra) == (str(tmp_path), True, [])


@pytest.mark.parametrize(
    ('model', 'texts', 'total'),
    [
        (NetFull(100), ['(28 × 28) × 100 + 100', '100 × 10 + 10'], 79510),
        (NetConv(), ['16 filters of 1 × 3 × 3 + 16', '32 filters of 16 × 3 × 3 + 32', '(32 × 7 × 7) × 128 + 128',
                     '128 × 10 + 10'], 206922),
        (torch.nn.Sequential(torch.nn.BatchNorm1d(3)), ['3 + 3'], 6),
    ],
)  # fmt: skip
def test_the_parameters_add_up_term_by_term(model, texts, total):
    rows = kuzu.terms(model)
    assert [text for _, text, _ in rows] == texts
    assert sum(count for *_, count in rows) == total == sum(each.numel() for each in model.parameters())
    for _, text, count in rows:
        assert eval(text.replace('filters of', '*').replace('×', '*')) == count


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


def test_beside_the_full_set_alone_the_page_shows_every_published_figure(monkeypatch):
    assert kuzu.describe([untrained('lin')], DATA, OPTIONS)['reports'] is None
    monkeypatch.setattr(fetch, 'OFFICIAL', (len(DATA.train_labels), len(DATA.test_labels)))
    part = kuzu.describe([untrained(kind) for kind in kuzu.NAMES], DATA, OPTIONS._replace(dataset='kmnist'))
    text = render.page({'kuzu': part}, 'python3 report.py')
    table = text[text.index('Beside five published reports') :]
    for report in json.loads(kuzu.REPORTS.read_text()).values():
        assert report.get('note', '') in table
        for figures in (report[kind] for kind in kuzu.NAMES):
            assert f'>{figures["params"]:,}<' in table and f'>{figures["accuracy"]:.2f}%<' in table
            assert figures['test_loss'] is None or f'>{figures["test_loss"]:.4g}<' in table
