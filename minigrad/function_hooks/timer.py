"""How long each function takes."""

from __future__ import annotations

from typing import Any, TextIO

from minigrad.backend import Stopwatch, get_array_module
from minigrad.function_hooks._measuring import MeasuringHook
from minigrad.function_hooks._report import (
    TIME_UNITS,
    Summary,
    print_table,
    summarise,
)
from minigrad.types import Array


class TimerHook(MeasuringHook):
    """Measures the time of every function, forward and backward.

    On a GPU it waits for each function to end, so the whole runs slower than without.

    Attributes:
        call_history: Pairs of a function's name and its time in seconds.

    Source: compatible with chainer.function_hooks.TimerHook.

    Example:
        >>> from minigrad.function_hooks import TimerHook
        >>> with TimerHook() as hook:
        ...     y = F.relu(np.ones(3, 'f'))
        >>> hook.summary()['ReLU']['occurrence']
        1
        >>> hook.print_report()  # doctest: +SKIP
        FunctionName  ElapsedTime  Occurrence
                ReLU       5.40us           1
    """

    name = 'TimerHook'

    def __init__(self) -> None:
        self.call_history: list[tuple[str, float]] = []
        self._running_: list[Stopwatch] = []
        self._total_time = 0.0

    def _start_(self, arrays: tuple[Array | None, ...]) -> None:
        self._running_.append(Stopwatch(get_array_module(*arrays)))

    def _stop_(self, function: Any) -> None:
        elapsed = self._running_.pop().seconds()
        self.call_history.append((function._impl_name, elapsed))
        if not self._running_:  # a function inside a function counts once
            self._total_time += elapsed

    def total_time(self) -> float:
        """Returns the seconds spent in functions; inner ones count once."""
        return self._total_time

    def summary(self) -> Summary:
        """Returns, by function name, its ``elapsed_time`` and ``occurrence``."""
        return summarise(self.call_history, ['elapsed_time'])

    def print_report(self, unit: str = 'auto', file: TextIO | None = None) -> None:
        """Prints the summary as a table.

        Args:
            unit: ``'sec'``, ``'ms'``, ``'us'``, ``'ns'``, ``'auto'`` (the largest that
                fits all) or ``'auto_foreach'`` (the largest that fits each).
            file: Stream to write to; None is ``sys.stdout``.
        """
        columns = {'elapsed_time': 'ElapsedTime'}
        print_table(self.summary(), columns, TIME_UNITS, unit, file)
