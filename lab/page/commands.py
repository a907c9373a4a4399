"""Runs the lab's own commands, several at once, until each has left its files. The page shows them as they were run."""

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from lab.common.errors import UserError, note
from lab.common.run import Interrupt

HOUSE = Path(__file__).resolve().parents[2]
PAUSE = 0.1  # seconds between two looks at the commands that run
ANSWER = 30  # seconds that a command has to end after Ctrl-C; the lab's scripts end after the step under way


class Options(NamedTuple):
    """What the user has chosen."""

    seed: int | None
    dataset: str
    data_path: str
    out_path: str
    plot_path: str


def folders(out_path: str) -> list[str]:
    """Where a network may be: in the lab's folder, or beside it, where files that are not the page's are in the way."""
    return [out_path, os.path.join(out_path, 'report')]


def search(out_path: str, read: Callable[[str], Any]) -> tuple[str, Any]:
    """The folder that has a network's files, and read(folder); or a free folder for it, and None.

    read: what is in a folder, None if nothing is. Where it raises UserError the files are of another run: they are left
    alone, and a note says so.
    """
    *_, free = folders(out_path)
    for folder in reversed(folders(out_path)):
        try:
            found = read(folder)
        except UserError as error:
            note(f'not used: {error}')
            continue
        if found is not None:
            return folder, found
        free = folder
    return free, None


@dataclass
class Job:
    """A command to run. Once it has ended well, `done` is called with its standard output and its standard error."""

    words: list[str]  # a script of the lab and its flags
    extra: list[str] = field(default_factory=list)  # flags that only go on with what an earlier run has left
    done: Callable[[str, str], None] = lambda printed, notes: None
    alone: bool = False  # it takes all cores itself: threads that share a core wait for each other

    def __str__(self):
        return typed(self.words)


class _Running(NamedTuple):
    job: Job
    process: subprocess.Popen
    out: Path  # the files of what it prints on standard output and on standard error
    err: Path
    since: float


def typed(words: list[str]) -> str:
    """A command as a user types it."""
    return shlex.join(['python3', *words])


def run(jobs: list[Job], stop: Interrupt):
    """Run the commands, as many at once as there are cores, in the given order; progress goes to standard error.

    Ctrl-C is passed on to the commands, which keep what they have. Raises UserError where one of them fails.
    """
    waiting, running = list(jobs), []
    with tempfile.TemporaryDirectory() as folder:
        try:
            while running or (waiting and not stop):
                while waiting and _is_room(running, waiting[0]) and not stop:
                    running.append(_start(waiting.pop(0), Path(folder, str(len(waiting)))))
                time.sleep(PAUSE)
                if stop:
                    return
                for each in [each for each in running if each.process.poll() is not None]:
                    running.remove(each)
                    _finish(each)
                _tell(running)
        finally:
            _end(running)


def _is_room(running: list[_Running], job: Job) -> bool:
    """Whether a command can begin beside those that run."""
    if job.alone or any(each.job.alone for each in running):
        return not running
    return len(running) < (os.cpu_count() or 1)


def _start(job: Job, path: Path) -> _Running:
    note(f'$ {job}')
    script, *flags = job.words
    command = [sys.executable, '-u', str(HOUSE / script), *flags, *job.extra]
    environment = {name: value for name, value in os.environ.items() if name not in ('DISPLAY', 'WAYLAND_DISPLAY')}
    files = path.with_suffix('.out'), path.with_suffix('.err')
    with files[0].open('wb') as out, files[1].open('wb') as err:
        # In a session of its own: Ctrl-C in a terminal would reach it at once, and a second time from here
        process = subprocess.Popen(command, stdout=out, stderr=err, env=environment, start_new_session=True)
    return _Running(job, process, *files, time.monotonic())


def _end(running: list[_Running]):
    """End commands that still run, as Ctrl-C does, and wait for them; a second Ctrl-C kills them."""
    try:
        for each in running:
            each.process.send_signal(signal.SIGINT)
        for each in running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                each.process.wait(ANSWER)
    finally:
        for each in running:
            each.process.kill()


def _finish(each: _Running):
    if each.process.returncode:
        said = each.err.read_text(errors='replace').strip().splitlines() or [f'exit code {each.process.returncode}']
        raise UserError(f'{each.job} failed: {said[-1]}')
    note(f'{time.monotonic() - each.since:5.1f} s: {each.job}')
    each.job.done(each.out.read_text(errors='replace'), each.err.read_text(errors='replace'))


def _tell(running: list[_Running]):
    """On a terminal, one line that is written again and again: how far each command is."""
    if sys.stderr.isatty():
        far = []
        for each in running:
            epochs = [line for line in each.out.read_text(errors='replace').splitlines() if 'poch:' in line]
            far.append(f'{" ".join(each.job.words[:3])}: {epochs[-1].split("Loss")[0].strip() if epochs else "begins"}')
        print(f'\r{" | ".join(far)[:100]:100s}\r', end='', file=sys.stderr, flush=True)
