"""kuzu.py of bench: both ways do the same work, and its multiply-adds are counted."""

import torch

from kuzu import NetLin
from lab.bench import kuzu
from lab.kuzu import classic
from lab.kuzu.data import load


def test_the_multiply_adds_of_the_layers():
    assert kuzu.layer_costs(kuzu.new('lin', {})) == [7840]
    conv = [16 * 9 * 28 * 28, 32 * 16 * 9 * 14 * 14, 32 * 7 * 7 * 128, 1280]
    assert kuzu.layer_costs(kuzu.new('conv', {})) == conv


def test_both_ways_are_given_the_same_images_and_in_the_end_all(monkeypatch, tmp_path):
    monkeypatch.setattr(kuzu, 'OFFICIAL', (200, 50))
    kuzu.made_kmnist(tmp_path)
    data = load('kmnist', tmp_path, torch.device('cpu'))
    rounds = kuzu.fifths(data, classic.loaders(tmp_path))
    for ours, (train, test) in rounds:
        assert torch.equal(ours.train_images, torch.cat([images for images, _ in train]))
        assert torch.equal(ours.test_labels, torch.cat([labels for _, labels in test]))
    assert torch.equal(torch.cat([ours.train_images for ours, _ in rounds]), data.train_images)


def test_both_ways_print_the_same_in_every_round(monkeypatch, capsys):
    """So they do the same work: a fifth of the images for training, and a fifth for testing."""

    def compare(name, unit, lab, suite, rounds, floor):
        printed = []
        for way in [lab, suite] * rounds:
            capsys.readouterr()
            way()
            printed.append(capsys.readouterr().out)
        return {'name': name, 'unit': unit, 'printed': printed, 'floor': floor()}

    monkeypatch.setattr(kuzu, 'OFFICIAL', (500, 50))
    monkeypatch.setattr(kuzu, 'NETWORKS', {'NetLin': NetLin})
    monkeypatch.setattr(kuzu, 'new', lambda kind, shape: NetLin())
    monkeypatch.setattr(kuzu, 'matrix_rate', lambda device: 7840.0)
    monkeypatch.setattr(kuzu, 'compare', compare)
    monkeypatch.setattr(torch, 'get_num_threads', lambda: 2)
    alone, together = kuzu.race()
    assert alone['printed'][::2] == alone['printed'][1::2]
    assert all('[0/100 (0%)]' in text and '/10 (' in text for text in alone['printed'])
    assert alone['unit'] == '100 images' and together['name'] == 'NetConv, 2 threads'
    assert alone['floor'] == (500 * 2 + 50) / 5
