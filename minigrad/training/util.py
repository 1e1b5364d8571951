"""Chainer's other module name for `get_trigger`."""

from minigrad.training.trigger import _never_fire_trigger, get_trigger

__all__ = ['_never_fire_trigger', 'get_trigger']
