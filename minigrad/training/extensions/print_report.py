"""The log as a table on the screen."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, TextIO

from minigrad.serializer import AbstractSerializer
from minigrad.training.checks import question_keys
from minigrad.training.extension import Extension
from minigrad.training.extensions.log_report import LogReport
from minigrad.training.trainer_protocol import TrainerProtocol


class PrintReport(Extension):
    """Prints chosen columns of a `LogReport`, a row each time it gets one.

    Args:
        entries: Names of the columns.
        log_report: Name of the registered `LogReport`, or one of its own.
        out: Where to print; the standard output by default.

    Source: compatible with chainer.training.extensions.PrintReport. Terminal control
    codes are written to terminals only.

    Example:
        >>> from types import SimpleNamespace
        >>> rows = [{'epoch': 1, 'main/loss': 0.25}]
        >>> trainer = SimpleNamespace(
        ...     get_extension=lambda name: SimpleNamespace(log=rows))
        >>> report = minigrad.training.extensions.PrintReport(['epoch', 'main/loss'])
        >>> report(trainer)
        epoch       main/loss ...
        1           0.25 ...
    """

    def __init__(
        self,
        entries: str | Sequence[str],
        log_report: str | LogReport = 'LogReport',
        out: TextIO | None = None,
    ) -> None:
        entries = [entries] if isinstance(entries, str) else entries
        self._entries = entries
        self._log_report = log_report
        self._out = out
        self._widths_ = [max(10, len(entry)) for entry in entries]
        self._said_: set[str] = set()
        self._header_is_due_ = True
        self._log_len = 0  # number of rows that were printed

    def __call__(self, trainer: TrainerProtocol) -> None:
        """Prints the rows that are new."""
        out = sys.stdout if self._out is None else self._out
        log = self._get_log_(trainer)
        rows = log[self._log_len :]
        if _is_terminal(out) and (self._header_is_due_ or rows):
            out.write('\r\033[J')  # over the progress bar, which is redrawn below
        if self._header_is_due_:
            header = zip(self._entries, self._widths_, strict=True)
            out.write(
                '  '.join([f'{entry:<{width}}' for entry, width in header]) + '\n'
            )
            self._header_is_due_ = False
        for row in rows:
            self._print(row, out)
            question_keys('PrintReport', self._entries, row, self._said_)
        self._log_len = len(log)

    def _get_log_(self, trainer: TrainerProtocol) -> list[dict[str, Any]]:
        log_report = self._log_report
        if isinstance(log_report, str):
            log_report = trainer.get_extension(log_report)
        elif isinstance(log_report, LogReport):
            log_report(trainer)
        else:
            raise TypeError(
                f'PrintReport: log report has a wrong type {type(log_report)}; expected '
                'a LogReport or the name of one'
            )
        return log_report.log

    def _print(self, row: dict[str, Any], out: TextIO) -> None:
        for entry, width in zip(self._entries, self._widths_, strict=True):
            out.write(f'{show(row, entry):<{width}}  ')
        out.write('\n')
        if hasattr(out, 'flush'):
            out.flush()

    def serialize(self, serializer: AbstractSerializer) -> None:
        """Saves or loads the log report, if it is its own."""
        if isinstance(self._log_report, LogReport):
            self._log_report.serialize(serializer['_log_report'])


def show(row: dict[str, Any], entry: str) -> str:
    """Returns a value of a row in six digits; nothing if there is none."""
    value = row.get(entry, '')
    return f'{value:g}' if isinstance(value, (int, float)) else str(value)


def _is_terminal(out: Any) -> bool:
    return bool(getattr(out, 'isatty', lambda: False)())
