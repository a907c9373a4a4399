"""How a script ends: an error that the user can correct is one line and exit code 2; Ctrl-C is exit code 130.

A script imports this module first. From then on all errors end so, even while slow packages are still loading.
"""

import atexit
import contextlib
import errno
import gc
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator

# On Windows, Intel's Fortran runtime, which comes with numba and MKL, ends Python at Ctrl-C unless this is set before
# it is loaded (numba issue 9880).
os.environ.setdefault('FOR_DISABLE_CONSOLE_CTRL_HANDLER', '1')


# Signs that there is no memory: of torch on a GPU and on the CPU, of the system, and of its loader of libraries
NO_MEMORY = 'OutOfMemoryError', 'DefaultCPUAllocator', 'Cannot allocate memory', 'failed to map segment'
FULL = errno.ENOSPC, errno.EFBIG, getattr(errno, 'EDQUOT', errno.ENOSPC)  # no space, limit of a file, quota
NO_GPU = 'CUDA', 'CUDNN', 'CUBLAS'  # signs of a GPU that fails: this torch cannot use it, or its driver

TRACEBACK = bool(os.environ.get('LAB_TRACEBACK'))  # or --traceback: print Python's report before the line


class UserError(Exception):
    """An error that the user can correct. Its text is the whole message: what is wrong, and what would be right."""


def _open_streams():
    """Let standard streams that are closed lead nowhere, and let the others take every character.

    The next file that is opened would get the number of a closed stream, and then notes would be written into it.
    """
    for number, name in enumerate(('stdin', 'stdout', 'stderr')):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free: this one
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, 'w' if number else 'r', closefd=False))  # noqa: SIM115  open to the end
    if getattr(sys.stdout, 'errors', '') == 'strict' and hasattr(sys.stdout, 'reconfigure'):
        sys.stdout.reconfigure(errors='backslashreplace')  # an ASCII terminal, and a folder called netß


@contextlib.contextmanager
def _unheard() -> Iterator[None]:
    """What cannot be written on standard error, as its disk is full, say, is lost. That ends no run."""
    try:
        yield
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what is still in its buffer must go somewhere


def note(text: str):
    """Print a line on standard error, apart from the transcript, which goes to standard output."""
    with _unheard():
        print(text, file=sys.stderr, flush=True)


def tell(text: str):
    """Print the error that ends the script. With torchrun, processes.py puts another function in place of this one."""
    with _unheard():
        sys.stderr.write(text)
        sys.stderr.flush()


class Interrupt:
    """True once Ctrl-C was pressed, so that a loop can stop after its step. A second Ctrl-C ends the script at once.

    with Interrupt() as stop:
        while not stop:
            step()
    keep_what_is_trained()
    stop.leave()    # exit code 130 if Ctrl-C was pressed
    """

    def __init__(self):
        self.pressed = False

    def __bool__(self):
        return self.pressed

    def __enter__(self):
        self.before = signal.signal(signal.SIGINT, self._press)
        return self

    def __exit__(self, *_):
        signal.signal(signal.SIGINT, self.before)

    def _press(self, *_):
        if self.pressed:  # not KeyboardInterrupt: threads would first end their step, and the packages tidy up
            with contextlib.suppress(Exception):  # a print() is under way
                sys.stdout.flush()
            os._exit(130)
        self.pressed = True
        # Not print(): it fails here if Ctrl-C came in the middle of another print()
        with _unheard():
            os.write(2, b'\nstopping after this step; Ctrl-C again stops at once\n')

    def leave(self):
        """End the script with exit code 130 if Ctrl-C was pressed."""
        if self.pressed:
            sys.exit(130)


def machine(error: BaseException) -> str | None:
    """What the user is told where memory or GPU has failed, else None."""
    if isinstance(error, MemoryError) or any(sign in f'{type(error).__name__}: {error}' for sign in NO_MEMORY):
        return 'out of memory: try a smaller network or batch'
    if isinstance(error, RuntimeError) and any(sign in str(error) for sign in NO_GPU):
        return f'the GPU cannot be used ({str(error).splitlines()[0]}): add --no_cuda'
    return None


def _ending(error: BaseException) -> str | None:
    """What the user is told about this error, or None where the fault is in this program."""
    if isinstance(error, UserError):
        return str(error)
    if line := machine(error):
        return line
    from lab.common import student

    nameless = isinstance(error, OSError) and error.filename is None  # a full disk behind standard output, say
    if not nameless and (line := student.blame(error)):
        return line
    if isinstance(error, ModuleNotFoundError):
        return f'the package {error.name!r} is not installed: pip install -r requirements.txt'
    if isinstance(error, OSError):
        where = error.filename
        if where is None and error.errno in FULL:  # files.write() names its file
            where = 'standard output'
        return f'{error.strerror or error}' + ('' if where is None else f': {where or "an empty name"}')
    return None


def _end(kind, error, trace):
    """sys.excepthook: one line and exit code 2; after Ctrl-C 130; for a fault in this program Python's own report."""
    if issubclass(kind, KeyboardInterrupt):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # pressed again while Python ends, it would change the exit code
        raise SystemExit(130)
    if issubclass(kind, BrokenPipeError):  # nobody reads our output any more, as in `... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(141)
    line = _ending(error)
    if line is None or TRACEBACK:
        tell(''.join(traceback.format_exception(kind, error, trace)))
    if line is None:
        return
    _flush()  # if standard output itself cannot be written, the script ends here, with that message alone
    tell(f'{script()}: error: {" ".join(line.split())}\n')
    raise SystemExit(2)


def run(main: Callable[[], None]):
    """Run a script's main() without the search for garbage, which is slow among the many objects of torch.

    It sets in with loaded(). Python's own search at its end is left out. After main() Python would also take
    all objects and libraries apart: the system does it faster.
    """
    gc.disable()
    atexit.register(gc.freeze)
    main()
    alone = all(thread.daemon for thread in threading.enumerate() if thread is not threading.current_thread())
    outermost = sys._getframe(1).f_back is None  # else a profiler, say, is waiting for the script's end
    if alone and outermost and not sys.flags.interactive and hasattr(atexit, '_run_exitfuncs'):
        atexit._run_exitfuncs()
        _flush()
        os._exit(0)


def loaded():
    """The slow packages are loaded: search for garbage from here on, but not among what they made."""
    gc.freeze()
    gc.enable()


def script() -> str:
    """The name of the script that is running; its error messages begin with it."""
    return os.path.basename(sys.argv[0])


def _flush():
    """Write the rest of the transcript now. At Python's own exit an error in this would be more than one line."""
    try:
        sys.stdout.flush()
    except OSError as error:
        gone = isinstance(error, BrokenPipeError)
        if not gone:
            os.write(2, f'{script()}: error: {error.strerror}: standard output\n'.encode())
        os._exit(141 if gone else 2)


_open_streams()
sys.excepthook = _end
atexit.register(_flush)
