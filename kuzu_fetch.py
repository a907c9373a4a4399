"""Where the four files of Kuzushiji-MNIST come from."""

import os

from cli import UserError

MD5_GZ = {  # of the official .gz files, as torchvision has them
    'train-images-idx3-ubyte.gz': 'bdb82020997e1d708af4cf47b453dcf7',
    'train-labels-idx1-ubyte.gz': 'e144d726b3acfaa3e44228e80efcd344',
    't10k-images-idx3-ubyte.gz': '5c965bf0a639b31b8f53240b1b52f4d7',
    't10k-labels-idx1-ubyte.gz': '7320c461ea6c1c855c0b718fb2a4b134',
}
NAMES = [name.removesuffix('.gz') for name in MD5_GZ]


def raw_folder(data_path: str) -> str:
    """Where torchvision keeps the files."""
    return os.path.join(data_path, 'KMNIST', 'raw')


def fetch(data_path: str):
    """See to it that the four files stand under data_path/KMNIST/raw, plain or .gz. Raises UserError where not."""
    raw = raw_folder(data_path)
    paths = [os.path.join(raw, name) for name in NAMES]
    missing = [path for path in paths if not os.path.exists(path) and not os.path.exists(path + '.gz')]
    if missing:
        raise UserError(f'{raw} lacks {", ".join(os.path.basename(path) for path in missing)}')
