"""Compiling a function with numba, once: the result is kept on disk for the next run."""

from collections.abc import Callable

from numba import njit


def compiled(**options) -> Callable[[Callable], Callable]:
    """Decorator: numba.njit(**options), kept beside the source or in the user's cache, where either can be written."""

    def decorate(function):
        try:
            return njit(cache=True, **options)(function)
        except RuntimeError:  # neither can: compiled anew by every run
            return njit(**options)(function)

    return decorate
