"""data.py: the numbers of the classic pipeline, and files that are not what they should be."""

import gzip
import hashlib
import os
import re
import struct

import numpy as np
import pytest
import torch

from lab.common.errors import UserError
from lab.kuzu import fetch
from lab.kuzu.data import _normalize, load
from tests.kuzu.server import COUNTS, made_files

CPU = torch.device('cpu')
REAL = os.environ.get('KMNIST_ROOT')
needs_real = pytest.mark.skipif(not REAL, reason='KMNIST_ROOT names no folder with the real images')


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A data folder with a made set; what is missing from it cannot be downloaded."""
    raw = tmp_path / 'KMNIST' / 'raw'
    raw.mkdir(parents=True)
    for name, data in made_files().items():
        (raw / name).write_bytes(data)
    monkeypatch.setattr(fetch, 'SOURCES', {})
    return tmp_path


def classic(root, train: bool, step: int):
    """The classic pipeline: every step-th image and label, one by one through torchvision's transforms."""
    from torchvision import datasets, transforms

    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
    dataset = datasets.KMNIST(root, train=train, transform=transform)
    pairs = [dataset[i] for i in range(0, len(dataset), step)]
    return torch.stack([image for image, _ in pairs]), torch.tensor([label for _, label in pairs])


def agree(root, step: int):
    found = load('kmnist', root, CPU)
    for train, images, labels in (
        (True, found.train_images, found.train_labels),
        (False, found.test_images, found.test_labels),
    ):
        classic_images, classic_labels = classic(root, train, step)
        assert images.dtype == torch.float32 and torch.equal(images[::step], classic_images)
        assert labels.dtype == torch.int64 and torch.equal(labels[::step], classic_labels)


def test_numbers_of_made_images_are_those_of_totensor_and_normalize(root):
    agree(str(root), 1)


@needs_real
def test_every_8th_real_image_has_the_numbers_of_totensor_and_normalize():
    agree(REAL, 8)


def test_every_byte_becomes_what_totensor_and_normalize_make_of_it():
    from torchvision import transforms

    pixels = np.resize(np.arange(256, dtype=np.uint8), (1, 28, 28))
    expected = transforms.Normalize((0.5,), (0.5,))(transforms.ToTensor()(pixels[0][:, :, None]))
    assert torch.equal(_normalize(pixels.copy())[0], expected)


def test_classes_are_named_in_order(root):
    assert ' '.join(load('kmnist', str(root), CPU).classes) == 'o ki su tsu na ha ma ya re wo'


def test_the_official_counts_are_told_beside_others(root, capsys):
    load('kmnist', str(root), CPU)
    assert capsys.readouterr().err.endswith('to test (the official set has 60,000 and 10,000)\n')


@needs_real
def test_counts_that_are_not_official_are_told_in_one_line(capsys):
    load('kmnist', REAL, CPU)
    told = capsys.readouterr()
    assert told.out == ''
    assert told.err.count('\n') == 1 and '6,284 images to train and 10,000 to test' in told.err


def test_official_counts_are_not_remarked_upon(root, monkeypatch, capsys):
    monkeypatch.setattr(fetch, 'OFFICIAL', COUNTS)
    load('kmnist', str(root), CPU)
    assert capsys.readouterr().err == ''


def idx(magic: int, *shape: int) -> bytes:
    return struct.pack(f'>{len(shape) + 1}i', magic, *shape)


IMAGES, LABELS = 'train-images-idx3-ubyte', 'train-labels-idx1-ubyte'
DAMAGED = {  # what is wrong: the file, what becomes of its bytes, a word that the error must have
    'truncated images': (IMAGES, lambda data: data[:-1], 'truncated'),
    'truncated labels': (LABELS, lambda data: data[:-1], 'truncated'),
    'truncated head': (IMAGES, lambda data: data[:9], 'truncated'),
    'nothing in it': (LABELS, lambda data: b'', 'truncated'),
    'something after it': (IMAGES, lambda data: data + b'\0', 'followed'),
    'wrong magic': (IMAGES, lambda data: idx(0x801) + data[4:], 'not an idx file of images: magic 2049, not 2051'),
    'a zip archive': (LABELS, lambda data: b'PK\3\4' + data[4:], 'not an idx file of labels: magic'),
    'no images': (IMAGES, lambda data: idx(0x803, 0, 28, 28), 'empty'),
    'a negative count': (LABELS, lambda data: idx(0x801, -1), 'empty'),
    'images of another size': (IMAGES, lambda data: idx(0x803, 50, 14, 56) + data[16:], '14 x 56'),
    'a label of 10': (LABELS, lambda data: data[:-1] + b'\x0a', 'label 10'),
    'fewer labels': (LABELS, lambda data: idx(0x801, 49) + data[9:], '50 train images but 49'),
}


@pytest.mark.parametrize('damage', DAMAGED)
def test_damaged_files_are_refused_and_named(root, damage):
    name, change, word = DAMAGED[damage]
    path = root / 'KMNIST' / 'raw' / name
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(UserError, match=word) as refusal:
        load('kmnist', str(root), CPU)
    assert str(root / 'KMNIST' / 'raw') in str(refusal.value)


def test_missing_files_are_named_and_the_others_left_alone(root):
    raw = root / 'KMNIST' / 'raw'
    (raw / LABELS).unlink()
    before = {path.name: path.read_bytes() for path in raw.iterdir()}
    with pytest.raises(UserError, match=f'Put {LABELS} .* into {raw}'):
        load('kmnist', str(root), CPU)
    assert {path.name: path.read_bytes() for path in raw.iterdir()} == before


def zip_by_hand(root, monkeypatch, official: bool):
    """Replace the training images by a .gz file."""
    path = root / 'KMNIST' / 'raw' / IMAGES
    data = gzip.compress(path.read_bytes())
    path.unlink()
    path.with_name(f'{IMAGES}.gz').write_bytes(data)
    if official:
        monkeypatch.setitem(fetch.MD5_GZ, f'{IMAGES}.gz', hashlib.md5(data).hexdigest())


def test_an_official_gz_file_put_there_by_hand_is_read(root, monkeypatch):
    plain = load('kmnist', str(root), CPU)
    zip_by_hand(root, monkeypatch, official=True)
    assert torch.equal(load('kmnist', str(root), CPU).train_images, plain.train_images)


def test_any_other_gz_file_is_refused(root, monkeypatch):
    zip_by_hand(root, monkeypatch, official=False)
    with pytest.raises(UserError, match=r'train-images-idx3-ubyte\.gz is not the official file'):
        load('kmnist', str(root), CPU)


def test_digits_are_the_1797_of_scikit_learn_enlarged():
    from sklearn.datasets import load_digits

    found = load('digits', 'no such folder', CPU)
    images = torch.cat([found.train_images, found.test_images])
    labels = torch.cat([found.train_labels, found.test_labels])
    assert found.train_images.shape == (1400, 1, 28, 28) and found.test_images.shape == (397, 1, 28, 28)
    assert images.dtype == torch.float32 and images.min() == -1 and images.max() == 1
    assert labels.tolist() == load_digits().target.tolist()
    # Made small again by averaging, the digits are the original ones, a little blurred (0.97).
    small = torch.nn.functional.adaptive_avg_pool2d(images, 8).flatten(1)
    original = torch.from_numpy(load_digits().data).float() / 8 - 1
    assert torch.corrcoef(torch.stack([small.flatten(), original.flatten()]))[0, 1] > 0.95
    assert found.classes == list('0123456789')


def test_digits_leave_at_least_35_of_each_to_test():
    assert load('digits', '', CPU).test_labels.bincount().min() >= 35


def test_an_unknown_data_set_is_refused():
    with pytest.raises(UserError, match='mnist'):
        load('mnist', '', CPU)


def test_other_labels_to_train_or_to_test_make_another_line_about_the_data():
    data = load('digits', '', CPU)
    about = data.about()
    assert re.fullmatch(r'1,400 images to train, 397 to test \(checksum of the labels [0-9a-f]{8}\)', about)
    for labels in data.train_labels, data.test_labels:
        labels[7] += 1
        assert data.about() != about
        labels[7] -= 1
    assert data.about() == about


def test_one_image_is_enough(tmp_path):
    raw = tmp_path / 'KMNIST' / 'raw'
    raw.mkdir(parents=True)
    for name, content in made_files((1, 1)).items():
        (raw / name).write_bytes(content)
    assert load('kmnist', str(tmp_path), CPU).train_images.shape == (1, 1, 28, 28)
