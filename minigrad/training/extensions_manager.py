"""Extensions for a training loop that is written by hand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from minigrad.training._updater import IteratorUpdater
from minigrad.training.trainer import Trainer, _ExtensionEntry


class ExtensionsManager(Trainer):
    """A `Trainer` whose updates are made by you, inside ``with manager.iteration():``.

    All extensions, triggers and snapshots work as they do with a `Trainer`.

    Args:
        optimizer: The optimizer, or a dictionary of them. Their targets report under
            the names in the dictionary; 'main' for a single one.
        iterator: The iterator that your loop reads from, or a dictionary of them;
            ``'main'`` tells the epoch.
        stop_trigger: When to stop, such as ``(20, 'epoch')``.
        out: Folder for everything that extensions write.
        extensions: Extensions to begin with.

    Example:
        >>> import tempfile
        >>> x = np.eye(4, dtype=np.float32)
        >>> t = np.arange(4, dtype=np.int32)
        >>> data = minigrad.datasets.TupleDataset(x, t)
        >>> model = L.Classifier(L.Linear(4, 4))
        >>> optimizer = minigrad.optimizers.SGD(lr=1.0).setup(model)
        >>> iterator = minigrad.iterators.SerialIterator(data, 2)
        >>> manager = minigrad.training.ExtensionsManager(
        ...     optimizer, iterator, (1, 'epoch'), out=tempfile.mkdtemp())
        >>> manager.extend(minigrad.training.extensions.LogReport())
        >>> with manager.session():
        ...     while not manager.stop_trigger(manager):
        ...         with manager.iteration():
        ...             batch = minigrad.dataset.concat_examples(iterator.next())
        ...             model.cleargrads()
        ...             model(*batch).backward()
        ...             optimizer.update()
        >>> [sorted(row) for row in manager.get_extension('LogReport').log]
        [['elapsed_time', 'epoch', 'iteration', 'main/accuracy', 'main/loss']]
    """

    updater: HandWrittenUpdater

    def __init__(
        self,
        optimizer: Any,
        iterator: Any,
        stop_trigger: Any = None,
        out: str = 'result',
        extensions: Iterable[Any] | None = None,
    ) -> None:
        updater = HandWrittenUpdater(optimizer, iterator)
        super().__init__(updater, stop_trigger, out, extensions)

    def _run_extensions_(self, order: list[_ExtensionEntry]) -> None:
        self.updater.count_update()
        super()._run_extensions_(order)


class HandWrittenUpdater(IteratorUpdater):
    """Stands for the updates that a hand-written loop makes: it counts and saves."""

    def __init__(self, optimizer: Any, iterator: Any) -> None:
        super().__init__(iterator, optimizer)
        for one in self._optimizers.values():
            one.use_auto_new_epoch = True

    def count_update(self) -> None:
        """Counts an update that was just made."""
        self.iteration += 1
        if self.is_new_epoch:
            for optimizer in self._optimizers.values():
                optimizer.new_epoch(auto=True)

    def update(self) -> None:
        """Raises: the hand-written loop makes the updates itself."""
        raise RuntimeError(
            'ExtensionsManager: make the update yourself inside '
            '"with manager.iteration():"; Trainer.run is for updaters'
        )
