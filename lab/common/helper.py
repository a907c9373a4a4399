"""Another process, which loads a slow module while this one works, and then calls functions of it.

helper.py runs itself as that process. It ends when this one ends or dies, as its standard input closes.
"""

import contextlib
import importlib
import os
import pickle
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

HOUSE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DONE = b'done'


class Helper:
    """with Helper('package.module') as helper: ...; helper.call('function', *values), in the other process.

    What the function returns is lost: it is for what it writes. Where the other process fails, in whatever way, the
    function is called here, so that an error is the same as without a helper. ahead: whether there is another process.
    """

    def __init__(self, module: str, ahead: bool = True):
        self.module, self.ahead, self.child = module, ahead, None

    def __enter__(self):
        if self.ahead:
            with contextlib.suppress(OSError):  # no more processes are allowed
                command = [sys.executable, os.path.abspath(__file__), self.module]
                pipe = subprocess.PIPE
                self.child = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)
        return self

    def __exit__(self, *_):
        if self.child:
            self.child.kill()
            self.child.wait()

    def call(self, function: str, *values):
        if not (self.child and self._there(function, values)):
            getattr(importlib.import_module(self.module), function)(*values)

    @contextlib.contextmanager
    def meanwhile(self, function: str, *values):
        """with helper.meanwhile('function', *values): the other process works while the lines below do."""
        if not self.child:
            self.call(function, *values)
            yield
            return
        with ThreadPoolExecutor(1) as waiting:
            done = waiting.submit(self.call, function, *values)
            yield
            done.result()

    def _there(self, function: str, values: tuple) -> bool:
        try:
            pickle.dump((function, values), self.child.stdin)
            self.child.stdin.flush()
        except OSError:  # it has died
            return False
        return self.child.stdout.read(len(DONE)) == DONE


def main(name: str):
    """In the other process: load the module and make it ready, then call its functions, as long as calls come."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal reaches both: the first process decides
    sys.path[0] = HOUSE
    answers = os.fdopen(os.dup(1), 'wb')
    os.dup2(2, 1)  # nothing that is printed gets among the answers
    module = importlib.import_module(name)
    module.get_ready()
    with contextlib.suppress(EOFError, BrokenPipeError):  # the first process has ended
        while True:
            function, values = pickle.load(sys.stdin.buffer)
            getattr(module, function)(*values)
            answers.write(DONE)
            answers.flush()


if __name__ == '__main__':
    main(*sys.argv[1:])
