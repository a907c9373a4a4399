"""Downloads missing files of Kuzushiji-MNIST: tries each source in turn, with a time limit, and checks the files.

The download runs in a process of its own, lab/kuzu/download.py. If it takes too long this process is killed, whatever
the server does: it may send nothing at all, or a byte now and then.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from tqdm import tqdm

from lab.common import files
from lab.common.errors import UserError, note
from lab.kuzu.find import RAW, find

OFFICIAL = 60_000, 10_000  # images to train and to test
MD5_GZ = {  # of the official .gz files, as torchvision has them
    'train-images-idx3-ubyte.gz': 'bdb82020997e1d708af4cf47b453dcf7',
    'train-labels-idx1-ubyte.gz': 'e144d726b3acfaa3e44228e80efcd344',
    't10k-images-idx3-ubyte.gz': '5c965bf0a639b31b8f53240b1b52f4d7',
    't10k-labels-idx1-ubyte.gz': '7320c461ea6c1c855c0b718fb2a4b134',
}
# Of the same files, unpacked. That of the training images is known from one place only, see _check().
MD5 = {
    'train-labels-idx1-ubyte': '949e75301f8813e0dc5800dcc320fc52',
    't10k-images-idx3-ubyte': 'bf305b8cd328700fbc17f5acbc2856d2',
    't10k-labels-idx1-ubyte': '9f55f451c0988b028eccdf7d5cc265ab',
    'train-images-idx3-ubyte': '92be26ec9822e900ac425d0a0aa84ced',
}
ONCE = 'train-images-idx3-ubyte'
NAMES = [name.removesuffix('.gz') for name in MD5_GZ]

# source: its name in messages, the server (None: the usual one), and two time limits in seconds: without a byte
# from the server, and for the whole download (with OpenML, reading the rows takes one or two minutes of it)
SOURCES = {
    'torchvision': ('the official server (through torchvision)', None, 10, 300),
    'openml': ('OpenML (through scikit-learn)', None, 30, 900),
}
LOOK = 0.2  # seconds between two looks at the download


def raw_folder(data_path: str) -> str:
    """The folder in which torchvision keeps the files."""
    return os.path.join(data_path, RAW)


def fetch(data_path: str):
    """Make sure that find() finds the four files under data_path: download to KMNIST/raw those that are missing.

    A file that is there is not touched. If the download fails, raises UserError, which says what was tried and which
    files to put where; no part of a file and no empty folder is left behind.
    """
    raw = raw_folder(data_path)
    missing = [name for name in NAMES if not find(data_path, name)]
    if not missing:
        return
    made, folder = [], os.path.abspath(raw)
    while not os.path.isdir(folder):
        made.append(folder)
        folder = os.path.dirname(folder)
    os.makedirs(raw, exist_ok=True)  # before the download: if this fails, the user should know at once
    try:
        _from_sources(raw, missing)
    finally:
        for folder in made:
            with suppress(OSError):  # it is not empty: the download has succeeded
                os.rmdir(folder)


def _from_sources(raw: str, missing: list[str]):
    """Put the missing files into the folder `raw`, from the first source that gives them. Raises UserError."""
    tried = []
    for source, (title, *_) in SOURCES.items():
        with tempfile.TemporaryDirectory(prefix='.download-', dir=raw, ignore_cleanup_errors=True) as folder:
            fault = _download(source, folder) or _check(raw_folder(folder))
            if not fault:
                for name in missing:
                    files.write(os.path.join(raw, name), Path(raw_folder(folder), name).read_bytes())
                for failure in tried:
                    note(f'KMNIST could not be downloaded from {failure}')
                return
        tried.append(f'{title}: {fault}')
    raise UserError(
        f'KMNIST cannot be downloaded: tried {"; ".join(tried)}. Put {", ".join(missing)} (or the same with .gz) '
        f'into {raw}, or take --dataset digits, which needs no download'
    )


def _download(source: str, folder: str) -> str | None:
    """Download the four files from a source into `folder`. Returns what went wrong, or None."""
    title, address, silence, limit = SOURCES[source]
    settings = json.dumps({'address': address, 'timeout': silence, 'md5': MD5_GZ, 'counts': OFFICIAL})
    script = Path(__file__).resolve().with_name('download.py')
    with (
        open(os.path.join(folder, 'fault'), 'w+b') as said,
        subprocess.Popen(
            [sys.executable, script, source, os.path.abspath(folder), settings],
            stdin=subprocess.PIPE,  # when this process dies the pipe closes, and the download ends, too
            stdout=said,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # so that Ctrl-C reaches only this process, which kills the other
        ) as child,
    ):
        try:
            _watch(child, title, folder, limit)
        except subprocess.TimeoutExpired:
            return f'not done after {limit} s'
        finally:
            child.kill()
            child.wait()  # its folder is removed next
        if child.returncode:
            said.seek(0)
            return said.read().decode(errors='replace').strip()[:300] or f'ended with code {child.returncode}'
    return None


def _watch(child: subprocess.Popen, title: str, folder: str, limit: float):
    """Wait for the download to end, and show how far it is. Raises subprocess.TimeoutExpired after `limit` seconds."""
    note(f'downloading KMNIST from {title}, for at most {limit} s')
    end = time.monotonic() + limit
    with tqdm(unit='B', unit_scale=True, disable=None, leave=False) as bar:  # None: only on a terminal
        while True:
            bar.update(_bytes(folder) - bar.n)
            try:
                return child.wait(LOOK)
            except subprocess.TimeoutExpired:
                if time.monotonic() > end:
                    raise


def _bytes(folder: str) -> int:
    """The size of all files under a folder; meanwhile files may come and go."""
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                total += os.path.getsize(os.path.join(where, name))
    return total


def _check(raw: str) -> str | None:
    """What is wrong with the downloaded files, or None; where it is the training images alone, that is only told."""
    found = {name: hashlib.md5(Path(raw, name).read_bytes(), usedforsecurity=False).hexdigest() for name in MD5}
    wrong = [name for name in MD5 if found[name] != MD5[name]]
    if wrong == [ONCE]:
        note(f'{ONCE}: its MD5 is {found[ONCE]}, not {MD5[ONCE]}, which is on record in one place only; it is used')
    elif wrong:
        return f'{wrong[0]} is not the official file (its MD5 should be {MD5[wrong[0]]})'
    return None
