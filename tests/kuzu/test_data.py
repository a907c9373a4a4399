"""data.py: the numbers of the classic pipeline, and files that are not what they should be."""

import hashlib
import os
import re
import struct

import numpy as np
import pytest
import torch

from lab.common.errors import UserError
from lab.kuzu import fetch
from lab.kuzu.data import load
from tests.kuzu.server import COUNTS, FILES, ZIPPED, made_files

CPU = torch.device('cpu')
REAL = os.environ.get('KMNIST_ROOT')  # a folder with the real images
IMAGES, LABELS = 'train-images-idx3-ubyte', 'train-labels-idx1-ubyte'


@pytest.fixture
def raw(tmp_path, monkeypatch):
    """The folder with the files of a made set under tmp_path; what is missing from it cannot be downloaded."""
    raw = tmp_path / fetch.RAW
    raw.mkdir(parents=True)
    for name, content in FILES.items():
        (raw / name).write_bytes(content)
    monkeypatch.setattr(fetch, 'SOURCES', {})
    return raw


def loaded(folder) -> list[torch.Tensor]:
    found = load('kmnist', str(folder), CPU)
    return [found.train_images, found.train_labels, found.test_images, found.test_labels]


def same(tensors, others) -> bool:
    return all(map(torch.equal, tensors, others))


@pytest.mark.parametrize('root', [None] + ([REAL] if REAL else []))
def test_images_and_labels_are_what_torchvisions_totensor_and_normalize_give(root, raw, tmp_path):
    from torchvision import datasets, transforms

    root, step = root or str(tmp_path), 8 if root else 1
    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
    classic = []
    for train in True, False:
        dataset = datasets.KMNIST(root, train=train, transform=transform)
        pairs = [dataset[i] for i in range(0, len(dataset), step)]
        classic += [torch.stack([image for image, _ in pairs]), torch.tensor([label for _, label in pairs])]
    found = [values[::step] for values in loaded(root)]
    assert [values.dtype for values in found] == [torch.float32, torch.int64] * 2
    assert same(found, classic) and found[0].unique().numel() > 250  # nearly every byte is there


def test_counts_that_are_not_official_are_told_in_one_line(raw, tmp_path, monkeypatch, capsys):
    loaded(tmp_path)
    told = '50 images to train and 20 to test (the official set has 60,000 and 10,000)\n'
    assert capsys.readouterr() == ('', f'{raw}: {told}')


def test_another_data_set_of_the_official_counts_is_told_in_one_line(raw, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(fetch, 'OFFICIAL', COUNTS)
    assert not load('kmnist', str(tmp_path), CPU).official
    told = 'these are not the labels of Kuzushiji-MNIST (other MD5): the names o to wo may not be theirs\n'
    assert capsys.readouterr() == ('', f'{raw}: {told}')
    sums = {name: ('', hashlib.md5(data).hexdigest()) for name, data in FILES.items()}
    monkeypatch.setattr(fetch, 'MD5', sums)
    assert load('kmnist', str(tmp_path), CPU).official
    assert capsys.readouterr() == ('', '')


def idx(magic: int, *shape: int) -> bytes:
    return struct.pack(f'>{len(shape) + 1}i', magic, *shape)


DAMAGED = {  # what is wrong: the file, what becomes of its bytes, a word that the error must have
    'truncated images': (IMAGES, lambda data: data[:-1], 'truncated'),
    'truncated head': (IMAGES, lambda data: data[:9], 'truncated'),
    'something after it': (IMAGES, lambda data: data + b'\0', 'followed'),
    'wrong magic': (IMAGES, lambda data: idx(0x801) + data[4:], 'not an idx file of images: magic 2049, not 2051'),
    'no images': (IMAGES, lambda data: idx(0x803, 0, 28, 28), 'empty'),
    'a negative count': (LABELS, lambda data: idx(0x801, -1), 'empty'),
    'images of another size': (IMAGES, lambda data: idx(0x803, 50, 14, 56) + data[16:], '14 x 56'),
    'a label of 10': (LABELS, lambda data: data[:-1] + b'\x0a', 'label 10'),
    'fewer labels': (LABELS, lambda data: idx(0x801, 49) + data[9:], '50 train images but 49'),
}


@pytest.mark.parametrize('damage', DAMAGED)
def test_damaged_files_are_refused_and_named(raw, damage, tmp_path):
    name, change, word = DAMAGED[damage]
    (raw / name).write_bytes(change(FILES[name]))
    with pytest.raises(UserError, match=word) as refusal:
        loaded(tmp_path)
    assert str(raw) in str(refusal.value)


def test_one_image_is_enough(raw, tmp_path):
    for name, content in made_files((1, 1)).items():
        (raw / name).write_bytes(content)
    assert [len(values) for values in loaded(tmp_path)] == [1] * 4


# --- other forms


def test_an_official_gz_file_is_read_and_any_other_refused_whatever_their_names(raw, tmp_path, monkeypatch):
    plain = loaded(tmp_path)
    (raw / LABELS).rename(raw / f'{LABELS}.gz')  # a browser has unpacked the one, and renamed the other
    (raw / IMAGES).write_bytes(ZIPPED[f'{IMAGES}.gz'])
    with pytest.raises(UserError, match=re.escape(f'{raw / IMAGES} is not the official file')):
        loaded(tmp_path)
    monkeypatch.setitem(fetch.MD5, IMAGES, (hashlib.md5(ZIPPED[f'{IMAGES}.gz']).hexdigest(), ''))
    assert same(loaded(tmp_path), plain)


def arrays() -> dict[str, np.ndarray]:
    """The made set as the .npz files of the KMNIST site hold it."""
    found = {}
    for name, content in FILES.items():
        start, shape = (16, (-1, 28, 28)) if 'images' in name else (8, -1)
        found[fetch.NPZ[name]] = np.frombuffer(content, np.uint8, offset=start).reshape(shape)
    return found


@pytest.mark.parametrize('save', [np.savez, np.savez_compressed])
def test_the_npz_files_of_the_kmnist_site_are_read(save, raw, tmp_path):
    (tmp_path / 'npz').mkdir()
    for name, array in arrays().items():
        save(tmp_path / 'npz' / name, array)
    assert same(loaded(tmp_path / 'npz'), loaded(tmp_path))


class Never:
    """Unpickled, it would leave a file."""

    def __reduce__(self):
        return open, ('ran', 'w')


@pytest.mark.parametrize(
    ('name', 'array', 'words'),
    [
        ('kmnist-train-imgs.npz', np.zeros((50, 28, 27), np.uint8), 'images of 28 x 27'),
        ('kmnist-train-imgs.npz', np.zeros(50, np.uint8), 'images of single numbers'),
        ('kmnist-train-imgs.npz', np.zeros((50, 28, 28)), 'float64 instead of bytes'),
        ('kmnist-train-imgs.npz', np.zeros((0, 28, 28), np.uint8), 'is empty'),
        ('kmnist-train-labels.npz', np.zeros((50, 1), np.uint8), 'no labels'),
        ('kmnist-train-labels.npz', np.full(50, 10, np.uint8), 'holds the label 10'),
        ('kmnist-train-labels.npz', np.array([Never()]), 'is not a whole .npz file'),
        ('kmnist-train-labels.npz', None, 'is not a whole .npz file'),  # truncated
    ],
)
def test_other_arrays_are_refused_in_a_line(name, array, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for each, right in arrays().items():
        np.savez_compressed(each, array if each == name and array is not None else right)
    if array is None:
        os.truncate(name, os.path.getsize(name) - 40)
    with pytest.raises(UserError, match=words) as refusal:
        loaded(tmp_path)
    assert name in str(refusal.value) and not os.path.exists('ran')


# --- digits


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
