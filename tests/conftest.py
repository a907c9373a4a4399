"""What holds for every test: one thread, Ctrl-C as in a terminal; at the end, with -n 0, the table of faults."""

import os
import signal
import sys

# Before torch is loaded, here and in the scripts that the tests start: their networks are small, and threads would wait
# for each other.
os.environ['OMP_NUM_THREADS'] = '1'
os.environ['MPLBACKEND'] = 'agg'  # where there is a display, no test waits until somebody closes a window
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has it ignored by what runs in the background


def pytest_terminal_summary(terminalreporter):
    faults = sys.modules.get('tests.faults.tally')
    if faults and faults.ROWS:
        terminalreporter.section('faults')
        terminalreporter.write_line('\n'.join(faults.table()))
