"""What a training loop asks of the object that makes the updates."""

from __future__ import annotations

from typing import Any

from minigrad.named_arguments import NamedArguments
from minigrad.serializer import AbstractSerializer


class Updater(NamedArguments):
    """Base class of updaters: makes one step of optimization at a time.

    Attributes:
        iteration: Number of updates made.

    Source: compatible with chainer.training.Updater.

    Example:
        >>> class Alternating(minigrad.training.StandardUpdater):
        ...     def update_core(self):
        ...         name = 'generator' if self.iteration % 2 else 'critic'
        ...         optimizer = self.get_optimizer(name)
        ...         optimizer.update(optimizer.target, self.get_iterator('main').next())
    """

    iteration: int

    def connect_trainer(self, trainer: Any) -> None:
        """Called by the trainer at its construction; may register observers there."""

    def finalize(self) -> None:
        """Finalizes the iterators; called when the training loop has ended."""
        raise NotImplementedError(f'{type(self).__name__} does not define finalize')

    def get_optimizer(self, name: str) -> Any:
        """Returns the optimizer of a name."""
        raise NotImplementedError(
            f'{type(self).__name__} does not define get_optimizer'
        )

    def get_all_optimizers(self) -> dict[str, Any]:
        """Returns all optimizers by name."""
        raise NotImplementedError(
            f'{type(self).__name__} does not define get_all_optimizers'
        )

    def update(self) -> None:
        """Makes one step of optimization."""
        raise NotImplementedError(f'{type(self).__name__} does not define update')

    def serialize(self, serializer: AbstractSerializer) -> None:
        """Saves or loads everything that changes during training."""
        raise NotImplementedError(f'{type(self).__name__} does not define serialize')


class IteratorUpdater(Updater):
    """An updater that holds iterators and optimizers by name.

    The iterator ``'main'`` tells the epoch.

    Args:
        iterator: An iterator, registered as 'main', or a dictionary of them.
        optimizer: An optimizer, registered as 'main', or a dictionary of them.
    """

    def __init__(self, iterator: Any, optimizer: Any) -> None:
        self._iterators: dict[str, Any] = (
            iterator if isinstance(iterator, dict) else {'main': iterator}
        )
        self._optimizers: dict[str, Any] = (
            optimizer if isinstance(optimizer, dict) else {'main': optimizer}
        )
        for one in self._iterators.values():
            if not (hasattr(one, 'next') or hasattr(one, '__next__')):
                raise TypeError(
                    f'{type(self).__name__}: expected an iterator, got '
                    f'{type(one).__name__}\n  hint: '
                    'minigrad.iterators.SerialIterator(dataset, batch_size) makes one'
                )
        self.iteration = 0

    @property
    def epoch(self) -> Any:
        """Number of completed sweeps over the main data set."""
        return self._iterators['main'].epoch

    @property
    def epoch_detail(self) -> Any:
        """Epoch with its fraction."""
        return self._iterators['main'].epoch_detail

    @property
    def previous_epoch_detail(self) -> Any:
        """`epoch_detail` before the last update; None if there was none."""
        return self._iterators['main'].previous_epoch_detail

    @property
    def is_new_epoch(self) -> Any:
        """Whether the last update completed a sweep."""
        return self._iterators['main'].is_new_epoch

    def get_iterator(self, name: str) -> Any:
        """Returns the iterator of a name."""
        return self._iterators[name]

    def get_optimizer(self, name: str) -> Any:
        """Returns the optimizer of a name."""
        return self._optimizers[name]

    def get_all_optimizers(self) -> dict[str, Any]:
        """Returns all optimizers by name."""
        return dict(self._optimizers)

    def finalize(self) -> None:
        """Finalizes the iterators; called when the training loop has ended."""
        for iterator in self._iterators.values():
            iterator.finalize()

    def serialize(self, serializer: AbstractSerializer) -> None:
        """Saves or loads iterators, optimizers, their models and the count."""
        for name, iterator in self._iterators.items():
            iterator.serialize(serializer[f'iterator:{name}'])
        for name, optimizer in self._optimizers.items():
            optimizer.serialize(serializer[f'optimizer:{name}'])
            optimizer.target.serialize(serializer[f'model:{name}'])
        self.iteration = serializer('iteration', self.iteration)
