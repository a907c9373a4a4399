"""What holds for every test: one thread, Ctrl-C as in a terminal; at the end, with -n 0, the table of faults."""

import inspect
import os
import re
import signal
import sys

import pytest

UNIX = r'\bFork\(|os\.kill|_kill|send_signal|SIGKILL|pipe\('  # in the source of a test

# Before torch is loaded, here and in the scripts that the tests start: their networks are small, and threads would wait
# for each other.
os.environ['OMP_NUM_THREADS'] = '1'
os.environ['MPLBACKEND'] = 'agg'  # where there is a display, no test waits until somebody closes a window
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has it ignored by what runs in the background


def pytest_collection_modifyitems(items):
    """On Windows os.kill() would end pytest itself, and nothing forks."""
    for item in items if os.name == 'nt' else []:
        if 'faults' in item.path.parts or re.search(UNIX, inspect.getsource(item.function)):
            item.add_marker(pytest.mark.skip(reason='forks, or sends signals: Linux and macOS'))


def pytest_terminal_summary(terminalreporter):
    faults = sys.modules.get('tests.faults.tally')
    if faults and faults.ROWS:
        terminalreporter.section('faults')
        terminalreporter.write_line('\n'.join(faults.table()))
