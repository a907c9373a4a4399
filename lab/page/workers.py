"""Does work in several processes at once, as many as there are cores; Ctrl-C ends it."""

import multiprocessing
import multiprocessing.connection
import os
import pickle
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Any

from lab.common.errors import UserError
from lab.common.run import Interrupt

PAUSE = 0.1  # seconds between two looks at `stop`


def run(work: Callable, tasks: Sequence[tuple], stop: Interrupt) -> list[Any]:
    """work(*task) for each task, in the order of the tasks; [] after Ctrl-C.

    work: a function of a module; it prints nothing. Raises what it raises, and UserError where a process is killed.
    """
    context = multiprocessing.get_context('spawn')  # a fork of a process with threads may hang
    count = min(len(tasks), os.cpu_count() or 1)
    waiting, processes, found = {}, [], {}
    try:
        for first in range(count):
            ours, theirs = context.Pipe(duplex=False)
            # pickle's bytes hold the tensors themselves; multiprocessing would share their memory
            given = pickle.dumps((work, dict(list(enumerate(tasks))[first::count])))
            processes.append(context.Process(target=_serve, args=(theirs, given), daemon=True))
            processes[-1].start()
            theirs.close()
            waiting[ours] = len(range(first, len(tasks), count))
        while waiting and not stop:
            for pipe in multiprocessing.connection.wait(list(waiting), PAUSE):
                number, result = _receive(pipe)
                found[number] = result
                waiting[pipe] -= 1
                if not waiting[pipe]:
                    del waiting[pipe]
    finally:
        for process in processes:
            if waiting:  # Ctrl-C, or an error
                process.terminate()
            process.join()
    return [] if stop else [found[number] for number in range(len(tasks))]


def _receive(pipe) -> tuple[int, Any]:
    try:
        number, result, error, place = pickle.loads(pipe.recv_bytes())
    except EOFError as gone:
        raise UserError('a process was killed: is there enough memory?') from gone
    if error:
        raise error from RuntimeError(place)
    return number, result


def _serve(pipe, given: bytes):
    """In the other process: do the tasks, and send each result. If nobody receives it, end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal reaches all processes: run() ends this one
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # and Python tidies up, which SIGTERM alone would skip
    work, tasks = pickle.loads(given)
    for number, task in tasks.items():
        try:
            answer = number, work(*task), None, ''
        except Exception as error:
            answer = number, None, error, traceback.format_exc()
        try:
            pipe.send_bytes(pickle.dumps(answer))
        except OSError:
            return
