"""Scripts and functions in forks of a process that is kept for this: warm, and with a single thread.

A fork of pytest itself would have the locks that its other threads hold, and nobody to open them. So each pytest
process starts one server, which loads the slow libraries once and forks itself on request. What a fork is to do goes
there pickled: functions by their names, so they are no closures, and what is patched here is not patched there.
"""

import atexit
import functools
import importlib
import os
import pickle
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe
from pathlib import Path

from lab.common import run

LIMIT = 120  # seconds after which what has not ended hangs
# Python 3.12 and later warn of a fork beside threads: then the server has one too many, and ends
STRICT = '-Werror:This process:DeprecationWarning'


# --- what a test asks for


@dataclass
class End:
    code: int  # exit code; negative: the signal that ended it
    out: str
    err: str
    seconds: float
    memory: int  # bytes, at its highest

    def told(self) -> str:
        """'refused' or 'survived' where the script ended as it should, else what is wrong with its end."""
        lines = [line for line in self.err.splitlines() if ': error: ' in line]
        if self.code == 0 and not lines and 'Traceback' not in self.err:
            return 'survived'
        return 'refused' if self.code == 2 and len(lines) == 1 and 'Traceback' not in self.err else str(self)

    def __str__(self):
        return f'code {self.code} after {self.seconds:.1f} s, {self.memory / 1e6:.0f} MB: {self.err[-1500:]!r}'


class Fork:
    """A script's main() in a fork of the server, which has its imports; ends as the script itself would.

    `line` is the script and its flags, or a function; `before` is called ahead of main(); `out` is standard output.
    """

    def __init__(self, line, folder, before: Callable[[], object] | None = None, out=None):
        script, *argv = ['script'] if callable(line) else line.split() if isinstance(line, str) else line
        main = line if callable(line) else importlib.import_module(script).main
        self.out, self.err = out or tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115  wait() closes
        self.answer, theirs = Pipe()
        with theirs:
            socket.send_fds(server(), [b'.'], [theirs.fileno(), self.out.fileno(), self.err.fileno()])
        self.answer.send((main, os.path.abspath(folder), before, [f'{script}.py', *argv]))
        self.pid = self.answer.recv()
        self.start = time.monotonic()

    def wait(self, limit: float = LIMIT) -> End | None:
        """How it ended; None where it has not within `limit` seconds."""
        if not self.answer.poll(max(0, self.start + limit - time.monotonic())):
            return None
        code, memory, seconds = self.answer.recv()
        self.answer.close()
        texts = []
        for file in self.out, self.err:
            if file.seekable():
                file.seek(0)
            texts.append(file.read().decode(errors='replace') if file.readable() else '')
            file.close()
        return End(code, *texts, seconds, memory)

    def end(self, limit: float = LIMIT) -> End:
        """How it ended, if need be by kill -9 after `limit` seconds."""
        return self.wait(limit) or self.kill()

    def kill(self) -> End:
        os.kill(self.pid, signal.SIGKILL)
        return self.wait(1e6)


def in_fork(function: Callable, *args, limit: float = 3600):
    """What a function returns in a fork. Where the fork dies instead, raises RuntimeError that says of what."""
    with tempfile.NamedTemporaryFile() as file:
        end = Fork(functools.partial(_keep, file.name, function, args), '.').end(limit)
        if end.code:
            raise RuntimeError(f'the fork ended with {end}')
        return pickle.loads(Path(file.name).read_bytes())


def _keep(name: str, function: Callable, args: tuple):
    """In a fork: leave what a function returns in a file."""
    result = function(*args)
    with open(name, 'wb') as file:
        pickle.dump(result, file)


# --- the server


@functools.cache
def server() -> socket.socket:
    """Where to ask for forks, once the server is warm. It ends with this process."""
    ours, theirs = socket.socketpair()
    code = f'import sys; sys.path[:] = {sys.path!r}; from {__name__} import serve; serve({theirs.fileno()})'
    command = [sys.executable, STRICT, '-c', code]
    with theirs:
        child = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
    atexit.register(lambda: (ours.close(), child.wait()))
    if not ours.recv(1):
        raise RuntimeError('the server of forks has not started')
    return ours


def serve(number: int):
    """Fork for each request that comes through the socket of this number, until pytest has closed it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the forks
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that watch them
    _warm()
    with socket.socket(fileno=number) as requests:
        requests.send(b'.')
        while numbers := socket.recv_fds(requests, 1, 3)[1]:
            with Connection(numbers[0]) as answer:
                request = answer.recv()  # here, so that a module that it names is loaded once for all forks
                if not os.fork():
                    requests.close()
                    _watch(answer, *numbers[1:], *request)
            for number in numbers[1:]:
                os.close(number)


def _warm():
    """Load what the scripts load when they come to it."""
    import matplotlib.figure
    import torch
    from mpl_toolkits import mplot3d  # noqa: F401

    from lab.check import (
        pictures,  # noqa: F401
        train,  # noqa: F401
    )
    from lab.kuzu import data

    data.load('digits', '', torch.device('cpu'))
    torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1)
    matplotlib.figure.Figure().text(0, 0, 'a font').figure.savefig(os.devnull, format='jpg')


def _watch(answer: Connection, *request):
    """Fork, and tell first the number of that process and then how it ended: only who forks may wait for it."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    start = time.monotonic()
    pid = os.fork()
    if not pid:
        answer.close()
        _run(*request)
    try:
        answer.send(pid)
        _, status, usage = os.wait4(pid, 0)
        answer.send((os.waitstatus_to_exitcode(status), usage.ru_maxrss * 1024, time.monotonic() - start))
    finally:
        os._exit(0)


def _run(out: int, err: int, main: Callable[[], None], folder: str, before: Callable[[], object] | None, argv: list):
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.dup2(out, 1)
        os.dup2(err, 2)
        sys.stdout, sys.stderr = os.fdopen(1, 'w', closefd=False), os.fdopen(2, 'w', 1, closefd=False)
        os.chdir(folder)
        sys.argv = argv
        if before:
            before()
        os._exit(_ended(main))
    finally:
        os._exit(70)


def _ended(main: Callable[[], None]) -> int:
    """The exit code of a script with this main(), with the ending that run.py gives it."""
    code = 0
    try:
        try:
            main()
        except SystemExit:
            raise
        except BaseException as error:
            run._end(type(error), error, error.__traceback__)
            code = 1
    except SystemExit as end:
        code = end.code or 0
    run._flush()
    return code
