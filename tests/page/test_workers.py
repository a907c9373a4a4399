"""Work in several processes: results in order, errors as they are raised, nothing left running."""

import multiprocessing
import os
import time

import pytest

from lab.common.errors import UserError
from lab.page import workers


def squared(number: int) -> tuple[int, int]:
    return number**2, os.getpid()


def refuse(number: int):
    raise UserError(f'{number} is refused')


def wait(number: int):
    time.sleep(60)


def die(number: int):
    os._exit(1)


class Pressed:
    """Ctrl-C, at the second look."""

    looks = 0

    def __bool__(self):
        self.looks += 1
        return self.looks > 1


def test_results_come_in_order_from_as_many_processes_as_cores(monkeypatch):
    monkeypatch.setattr(os, 'cpu_count', lambda: 2)
    found = workers.run(squared, [(3,), (1,), (2,)], False)
    assert [number for number, _ in found] == [9, 1, 4]
    places = [place for _, place in found]
    assert places[0] == places[2] != places[1]
    assert os.getpid() not in places


def test_an_error_is_raised_here_with_its_place_there():
    with pytest.raises(UserError, match='1 is refused') as found:
        workers.run(refuse, [(1,)], False)
    assert 'in refuse' in str(found.value.__cause__)


def test_a_process_that_is_killed_is_told():
    with pytest.raises(UserError, match='was killed'):
        workers.run(die, [(1,)], False)


def test_ctrl_c_ends_the_processes_at_once():
    began = time.monotonic()
    assert workers.run(wait, [(1,)], Pressed()) == []
    assert time.monotonic() - began < 30
    assert multiprocessing.active_children() == []
