"""A progress bar, or a line of text now and then where none can be drawn."""

from __future__ import annotations

import contextlib
import datetime
import shutil
import sys
import time
from collections import deque
from typing import Any, TextIO

from minigrad.training.extensions.print_report_notebook import in_notebook

# A log file gets at most one line in so many seconds.
_SECONDS_BETWEEN_LINES = 10.0
# The text beside the bar: counts, times, rate and epoch.
_TEXT_WIDTH = 70


class Bar:
    """Shows how far something has come, how fast it is, and how long it will take.

    Args:
        title: Put in front.
        bar_length: Greatest length of the bar in characters.
        out: Where to draw; the standard output when None.
        wait: Whether a log file gets its first line only after some seconds.
    """

    def __init__(
        self,
        title: str,
        bar_length: int = 50,
        out: TextIO | None = None,
        wait: bool = False,
    ) -> None:
        self._title = title
        self._length = bar_length
        self._out: Any = sys.stdout if out is None else out
        self._drawn: Any = None  # the bar of tqdm
        self._recent: deque[tuple[int, float]] = deque(maxlen=100)
        self._next_line = time.monotonic() + (_SECONDS_BETWEEN_LINES if wait else 0.0)

    def update(self, n: int, total: int | None, text: str = '') -> None:
        """Shows that ``n`` of ``total`` iterations are done.

        Args:
            n: Iterations done.
            total: Iterations in all; None if nobody knows.
            text: Anything else, such as the epoch.
        """
        if not (in_notebook() or getattr(self._out, 'isatty', lambda: False)()):
            self._write_line(n, total, text)
            return
        if self._drawn is None:
            self._drawn = self._draw_(n, total, text)
        self._drawn.total = total
        self._drawn.set_postfix_str(text, refresh=False)
        self._drawn.update(n - self._drawn.n)

    def close(self) -> None:
        """Removes the bar."""
        if self._drawn is not None:
            self._drawn.close()
            self._drawn = None

    def _draw_(self, n: int, total: int | None, text: str) -> Any:
        from tqdm import tqdm  # imported only when needed: it takes a while

        class TerminalBar(tqdm):  # type: ignore[type-arg]
            monitor_interval = 0  # no thread beside the training

        options: dict[str, Any] = {
            'postfix': text,
            'initial': n,
            'total': total,
            'desc': self._title,
            'unit': ' iter',
        }
        if in_notebook():
            from tqdm.notebook import tqdm as notebook_tqdm

            with contextlib.suppress(ImportError):  # no ipywidgets: draw with text
                return notebook_tqdm(**options)
        columns = shutil.get_terminal_size().columns
        length = max(min(self._length, columns - _TEXT_WIDTH), 5)
        return TerminalBar(
            **options,
            file=self._out,
            leave=False,
            bar_format='{desc} {percentage:3.0f}%|{bar:'
            + str(length)
            + '}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}, {rate_fmt}{postfix}]',
        )

    def _write_line(self, n: int, total: int | None, text: str) -> None:
        now = time.monotonic()
        self._recent.append((n, now))
        if now < self._next_line:
            return
        self._next_line = now + _SECONDS_BETWEEN_LINES
        first_n, first_time = self._recent[0]
        speed = (n - first_n) / (now - first_time) if n > first_n else None
        parts = [self._title]
        if total:
            parts.append(f'{n / total:6.2%}')
        parts.append(f'{n}/{total} iter' if total else f'{n} iter')
        if text:
            parts.append(text)
        if speed:
            parts.append(f'{speed:.4g} iter/s')
            if total:
                left = datetime.timedelta(seconds=round(max(total - n, 0) / speed))
                parts.append(f'{left} left')
        self._out.write('  '.join(parts) + '\n')
        if hasattr(self._out, 'flush'):
            self._out.flush()
