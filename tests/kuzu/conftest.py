"""The two sources of download.py, for tests in this process."""

import gzip
import hashlib
import socket

import pytest

from lab.kuzu import download
from tests.kuzu.server import COUNTS, made_files

MD5_GZ = {f'{name}.gz': hashlib.md5(gzip.compress(data, 1, mtime=0)).hexdigest() for name, data in made_files().items()}


@pytest.fixture
def ask(monkeypatch):
    """The two sources without a process of their own, which takes seconds; what they set is set back."""
    from sklearn.datasets import _openml
    from torchvision.datasets import KMNIST

    for holder in _openml, KMNIST:
        for name, value in vars(holder).copy().items():
            if isinstance(value, str | list):
                monkeypatch.setattr(holder, name, value)
    timeout = socket.getdefaulttimeout()
    yield {
        'torchvision': lambda folder, server: download.from_torchvision(str(folder), server.mirror, MD5_GZ),
        'openml': lambda folder, server: download.from_openml(str(folder), server.openml, COUNTS),
    }
    socket.setdefaulttimeout(timeout)
