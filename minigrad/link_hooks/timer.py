"""A hook that measures how long links take."""

from __future__ import annotations

import sys
from typing import Any, TextIO

from minigrad.backend import Stopwatch
from minigrad.link_hook import (
    ForwardPostprocessArgs,
    ForwardPreprocessArgs,
    LinkHook,
)

_UNITS = {'sec': 1.0, 'ms': 1e3, 'us': 1e6, 'ns': 1e9}


class TimerHook(LinkHook):
    """Measures the time of each forward method that is called.

    Links call other links, so the times of parents contain those of their children;
    `total_time` counts every moment once.

    Attributes:
        call_history: Pairs of the link's class name and the seconds it took, in the order
            in which the calls ended.

    Source: compatible with chainer.link_hooks.TimerHook.

    Example:
        >>> hook = minigrad.link_hooks.TimerHook()
        >>> with hook:
        ...     y = L.Linear(3, 2)(np.zeros((1, 3), 'f'))
        >>> [name for name, seconds in hook.call_history]
        ['Linear']
    """

    name = 'TimerHook'

    def __init__(self) -> None:
        self.call_history: list[tuple[str, float]] = []
        self._starts_: list[Any] = []
        self._total_time = 0.0

    def forward_preprocess(self, args: ForwardPreprocessArgs) -> None:
        """Starts the clock."""
        self._starts_.append(Stopwatch(args.link.xp))

    def forward_postprocess(self, args: ForwardPostprocessArgs) -> None:
        """Stops the clock and keeps the time."""
        seconds = self._starts_.pop().seconds()
        self.call_history.append((type(args.link).__name__, seconds))
        if not self._starts_:
            self._total_time += seconds

    def total_time(self) -> float:
        """Returns the seconds spent in forward methods."""
        return self._total_time

    def summary(self) -> dict[str, dict[str, Any]]:
        """Returns ``elapsed_time`` in seconds and ``occurrence`` per class name."""
        summary: dict[str, dict[str, Any]] = {}
        for name, seconds in self.call_history:
            record = summary.setdefault(name, {'elapsed_time': 0.0, 'occurrence': 0})
            record['elapsed_time'] += seconds
            record['occurrence'] += 1
        return summary

    def print_report(self, unit: str = 'auto', file: TextIO | None = None) -> None:
        """Prints the summary as a table.

        Args:
            unit: ``'sec'``, ``'ms'``, ``'us'``, ``'ns'``; ``'auto'`` takes the one that
                suits the longest time, ``'auto_foreach'`` one for each line.
            file: Where to print; None is ``sys.stdout``.
        """
        if unit not in (*_UNITS, 'auto', 'auto_foreach'):
            raise ValueError(
                "unit must be 'sec', 'ms', 'us', 'ns', 'auto' or 'auto_foreach', "
                f'got {unit!r}'
            )
        summary = self.summary()
        if unit == 'auto':
            unit = _suitable_unit(
                max([record['elapsed_time'] for record in summary.values()], default=0)
            )
        rows = [('LinkName', 'ElapsedTime', 'Occurrence')]
        for name, record in summary.items():
            seconds = record['elapsed_time']
            chosen = _suitable_unit(seconds) if unit == 'auto_foreach' else unit
            time_text = f'{seconds * _UNITS[chosen]:3.2f}{chosen}'
            rows.append((name, time_text, str(record['occurrence'])))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        file = sys.stdout if file is None else file
        for row in rows:
            cells = [f'{cell:>{w}}' for cell, w in zip(row, widths, strict=True)]
            file.write('  '.join(cells) + '\n')
        file.flush()


def _suitable_unit(seconds: float) -> str:
    for unit in ('sec', 'ms', 'us'):
        if seconds * _UNITS[unit] >= 1:
            return unit
    return 'ns'
