"""Reads Kuzushiji-MNIST, or scikit-learn's handwritten digits, into tensors in memory, and checks them.

The pixels are, bit for bit, what torchvision's ToTensor() and Normalize(0.5, 0.5) make of them.
"""

import gzip
import hashlib
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from lab.common.errors import UserError, note
from lab.kuzu import fetch

KMNIST_NAMES = ['o', 'ki', 'su', 'tsu', 'na', 'ha', 'ma', 'ya', 're', 'wo']
SIDE = 28  # pixels
DIGITS_TRAIN = 1_400  # of 1,797; most of the digits after these are by other writers


@dataclass
class Dataset:
    """Images (N, 1, 28, 28) float32 in [-1, 1], labels (N,) int64: the position of the class in `classes`."""

    train_images: torch.Tensor
    train_labels: torch.Tensor
    test_images: torch.Tensor
    test_labels: torch.Tensor
    classes: list[str]
    official: bool = False  # the labels of Kuzushiji-MNIST, all of them


def load(dataset: str, data_path: str, device: torch.device) -> Dataset:
    """The data set `kmnist` or `digits`, on `device`.

    KMNIST is read from the four files under data_path, in any form that fetch.py knows; missing ones are downloaded.
    Raises UserError if files cannot be downloaded, are damaged or do not belong together.
    """
    return _digits(device) if dataset == 'digits' else _kmnist(data_path, device)


def _kmnist(data_path: str, device: torch.device) -> Dataset:
    paths, halves, others = fetch.fetch(data_path), [], False
    for half, count in zip(('train', 't10k'), fetch.OFFICIAL, strict=True):
        where = paths[f'{half}-labels-idx1-ubyte'], paths[f'{half}-images-idx3-ubyte']
        labels, images = _array(where[0], images=False), _array(where[1], images=True)
        raw = os.path.dirname(where[1])
        if len(images) != len(labels):
            raise UserError(f'{raw}: {len(images):,} {half} images but {len(labels):,} {half} labels: not of one set')
        if labels.max() > 9:
            raise UserError(f'{where[0]} holds the label {labels.max()}: labels are 0 to 9')
        md5 = hashlib.md5(fetch.idx(labels), usedforsecurity=False).hexdigest()
        others |= len(labels) == count and md5 != fetch.MD5[f'{half}-labels-idx1-ubyte'][1]
        halves += [_normalize(images).to(device), torch.from_numpy(labels).long().to(device)]
    counts = len(halves[0]), len(halves[2])
    if counts != fetch.OFFICIAL:
        said = '{}: {:,} images to train and {:,} to test (the official set has {:,} and {:,})'
        note(said.format(raw, *counts, *fetch.OFFICIAL))
    if others:
        note(f'{raw}: these are not the labels of Kuzushiji-MNIST (other MD5): the names o to wo may not be theirs')
    return Dataset(*halves, list(KMNIST_NAMES), counts == fetch.OFFICIAL and not others)


def _normalize(pixels: np.ndarray) -> torch.Tensor:
    """Bytes (N, 28, 28) to float32 (N, 1, 28, 28), by the same steps as ToTensor() and Normalize(), in place.

    On the CPU, as they do it: a GPU multiplies by the inverse instead of dividing, which rounds differently.
    """
    return torch.from_numpy(pixels).unsqueeze(1).to(torch.get_default_dtype()).div_(255).sub_(0.5).div_(0.5)


def _array(path: str, images: bool) -> np.ndarray:
    """Labels (N,) or images (N, 28, 28), as bytes, from an idx file, plain or .gz, or from an .npz file.

    The name does not count: a browser may have unpacked a .gz file. Raises UserError unless it is a whole file of one
    or more labels, or of one or more images of 28 x 28 pixels.
    """
    if path.endswith('.npz'):
        array = _npz_array(path)
        _check_shape(path, array.shape, images)
        return array
    data = np.fromfile(path, np.uint8)
    start = data[:3].tobytes()
    if start[:2] == b'\x1f\x8b' or (path.endswith('.gz') and start != b'\0\0\x08'):
        data = _unzipped(path, data)
    # idx (http://yann.lecun.com/exdb/mnist): the magic number is four bytes: 0, 0, 8 (unsigned bytes), number of
    # dimensions. Then each dimension, big-endian.
    head, magic, kind = (16, 0x803, 'images') if images else (8, 0x801, 'labels')
    if len(data) < head:
        raise UserError(f'{path} is truncated: {len(data)} bytes')
    found, *shape = data[:head].view('>i4').tolist()
    if found != magic:
        raise UserError(f'{path} is not an idx file of {kind}: magic {found}, not {magic}')
    _check_shape(path, shape, images)
    size = head + math.prod(shape)
    if len(data) != size:
        what = 'truncated' if len(data) < size else 'followed by something else'
        raise UserError(f'{path} is {what}: {len(data):,} bytes where its head announces {size:,}')
    return data[head:].reshape(shape)


def _check_shape(path: str, shape: Sequence[int], images: bool):
    if images and list(shape[1:]) != [SIDE, SIDE]:
        side = ' x '.join(map(str, shape[1:])) or 'single numbers'
        raise UserError(f'{path} holds images of {side}: they should be {SIDE} x {SIDE}')
    if not images and len(shape) != 1:
        raise UserError(f'{path} holds no labels: they should be one number for each image')
    if shape[0] < 1:
        raise UserError(f'{path} is empty: it says it holds {shape[0]}')


def _npz_array(path: str) -> np.ndarray:
    """The one array of an .npz file of the KMNIST site."""
    try:
        with np.load(path) as archive:
            [array] = archive.values()
        if array.dtype != np.uint8:
            raise ValueError(f'{array.dtype} instead of bytes')
    except Exception as error:  # zipfile and numpy raise ten kinds
        raise UserError(f'{path} is not a whole .npz file of the KMNIST site ({error})') from error
    return array


def _unzipped(path: str, data: np.ndarray) -> np.ndarray:
    """Unpack an official .gz file. Raises UserError for any other, which may be damaged or of any size unpacked."""
    md5, _ = fetch.MD5[os.path.basename(path).removesuffix('.gz')]
    if hashlib.md5(data, usedforsecurity=False).hexdigest() != md5:
        raise UserError(f'{path} is not the official file (MD5 {md5}): replace it, or unpack it to use it as it is')
    return np.frombuffer(bytearray(gzip.decompress(data)), np.uint8)  # of bytes, torch.from_numpy() warns: read-only


def _digits(device: torch.device) -> Dataset:
    """The 1,797 digits of scikit-learn (8 x 8 pixels of 0 to 16), enlarged; the first 1,400 are to train on."""
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    images = torch.from_numpy(pixels).to(torch.get_default_dtype()).view(-1, 1, 8, 8) / 16
    images = torch.nn.functional.interpolate(images, (SIDE, SIDE), mode='bilinear').clamp_(0, 1)
    images = images.sub_(0.5).div_(0.5).to(device)
    labels = torch.from_numpy(labels).long().to(device)
    cut = DIGITS_TRAIN
    return Dataset(images[:cut], labels[:cut], images[cut:], labels[cut:], [str(digit) for digit in range(10)])
