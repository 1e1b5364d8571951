"""How much memory each function takes from CuPy's pool."""

from __future__ import annotations

from typing import Any, TextIO

from minigrad import backend
from minigrad.function_hooks._measuring import MeasuringHook
from minigrad.function_hooks._report import (
    MEMORY_UNITS,
    Summary,
    print_table,
    summarise,
)
from minigrad.types import Array


class CupyMemoryProfileHook(MeasuringHook):
    """Measures the GPU memory of every function, forward and backward.

    Attributes:
        call_history: Tuples of a function's name, the bytes it took from CuPy's memory
            pool, the bytes that the pool had to take from the device for it, and how
            many functions were running around it.

    Raises:
        RuntimeError: CuPy or a device is missing; the message says what to install.

    Source: compatible with chainer.function_hooks.CupyMemoryProfileHook.
    """

    name = 'CupyMemoryProfileHook'

    def __init__(self) -> None:
        self._counter_ = _make_counter(backend.import_cupy())
        self.call_history: list[tuple[str, int, int, int]] = []
        self._running_: list[tuple[int, int]] = []
        self._total_used_bytes = 0
        self._total_acquired_bytes = 0

    def added(self, function: Any = None) -> None:
        """Starts to count CuPy's allocations."""
        self._counter_.__enter__()

    def deleted(self, function: Any = None) -> None:
        """Stops counting."""
        self._counter_.__exit__()

    def _start_(self, arrays: tuple[Array | None, ...]) -> None:
        self._running_.append(
            (self._counter_.used_bytes, self._counter_.acquired_bytes)
        )

    def _stop_(self, function: Any) -> None:
        used_before, acquired_before = self._running_.pop()
        used = self._counter_.used_bytes - used_before
        acquired = self._counter_.acquired_bytes - acquired_before
        depth = len(self._running_)
        self.call_history.append((function._impl_name, used, acquired, depth))
        if depth == 0:
            self._total_used_bytes += used
            self._total_acquired_bytes += acquired

    def total_used_bytes(self) -> int:
        """Returns the bytes that functions took from the pool; inner ones count once."""
        return self._total_used_bytes

    def total_acquired_bytes(self) -> int:
        """Returns the bytes that the pool took from the device."""
        return self._total_acquired_bytes

    def summary(self) -> Summary:
        """Returns ``used_bytes``, ``acquired_bytes`` and ``occurrence`` by name."""
        return summarise(self.call_history, ['used_bytes', 'acquired_bytes'])

    def print_report(self, unit: str = 'auto', file: TextIO | None = None) -> None:
        """Prints the summary as a table.

        Args:
            unit: ``'B'``, ``'KB'``, ..., ``'auto'`` (the largest that fits a column) or
                ``'auto_foreach'`` (the largest that fits each number).
            file: Stream to write to; None is ``sys.stdout``.
        """
        columns = {'used_bytes': 'UsedBytes', 'acquired_bytes': 'AcquiredBytes'}
        print_table(self.summary(), columns, MEMORY_UNITS, unit, file)


def _make_counter(cupy: Any) -> Any:
    """Returns a CuPy memory hook that adds up what it sees."""

    class Counter(cupy.cuda.memory_hook.MemoryHook):  # type: ignore[misc]
        name = 'minigrad.CupyMemoryProfileHook'
        used_bytes = 0
        acquired_bytes = 0

        def alloc_preprocess(self, **kwargs: Any) -> None:
            self.acquired_bytes += kwargs['mem_size']

        def malloc_preprocess(self, **kwargs: Any) -> None:
            self.used_bytes += kwargs['mem_size']

    return Counter()
