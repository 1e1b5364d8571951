import contextlib
import os
import signal

# Before NumPy is imported anywhere: the matrices of tests are tiny, and pytest-xdist
# already keeps every core busy.
os.environ.setdefault('OMP_NUM_THREADS', '1')
os.environ.setdefault('MPLBACKEND', 'Agg')
# Under nohup Ctrl-C is ignored, here and in every process that a test starts.
with contextlib.suppress(ValueError):  # not in the main thread
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)

import numpy
import pytest


@pytest.fixture
def rng():
    return numpy.random.default_rng(0)
