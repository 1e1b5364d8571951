"""Freed memory that stays with the process.

A training step frees and asks for the same arrays again and again. The C library of
Linux gives blocks above a limit back to the system each time, which then has to clear
every page anew: half the time of a LeNet step. Its limit grows to the largest block that
was freed so far, up to 32 MiB, and twice as much may stay free; so one such block, never
written to, is asked for and freed. Elsewhere this does nothing.
"""

from __future__ import annotations

import numpy as np

LARGEST = (1 << 25) - (1 << 13)  # with its header below malloc's maximum of 32 MiB


def keep_freed_memory() -> None:
    """Lets arrays of up to 32 MiB reuse the memory of freed ones."""
    np.empty(LARGEST, np.uint8)
