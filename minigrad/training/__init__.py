"""The training loop: `Trainer`, updaters, triggers and extensions."""

from minigrad.training import extensions, trigger, triggers, updaters, util
from minigrad.training.extension import (
    PRIORITY_EDITOR,
    PRIORITY_READER,
    PRIORITY_SNAPSHOT,
    PRIORITY_WRITER,
    Extension,
    make_extension,
)
from minigrad.training.extensions_manager import ExtensionsManager
from minigrad.training.random_state import serialize_random_state
from minigrad.training.rate_finder import RateCurve, find_rate
from minigrad.training.trainer import Trainer
from minigrad.training.trainer_protocol import TrainerProtocol
from minigrad.training.trigger import get_trigger
from minigrad.training.triggers import IntervalTrigger
from minigrad.training.updater import ParallelUpdater, StandardUpdater, Updater

__all__ = [
    'PRIORITY_EDITOR',
    'PRIORITY_READER',
    'PRIORITY_SNAPSHOT',
    'PRIORITY_WRITER',
    'Extension',
    'ExtensionsManager',
    'IntervalTrigger',
    'ParallelUpdater',
    'RateCurve',
    'StandardUpdater',
    'Trainer',
    'TrainerProtocol',
    'Updater',
    'extensions',
    'find_rate',
    'get_trigger',
    'make_extension',
    'serialize_random_state',
    'trigger',
    'triggers',
    'updaters',
    'util',
]
