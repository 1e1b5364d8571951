"""How much main memory each function takes."""

from __future__ import annotations

import tracemalloc
from typing import Any, TextIO

from minigrad.function_hooks._measuring import MeasuringHook
from minigrad.function_hooks._report import (
    MEMORY_UNITS,
    Summary,
    print_table,
    summarise,
)
from minigrad.types import Array


class MemoryHook(MeasuringHook):
    """Measures the main memory of every function, forward and backward.

    Python's `tracemalloc` counts the arrays of NumPy; it slows everything down a
    little while the hook is active. For GPU memory see `CupyMemoryProfileHook`.

    Attributes:
        call_history: Tuples of a function's name, the bytes it left behind, and the
            most bytes it held on the way, both counted from its start.

    Example:
        >>> from minigrad.function_hooks import MemoryHook
        >>> with MemoryHook() as hook:
        ...     y = F.tanh(np.ones(100_000, 'f'))
        >>> 400_000 <= hook.summary()['Tanh']['used_bytes'] < 500_000
        True
    """

    name = 'MemoryHook'

    def __init__(self) -> None:
        self.call_history: list[tuple[str, int, int]] = []
        self._running_: list[tuple[int, int]] = []  # bytes at start, most since then
        self._total_used_bytes = 0
        self._depth = 0
        self._started_tracing = False

    def added(self, function: Any = None) -> None:
        """Starts to trace memory."""
        self._depth += 1
        if not tracemalloc.is_tracing():
            tracemalloc.start()
            self._started_tracing = True

    def deleted(self, function: Any = None) -> None:
        """Stops tracing, if this hook started it."""
        self._depth -= 1
        if self._depth == 0 and self._started_tracing:
            tracemalloc.stop()
            self._started_tracing = False

    def _note_peak(self) -> int:
        """Notes the peak for the functions that are running; returns the bytes now."""
        now, peak = tracemalloc.get_traced_memory()
        self._running_ = [(start, max(most, peak)) for start, most in self._running_]
        tracemalloc.reset_peak()
        return now

    def _start_(self, arrays: tuple[Array | None, ...]) -> None:
        now = self._note_peak()
        self._running_.append((now, now))

    def _stop_(self, function: Any) -> None:
        now = self._note_peak()
        start, most = self._running_.pop()
        self.call_history.append((function._impl_name, now - start, most - start))
        if not self._running_:
            self._total_used_bytes += now - start

    def total_used_bytes(self) -> int:
        """Returns the bytes that functions left behind, inner ones counted once."""
        return self._total_used_bytes

    def summary(self) -> Summary:
        """Returns ``used_bytes``, ``peak_bytes`` and ``occurrence`` by function name.

        ``peak_bytes`` is the most that one call held, not a sum over calls.
        """
        summary = summarise(self.call_history, ['used_bytes'])
        for name, _, peak in self.call_history:
            record = summary[name]
            record['peak_bytes'] = max(record.get('peak_bytes', 0), peak)
        return summary

    def print_report(self, unit: str = 'auto', file: TextIO | None = None) -> None:
        """Prints the summary as a table.

        Args:
            unit: ``'B'``, ``'KB'``, ..., ``'auto'`` (the largest that fits a column) or
                ``'auto_foreach'`` (the largest that fits each number).
            file: Stream to write to; None is ``sys.stdout``.
        """
        columns = {'used_bytes': 'UsedBytes', 'peak_bytes': 'PeakBytes'}
        print_table(self.summary(), columns, MEMORY_UNITS, unit, file)
