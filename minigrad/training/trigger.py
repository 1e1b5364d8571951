"""Chainer's module name for `get_trigger` and `IntervalTrigger`."""

from minigrad.training.triggers._get_trigger import _never_fire_trigger, get_trigger
from minigrad.training.triggers.interval_trigger import IntervalTrigger

__all__ = ['IntervalTrigger', '_never_fire_trigger', 'get_trigger']
