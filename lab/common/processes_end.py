"""Which of several processes this one is, and how they end: the first one speaks, and an error is told once.

torchrun numbers its processes in environment variables; without it this process is the only one, and nothing happens
here.
"""

import contextlib
import datetime
import os
import signal
import sys
import threading

import torch.distributed as dist

from lab.common import endings

TOGETHER = 'TORCHELASTIC_RUN_ID' in os.environ  # whether torchrun started this process


def _variable(name: str, otherwise: int) -> int:
    return int(os.environ[name]) if TOGETHER else otherwise


RANK, SIZE = _variable('RANK', 0), _variable('WORLD_SIZE', 1)  # this process among those of all machines
LOCAL_RANK, LOCAL_SIZE = _variable('LOCAL_RANK', 0), _variable('LOCAL_WORLD_SIZE', 1)  # among those of this machine
AGAIN = 'type the same command again'
ANSWER = datetime.timedelta(seconds=10)  # in which torchrun answers: all it does is count


class _Ending:
    """What the end of this process depends on."""

    advice = AGAIN
    interrupted = False  # after Ctrl-C that others end is no error
    voice = 2  # where an error is told even if the process is mute
    telling = threading.Lock()


def start():
    """To be called first. From then on only the first process prints, an error that several meet is told once on each
    machine, and that another process has died ends this one with one line and exit code 2."""
    if not TOGETHER:
        return
    _Ending.voice = os.dup(2)
    if RANK:
        for stream in 1, 2:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
    endings.tell = _tell
    # torchrun sends SIGTERM to the others when one has died. They may be waiting for it in C++, where Python's handlers
    # wait, too; what reads the numbers of the signals is a thread that does not.
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.signal(signal.SIGTERM, lambda *_: None)
    signal.set_wakeup_fd(writing)
    threading.Thread(target=_listen, args=(reading,), daemon=True).start()


def advise(text: str):
    """What the user is to do when a process dies from now on."""
    _Ending.advice = text


def interrupted():
    """Ctrl-C was pressed: this process is about to end, and so are the others."""
    _Ending.interrupted = True


def lost(what: str):
    """End this process, as another one has ended."""
    if not _Ending.interrupted:
        _tell(f'{endings.script()}: error: {what}: {_Ending.advice}\n')
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    os._exit(130 if _Ending.interrupted else 2)  # not sys.exit(): threads may be at work, or wait for who has died


def _listen(reading: int):
    while True:
        number = os.read(reading, 1)[0]
        if number == signal.SIGINT:
            interrupted()
        elif number == signal.SIGTERM:
            lost(f'torchrun has ended the run: one of the {SIZE} processes died, or torchrun itself was told to end')


def _tell(text: str):
    """Print the end of a run, unless another process of this machine has."""
    with _Ending.telling:
        if _first():
            os.write(_Ending.voice, text.encode())


def _first() -> bool:
    """Whether no other process of this machine has asked this before; torchrun counts."""
    name = 'told on machine {GROUP_RANK} in attempt {TORCHELASTIC_RESTART_COUNT}'.format_map(os.environ)
    address, port = os.environ['MASTER_ADDR'], int(os.environ['MASTER_PORT'])
    try:  # a connection of its own: another may be waiting for who has died
        return dist.TCPStore(address, port, is_master=False, timeout=ANSWER).add(name, 1) == 1
    except RuntimeError:  # its machine is gone: better told twice than never
        return True
