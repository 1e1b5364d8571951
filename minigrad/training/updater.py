"""Chainer's other module name for the updaters."""

from minigrad.training._updater import Updater
from minigrad.training.updaters.parallel_updater import ParallelUpdater
from minigrad.training.updaters.standard_updater import StandardUpdater

__all__ = ['ParallelUpdater', 'StandardUpdater', 'Updater']
