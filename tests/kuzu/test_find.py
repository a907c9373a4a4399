"""find.py: files of KMNIST where people have them, in the forms that they have."""

import os

import numpy as np
import pytest
import torch

from lab.common.errors import UserError
from lab.kuzu import data, fetch, find
from tests.kuzu.server import made_files

FILES = made_files()
IMAGES, LABELS = 'train-images-idx3-ubyte', 't10k-labels-idx1-ubyte'


@pytest.fixture(autouse=True)
def no_download(monkeypatch):
    monkeypatch.setattr(fetch, 'SOURCES', {})


def write(path, content: bytes):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def loaded(folder) -> list[torch.Tensor]:
    found = data.load('kmnist', str(folder), torch.device('cpu'))
    return [found.train_images, found.train_labels, found.test_images, found.test_labels]


@pytest.fixture(scope='module')
def usual(tmp_path_factory):
    folder = tmp_path_factory.mktemp('usual')
    for name, content in FILES.items():
        write(folder / 'KMNIST' / 'raw' / name, content)
    return loaded(folder)


def same(tensors, others) -> bool:
    return all(map(torch.equal, tensors, others))


@pytest.mark.parametrize('near', ['', 'KMNIST', 'raw', 'processed', 'KMNIST/processed', 'KMNIST/KMNIST/raw'])
def test_files_one_folder_too_high_or_too_low_are_found(near, tmp_path, usual):
    for name, content in FILES.items():
        write(tmp_path / near / name, content)
    assert same(loaded(tmp_path), usual)
    assert sorted(os.listdir(tmp_path / near)) == sorted(FILES)


@pytest.mark.parametrize('form', ['{0}/{0}', '{0}.gz', '{0}.gz/{0}.gz', '{0}.gz/{0}'])
def test_files_that_a_browser_or_an_archive_has_unpacked_in_its_way_are_found(form, tmp_path, usual):
    for name, content in FILES.items():
        write(tmp_path / 'KMNIST' / 'raw' / form.format(name), content)
    assert same(loaded(tmp_path), usual)


def arrays() -> dict[str, np.ndarray]:
    return {
        find.NPZ[name]: np.frombuffer(content, np.uint8, offset=16 if 'images' in name else 8).reshape(
            (-1, 28, 28) if 'images' in name else -1
        )
        for name, content in FILES.items()
    }


@pytest.mark.parametrize('save', [np.savez, np.savez_compressed])
def test_the_npz_files_of_the_kmnist_site_are_read(save, tmp_path, usual):
    for name, array in arrays().items():
        save(tmp_path / name, array)
    assert same(loaded(tmp_path), usual)


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
        ('kmnist-train-imgs.npz', np.zeros((70_000, 28, 28), np.uint8), 'more than the whole set'),
        ('kmnist-train-labels.npz', np.zeros((50, 1), np.uint8), 'no labels'),
        ('kmnist-train-labels.npz', np.full(50, 10, np.uint8), 'holds the label 10'),
        ('kmnist-train-labels.npz', np.array([Never()]), 'is not a whole .npz file'),
    ],
)
def test_other_arrays_are_refused_in_a_line(name, array, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for each, right in arrays().items():
        np.savez_compressed(tmp_path / each, array if each == name else right)
    with pytest.raises(UserError, match=words) as refusal:
        loaded(tmp_path)
    assert name in str(refusal.value) and not os.path.exists('ran')


def test_a_truncated_npz_file_is_refused_in_a_line(tmp_path):
    for name, array in arrays().items():
        np.savez(tmp_path / name, array)
    path = tmp_path / 'kmnist-test-imgs.npz'
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(UserError, match=r'kmnist-test-imgs\.npz is not a whole \.npz file'):
        loaded(tmp_path)


def test_a_folder_with_the_name_of_a_file_is_told_with_what_to_do(tmp_path):
    for name, content in FILES.items():
        write(tmp_path / 'KMNIST' / 'raw' / name, content)
    path = tmp_path / 'KMNIST' / 'raw' / LABELS
    path.unlink()
    path.mkdir()
    with pytest.raises(UserError, match=f'{LABELS} is a folder: put the file of that name in its place'):
        loaded(tmp_path)
