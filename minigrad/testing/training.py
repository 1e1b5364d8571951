"""A trainer without training, to test extensions and triggers with."""

from __future__ import annotations

import unittest.mock
from typing import Any


def is_available() -> bool:
    """Returns True: what this needs comes with Python."""
    return True


def check_available() -> None:
    """Does nothing: what this needs comes with Python."""


def get_error() -> None:
    """Returns None: there was no error."""


def get_trainer_with_mock_updater(
    stop_trigger: Any = (10, 'iteration'),
    iter_per_epoch: int = 10,
    extensions: Any = None,
) -> Any:
    """Returns a trainer whose updater is a mock that counts.

    Args:
        stop_trigger: When training stops.
        iter_per_epoch: Number of iterations in an epoch.
        extensions: Extensions of the trainer.

    Returns:
        A Trainer. Its ``updater`` has ``iteration``, ``epoch``, ``epoch_detail``,
        ``previous_epoch_detail`` and ``is_new_epoch``, and calls
        ``updater.update_core`` for each update.

    Source: compatible with chainer.testing.get_trainer_with_mock_updater.

    Example:
        >>> trainer = minigrad.testing.get_trainer_with_mock_updater(
        ...     (2, 'epoch'), iter_per_epoch=3
        ... )
        >>> trainer.run()
        >>> trainer.updater.iteration, trainer.updater.epoch
        (6, 2)
    """
    from minigrad.training import Trainer

    updater = unittest.mock.Mock()
    updater.get_all_optimizers.return_value = {}
    updater.iteration = 0
    updater.epoch = 0
    updater.epoch_detail = 0
    updater.previous_epoch_detail = None
    updater.is_new_epoch = True

    def update() -> None:
        updater.update_core()
        before = updater.iteration
        updater.iteration += 1
        updater.epoch = updater.iteration // iter_per_epoch
        updater.epoch_detail = updater.iteration / iter_per_epoch
        updater.previous_epoch_detail = before / iter_per_epoch
        updater.is_new_epoch = before // iter_per_epoch != updater.epoch

    updater.update = update
    if extensions is None:
        extensions = []
    return Trainer(updater, stop_trigger, extensions=extensions)
