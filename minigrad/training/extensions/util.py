"""The base class for progress bars, which programs may derive from."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Sequence
from typing import Any


class ProgressBar:
    """Redraws lines in the same place of a terminal.

    A subclass says in ``get_lines`` what to draw.

    Args:
        bar_length: Length of a bar in characters; 50 if None.
        out: Where to draw; the standard output if None.

    Source: compatible with chainer.training.extensions.util.ProgressBar.

    Example:
        >>> from minigrad.training.extensions.util import ProgressBar
        >>> class Percent(ProgressBar):
        ...     def get_lines(self):
        ...         return ['50 %']
        >>> Percent().get_lines()
        ['50 %']
    """

    def __init__(self, bar_length: int | None = None, out: Any = None) -> None:
        self._bar_length = 50 if bar_length is None else bar_length
        self._out = sys.stdout if out is None else out
        self._recent_timing: deque[tuple[int, float, float]] = deque(maxlen=100)

    def update_speed(self, iteration: int, epoch_detail: float) -> tuple[float, float]:
        """Returns iterations and epochs per second, over the last hundred calls.

        Args:
            iteration: Iterations done.
            epoch_detail: Epochs done.
        """
        now = time.monotonic()
        self._recent_timing.append((iteration, epoch_detail, now))
        first_iteration, first_epoch, start = self._recent_timing[0]
        if now == start:
            return float('inf'), float('inf')
        seconds = now - start
        return (iteration - first_iteration) / seconds, (
            epoch_detail - first_epoch
        ) / seconds

    def get_lines(self) -> Sequence[str]:
        """Returns the lines to draw, each with its end of line."""
        raise NotImplementedError

    def update(self) -> None:
        """Draws the lines in place of the former ones."""
        self.erase_console()
        lines = self.get_lines()
        for line in lines:
            self._out.write(line)
        self.move_cursor_up(len(lines))
        self.flush()

    def close(self) -> None:
        """Removes the lines."""
        self.erase_console()
        self.flush()

    def erase_console(self) -> None:
        """Clears everything from the cursor on."""
        self._out.write('\033[J')

    def move_cursor_up(self, n: int) -> None:
        """Moves the cursor up by ``n`` lines."""
        self._out.write(f'\033[{n}A')

    def flush(self) -> None:
        """Flushes the output."""
        if hasattr(self._out, 'flush'):
            self._out.flush()
