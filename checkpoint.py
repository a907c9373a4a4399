"""Files that are whole or not there: writing that survives a crash at any moment, and loading that runs no code."""

import io
import os
import time
import zipfile

from cli import UserError

import torch

STALE_SECONDS = 3600  # a part file this old was left by a killed run; no write takes as long


def write(path: str, data: bytes):
    """Replace the file `path` by `data`, whole: whoever looks finds the old file or the new one, never a part.

    Makes the folder when it is missing. Raises OSError (disk full, no permission); then the old file still stands.
    """
    where, name = os.path.split(os.path.abspath(path))
    os.makedirs(where, exist_ok=True)
    part = os.path.join(where, f'.{name}.{os.getpid()}.part')
    try:
        with open(part, 'wb') as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        if os.path.exists(part):
            os.unlink(part)
        raise
    _sweep(where)


def prepare(folder: str):
    """Make sure, before hours of work, that a folder can be written: make it, write a file and remove it again.

    Raises OSError, which names the folder.
    """
    os.makedirs(folder, exist_ok=True)
    probe = os.path.join(folder, f'.probe.{os.getpid()}.part')
    try:
        with open(probe, 'wb'):
            pass
    except OSError as error:
        raise OSError(error.errno, f'cannot write into the folder ({error.strerror})', folder) from error
    os.unlink(probe)


def _sweep(where: str):
    """Remove the part files that killed runs left in a folder."""
    for entry in os.scandir(where):
        if entry.name.startswith('.') and entry.name.endswith('.part'):
            try:
                if time.time() - entry.stat().st_mtime > STALE_SECONDS:
                    os.unlink(entry.path)
            except FileNotFoundError:  # another run was quicker
                pass


def save(path: str, state: object):
    """Write what torch.save writes (a state_dict, or tensors and numbers in dicts and lists), whole; see write()."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    write(path, buffer.getvalue())


def load(path: str) -> object:
    """Read what save() wrote: tensors (on the CPU), numbers and text in dicts and lists.

    Raises UserError where the file is missing, truncated, corrupt, or holds anything but plain data: code that is
    pickled in a file is never run.
    """
    if not os.path.isfile(path):
        raise UserError(f'no file {path}')
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:  # torch.save does not compress, so a file that grows is a bomb
                if sum(entry.file_size for entry in archive.infolist()) > os.path.getsize(path) or archive.testzip():
                    raise ValueError
        return torch.load(path, map_location='cpu', weights_only=True)
    except OSError:
        raise
    except Exception as error:
        raise UserError(f'{path} is not a plain tensor file: truncated, corrupt, or with code in it') from error


def fit(model: torch.nn.Module, state: object, path: str):
    """Put a state_dict that was read from `path` into a model.

    Raises UserError where it is none, where names or shapes differ, or where a weight is NaN or infinite.
    """
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise UserError(f'{path} is not a state_dict: it should hold tensors by name')
    wanted = model.state_dict()
    for name in [*wanted, *(state.keys() - wanted.keys())]:
        found = tuple(state[name].shape) if name in state else 'missing'
        need = tuple(wanted[name].shape) if name in wanted else 'none of that name'
        if found != need:
            raise UserError(f'{path} is of another network: {name} is {found}, this network has {need}')
    if not all(torch.isfinite(value).all() for value in state.values()):
        raise UserError(f'{path} holds weights that are NaN or infinite')
    model.load_state_dict(state)


def load_into(model: torch.nn.Module, path: str):
    """Load a state_dict file into a model. Raises UserError as load() and fit() do."""
    fit(model, load(path), path)
