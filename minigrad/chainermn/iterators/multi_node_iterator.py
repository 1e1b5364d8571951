"""The same batches in all processes, because one sends them to the others."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.dataset.iterator import Iterator
from minigrad.types import Array


def _is_valid_type(element: Any) -> bool:
    if isinstance(element, tuple) and len(element) == 2:
        return all(hasattr(part, 'dtype') for part in element)
    return hasattr(element, 'dtype')


def _build_ctrl_msg(
    stop: bool,
    is_valid_data_type: bool,
    is_paired_dataset: bool,
    is_new_epoch: bool,
    current_position: int,
) -> Array:
    return numpy.array(
        [stop, is_valid_data_type, is_paired_dataset, is_new_epoch, current_position],
        numpy.float64,
    )


def _parse_ctrl_msg(msg: Array) -> tuple[bool, bool, bool, bool, int]:
    stop, is_valid, is_paired, is_new_epoch = [bool(x) for x in msg[:4]]
    return stop, is_valid, is_paired, is_new_epoch, int(msg[4])


def _refuse() -> None:
    raise TypeError(
        'Multi node iterator supports ndarray or tuple of scalars as the data type of '
        'the batch element only.'
    )


class _MultiNodeIteratorMaster(Iterator):
    """Takes batches from an iterator and sends them to the others."""

    actual_iterator: Any
    communicator: Any
    rank_master: int

    def __init__(
        self, actual_iterator: Any, communicator: Any, rank_master: int
    ) -> None:
        self.__dict__.update(
            actual_iterator=actual_iterator,
            communicator=communicator,
            rank_master=rank_master,
        )
        size = len(actual_iterator.dataset)
        communicator.bcast_obj((size, actual_iterator._state.order), root=rank_master)

    def __next__(self) -> Any:
        it = self.actual_iterator
        batch: Any = []
        try:
            batch = it.__next__()
            stop = False
        except StopIteration:
            stop = True
        first = batch[0] if len(batch) else None
        valid = _is_valid_type(first)
        paired = isinstance(batch, list) and isinstance(first, tuple)
        control = _build_ctrl_msg(
            stop, valid, paired, it.is_new_epoch, it.current_position
        )
        self.communicator.bcast(control, root=self.rank_master)
        if stop:
            raise StopIteration
        if not valid:
            _refuse()
        if not paired:
            array = numpy.array(batch) if isinstance(batch, list) else batch
            return self.communicator.bcast(array, root=self.rank_master).tolist()
        for column in zip(*batch, strict=True):
            array = numpy.asarray(column)
            self.communicator.bcast(array, root=self.rank_master)
        return batch

    def __getattr__(self, attr_name: str) -> Any:
        return getattr(self.__dict__['actual_iterator'], attr_name)

    def __setattr__(self, attr_name: str, value: Any) -> None:
        setattr(self.actual_iterator, attr_name, value)

    def finalize(self) -> None:
        self.actual_iterator.finalize()

    def serialize(self, serializer: Any) -> None:
        # Called by all at the same time: the others save what the master saves.
        self.actual_iterator.serialize(serializer)
        state = (
            self.actual_iterator.current_position,
            self.actual_iterator.epoch,
            self.actual_iterator.is_new_epoch,
            self.actual_iterator.previous_epoch_detail,
        )
        self.communicator.bcast_obj(state, root=self.rank_master)


class _MultiNodeIteratorSlave(Iterator):
    """Receives the batches of the master."""

    def __init__(self, communicator: Any, rank_master: int) -> None:
        self.communicator = communicator
        self.rank_master = rank_master
        self.epoch = 0
        self.current_position = 0
        self.is_new_epoch = False
        self.previous_epoch_detail: float | None = None
        self.dataset_size, self._order = communicator.bcast_obj(None, root=rank_master)

    def __next__(self) -> Any:
        control = self.communicator.bcast(None, root=self.rank_master)
        before = self.epoch_detail
        stop, valid, paired, self.is_new_epoch, self.current_position = _parse_ctrl_msg(
            control
        )
        self.previous_epoch_detail = before
        if stop:
            raise StopIteration
        if self.is_new_epoch:
            self.epoch += 1
        if not valid:
            _refuse()
        if not paired:
            return self.communicator.bcast(None, root=self.rank_master).tolist()
        columns = [
            self.communicator.bcast(None, root=self.rank_master) for _ in range(2)
        ]
        return list(zip(*columns, strict=True))

    @property
    def epoch_detail(self) -> float:
        """Number of sweeps, with the fraction of the running one."""
        if self.dataset_size == 0:
            return float(self.epoch)
        return float(self.epoch + self.current_position / self.dataset_size)

    def finalize(self) -> None:
        pass

    def serialize(self, serializer: Any) -> None:
        state = self.communicator.bcast_obj(None, root=self.rank_master)
        position, self.epoch, self.is_new_epoch, self.previous_epoch_detail = state
        self.current_position = position
        before = self.previous_epoch_detail
        serializer('current_position', self.current_position)
        serializer('epoch', self.epoch)
        serializer('is_new_epoch', self.is_new_epoch)
        if self._order is not None:
            serializer('order', self._order)
        serializer('previous_epoch_detail', -1.0 if before is None else before)


def create_multi_node_iterator(
    actual_iterator: Any, communicator: Any, rank_master: int = 0
) -> Any:
    """Gives all processes the batches of one.

    For models that are cut over processes which all need the same batch. Where each has
    the dataset, `create_synchronized_iterator` sends less. All processes must call
    ``serialize`` at the same time.

    Args:
        actual_iterator: Iterator over examples that are arrays, NumPy scalars or pairs
            of them; ignored but at the master.
        communicator: Communicator.
        rank_master: Rank of the process whose batches all get.

    Returns:
        The iterator.

    Source: compatible with chainermn.iterators.create_multi_node_iterator; dtypes
        arrive as they are, ChainerMN makes float32 and int32 of them.
    """
    if communicator.rank == rank_master:
        return _MultiNodeIteratorMaster(actual_iterator, communicator, rank_master)
    return _MultiNodeIteratorSlave(communicator, rank_master)
