"""How a script ends: an error the user can mend is one line and exit code 2, Ctrl-C is exit code 130.

Import it first: from then on this holds, also while the slow libraries are still loading.
"""

import atexit
import os
import signal
import sys
import traceback


class UserError(Exception):
    """What the user can put right. Its text is the whole message: what is wrong, and what would be right."""


def note(text: str):
    """Print a remark on standard error, where it does not disturb the transcript."""
    print(text, file=sys.stderr, flush=True)


def tell(text: str):
    """Print what a script ends with on standard error. processes.py puts another in its place, that tells it once."""
    sys.stderr.write(text)


class Interrupt:
    """Ctrl-C as a question that a loop asks between steps; pressed a second time it ends the script at once.

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
        if self.pressed:
            raise KeyboardInterrupt
        self.pressed = True
        os.write(2, b'\nstopping after this step; Ctrl-C again stops at once\n')  # print() may not be re-entered

    def leave(self):
        if self.pressed:
            sys.exit(130)


def _ending(error: BaseException) -> str | None:
    """The one line that tells the user about this error, or None where it is a fault of ours."""
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, ModuleNotFoundError):
        return f'the package {error.name!r} is not installed: pip install -r requirements.txt'
    if isinstance(error, OSError):
        where = '' if error.filename is None else f': {error.filename or "an empty name"}'
        return f'{error.strerror or error}{where}'
    full = type(error).__name__ == 'OutOfMemoryError' or 'DefaultCPUAllocator' in str(error)  # torch's, on GPU and CPU
    if isinstance(error, MemoryError) or full:
        return 'out of memory: try a smaller network or batch'
    return None


def _end(kind, error, trace):
    """sys.excepthook: end with one line and exit code 2, 130 after Ctrl-C; with a traceback if it is our own fault."""
    if issubclass(kind, KeyboardInterrupt):
        raise SystemExit(130)
    if issubclass(kind, BrokenPipeError):  # the reader of our output has left, as in `... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(141)
    line = _ending(error)
    if line is None:
        return tell(''.join(traceback.format_exception(kind, error, trace)))
    _flush()  # ends here where it is standard output that cannot be written: that is told once
    tell(f'{script()}: error: {" ".join(line.split())}\n')
    raise SystemExit(2)


def script() -> str:
    """The name of the script that runs, with which its errors begin."""
    return os.path.basename(sys.argv[0])


def _flush():
    """Write out what is left of the transcript while an error can still be told in one line."""
    try:
        sys.stdout.flush()
    except OSError as error:
        gone = isinstance(error, BrokenPipeError)
        if not gone:
            os.write(2, f'{script()}: error: {error.strerror}: standard output\n'.encode())
        os._exit(141 if gone else 2)


sys.excepthook = _end
atexit.register(_flush)
