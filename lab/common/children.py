"""Other processes: one that calls functions while this one does something else, one per core, or the lab's own scripts.

Ctrl-C in a terminal does not reach them, as each has a session of its own: this process hears it, and decides.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import pickle
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.common.errors import UserError, note

if TYPE_CHECKING:
    from lab.common.run import Interrupt

HOUSE = Path(__file__).resolve().parents[2]
PAUSE = 0.1  # seconds between two looks at what the others do
ANSWER = 30  # seconds that a script has to end after Ctrl-C; the lab's scripts end after the step under way
SERVE = 'import sys; sys.path[:] = sys.argv[2:]; from lab.common import children; children.serve(sys.argv[1])'


class Lost(UserError):
    """The other process has died, or has not answered in time."""


class Child:
    """with Child('package.module') as child: child.call('function', *values) calls it in another process.

    The module is loaded at once, and made ready by its get_ready(), if it has one. What is printed there is lost. The
    process ends with the block, or else when this one ends or dies. environment: its variables, if they are others.
    """

    def __init__(self, module: str, environment: dict[str, str] | None = None):
        self.process = subprocess.Popen(
            [sys.executable, '-c', SERVE, module, *sys.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
        self.queue = ThreadPoolExecutor(1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.queue.shutdown(cancel_futures=True)
        self.process.communicate()  # closes the pipes

    def submit(self, function: str, *values) -> Future:
        """Call a function after those before. Its future gives what it returns, or raises what it raises, or Lost."""
        return self.queue.submit(self._ask, function, values)

    def call(self, function: str, *values, limit: float | None = None) -> Any:
        """The same, and wait for the result: after `limit` seconds the process is ended, and Lost raised."""
        future = self.submit(function, *values)
        if wait([future], limit).not_done:
            self.process.kill()
            raise Lost(f'no answer in {limit} s')
        return future.result()

    def _ask(self, function: str, values: tuple) -> Any:
        call = pickle.dumps((function, values))
        try:
            self.process.stdin.write(call)
            self.process.stdin.flush()
            result, error, place = pickle.load(self.process.stdout)
        except (OSError, EOFError) as gone:
            raise Lost(f'another process has ended, with code {self.process.wait()}') from gone
        if error:
            raise error from RuntimeError(place)
        return result


def serve(name: str):
    """In the other process: load the module, then call its functions as long as there is somebody who asks."""
    answers = os.fdopen(os.dup(1), 'wb')
    os.dup2(2, 1)  # nothing that is printed gets among the answers
    module = importlib.import_module(name)
    getattr(module, 'get_ready', lambda: None)()
    while True:
        try:
            function, values = pickle.load(sys.stdin.buffer)
            answer = getattr(module, function)(*values), None, ''
        except EOFError:
            return
        except Exception as error:
            answer = None, error, traceback.format_exc()
        pickle.dump(answer, answers)
        answers.flush()


def on_all_cores(work: Callable, tasks: Sequence[tuple], stop: Interrupt) -> list[Any]:
    """work(*task) for each task, in the order of the tasks, in as many processes as there are cores; [] after Ctrl-C.

    work: a function of a module. Raises what it raises, and Lost where a process is killed.
    """
    count = min(len(tasks), os.cpu_count() or 1)
    with contextlib.ExitStack() as stack:
        children = [stack.enter_context(Child(work.__module__)) for _ in range(count)]
        futures = [children[n % count].submit(work.__name__, *task) for n, task in enumerate(tasks)]
        while not stop and wait(futures, PAUSE).not_done:
            pass
        return [] if stop else [future.result() for future in futures]


@dataclass
class Command:
    """A script of the lab to run. Once it has ended well, `done` is called with its standard output and error."""

    words: list[str]  # the script and its flags
    extra: list[str] = field(default_factory=list)  # flags that only go on with what an earlier run has left
    done: Callable[[str, str], None] = lambda printed, notes: None
    alone: bool = False  # it takes all cores itself: threads that share a core wait for each other

    def __str__(self):
        return typed(self.words)

    def start(self, path: Path):
        """Run it without a display. It prints into the files `path`.out and .err."""
        note(f'$ {self}')
        script, *flags = self.words
        environment = {name: value for name, value in os.environ.items() if name not in ('DISPLAY', 'WAYLAND_DISPLAY')}
        self.since, self.out, self.err = time.monotonic(), path.with_suffix('.out'), path.with_suffix('.err')
        with self.out.open('wb') as out, self.err.open('wb') as err:
            line = [sys.executable, '-u', str(HOUSE / script), *flags, *self.extra]
            self.process = subprocess.Popen(line, stdout=out, stderr=err, env=environment, start_new_session=True)

    def finish(self):
        """Once it has ended. Raises UserError where it has failed."""
        printed, notes = (path.read_text(errors='replace') for path in (self.out, self.err))
        if self.process.returncode:
            said = notes.strip().splitlines() or [f'exit code {self.process.returncode}']
            raise UserError(f'{self} failed: {said[-1]}')
        note(f'{time.monotonic() - self.since:5.1f} s: {self}')
        self.done(printed, notes)

    def progress(self) -> str:
        """How far it is: the last epoch that it has printed."""
        epochs = [line for line in self.out.read_text(errors='replace').splitlines() if 'poch:' in line]
        return f'{" ".join(self.words[:3])}: {epochs[-1].split("Loss")[0].strip() if epochs else "begins"}'


def typed(words: list[str]) -> str:
    """A command as a user types it."""
    return shlex.join(['python3', *words])


def run_commands(commands: list[Command], stop: Interrupt):
    """Run the commands in this order, as many at once as there are cores; on a terminal, say how far they are.

    Ctrl-C is passed on to them, and they keep what they have. Raises UserError where one of them fails.
    """
    waiting, running = list(commands), []
    with tempfile.TemporaryDirectory() as folder:
        try:
            while (waiting or running) and not stop:
                while waiting and _is_room(running, waiting[0]):
                    running.append(waiting.pop(0))
                    running[-1].start(Path(folder, str(len(waiting))))
                time.sleep(PAUSE)
                for command in [command for command in running if command.process.poll() is not None]:
                    running.remove(command)
                    command.finish()
                if sys.stderr.isatty():  # one line, written again and again
                    line = ' | '.join(command.progress() for command in running)
                    print(f'\r{line[:100]:100s}\r', end='', file=sys.stderr, flush=True)
        finally:  # after Ctrl-C, or an error
            for command in running:
                command.process.send_signal(signal.SIGINT)
            for command in running:
                try:
                    command.process.wait(ANSWER)
                except subprocess.TimeoutExpired:
                    command.process.kill()


def _is_room(running: list[Command], command: Command) -> bool:
    """Whether a command can begin beside those that run."""
    if command.alone or any(each.alone for each in running):
        return not running
    return len(running) < (os.cpu_count() or 1)
