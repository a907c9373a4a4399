"""Compiling a function with numba, which keeps the machine code on disk: the next run need not compile it again."""

import contextlib
import functools
from collections.abc import Callable
from pathlib import Path

from lab.common.errors import note

_note_once = functools.cache(note)  # a function is compiled for each combination of types of its arguments


@functools.cache
def fault() -> str | None:
    """Why nothing can be compiled here, or None: some versions of numpy or Python are too new for some of numba."""
    try:
        import numba
    except Exception as error:  # whatever a package's import may raise, also the system's loader of libraries
        return f'numba cannot be imported ({" ".join(str(error).split())[:100]})'
    return 'NUMBA_DISABLE_JIT is set' if numba.config.DISABLE_JIT else None


def compiled(what: str | None = None, **options) -> Callable[[Callable], Callable]:
    """Decorator: numba.njit(cache=True, **options). Files that cannot be read or written cost time, never the run.

    what: where the function has to be compiled, 'compiling <what>' is told on standard error.
    """
    from numba import njit, typeof
    from numba.core import event

    class Compiling(event.Listener):
        def on_start(self, _):
            _note_once(f'compiling {what}')

        def on_end(self, _):
            pass

    def decorate(function):
        try:
            machine_code = njit(cache=True, **options)(function)
        except RuntimeError:  # no folder can be written
            machine_code = njit(**options)(function)
        if machine_code is function:  # with NUMBA_DISABLE_JIT=1 nothing is compiled
            return function

        @functools.wraps(function)
        def call(*values):
            types = tuple(map(typeof, values))
            if types not in machine_code.overloads:
                listening = event.install_listener('numba:compile', Compiling()) if what else contextlib.nullcontext()
                with listening:
                    _get_ready(machine_code, types)
            return machine_code(*values)

        return call

    return decorate


def _get_ready(machine_code, types: tuple):
    """Load or compile a function for arguments of these types. Files of it on disk that are damaged are removed."""
    try:
        machine_code.compile(types)
    except Exception:
        folder, function = machine_code.stats.cache_path, machine_code.py_func
        if folder is None:
            raise
        for path in Path(folder).glob(f'{Path(function.__code__.co_filename).stem}.{function.__name__}-*.nb?'):
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # the disk is full: compiled, but not kept
            machine_code.compile(types)
