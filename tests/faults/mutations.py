"""Mutated files for the tests of faults: what is done to them, and how a reader of them is judged."""

import contextlib
import io
import reprlib
import warnings
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from lab.common.errors import UserError
from tests.faults.forks import LIMIT, in_fork
from tests.faults.tally import NOISE, SEED, Tally, peak, tally

TIMES = 10  # a file may take so many times its size, and NOISE
QUIET = settings(deadline=None, database=None, phases=[Phase.generate], suppress_health_check=HealthCheck)
BYTES = st.binary(min_size=1, max_size=16)
# kind, where (as a share of the file), how many bytes, which
OPERATIONS = st.tuples(
    st.sampled_from(['flip', 'cut', 'drop', 'insert', 'double', 'overwrite', 'head', 'swap']),
    st.floats(0, 1),
    st.integers(1, 64),
    BYTES,
)


def mutate(data: bytes, operations) -> bytes:
    data = bytearray(data)
    for kind, share, count, new in operations:
        at = min(int(share * len(data)), max(0, len(data) - 1))
        if kind == 'flip' and data:
            data[at] ^= 1 << count % 8
        elif kind == 'cut':
            del data[at:]
        elif kind == 'drop':
            del data[at : at + count]
        elif kind == 'insert':
            data[at:at] = new
        elif kind == 'double':
            data[at:at] = data[at : at + count]
        elif kind == 'overwrite':
            data[at : at + len(new)] = new
        elif kind == 'head':  # splice another head on
            data[: count % 20] = new
        elif kind == 'swap':
            data[at:], data[:at] = data[:at], data[at:]
    return bytes(data)


def survey(name: str, count: int, path: Path, make, *args):
    """Write `count` files that a strategy makes (bytes, and what they are made by), and have judge(path) read each.

    make(*args) returns strategy and judge; judge returns whether what it read is what the bytes say. All is in a fork,
    as a file may crash PyTorch itself; the file that did so is left at `path`.
    """
    with tally(name) as row:
        row.add(in_fork(_surveyed, count, path, make, args))


def _surveyed(count: int, path: Path, make, args: tuple) -> Tally:
    row = Tally()
    strategy, judge = make(*args)

    @seed(SEED)
    @settings(
        max_examples=count, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=HealthCheck
    )
    @given(strategy)
    def one(made):
        data, what = made
        path.write_bytes(data)
        attempt(row, path, judge, reprlib.repr(what))

    one()
    return row


def attempt(row: Tally, path: Path, judge, what: str):
    def outcome():
        with warnings.catch_warnings(record=True) as told, contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter('always')
            try:
                end = 'survived' if judge(path) else 'not what the bytes say'
            except (UserError, OSError):
                end = 'refused'
            except BaseException as error:
                end = f'{type(error).__name__}: {" ".join(str(error).split())[:200]}'
        return f'{end}, after more lines: {told[0].message}' if told else end

    result, seconds, memory = peak(outcome)
    size = path.stat().st_size
    if memory > TIMES * size + NOISE:  # perhaps what the first reading of all loads once: then it is not taken again
        result, _, memory = peak(outcome)
    row.longest = max(row.longest, seconds)
    if memory > NOISE:
        row.memory = max(row.memory, (memory - NOISE) / max(1, size))
    if memory > TIMES * size + NOISE:
        result = f'{memory / 1e6:.0f} MB for {size} bytes ({result})'
    if seconds > LIMIT:
        result = f'{seconds:.0f} s ({result})'
    row.count(result, what)
