"""When an extension is to be called, or the training to end."""

from typing import TYPE_CHECKING as _TYPE_CHECKING

from minigrad.suggestions import of_module as _of_module
from minigrad.training.triggers.early_stopping_trigger import EarlyStoppingTrigger
from minigrad.training.triggers.interval_trigger import IntervalTrigger
from minigrad.training.triggers.manual_schedule_trigger import ManualScheduleTrigger
from minigrad.training.triggers.minmax_value_trigger import (
    BestValueTrigger,
    MaxValueTrigger,
    MinValueTrigger,
)
from minigrad.training.triggers.once_trigger import OnceTrigger
from minigrad.training.triggers.time_trigger import TimeTrigger

__all__ = [
    'BestValueTrigger',
    'EarlyStoppingTrigger',
    'IntervalTrigger',
    'ManualScheduleTrigger',
    'MaxValueTrigger',
    'MinValueTrigger',
    'OnceTrigger',
    'TimeTrigger',
]

if not _TYPE_CHECKING:
    __getattr__ = _of_module(__name__, 'triggers')
