"""Compiling a function with numba, which keeps the machine code on disk: the next run need not compile it again."""

import contextlib
import functools
from collections.abc import Callable
from pathlib import Path

from lab.common.errors import note

_note_once = functools.cache(note)


@functools.cache
def fault() -> str | None:
    """Why nothing can be compiled here, or None: some versions of numpy or Python are too new for some of numba."""
    try:
        import numba
    except Exception as error:  # whatever a package's import may raise, also the system's loader of libraries
        return f'numba cannot be imported ({" ".join(str(error).split())[:100]})'
    return 'NUMBA_DISABLE_JIT is set' if numba.config.DISABLE_JIT else None


def compiled(what: str, **options) -> Callable[[Callable], Callable]:
    """Decorator: numba.njit(cache=True, **options). Files that cannot be read or written cost time, never the run.

    what: where no file is found, 'compiling <what>' is told on standard error.
    """
    from numba import njit, typeof

    def decorate(function):
        try:
            machine_code = njit(cache=True, **options)(function)
        except RuntimeError:  # no folder can be written
            machine_code = njit(**options)(function)

        @functools.wraps(function)
        def call(*values):
            types = tuple(map(typeof, values))
            if types not in machine_code.overloads:
                _get_ready(machine_code, types, what)
            return machine_code(*values)

        return call

    return decorate


def _get_ready(machine_code, types: tuple, what: str):
    """Load or compile a function for arguments of these types. Files of it on disk that are damaged are removed."""
    folder, function = machine_code.stats.cache_path, machine_code.py_func
    names = f'{Path(function.__code__.co_filename).stem}.{function.__name__}-*.nb?'
    found = list(Path(folder).glob(names)) if folder else []
    if not found:
        _note_once(f'compiling {what}')
    try:
        machine_code.compile(types)
    except Exception:
        for path in found:
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # the disk is full: compiled, but not kept
            machine_code.compile(types)
