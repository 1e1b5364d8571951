"""The path ``minigrad.cuda``, by which older programs know `minigrad.backends.cuda`."""

import sys

from minigrad.backends import cuda

sys.modules[__name__] = cuda
