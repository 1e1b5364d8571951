"""Ready-made updaters."""

from minigrad.training.updaters.multiprocess_parallel_updater import (
    MultiprocessParallelUpdater,
)
from minigrad.training.updaters.parallel_updater import ParallelUpdater
from minigrad.training.updaters.standard_updater import StandardUpdater

__all__ = ['MultiprocessParallelUpdater', 'ParallelUpdater', 'StandardUpdater']
