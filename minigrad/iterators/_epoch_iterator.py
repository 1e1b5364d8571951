"""What the iterators of this package have in common: sweeps, look-ahead and state.

An iterator that prefetches plans batches before they are asked for, and a plan may
draw the order of a sweep that has not begun. Such orders belong to the state: they are
saved beside it and used again, so that an iterator resumes exactly where its user was.
"""

from __future__ import annotations

import collections
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy

from minigrad.backend import is_array
from minigrad.dataset.iterator import Iterator
from minigrad.iterators._statemachine import IteratorState, iterator_statemachine
from minigrad.iterators.order_samplers import ShuffleOrderSampler
from minigrad.named_arguments import NamedArguments
from minigrad.serializer import AbstractSerializer, Serializer
from minigrad.types import Array


class Plan(NamedTuple):
    """A batch that was planned and not taken yet."""

    before: IteratorState
    after: IteratorState
    indexes: Array | None  # None: behind the end
    orders: list[Array]  # drawn for it
    ticket: Any  # what `_start` returned


class EpochIterator(Iterator, NamedArguments):
    """Base of the iterators: subclasses say how a batch is started and finished."""

    _n_prefetch_ = 0
    _order_key_ = 'order'

    def __init__(
        self,
        dataset: Any,
        batch_size: int,
        repeat: bool,
        shuffle: bool | None,
        order_sampler: Any,
    ) -> None:
        self._ahead_: collections.deque[Plan] = collections.deque()
        self._waiting_: list[Array] = []  # orders that were drawn and not used
        self._check_batch_size_(batch_size)
        _refuse_columns(type(self).__name__, dataset)
        if shuffle is not None and order_sampler is not None:
            raise ValueError(
                '`shuffle` is not `None` and a custom `order_sampler` is set. Please '
                'set `shuffle` to `None` to use the custom order sampler.'
            )
        if order_sampler is None and shuffle in (None, True):
            order_sampler = ShuffleOrderSampler()
        self.dataset = dataset
        self.batch_size = batch_size
        self.order_sampler = order_sampler
        self._repeat = repeat
        self._shuffle = shuffle
        self._restart_()
        if repeat and 0 < self._epoch_size < batch_size:
            warnings.warn(
                f'{type(self).__name__}: a batch of {batch_size} is larger than the '
                f'dataset, so it holds each of the {self._epoch_size} examples more than '
                'once\n  hint: a batch_size of at most len(dataset)',
                stacklevel=3,
            )

    def _check_batch_size_(self, batch_size: int) -> None:
        name = type(self).__name__
        if not isinstance(batch_size, (int, numpy.integer)):
            raise TypeError(
                f'{name}: expected batch_size to be a whole number, got '
                f'{batch_size!r:.60} ({type(batch_size).__name__})'
            )
        if batch_size < 1:
            raise ValueError(f'{name}: expected batch_size >= 1, got {batch_size}')

    def _start_(self, before: IteratorState, indexes: Array) -> Any:
        """Begins to read a batch; returns what `_finish` needs."""
        return None

    def _finish(self, plan: Plan) -> list[Any]:
        """Returns the examples of a batch, waiting for them if need be."""
        raise NotImplementedError

    def __next__(self) -> list[Any]:
        """Returns the next batch, a list of examples.

        Raises:
            StopIteration: The sweep is over and the iterator does not repeat.
        """
        while len(self._ahead_) <= self._n_prefetch_:
            self._ahead_.append(self._plan_())
        plan = self._ahead_[0]
        if plan.indexes is None:
            self._accept_(plan)
            raise StopIteration
        try:
            batch = self._finish(plan)
        except Exception:
            # As in Chainer, a batch that cannot be read is passed over. One that is
            # interrupted (Ctrl-C is no Exception) stays the next one.
            self._accept_(plan)
            raise
        self._accept_(plan)
        return batch

    def _plan_(self) -> Plan:
        before = self._ahead_[-1].after if self._ahead_ else self._state
        orders: list[Array] = []

        def next_order(order: Array, position: int) -> Array:
            if self._waiting_:
                orders.append(self._waiting_.pop(0))
            else:
                orders.append(self.order_sampler(order, position))
            return orders[-1]

        try:
            after, indexes = iterator_statemachine(
                before, self.batch_size, self._repeat, next_order, len(self.dataset)
            )
            ticket = None if indexes is None else self._start_(before, indexes)
        except BaseException:
            self._waiting_ = [*orders, *self._waiting_]
            raise
        return Plan(before, after, indexes, orders, ticket)

    def _accept_(self, plan: Plan) -> None:
        self._previous_epoch_detail = self.epoch_detail
        self._state = plan.after
        if self._ahead_ and self._ahead_[0] is plan:
            self._ahead_.popleft()

    def _upcoming_orders_(self) -> list[Array]:
        return [*[o for plan in self._ahead_ for o in plan.orders], *self._waiting_]

    def _forget_plans_(self) -> None:
        """Drops what was planned, but not the orders that were drawn for it."""
        self._waiting_ = self._upcoming_orders_()
        self._ahead_.clear()

    def _restart_(self) -> None:
        self._ahead_.clear()
        self._waiting_ = []
        order = None
        if self.order_sampler is not None:
            order = self.order_sampler(numpy.arange(len(self.dataset)), 0)
        self._state = IteratorState(0, 0, False, order)
        self._previous_epoch_detail = -1.0  # stands for None, also in snapshots

    def reset(self) -> None:
        """Goes back to the beginning, with a new order if there is an order."""
        self._restart_()

    def finalize(self) -> None:
        """Forgets what was prefetched."""
        if '_ahead_' in self.__dict__:
            self._forget_plans_()

    @property
    def repeat(self) -> bool:
        """Whether a sweep follows the sweep."""
        return self._repeat

    @property
    def shuffle(self) -> bool | None:
        """The argument ``shuffle``."""
        return self._shuffle

    @property
    def current_position(self) -> int:
        """Number of examples taken in this sweep."""
        return self._state.current_position

    @property
    def epoch(self) -> int:
        """Number of finished sweeps."""
        return self._state.epoch

    @property
    def is_new_epoch(self) -> bool:
        """Whether the last batch finished a sweep."""
        return self._state.is_new_epoch

    @property
    def epoch_detail(self) -> float:
        """Number of sweeps, with the fraction of the running one."""
        size = self._epoch_size
        return self.epoch + (self.current_position / size if size > 0 else 0.0)

    @property
    def previous_epoch_detail(self) -> float | None:
        """What ``epoch_detail`` was one batch ago; None before the first."""
        before = self._previous_epoch_detail
        return None if before < 0 else before

    @property
    def _epoch_size(self) -> int:
        order = self._state.order
        return len(self.dataset) if order is None else len(order)

    def serialize(self, serializer: AbstractSerializer) -> None:
        """Saves or loads where the iterator stands, in Chainer's names.

        Saving does not disturb batches that are being prefetched.
        """
        if isinstance(serializer, Serializer):
            self._save_(serializer)
        else:
            self._load_(serializer)
        serialize_sampler = getattr(self.order_sampler, 'serialize', None)
        if serialize_sampler is not None:
            serialize_sampler(serializer)

    def _save_(self, serializer: AbstractSerializer) -> None:
        position, epoch, is_new_epoch, order = self._state
        serializer('current_position', position)
        serializer('epoch', epoch)
        serializer('is_new_epoch', is_new_epoch)
        if order is not None:
            serializer(self._order_key_, order)
            upcoming = self._upcoming_orders_()
            if self._n_prefetch_ > 0 or upcoming:
                empty = numpy.empty((0, len(order)), numpy.intp)
                serializer(
                    'upcoming_orders', numpy.stack(upcoming) if upcoming else empty
                )
        serializer('previous_epoch_detail', self._previous_epoch_detail)

    def _load_(self, serializer: AbstractSerializer) -> None:
        position, epoch, is_new_epoch, order = self._state
        position = serializer('current_position', position)
        epoch = serializer('epoch', epoch)
        is_new_epoch = serializer('is_new_epoch', is_new_epoch)
        upcoming: Sequence[Array] = ()
        if order is not None:
            order = _load_order(serializer, order)
            upcoming = _load_upcoming_orders(serializer)
        self._ahead_.clear()
        self._waiting_ = list(upcoming)
        self._state = IteratorState(position, epoch, is_new_epoch, order)
        try:
            before = serializer('previous_epoch_detail', self._previous_epoch_detail)
        except KeyError:  # older files of Chainer: one batch ago
            before = max(self.epoch_detail - self.batch_size / self._epoch_size, 0.0)
            before = before if self.epoch_detail > 0 else -1.0
        self._previous_epoch_detail = -1.0 if before is None else before

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        state['_waiting_'] = self._upcoming_orders_()
        state['_ahead_'] = collections.deque()
        return state


def _refuse_columns(name: str, dataset: Any) -> None:
    """Refuses inputs and labels side by side: they would count as two examples."""
    if not isinstance(dataset, (tuple, list)) or not 2 <= len(dataset) <= 4:
        return
    if not all(is_array(column) and column.ndim > 0 for column in dataset):
        return
    lengths = {len(column) for column in dataset}
    ndims = {column.ndim for column in dataset}
    if len(lengths) == 1 and len(ndims) > 1:
        raise TypeError(
            f'{name}: the dataset is a {type(dataset).__name__} of {len(dataset)} arrays '
            f'of {lengths.pop()} rows, which counts as {len(dataset)} examples\n'
            '  hint: minigrad.datasets.TupleDataset(x, t) pairs the rows'
        )


def _load_order(serializer: AbstractSerializer, order: Array) -> Array:
    loaded = order.copy()
    try:
        result = serializer('order', loaded)
    except KeyError:  # MultithreadIterator and older files of Chainer
        result = serializer('_order', loaded)
    return order if result is None else result


def _load_upcoming_orders(serializer: AbstractSerializer) -> Sequence[Array]:
    try:
        upcoming = serializer('upcoming_orders', None)
    except KeyError:  # saved by an iterator that does not prefetch, or by Chainer
        return ()
    return () if upcoming is None else upcoming
