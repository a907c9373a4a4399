"""Finds the files of Kuzushiji-MNIST under a folder: in the usual place or near it, in each form that people have."""

import os

from lab.common.errors import UserError

RAW = os.path.join('KMNIST', 'raw')  # where torchvision keeps the files
# One folder too high or too low; a folder inside itself, as programs that unpack archives make it
NEAR = RAW, 'KMNIST', '', 'raw', os.path.join('KMNIST', 'processed'), 'processed', os.path.join('KMNIST', RAW)
NPZ = {  # the same files as numpy arrays, as the site of KMNIST has them
    'train-images-idx3-ubyte': 'kmnist-train-imgs.npz',
    'train-labels-idx1-ubyte': 'kmnist-train-labels.npz',
    't10k-images-idx3-ubyte': 'kmnist-test-imgs.npz',
    't10k-labels-idx1-ubyte': 'kmnist-test-labels.npz',
}


def find(data_path: str, name: str) -> str | None:
    """The path of the file `name` (or name.gz, or its .npz) under data_path; None where there is none.

    A browser or an archive may have left a folder of that name, with the file in it. Raises UserError where there is
    such a folder without the file.
    """
    astray = None
    for folder in NEAR:
        for form in name, f'{name}.gz', NPZ[name]:
            path = os.path.join(data_path, folder, form)
            for place in path, os.path.join(path, form), os.path.join(path, name):
                if os.path.isfile(place):
                    return place
            if os.path.isdir(path):
                astray = astray or path
    if astray:
        raise UserError(f'{astray} is a folder: put the file of that name in its place')
    return None
