"""Scripts and functions in forks of a process that is kept for this: warm, and with a single thread.

Each pytest process starts multiprocessing's fork server, which loads the slow libraries once and forks itself on
request. What a fork is to do goes there pickled: functions by their names, so they are no closures, and what is patched
here is not patched there.
"""

import contextlib
import functools
import importlib
import multiprocessing
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import forkserver
from pathlib import Path

import pytest

from lab.common import run

LIMIT = 120  # seconds after which what has not ended hangs
WARM = ['torch._dynamo', 'sklearn.datasets', 'matplotlib.figure', 'mpl_toolkits.mplot3d', 'PIL.JpegImagePlugin']
WARM += ['matplotlib.backends.backend_agg', 'lab.check.pictures', 'lab.check.train', 'lab.kuzu.data', __name__]


@dataclass
class End:
    code: int  # exit code; negative: the signal that ended it
    out: str
    err: str
    seconds: float

    def told(self) -> str:
        """'refused' or 'survived' where the script ended as it should, else what is wrong with its end."""
        lines = [line for line in self.err.splitlines() if ': error: ' in line]
        if self.code == 0 and not lines and 'Traceback' not in self.err:
            return 'survived'
        return 'refused' if self.code == 2 and len(lines) == 1 and 'Traceback' not in self.err else str(self)

    def __str__(self):
        return f'code {self.code} after {self.seconds:.1f} s: {self.err[-1500:]!r}'


class Fork:
    """A script's main() in a fork of the server, which has its imports; ends as the script itself would.

    `line` is the script and its flags, or a function; `before` is called ahead of main(); `out` is the file of standard
    output.
    """

    def __init__(self, line, folder, before: Callable[[], object] | None = None, out: str | None = None):
        self.streams = tempfile.TemporaryDirectory()
        self.out, self.err = out or f'{self.streams.name}/out', f'{self.streams.name}/err'
        line = line.split() if isinstance(line, str) else line
        self.process = server().Process(target=_run, args=(line, os.path.abspath(folder), before, self.out, self.err))
        self.process.start()
        self.pid, self.start = self.process.pid, time.monotonic()

    def wait(self, limit: float = LIMIT) -> End | None:
        """How it ended; None where it has not within `limit` seconds."""
        self.process.join(max(0, self.start + limit - time.monotonic()))
        if self.process.exitcode is None:
            return None
        files = (Path(path) for path in (self.out, self.err))
        texts = [file.read_text(errors='replace') if file.is_file() else '' for file in files]
        self.streams.cleanup()
        return End(self.process.exitcode, *texts, time.monotonic() - self.start)

    def end(self, limit: float = LIMIT) -> End:
        """How it ended, if need be by kill -9 after `limit` seconds."""
        return self.wait(limit) or self.kill()

    def press(self):
        """Ctrl-C, unless it has ended just now."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGINT)

    def kill(self) -> End:
        self.process.kill()
        return self.wait(1e6)


def in_fork(function: Callable, *args):
    """What a function returns in a fork. Where the fork dies instead, raises BrokenProcessPool."""
    with ProcessPoolExecutor(1, mp_context=server()) as pool:
        return pool.submit(function, *args).result()


@functools.cache
def server():
    """The fork server, running. It ends with this process."""
    context = multiprocessing.get_context('forkserver')
    context.set_forkserver_preload(WARM)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(Path(__file__).parents[2])  # where the server finds lab/
        forkserver.ensure_running()
    return context


def _run(line, folder: str, before: Callable[[], object] | None, out: str, err: str):
    """In a fork: run a script or a function, with the ending that lab/common/run.py gives it."""
    for stream, path in (1, out), (2, err):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), stream)
    sys.stdout, sys.stderr = os.fdopen(1, 'w', closefd=False), os.fdopen(2, 'w', 1, closefd=False)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    code = 0
    try:
        try:
            os.chdir(folder)
            if before:
                before()
            sys.argv = ['script.py'] if callable(line) else [f'{line[0]}.py', *line[1:]]
            main = line if callable(line) else importlib.import_module(line[0]).main
            run.run(main)
        except Exception:
            traceback.print_exc()
            code = 1
    except SystemExit as end:
        code = end.code or 0
    run._flush()
    os._exit(code)
