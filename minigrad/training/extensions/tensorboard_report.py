"""Observations for TensorBoard."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable
from typing import Any

from minigrad.training.extension import Extension
from minigrad.training.trainer_protocol import TrainerProtocol
from minigrad.variable import Variable


class TensorBoardReport(Extension):
    """Writes observed scalars as TensorBoard events, at each iteration it is called.

    Args:
        keys: Names to write; all scalars when None.
        log_dir: Folder of the event files; ``tensorboard`` inside ``trainer.out`` by
            default.
        writer: Anything with ``add_scalar(name, value, step)``, such as a
            ``SummaryWriter`` of tensorboardX or torch. One of tensorboardX is made by
            default.

    Raises:
        ImportError: At the start of the training, when tensorboardX is not installed
            and no writer is given.

    Source: replaces the extension of that name in chainerui and tensorboard-chainer.

    Example:
        >>> from types import SimpleNamespace
        >>> class Writer:
        ...     def add_scalar(self, name, value, step):
        ...         print(name, value, step)
        >>> report = minigrad.training.extensions.TensorBoardReport(writer=Writer())
        >>> report(SimpleNamespace(
        ...     updater=SimpleNamespace(iteration=7), observation={'loss': 0.5}))
        loss 0.5 7
    """

    def __init__(
        self,
        keys: Iterable[str] | None = None,
        log_dir: str | None = None,
        writer: Any = None,
    ) -> None:
        self._keys = None if keys is None else list(keys)
        self._log_dir = log_dir
        self._writer = writer
        self._owns_writer = writer is None

    def initialize(self, trainer: TrainerProtocol) -> None:
        """Opens the event file."""
        if self._writer is not None:
            return
        try:
            tensorboard = importlib.import_module('tensorboardX')
        except ImportError as error:
            raise ImportError(
                'TensorBoardReport needs tensorboardX\n'
                '  hint: pip install tensorboardX, or give a writer= with '
                'add_scalar(name, value, step)'
            ) from error
        folder = self._log_dir
        if folder is None:
            folder = os.path.join(trainer.out, 'tensorboard')
        # Later events come from the run that was interrupted.
        step = trainer.updater.iteration
        self._writer = tensorboard.SummaryWriter(
            folder, purge_step=step + 1 if step > 0 else None
        )

    def __call__(self, trainer: TrainerProtocol) -> None:
        """Writes the observed scalars."""
        for key, value in trainer.observation.items():
            if self._keys is not None and key not in self._keys:
                continue
            if isinstance(value, Variable):
                value = value.array
            if getattr(value, 'ndim', 0) == 0 and not isinstance(value, (str, tuple)):
                self._writer.add_scalar(key, float(value), trainer.updater.iteration)

    def finalize(self) -> None:
        """Closes the event file, or flushes a writer that was given."""
        if self._writer is None:
            return
        if self._owns_writer:
            self._writer.close()
            self._writer = None
        elif hasattr(self._writer, 'flush'):
            self._writer.flush()
