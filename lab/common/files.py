"""Files: written whole or not at all. Checkpoints: read without running code that may be in a file."""

import contextlib
import errno
import io
import os
import tempfile
import time
import warnings
from pathlib import Path

from lab.common.errors import UserError

LARGEST = 4_000_000_000  # bytes of a checkpoint; the largest network that the flags allow takes half of it
BUSY_SECONDS = 1  # so long Windows may refuse to replace a file that a virus scanner looks at


def write(path: str, data: bytes):
    """Write `data` into a temporary file beside `path`, then give it that name, in place of an old file.

    Makes the folder if it is missing; where `path` is a link, the file that it leads to is written. Raises OSError,
    which names the file (disk full, no permission); the old file is then unchanged.
    """
    where, name = os.path.split(os.path.realpath(path))
    os.makedirs(where, exist_ok=True)
    part = os.path.join(where, f'.{name}.{os.urandom(8).hex()}.part')
    try:
        with open(part, 'wb') as file:
            file.write(data)
            file.flush()
            _sync(file.fileno())
        _replace(part, os.path.join(where, name))
    except OSError as error:  # of a full disk it would name no file, else the temporary one
        raise OSError(error.errno, error.strerror, path) from error
    finally:
        if os.path.exists(part):
            os.unlink(part)


def _sync(number: int):
    """os.fsync(), where the file system has it: some of a network or a phone refuse."""
    try:
        os.fsync(number)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
            raise


def _replace(part: str, path: str):
    """os.replace(); on Windows again and again for a second: it is refused while another program reads the file."""
    end = time.monotonic() + BUSY_SECONDS
    while os.name == 'nt' and time.monotonic() < end:
        with contextlib.suppress(PermissionError):
            return os.replace(part, path)
        time.sleep(BUSY_SECONDS / 20)
    os.replace(part, path)


def prepare(folder: str):
    """Make a folder if it is missing, and check that files can be written there, before a run takes hours.

    Raises OSError, which names the folder.
    """
    os.makedirs(folder, exist_ok=True)
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OSError(error.errno, f'cannot write into the folder ({error.strerror})', folder) from error


def write_tensors(path: str, state: object):
    """torch.save() to a file that is whole or not there. state: tensors, numbers and text in dicts and lists."""
    write(path, packed(state))


def packed(state: object) -> bytes:
    """What write_tensors() writes."""
    import torch

    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


def read_tensors(path: str) -> object:
    """Read what write_tensors() wrote; tensors come to the CPU.

    Raises OSError where the file cannot be read, UserError where it is too large, truncated, corrupt, or holds anything
    but plain data. Pickled code in a file is never run.
    """
    import torch

    if os.path.getsize(path) > LARGEST:
        raise UserError(f'{path} is too large for a checkpoint: {LARGEST:,} bytes at most')
    data = io.BytesIO(Path(path).read_bytes())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # the file is either good or refused in one line
            return torch.load(data, map_location='cpu', weights_only=True)
    except Exception as error:
        raise UserError(f'{path} is not a plain tensor file: truncated, corrupt, or with code in it') from error


def fit(model, state: object, path: str):
    """Load a state_dict, which was read from the file `path`, into a model.

    Raises UserError where it is no state_dict, where names or shapes differ, or where a weight is NaN or infinite.
    """
    import torch

    def is_real(value):
        return isinstance(value, torch.Tensor) and not value.is_complex()

    if not isinstance(state, dict) or not all(map(is_real, dict.values(state))):
        raise UserError(f'{path} is not a state_dict: it should hold tensors of real numbers by name')
    try:
        model.load_state_dict(dict(dict.items(state)))  # a file can give an OrderedDict attributes, such as `keys`
    except (RuntimeError, AttributeError) as error:
        *_, fault = str(error).splitlines()[:2]  # of PyTorch's lines the first is a heading
        raise UserError(f'{path} is of another network: {fault.strip()}') from error
    if not all(value.isfinite().all() for value in model.state_dict().values()):
        raise UserError(f'{path} holds weights that are NaN or infinite')


def load_into(model, path: str):
    """Load a state_dict file into a model. Raises UserError as read_tensors() and fit() do."""
    fit(model, read_tensors(path), path)
