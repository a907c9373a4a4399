"""Compiling a function with numba; the machine code is kept on disk, so that the next run need not compile again.

What is wrong with the copy on disk (damaged, of another version, a full disk) costs time, and never the run.
"""

import contextlib
import functools
import hashlib
import os
import pickle
import sys
from collections.abc import Callable
from pathlib import Path

from lab.common.errors import note

SEAL = hashlib.sha256().digest_size  # bytes of the checksum at the end of a file


@functools.cache
def fault() -> str | None:
    """Why nothing can be compiled here, or None: some versions of numpy or Python are too new for some of numba."""
    try:
        import numba
    except Exception as error:  # whatever a package's import may raise, also the system's loader of libraries
        return f'numba cannot be imported ({" ".join(str(error).split())[:100]})'
    return 'NUMBA_DISABLE_JIT is set' if numba.config.DISABLE_JIT else None


def compiled(what: str | None = None, parts: tuple = (), **options) -> Callable[[Callable], Callable]:
    """Decorator: numba.njit(**options). The machine code is kept beside the source, or else in the user's cache.

    what: told on standard error when it is compiled: 'compiling <what>'. parts: modules with functions that it calls:
    where one has changed, the machine code on disk is of no use.
    """
    from numba import njit

    _leave_out_blas()

    def decorate(function):
        dispatcher = njit(**options)(function)
        if dispatcher is not function:  # with NUMBA_DISABLE_JIT=1 nothing is compiled
            dispatcher._cache = _Cache(function, what, parts)  # as njit(cache=True) does with numba's own
        return dispatcher

    return decorate


def _leave_out_blas():
    """Load numba without scipy's linear algebra: a large package, for np.dot() in compiled functions. None calls it."""
    blas = 'scipy.linalg.cython_blas'
    if blas not in sys.modules:
        sys.modules[blas] = None  # as if it were not installed
        try:
            import numba.np.arraymath  # noqa: F401
        finally:
            del sys.modules[blas]


class _Cache:
    """What numba asks for a function's machine code, and gives it to: numba's files, but no fault of theirs counts."""

    def __init__(self, function: Callable, what: str | None, parts: tuple):
        from numba.core.caching import NullCache

        self.what = what
        try:
            self.files = _sealed(function, parts)
        except Exception:  # no folder can be written
            self.files = NullCache()

    @property
    def cache_path(self):
        return self.files.cache_path

    def load_overload(self, *wanted):
        found = None
        try:
            found = self.files.load_overload(*wanted)
        except Exception:
            with contextlib.suppress(Exception):
                self.files.flush()  # a damaged list of what is kept could not be added to
        if found is None and self.what:
            _once(f'compiling {self.what}')
        return found

    def save_overload(self, *made):
        with contextlib.suppress(Exception):  # the disk is full
            self.files.save_overload(*made)
            if self.what and self.cache_path:
                _once('the next run finds it compiled')


_once = functools.cache(note)  # several versions of a function may be compiled, for other types of its arguments


def _sealed(function: Callable, parts: tuple):
    """numba's cache of a function, with a checksum in its files: damaged machine code would end Python."""
    from numba.core import caching

    class Files(caching.IndexDataCacheFile):
        def _dump(self, value):
            data = super()._dump(value)
            return data + hashlib.sha256(data).digest()  # pickle does not read what follows a value

        def _load_data(self, name):
            data = Path(self._data_path(name)).read_bytes()
            if hashlib.sha256(data[:-SEAL]).digest() != data[-SEAL:]:
                raise ValueError(f'{name} is damaged')
            return pickle.loads(data)

    cache = caching.FunctionCache(function)
    cache._cache_file.__class__ = Files
    stats = [os.stat(part.__file__) for part in parts]
    cache._cache_file._source_stamp = (
        cache._cache_file._source_stamp,
        *((stat.st_mtime, stat.st_size) for stat in stats),
    )
    return cache
