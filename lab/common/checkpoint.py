"""Checkpoints: written whole, and loaded without running code that may be in a file."""

import io
import math
import os
import warnings
import zipfile
from pathlib import Path

import torch

from lab.common import files, pickles
from lab.common.endings import UserError

LEGACY_PICKLES = 5  # in a file of torch < 1.6: magic number, version, system, the object, keys of its storages


def save(path: str, state: object):
    """torch.save() to a file that is whole or not there, see files.write().

    state: a state_dict, or tensors, numbers and text in dicts and lists.
    """
    files.write(path, to_bytes(state))


def to_bytes(state: object) -> bytes:
    """The bytes of the file that save() writes."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


def load(path: str) -> object:
    """Read what save() wrote; tensors come to the CPU.

    Raises UserError where the file is missing, truncated, corrupt, or holds anything but plain data. Pickled code in a
    file is never run.
    """
    if not os.path.isfile(path):
        raise UserError(f'no file {path}')
    data = Path(path).read_bytes()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # the file is either good or refused in one line
            _check(data)
            return torch.load(io.BytesIO(data), map_location='cpu', weights_only=True)
    except pickles.OtherProtocol as error:
        raise UserError(
            f'{path} is pickled with protocol {error}, which is not read, as it may hold code: write it again with '
            f'torch.save(state_dict, path), without pickle_protocol'
        ) from error
    except Exception as error:
        raise UserError(f'{path} is not a plain tensor file: truncated, corrupt, or with code in it') from error


def _check(data: bytes):
    """Raise an Exception where a file is damaged, or where torch.load() would run code or take much memory."""
    stream, count = io.BytesIO(data), LEGACY_PICKLES
    if zipfile.is_zipfile(stream):
        with zipfile.ZipFile(stream) as archive:
            entries = archive.infolist()
            if any(entry.compress_type for entry in entries) or sum(entry.file_size for entry in entries) > len(data):
                raise ValueError('torch.save does not compress: this is a bomb')
            if archive.testzip():
                raise ValueError('a checksum is wrong')
            [entry] = [entry for entry in entries if entry.filename.lower().endswith('/data.pkl')]
            stream, count = io.BytesIO(archive.read(entry)), 1
    stream.seek(0)
    pickles.check(stream, count, len(data))


def alike(found: object, wanted: object) -> bool:
    """Whether `found` has the types, lengths, names and tensor shapes of `wanted`, and all its numbers are finite."""
    if type(found) is not type(wanted):
        return False
    if isinstance(wanted, torch.Tensor):
        same = (found.dtype, found.shape) == (wanted.dtype, wanted.shape)
        return same and bool(found.isfinite().all())
    if isinstance(wanted, dict):
        return found.keys() == wanted.keys() and all(alike(found[name], wanted[name]) for name in wanted)
    if isinstance(wanted, list | tuple):
        return len(found) == len(wanted) and all(map(alike, found, wanted))
    return not isinstance(found, float) or math.isfinite(found)


def fit(model: torch.nn.Module, state: object, path: str):
    """Load a state_dict, which was read from the file `path`, into a model.

    Raises UserError where it is no state_dict, where names or shapes differ, or where a weight is NaN or infinite.
    """
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in dict.values(state)):
        raise UserError(f'{path} is not a state_dict: it should hold tensors by name')
    state = dict(dict.items(state))  # a file can give an OrderedDict attributes, such as `keys`: leave them
    wanted = model.state_dict()
    for name in [*wanted, *(state.keys() - wanted.keys())]:
        found = tuple(state[name].shape) if name in state else 'missing'
        need = tuple(wanted[name].shape) if name in wanted else 'none of that name'
        if found != need:
            raise UserError(f'{path} is of another network: {name} is {found}, this network has {need}')
    for name, value in state.items():
        found, need = value.dtype, wanted[name].dtype
        if found != need and not (found.is_floating_point and need.is_floating_point):
            raise UserError(f'{path} is of another network: {name} is {found}, this network has {need}')
        state[name] = value.to(need)
        if not torch.isfinite(state[name]).all():  # infinite is also a float64 too large for float32
            raise UserError(f'{path} holds weights that are NaN or infinite')
    model.load_state_dict(state)


def load_into(model: torch.nn.Module, path: str):
    """Load a state_dict file into a model. Raises UserError as load() and fit() do."""
    fit(model, load(path), path)
