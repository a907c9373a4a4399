"""Other processes: one that calls functions while this one does something else, one per core, or the lab's own scripts.

Ctrl-C in a terminal does not reach them, as each has a session of its own: this process hears it, and decides.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.common import cli
from lab.common.errors import UserError, note

if TYPE_CHECKING:
    from lab.common.run import Interrupt

HOUSE = Path(__file__).resolve().parents[2]
PAUSE = 0.1  # seconds between two looks at what the others do
ANSWER = 30  # seconds that a script has to end after Ctrl-C; the lab's scripts end after the step under way
SERVE = 'import sys; sys.path[:] = sys.argv[1:]; from lab.common import children; children.serve()'


class Child:
    """with Child() as child: child.submit('package.module', 'function', *values) calls it in another process.

    What is printed there is lost. The process ends with the block, or else when this one ends or dies.
    """

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, '-c', SERVE, *sys.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.queue = ThreadPoolExecutor(1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.queue.shutdown(cancel_futures=True)
        self.process.communicate()  # closes the pipes

    def submit(self, module: str, function: str, *values) -> Future:
        """Call a function after those before. Its future gives what it returns, or raises what it raises.

        UserError: the process has died.
        """
        return self.queue.submit(self._ask, (module, function, *values))

    def _ask(self, call: tuple) -> Any:
        data = pickle.dumps(call)
        try:
            self.process.stdin.write(data)
            self.process.stdin.flush()
            result, error = pickle.load(self.process.stdout)
        except (OSError, EOFError) as gone:
            raise UserError(f'another process has ended, with code {self.process.wait()}') from gone
        if error:
            raise error
        return result


def serve():
    """In the other process: call functions as long as there is somebody who asks."""
    answers = os.fdopen(os.dup(1), 'wb')
    os.dup2(2, 1)  # nothing that is printed gets among the answers
    while True:
        try:
            module, function, *values = pickle.load(sys.stdin.buffer)
            answer = getattr(importlib.import_module(module), function)(*values), None
        except EOFError:
            return
        except Exception as error:
            answer = None, error
        pickle.dump(answer, answers)
        answers.flush()


def on_all_cores(work: Callable, tasks: Sequence[tuple], stop: Interrupt) -> list[Any]:
    """work(*task) for each task, in the order of the tasks, in as many processes as there are cores; [] after Ctrl-C.

    work: a function of a module. Raises what it raises, and UserError where a process is killed.
    """
    count = min(len(tasks), cli.cores())
    with contextlib.ExitStack() as stack:
        children = [stack.enter_context(Child()) for _ in range(count)]
        futures = [children[n % count].submit(work.__module__, work.__name__, *task) for n, task in enumerate(tasks)]
        while not stop and wait(futures, PAUSE).not_done:
            pass
        return [] if stop else [future.result() for future in futures]


@dataclass
class Command:
    """A script of the lab to run."""

    words: list[str]  # the script and its flags
    extra: list[str] = field(default_factory=list)  # flags that only go on with what an earlier run has left
    alone: bool = False  # it takes all cores itself: threads that share a core wait for each other

    def __str__(self):
        return cli.typed(self.words)


def without_display() -> dict[str, str]:
    """The environment for a process that opens no windows."""
    return {name: value for name, value in os.environ.items() if name not in ('DISPLAY', 'WAYLAND_DISPLAY')}


def run_commands(commands: list[Command], stop: Interrupt):
    """Run those that take all cores one by one, then the others, as many at once as there are cores.

    Ctrl-C is passed on to them, and they keep what they have. Raises UserError where one of them fails.
    """
    for command in commands:
        if command.alone:
            _run_at_once([command], stop)
    _run_at_once([command for command in commands if not command.alone], stop)


def _run_at_once(commands: list[Command], stop: Interrupt):
    waiting, running = list(commands), {}
    try:
        while (waiting or running) and not stop:
            while waiting and len(running) < cli.cores():
                command = waiting.pop(0)
                running[_start(command)] = command
            for process in list(running):
                with contextlib.suppress(subprocess.TimeoutExpired):
                    _, notes = process.communicate(timeout=PAUSE)
                    _finish(running.pop(process), process.returncode, notes)
    finally:  # after Ctrl-C, or an error
        for process in running:
            process.send_signal(signal.SIGINT)
        for process in running:
            try:
                process.communicate(timeout=ANSWER)
            except subprocess.TimeoutExpired:
                process.kill()


def _start(command: Command) -> subprocess.Popen:
    """Begin to run a command, without a display."""
    note(f'$ {command}')
    script, *flags = command.words
    line = [sys.executable, '-u', str(HOUSE / script), *flags, *command.extra]
    pipes = {'stdout': subprocess.PIPE, 'stderr': subprocess.PIPE, 'text': True, 'errors': 'replace'}
    return subprocess.Popen(line, env=without_display(), start_new_session=True, **pipes)


def _finish(command: Command, code: int, notes: str):
    if code:
        said = notes.strip().splitlines() or [f'exit code {code}']
        raise UserError(f'{command} failed: {said[-1]}')
    note(f'done: {command}')
