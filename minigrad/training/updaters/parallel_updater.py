"""One batch split over several devices."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from minigrad.backend import get_device, using_device
from minigrad.configuration import force_backprop_mode
from minigrad.dataset.convert import _call_converter, concat_examples
from minigrad.training.updaters.standard_updater import StandardUpdater


class ParallelUpdater(StandardUpdater):
    """Computes the gradients of one batch on several devices, and updates on one.

    Every device holds a copy of the model and gets every n-th example. The gradients
    are added up on the main model, which is updated and copied back to the others.

    Args:
        iterator: Iterator over the training data, or a dictionary of them with 'main'.
        optimizer: Optimizer of the main model.
        converter: Turns a batch into the arguments of the loss.
        models: Models by name; 'main' is the target of the optimizer. Copies of it are
            made for every device when None.
        devices: Devices by the same names, such as ``{'main': 0, 'second': 1}``.
        loss_func: Computes the loss; each model itself by default.
        loss_scale: Factor on the loss, taken back before the update.
        auto_new_epoch: Whether to call ``new_epoch`` of the optimizer after each sweep.

    Raises:
        ValueError: Neither models nor devices are given.
        KeyError: ``devices`` has no 'main'.

    Source: compatible with chainer.training.updaters.ParallelUpdater.

    Example:
        >>> data = minigrad.datasets.TupleDataset(
        ...     np.eye(4, dtype=np.float32), np.arange(4, dtype=np.int32))
        >>> updater = minigrad.training.ParallelUpdater(
        ...     minigrad.iterators.SerialIterator(data, 4),
        ...     minigrad.optimizers.SGD().setup(L.Classifier(L.Linear(4, 4))),
        ...     devices={'main': -1, 'second': -1})
        >>> updater.update()
    """

    def __init__(
        self,
        iterator: Any,
        optimizer: Any,
        converter: Callable[..., Any] = concat_examples,
        models: dict[str, Any] | None = None,
        devices: dict[str, Any] | None = None,
        loss_func: Callable[..., Any] | None = None,
        loss_scale: float | None = None,
        auto_new_epoch: bool = True,
    ) -> None:
        super().__init__(
            iterator,
            optimizer,
            converter=converter,
            loss_func=loss_func,
            loss_scale=loss_scale,
            auto_new_epoch=auto_new_epoch,
        )
        if models is None:
            if devices is None:
                raise ValueError(
                    'ParallelUpdater: either models or devices must be specified'
                )
            if 'main' not in devices:
                raise KeyError("ParallelUpdater: 'devices' must contain a 'main' key")
            main = self.get_optimizer('main').target
            models = {'main': main}
            for name in devices:
                if name != 'main':
                    models[name] = copy.deepcopy(main)
                models[name].to_device(devices[name])
        elif devices is None:
            devices = {name: model.device for name, model in models.items()}
        self._models = models
        self._devices = {name: get_device(devices[name]) for name in models}

    def connect_trainer(self, trainer: Any) -> None:
        """Registers the copies, so that they can report under their names."""
        main = self.get_optimizer('main').target
        for name, model in self._models.items():
            if model is not main:
                trainer.reporter.add_observer(name, model)

    def update_core(self) -> None:
        """Splits a batch, adds up the gradients, and updates the main model."""
        iterator = self.get_iterator('main')
        optimizer = self.get_optimizer('main')
        others = [m for m in self._models.values() if m is not optimizer.target]
        batch = iterator.next()

        for model in self._models.values():
            model.cleargrads()
        losses = []
        for i, (name, model) in enumerate(self._models.items()):
            part = batch[i :: len(self._models)]
            losses.append(self._forward_(model, part, self._devices[name]))
        for model in self._models.values():
            model.cleargrads()  # parameters that were initialized just now
        for loss in losses:
            loss.backward(loss_scale=self.loss_scale)
        for model in others:
            optimizer.target.addgrads(model)
        optimizer.update()
        for model in others:
            model.copyparams(optimizer.target)

        if self.auto_new_epoch and iterator.is_new_epoch:
            optimizer.new_epoch(auto=True)

    def _forward_(self, model: Any, batch: list[Any], device: Any) -> Any:
        loss_func = model if self.loss_func is None else self.loss_func
        arrays = _call_converter(self.converter, batch, device)
        with force_backprop_mode(), using_device(device):
            if isinstance(arrays, tuple):
                return loss_func(*arrays)
            if isinstance(arrays, dict):
                return loss_func(**arrays)
            return loss_func(arrays)
