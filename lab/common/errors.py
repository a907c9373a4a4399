"""What the user is told: errors that they can correct, and notes, both on standard error."""

import contextlib
import errno
import os
import sys

# Signs that there is no memory: of torch on a GPU and on the CPU, of the system, and of its loader of libraries
NO_MEMORY = 'OutOfMemoryError', 'DefaultCPUAllocator', 'Cannot allocate memory', 'failed to map segment'
NO_GPU = 'CUDA', 'CUDNN', 'CUBLAS'  # signs of a GPU that fails: this torch cannot use it, or its driver

TRACEBACK = bool(os.environ.get('LAB_TRACEBACK'))  # or --traceback: print Python's report before the line


class UserError(Exception):
    """An error that the user can correct. Its text is the whole message: what is wrong, and what would be right."""


def note(text: str):
    """Print a line on standard error, apart from the transcript, which goes to standard output."""
    tell(f'{text}\n')


def tell(text: str):
    """Write text on standard error. Where it cannot be written, as that disk is full, say, it is lost."""
    with contextlib.suppress(OSError, AttributeError):  # AttributeError: 2>&- leaves no sys.stderr
        sys.stderr.write(text)
        sys.stderr.flush()


def machine(error: BaseException) -> str | None:
    """What the user is told where memory, threads or GPU have failed, else None."""
    words, code = f'{type(error).__name__}: {error}', getattr(error, 'errno', None)
    if isinstance(error, MemoryError) or code == errno.ENOMEM or any(sign in words for sign in NO_MEMORY):
        return 'out of memory: try a smaller network or batch'
    if "can't start new thread" in words:
        return 'no more threads may be started here: end other programs, or raise the limit (ulimit -u)'
    if isinstance(error, RuntimeError) and any(sign in str(error) for sign in NO_GPU):
        return f'the GPU cannot be used ({str(error).splitlines()[0]}): add --no_cuda'
    return None


def script() -> str:
    """The name of the script that is running; its error messages begin with it."""
    return os.path.basename(sys.argv[0])
