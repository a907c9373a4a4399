"""How a script runs and ends: an error that the user can correct is one line and exit code 2; Ctrl-C is exit code 130.

To import this module, or to call a script's main(), changes nothing for the program that does so.
"""

import atexit
import contextlib
import errno
import gc
import os
import signal
import sys
import traceback
from collections.abc import Callable

from lab import hidden
from lab.common import errors, student
from lab.common.errors import UserError, machine, script, tell

BACKEND = os.environ.get('MPLBACKEND', '')  # what the user, or a notebook, has chosen to show pictures with
FULL = errno.ENOSPC, errno.EFBIG, getattr(errno, 'EDQUOT', errno.ENOSPC)  # no space, limit of a file, quota


class Interrupt:
    """True once Ctrl-C was pressed, so that a loop can stop after its step. A second Ctrl-C ends the script at once.

    with Interrupt() as stop:
        while not stop:
            step()
    keep_what_is_trained()
    stop.leave()    # exit code 130 if Ctrl-C was pressed
    """

    def __init__(self):
        self.pressed, self.before = False, None

    def __bool__(self):
        return self.pressed

    def __enter__(self):
        with contextlib.suppress(ValueError):  # main() is called in a thread, which hears no Ctrl-C
            self.before = signal.signal(signal.SIGINT, self._press)
        return self

    def __exit__(self, *_):
        if self.before:
            signal.signal(signal.SIGINT, self.before)

    def _press(self, *_):
        if self.pressed:  # not KeyboardInterrupt: threads would first end their step, and the packages tidy up
            with contextlib.suppress(Exception):  # a print() is under way
                sys.stdout.flush()
            os._exit(130)
        self.pressed = True
        with contextlib.suppress(OSError):  # not print(): it fails here if Ctrl-C came in the middle of another print()
            os.write(2, b'\nstopping after this step; Ctrl-C again stops at once\n')

    def leave(self):
        """End the script with exit code 130 if Ctrl-C was pressed."""
        if self.pressed:
            sys.exit(130)


def run(main: Callable[[], None]):
    """Run a script's main(), half a second faster than Python alone would.

    Python's search for garbage is slow among the many objects that torch makes while it loads: it sets in with
    loaded(). After main() the system takes memory and libraries back faster than Python does, object by object.
    """
    alone = not (sys._getframe(1).f_back or sys.flags.interactive)  # else a notebook, a profiler, python3 -i goes on
    if alone:
        gc.disable()
        _settle()
    try:
        main()
    except (Exception, KeyboardInterrupt) as error:
        _end(error, alone)
        raise
    if alone:
        atexit._run_exitfuncs()
        _flush()
        os._exit(0)


def _settle():
    """Leave out what the user has set for other work: tqdm, torch and matplotlib end where they do not know a value."""
    for name in [name for name in os.environ if name.startswith('TQDM_') or name == 'TORCH_LOGS']:
        del os.environ[name]
    if BACKEND:
        os.environ['MPLBACKEND'] = 'agg'  # here matplotlib only writes files
    os.environ['JOBLIB_MULTIPROCESSING'] = '0'  # joblib, of scikit-learn, warns where /dev/shm cannot be written
    # On Windows, Intel's Fortran runtime, which comes with numba and MKL, ends Python at Ctrl-C unless this is set
    # before it is loaded (numba issue 9880).
    os.environ.setdefault('FOR_DISABLE_CONSOLE_CTRL_HANDLER', '1')
    if getattr(sys.stdout, 'errors', '') == 'strict' and hasattr(sys.stdout, 'reconfigure'):
        sys.stdout.reconfigure(errors='backslashreplace')  # an ASCII terminal, and a folder called netß
    atexit.register(_flush)


def loaded():
    """The slow packages are loaded: search for garbage from here on, but not among what they made."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


def fault_line(error: BaseException) -> str | None:
    """What the user is told about this error, or None where the fault is in this program."""
    if isinstance(error, UserError):
        return str(error)
    if line := machine(error):
        return line
    nameless = isinstance(error, OSError) and error.filename is None  # a full disk behind standard output, say
    if not nameless and (line := student.blame(error)):
        return line
    if line := hidden(error):
        return line
    if isinstance(error, ModuleNotFoundError):
        outside = sys.prefix == sys.base_prefix  # no virtual environment is active
        first = 'activate the environment first (. .venv/bin/activate), or ' if outside else ''
        return f'the package {error.name!r} is not installed: {first}pip install -r requirements.txt'
    if isinstance(error, OSError):
        where = 'an empty name' if error.filename == '' else error.filename
        if where is None and error.errno in FULL:  # files.write() names its file
            where = 'standard output'
        return f'{error.strerror or error}' + (f': {where}' if where else '')
    return None


def _end(error: BaseException, alone: bool):
    """One line and exit code 2; after Ctrl-C 130. Returns where the fault is in this program: Python reports it."""
    if isinstance(error, KeyboardInterrupt):
        if alone:  # pressed again while Python ends, it would change the exit code
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        raise SystemExit(130)
    if _left(error):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(141)
    line = fault_line(error)
    if line is None:
        return
    if errors.TRACEBACK:
        tell(''.join(traceback.format_exception(error)))
    _flush()  # if standard output itself cannot be written, the script ends here, with that message alone
    tell(f'{script()}: error: {" ".join(line.split())}\n')
    raise SystemExit(2)


def _left(error: BaseException) -> bool:
    """Whether nobody reads our output any more, as in `... | head`; Windows calls that an invalid argument."""
    windows = os.name == 'nt' and isinstance(error, OSError) and (error.errno, error.filename) == (errno.EINVAL, None)
    return windows or isinstance(error, BrokenPipeError)


def _flush():
    """Write the rest of the transcript now. At Python's own exit an error in this would be more than one line."""
    try:
        sys.stdout.flush()
    except OSError as error:
        if not _left(error):
            tell(f'{script()}: error: {error.strerror}: standard output\n')
        os._exit(141 if _left(error) else 2)
