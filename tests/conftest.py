"""One thread for every test: the networks are small, and threads that wait for each other are slow on a busy machine."""

import os

os.environ['OMP_NUM_THREADS'] = '1'  # before torch is loaded, here and in the scripts that the tests start
