"""Files that are whole or not there: writing that survives a crash at any moment."""

import contextlib
import os
import shutil
import time

STALE_SECONDS = 3600  # what is this old was left by a killed run; no write or download takes as long


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
    sweep(where, '.', '.part')


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


def sweep(where: str, begin: str, end: str):
    """Remove the files and folders, named so, that killed runs left in a folder."""
    for entry in os.scandir(where):
        if entry.name.startswith(begin) and entry.name.endswith(end):
            with contextlib.suppress(FileNotFoundError):  # another run was quicker
                if time.time() - entry.stat().st_mtime > STALE_SECONDS:
                    shutil.rmtree(entry.path, ignore_errors=True) if entry.is_dir() else os.unlink(entry.path)
