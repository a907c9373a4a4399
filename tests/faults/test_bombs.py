"""Files made to run code, to take memory or to hang: each is refused, or takes little more than its size."""

import builtins
import functools
import gzip
import os
import pickle
import shutil
import struct
import subprocess
import zipfile

import pytest
import torch

from lab.check import points as check_data
from lab.kuzu import fetch
from lab.kuzu.data import load
from tests.faults.forks import in_fork
from tests.faults.mutations import attempt
from tests.faults.tally import NOISE, Tally, peak, sizes, tally
from tests.faults.test_checkpoints import network, resealed, saved, weights_read_right
from tests.kuzu.server import made_files

# --- code in a pickle


class Call:
    """An object whose pickle calls a function."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


CALLS = {
    'mkdir': lambda mark: Call(os.mkdir, mark),
    'system': lambda mark: Call(os.system, f'touch {mark}'),
    'eval': lambda mark: Call(eval, f'open({mark!r}, "w")'),
    'exec': lambda mark: Call(exec, f'open({mark!r}, "w")'),
    'open': lambda mark: Call(open, mark, 'w'),
    'Popen': lambda mark: Call(subprocess.Popen, ['touch', mark]),
    'import': lambda mark: Call(builtins.__import__, 'antigravity'),
    'torch.load': lambda mark: Call(torch.load, mark),
    'torch.save': lambda mark: Call(torch.save, 1, mark),
    'nested': lambda mark: {'state': [{'momentum': (1, Call(os.mkdir, mark))}]},
}


@sizes(3, 5)
def test_pickled_code_is_refused_and_does_not_run(count, tmp_path):
    mark, path = tmp_path / 'it ran', tmp_path / 'net.pth'
    state = dict(network().state_dict())
    with tally('pickled code') as row:
        for name, call in CALLS.items():
            for form in ('zip', 'legacy', 'bare', 0, 4)[:count]:  # a number: the protocol of a bare pickle
                bad = {**state, 'bias': call(str(mark))}
                data = pickle.dumps(bad, form) if isinstance(form, int) else saved(bad, form)
                path.write_bytes(data)
                attempt(row, path, weights_read_right, f'{name} {form}')
                if mark.exists():
                    row.lost.append(f'{name} {form}: it ran')
                    mark.unlink()


# --- bombs

STATE = saved(network().state_dict())


def pickled(data: bytes) -> bytes:
    return resealed(STATE, 'data.pkl', lambda _: data)


def long(number: int) -> bytes:
    return b'\x8a\x08' + number.to_bytes(8, 'little')


def directory(count: int) -> bytes:
    """A zip whose directory names one empty file many times."""
    entry = struct.pack('<4s4B4HL2L5H2L', b'PK\1\2', 20, 3, 20, 0, 0, 0, 0, 33, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b'a'
    data = struct.pack('<4s2B4HL2L2H', b'PK\3\4', 20, 0, 0, 0, 0, 33, 0, 0, 0, 1, 0) + b'a'
    end = struct.pack('<4s4H2LH', b'PK\5\6', 0, 0, count, count, len(entry) * count, len(data), 0)
    return data + entry * count + end


def laughs(levels: int) -> bytes:
    """A dict with a tuple for a key that holds a tuple twice, which holds a tuple twice, ..."""
    deeper = b''.join(b'(h%ch%ctq%c' % (level, level, level + 1) for level in range(levels))
    return b'\x80\x02)q\0' + deeper + b'}h%cK\x01s.' % levels


def packed(kind: int) -> bytes:
    """A checkpoint of 40 MB, compressed."""
    return resealed(saved({'weight': torch.zeros(10_000_000)}), 'nothing', None, kind)


def lying(data: bytes, size: int) -> bytes:
    """The same zip, whose entries claim to be of this size."""
    data = bytearray(data)
    at = data.find(b'PK\1\2')
    while at >= 0:
        data[at + 24 : at + 28] = struct.pack('<L', size)
        at = data.find(b'PK\1\2', at + 4)
    return bytes(data)


STORAGE = b'((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpu'
TENSOR = b'\x80\x02}X\x06\0\0\0weightctorch._utils\n_rebuild_tensor_v2\n' + STORAGE
REST = b'\x89ccollections\nOrderedDict\n)RtRs.'
CHECKPOINTS = {
    'bytearray(10**10)': lambda: pickled(b'\x80\x02cbuiltins\nbytearray\n' + long(10**10) + b'\x85R.'),
    'a billion laughs': lambda: pickled(laughs(60)),
    'bzip2 that lies': lambda: lying(packed(zipfile.ZIP_BZIP2), 64),
    'FloatTensor(10**9)': lambda: pickled(b'\x80\x02ctorch\nFloatTensor\n' + long(10**9) + b'\x85R.'),
    'Tensor(10**9)': lambda: pickled(b'\x80\x02ctorch\nTensor\n' + long(10**9) + b'\x85\x81.'),
    'a storage of 10**12': lambda: pickled(TENSOR + long(10**12) + b'tQK\0K\2K\3\x86K\3K\1\x86' + REST),
    'a shape of 10**12': lambda: pickled(TENSOR + b'K\6tQK\0' + long(10**6) * 2 + b'\x86K\0K\0\x86' + REST),
    'an offset of 10**12': lambda: pickled(TENSOR + b'K\6tQ' + long(10**12) + b'K\2K\3\x86K\3K\1\x86' + REST),
    'a million dicts': lambda: pickled(b'\x80\x02' + b'}' * 1_000_000 + b'.'),
    'a million marks': lambda: pickled(b'\x80\x02' + b'(' * 1_000_000 + b'.'),
    'a million sets': lambda: pickled(b'\x80\x02' + b'\x8f' * 1_000_000 + b'.'),
    'a million memos': lambda: pickled(b'\x80\x02N' + b''.join(b'r%b' % struct.pack('<L', i) for i in range(10**6))),
    'lists 200,000 deep': lambda: pickled(b'\x80\x02' + b']' * 200_000 + b'a' * 199_999 + b'.'),
    'deflated': lambda: packed(zipfile.ZIP_DEFLATED),
    'bzip2': lambda: packed(zipfile.ZIP_BZIP2),
    'lzma': lambda: packed(zipfile.ZIP_LZMA),
    'lzma that lies': lambda: lying(packed(zipfile.ZIP_LZMA), 64),
    'deflated that lies': lambda: lying(packed(zipfile.ZIP_DEFLATED), 64),
    '60,000 entries': lambda: directory(60_000),
    '10 MB of zeros': lambda: bytes(10_000_000),
    'a checkpoint of 20 MB': lambda: saved({'weight': torch.zeros(5_000_000)}),
    'one of before torch 1.6': lambda: saved({'weight': torch.zeros(5_000_000)}, 'legacy'),
}


def read_points(path):
    points, targets = check_data.read_points(str(path))
    return len(points) == len(targets) > 0


POINTS = {
    '300,000 points': lambda: b'X,Y,T\n' + b'0,0,1\n' * 300_000,
    'a line of commas': lambda: b'X,Y,T\n' + b',' * 3_000_000,
    'a header of commas': lambda: b',' * 3_000_000,
    'a line of numbers': lambda: b'X,Y,T\n' + b'10,' * 1_000_000,
    'a number of digits': lambda: b'X,Y,T\n0,0,' + b'1' * 3_000_000,
    'zeros before a number': lambda: b'X,Y,T\n0,0,' + b'0' * 3_000_000 + b'1',
    'empty lines': lambda: b'X,Y,T\n' + b'\n' * 3_000_000 + b'0,0,1',
    'binary zeros': lambda: bytes(3_000_000),
}


def read_images(path):
    """In a fork: reads the file, whatever its own name, as the training images of a set."""
    fetch.SOURCES = {}  # what is missing cannot be downloaded
    raw = path.parent / 'KMNIST' / 'raw'
    shutil.rmtree(raw, ignore_errors=True)
    raw.mkdir(parents=True)
    for name, data in made_files((5, 3)).items():
        (raw / name).write_bytes(data)
    name = 'train-images-idx3-ubyte'
    (raw / name).unlink()
    zipped = path.read_bytes()[:2] == b'\x1f\x8b'
    (raw / (f'{name}.gz' if zipped else name)).symlink_to(path)
    load('kmnist', str(path.parent), torch.device('cpu'))
    return True


IMAGES = {
    **{
        f'{count:,} images': lambda count=count: struct.pack('>4i', 0x803, count, 28, 28) + bytes(784)
        for count in (2**31 - 1, 2**30, -1, 10**6)
    },
    'images of 2**31 pixels': lambda: struct.pack('>4i', 0x803, 5, 2**31 - 1, 2**31 - 1) + bytes(784),
    '20,000 images for 5 labels': lambda: struct.pack('>4i', 0x803, 20_000, 28, 28) + bytes(20_000 * 784),
    'a gz of 200 MB': lambda: gzip.compress(bytes(200_000_000), 1),
}


KINDS = {
    'checkpoints': (CHECKPOINTS, weights_read_right),
    'points': (POINTS, read_points),
    'images': (IMAGES, read_images),
}


def bomb(kind: str, name: str) -> bytes:
    return KINDS[kind][0][name]()


def read_alone(path, kind: str, name: str) -> Tally:
    here = Tally()
    attempt(here, path, KINDS[kind][1], name)
    return here


@sizes(12, 99)
@pytest.mark.parametrize('kind', KINDS)
def test_bombs_are_refused_or_take_little(kind, count, tmp_path):
    path = tmp_path / 'file'
    with tally(f'bombs: {kind}') as row:
        for name in [*KINDS[kind][0]][:count]:
            path.write_bytes(in_fork(bomb, kind, name))
            row.add(in_fork(read_alone, path, kind, name))


def official(folder: str):
    return load('kmnist', folder, torch.device('cpu')).train_images.shape


def loaded(small: str, folder: str):
    """In a fork: what the load of a folder takes, after that of a small set.

    Each page of code that the first load runs counts as memory of the fork: 12 MB of them with torch 2.4, over 20 with
    2.14.
    """
    official(small)
    return peak(functools.partial(official, folder))


def test_the_official_set_takes_no_more_than_its_pixels_as_float32(tmp_path):
    """188 MB of them, and once the bytes of the file, zipped and unzipped."""
    count = 20_000
    for folder, images in ('small', 3), ('large', count):
        raw = tmp_path / folder / 'KMNIST' / 'raw'
        raw.mkdir(parents=True)
        for name, data in made_files((images, 3)).items():
            (raw / name).write_bytes(data)
    shape, _, memory = in_fork(loaded, str(tmp_path / 'small'), str(tmp_path / 'large'))
    assert tuple(shape) == (count, 1, 28, 28) and memory < count * 784 * 6 + NOISE
