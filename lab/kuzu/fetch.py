"""The four files of Kuzushiji-MNIST: where they are under a folder, in each form that people have, or a download."""

import hashlib
import io
import os
import socket
import struct
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np

from lab.common import files
from lab.common.errors import UserError, note

OFFICIAL = 60_000, 10_000  # images to train and to test
MD5 = {  # of the official files: of each .gz file, as torchvision has it, and unpacked
    'train-labels-idx1-ubyte': ('e144d726b3acfaa3e44228e80efcd344', '949e75301f8813e0dc5800dcc320fc52'),
    't10k-images-idx3-ubyte': ('5c965bf0a639b31b8f53240b1b52f4d7', 'bf305b8cd328700fbc17f5acbc2856d2'),
    't10k-labels-idx1-ubyte': ('7320c461ea6c1c855c0b718fb2a4b134', '9f55f451c0988b028eccdf7d5cc265ab'),
    'train-images-idx3-ubyte': ('bdb82020997e1d708af4cf47b453dcf7', '92be26ec9822e900ac425d0a0aa84ced'),
}
ONCE = 'train-images-idx3-ubyte'  # its MD5 unpacked is known from one place only, see _check()
NPZ = {  # the same files as numpy arrays, as the site of KMNIST has them
    'train-images-idx3-ubyte': 'kmnist-train-imgs.npz',
    'train-labels-idx1-ubyte': 'kmnist-train-labels.npz',
    't10k-images-idx3-ubyte': 'kmnist-test-imgs.npz',
    't10k-labels-idx1-ubyte': 'kmnist-test-labels.npz',
}
RAW = os.path.join('KMNIST', 'raw')  # where torchvision keeps the files
# One folder too high or too low; a folder inside itself, as programs that unpack archives make it
NEAR = RAW, 'KMNIST', '', 'raw', os.path.join('KMNIST', 'processed'), 'processed', os.path.join('KMNIST', RAW)


def fetch(data_path: str) -> dict[str, str]:
    """The paths of the four files under data_path, by name. Those that are missing are downloaded to KMNIST/raw.

    A file that is there is not touched. If the download fails, raises UserError, which says what was tried and which
    files to put where; no part of a file and no new folder is left behind.
    """
    missing = [name for name in NPZ if not locate(data_path, name)]
    if missing:
        _download(missing, Path(data_path, RAW))
    return {name: locate(data_path, name) for name in NPZ}


def locate(data_path: str, name: str) -> str | None:
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


def _download(missing: list[str], raw: Path):
    """Put the missing files into the folder `raw`, from the first source that gives them. Raises UserError."""
    nearest = next(folder for folder in (raw, *raw.parents) if folder.exists())  # made are only folders with files
    files.prepare(str(nearest))
    tried = []
    for title, (source, silence) in SOURCES.items():
        note(f'downloading KMNIST from {title}')
        with tempfile.TemporaryDirectory(prefix='.download-', dir=nearest, ignore_cleanup_errors=True) as folder:
            try:
                with _quiet(silence):
                    source(folder)
                _check(Path(folder, RAW))
            except Exception as error:
                tried.append(f'{title}: {" ".join(str(error).split())[:300] or type(error).__name__}')
                continue
            for name in missing:
                files.write(str(raw / name), Path(folder, RAW, name).read_bytes())
        for failure in tried:
            note(f'KMNIST could not be downloaded from {failure}')
        return
    raise UserError(
        f'KMNIST cannot be downloaded: tried {"; ".join(tried)}. Put {", ".join(missing)} (or the same with .gz) '
        f'into {raw}, or take --dataset digits, which needs no download'
    )


@contextmanager
def _quiet(silence: float) -> Iterator[None]:
    """Give up a server that is silent for so many seconds; keep what packages print or warn of from the transcript."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(silence)
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            yield
    finally:
        socket.setdefaulttimeout(before)


def from_torchvision(folder: str):
    """Let torchvision download the four .gz files to folder/KMNIST/raw, check their MD5s, and unpack them.

    Raises RuntimeError or OSError, which say what went wrong.
    """
    try:
        from torchvision.datasets import KMNIST
    except Exception as error:  # if it was built for another torch: RuntimeError or an error of the linker
        raise RuntimeError(
            f'torchvision cannot be imported ({" ".join(str(error).split())[:100]}); '
            'torch and torchvision must be installed as a pair: pip install --upgrade torch torchvision'
        ) from error
    KMNIST(folder, download=True)


def from_openml(folder: str):
    """Let scikit-learn download the rows from OpenML (it checks OpenML's MD5), and write them as the four idx files.

    Raises ValueError or OSError, which say what went wrong. The parser is liac-arff, a part of scikit-learn. For 70,000
    rows (137 MB of ARFF) it takes 47 to 49 s of processor time and 1,007 MB of memory.
    """
    from sklearn.datasets import fetch_openml

    rows = fetch_openml(
        'Kuzushiji-MNIST', version=1, as_frame=False, parser='liac-arff', data_home=folder, n_retries=1, delay=0.1
    )
    if rows.data.shape != (sum(OFFICIAL), 784):
        raise ValueError(f'{sum(OFFICIAL):,} rows of 784 pixels and a label expected, not {rows.data.shape}')
    pixels, labels = rows.data.astype(np.uint8).reshape(-1, 28, 28), rows.target.astype(float).astype(np.uint8)
    train = OFFICIAL[0]
    for half, part in ('train', slice(train)), ('t10k', slice(train, None)):
        for kind, values in ('images-idx3', pixels[part]), ('labels-idx1', labels[part]):
            files.write(os.path.join(folder, RAW, f'{half}-{kind}-ubyte'), idx(values))


def idx(values: np.ndarray) -> bytes:
    """Labels (N,) or images (N, 28, 28), as bytes, in the form of an idx file; data.py reads it."""
    return struct.pack(f'>{1 + values.ndim}i', 0x800 + values.ndim, *values.shape) + values.tobytes()


SOURCES: dict[str, tuple[Callable[[str], None], float]] = {  # and the seconds that the server may be silent
    'the official server (through torchvision)': (from_torchvision, 10),
    'OpenML (through scikit-learn)': (from_openml, 30),
}


def _check(raw: Path):
    """Raise ValueError where downloaded files are not the official ones; where it is ONCE alone, that is only told."""
    found = {name: hashlib.md5((raw / name).read_bytes(), usedforsecurity=False).hexdigest() for name in MD5}
    wrong = {name: md5 for name, (_, md5) in MD5.items() if found[name] != md5}
    if [*wrong] == [ONCE]:
        note(f'{ONCE}: its MD5 is {found[ONCE]}, not {wrong[ONCE]}, which is on record in one place only; it is used')
    elif wrong:
        name, md5 = next(iter(wrong.items()))
        raise ValueError(f'{name} is not the official file (its MD5 should be {md5})')
