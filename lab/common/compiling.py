"""Compiling a function with numba; the machine code is kept on disk, so that the next run need not compile again."""

from collections.abc import Callable

from numba import njit


def compiled(**options) -> Callable[[Callable], Callable]:
    """Decorator: numba.njit(**options). The machine code is kept beside the source, or else in the user's cache."""

    def decorate(function):
        try:
            return njit(cache=True, **options)(function)
        except RuntimeError:  # neither folder can be written: each run compiles
            return njit(**options)(function)

    return decorate
