"""One thread for every test: the networks are small, and on a busy machine threads mostly wait for each other."""

import os
import sys

os.environ['OMP_NUM_THREADS'] = '1'  # before torch is loaded, here and in the scripts that the tests start


def pytest_terminal_summary(terminalreporter):
    faults = sys.modules.get('faults')
    if faults and faults.ROWS:
        terminalreporter.section('faults')
        terminalreporter.write_line('\n'.join(faults.table()))
