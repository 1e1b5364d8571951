"""A progress bar of the training."""

from __future__ import annotations

import math
from typing import Any, TextIO

from minigrad.training.extension import Extension
from minigrad.training.extensions._bar import Bar
from minigrad.training.trainer_protocol import TrainerProtocol


class ProgressBar(Extension):
    """Shows the progress, the speed and the time left.

    In a terminal and in a notebook it is a bar that moves; into a file it writes a
    plain line every ten seconds or so.

    Args:
        training_length: Length of the training, such as ``(20, 'epoch')``; that of the
            stop trigger by default.
        update_interval: Number of iterations between two updates.
        bar_length: Greatest length of the bar in characters.
        out: Where to draw; the standard output by default.

    Source: compatible with chainer.training.extensions.ProgressBar; drawn by tqdm.

    Example:
        >>> from types import SimpleNamespace
        >>> bar = minigrad.training.extensions.ProgressBar((2, 'epoch'), 1)
        >>> bar(SimpleNamespace(
        ...     updater=SimpleNamespace(iteration=5, epoch_detail=0.5)))
        train  25.00%  5/20 iter  epoch 0.50/2
    """

    def __init__(
        self,
        training_length: tuple[float, str] | None = None,
        update_interval: int = 100,
        bar_length: int = 50,
        out: TextIO | None = None,
    ) -> None:
        self._training_length = training_length
        self._update_interval = update_interval
        self._bar_length = bar_length
        self._out = out
        self._bar_: Bar | None = None

    def __call__(self, trainer: TrainerProtocol) -> None:
        """Moves the bar, every `update_interval` iterations."""
        iteration = trainer.updater.iteration
        if iteration % self._update_interval != 0:
            return
        if self._bar_ is None:
            self._bar_ = Bar('train', self._bar_length, self._out)
        epoch = trainer.updater.epoch_detail
        length, unit = self._get_training_length_(trainer)
        text = f'epoch {epoch:.2f}'
        total = None
        if unit == 'iteration':
            total = math.ceil(length)
        elif unit == 'epoch':
            text += f'/{length:g}'
            if epoch > 0:
                total = max(round(length * iteration / epoch), iteration)
        self._bar_.update(iteration, total, text)

    def _get_training_length_(self, trainer: TrainerProtocol) -> Any:
        if self._training_length is not None:
            return self._training_length
        stop_trigger = trainer.stop_trigger
        if not hasattr(stop_trigger, 'get_training_length'):
            return 0, None  # unknown
        return stop_trigger.get_training_length()

    def finalize(self) -> None:
        """Removes the bar."""
        if self._bar_ is not None:
            self._bar_.close()
            self._bar_ = None
