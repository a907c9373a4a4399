"""Writing a file so that after a crash at any moment the old file or the new one is there, never a part."""

import contextlib
import os
import shutil
import tempfile
import time

BUSY_SECONDS = 1  # so long Windows may refuse to replace a file that a virus scanner looks at
STALE_SECONDS = 3600  # a temporary file this old was left by a killed run: no write or download takes so long
WRITES = True  # False in a process that leaves all files to another one, see processes.py


def write(path: str, data: bytes):
    """Write `data` into a temporary file beside `path`, then give it that name, in place of an old file.

    Makes the folder if it is missing; where `path` is a link, the file that it leads to is written. Raises OSError,
    which names the file (disk full, no permission); the old file is then unchanged.
    """
    if not WRITES:
        return
    where, name = os.path.split(os.path.realpath(path))
    os.makedirs(where, exist_ok=True)
    part = os.path.join(where, f'.{name}.{os.getpid()}.part')
    try:
        with open(part, 'wb') as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _replace(part, os.path.join(where, name))
    except OSError as error:  # of a full disk it would name no file, else the temporary one
        raise OSError(error.errno, error.strerror, path) from error
    finally:
        if os.path.exists(part):
            os.unlink(part)
    sweep(where, '.', '.part')


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


def sweep(where: str, begin: str, end: str):
    """Remove what killed runs left in the folder `where`: files and folders whose names begin and end like this."""
    for entry in os.scandir(where):
        if entry.name.startswith(begin) and entry.name.endswith(end):
            with contextlib.suppress(OSError):  # another run has removed it, or it is another user's
                if time.time() - entry.stat().st_mtime > STALE_SECONDS:
                    shutil.rmtree(entry.path) if entry.is_dir() else os.unlink(entry.path)
