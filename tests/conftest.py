"""One thread for every test: the networks are small, and on a busy machine threads mostly wait for each other."""

import os

os.environ['OMP_NUM_THREADS'] = '1'  # before torch is loaded, here and in the scripts that the tests start
