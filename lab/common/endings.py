"""How a script ends: an error that the user can correct is one line and exit code 2; Ctrl-C is exit code 130.

A script imports this module first. From then on all errors end so, even while slow packages are still loading.
"""

import atexit
import os
import signal
import sys
import traceback

TRACEBACK = bool(os.environ.get('LAB_TRACEBACK'))  # or --traceback: print Python's report before the line


class UserError(Exception):
    """An error that the user can correct. Its text is the whole message: what is wrong, and what would be right."""


def note(text: str):
    """Print a line on standard error, apart from the transcript, which goes to standard output."""
    print(text, file=sys.stderr)


def tell(text: str):
    """Print the error that ends the script. With torchrun, processes.py puts another function in place of this one."""
    sys.stderr.write(text)


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
        if self.pressed:
            raise KeyboardInterrupt
        self.pressed = True
        # Not print(): it fails here if Ctrl-C came in the middle of another print()
        os.write(2, b'\nstopping after this step; Ctrl-C again stops at once\n')

    def leave(self):
        """End the script with exit code 130 if Ctrl-C was pressed."""
        if self.pressed:
            sys.exit(130)


def _ending(error: BaseException) -> str | None:
    """What the user is told about this error, or None where the fault is in this program."""
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
    """sys.excepthook: one line and exit code 2; after Ctrl-C 130; for a fault in this program Python's own report."""
    if issubclass(kind, KeyboardInterrupt):
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


sys.excepthook = _end
atexit.register(_flush)
