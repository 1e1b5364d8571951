"""One iterator, one optimizer, one step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad.backend import Device, get_device
from minigrad.dataset.convert import _call_converter, concat_examples
from minigrad.training._updater import IteratorUpdater
from minigrad.training.checks import check_arguments


class StandardUpdater(IteratorUpdater):
    """Takes a batch, computes the loss, and lets the optimizer update.

    Override `update_core` for anything else; `iteration`, `serialize` and the epochs
    stay as they are.

    Args:
        iterator: Iterator over the training data, or a dictionary of them with 'main'.
        optimizer: Optimizer, or a dictionary of them with 'main'.
        converter: Turns a batch into the arguments of the loss: a tuple, a dictionary
            of keywords, or a single one.
        device: Device that the models are sent to, such as ``'@cupy:0'`` or ``-1``. None
            leaves them where they are.
        loss_func: Computes the loss; the target of the main optimizer by default.
        loss_scale: Factor on the loss, taken back before the update, that keeps float16
            gradients from vanishing.
        auto_new_epoch: Whether to call ``new_epoch`` of the main optimizer after each
            sweep over the data.
        input_device: Device that the batches are sent to; ``device`` by default.

    Source: compatible with chainer.training.updaters.StandardUpdater.

    Example:
        >>> data = minigrad.datasets.TupleDataset(
        ...     np.eye(4, dtype=np.float32), np.arange(4, dtype=np.int32))
        >>> model = L.Classifier(L.Linear(4, 4))
        >>> updater = minigrad.training.StandardUpdater(
        ...     minigrad.iterators.SerialIterator(data, 2),
        ...     minigrad.optimizers.SGD().setup(model))
        >>> updater.update()
        >>> updater.iteration, updater.epoch_detail
        (1, 0.5)
    """

    def __init__(
        self,
        iterator: Any,
        optimizer: Any,
        converter: Callable[..., Any] = concat_examples,
        device: Any = None,
        loss_func: Callable[..., Any] | None = None,
        loss_scale: float | None = None,
        auto_new_epoch: bool = True,
        *,
        input_device: Any = None,
    ) -> None:
        super().__init__(iterator, optimizer)
        self._device = None if device is None else get_device(device)
        self._input_device = (
            self._device if input_device is None else get_device(input_device)
        )
        self._checked_ = False
        self.converter = converter
        self.loss_func = loss_func
        self.loss_scale = loss_scale
        self.auto_new_epoch = auto_new_epoch
        for one in self._optimizers.values():
            if self._device is not None:
                one.target.to_device(self._device)
            if loss_scale is not None:
                one.set_loss_scale(loss_scale)
            if auto_new_epoch:
                one.use_auto_new_epoch = True

    @property
    def device(self) -> Device | None:
        """Device that the models were sent to."""
        return self._device

    @property
    def input_device(self) -> Device | None:
        """Device that batches are sent to."""
        return self._input_device

    def update(self) -> None:
        """Makes one step: `update_core`, counted."""
        self.update_core()
        self.iteration += 1

    def update_core(self) -> None:
        """Takes a batch from the main iterator and updates by the main optimizer."""
        iterator = self._iterators['main']
        optimizer = self._optimizers['main']
        loss_func = optimizer.target if self.loss_func is None else self.loss_func

        batch = _call_converter(self.converter, iterator.next(), self.input_device)
        if not self._checked_:
            check_arguments(loss_func, batch)
            self._checked_ = True
        if isinstance(batch, tuple):
            optimizer.update(loss_func, *batch)
        elif isinstance(batch, dict):
            optimizer.update(loss_func, **batch)
        else:
            optimizer.update(loss_func, batch)

        if self.auto_new_epoch and iterator.is_new_epoch:
            optimizer.new_epoch(auto=True)
