"""The log as a table in a notebook."""

from __future__ import annotations

import html
import importlib
import sys
from typing import Any, TextIO

from minigrad.training.extensions.print_report import PrintReport, show
from minigrad.training.trainer_protocol import TrainerProtocol


class PrintReportNotebook(PrintReport):
    """A `PrintReport` whose table grows in place below a notebook cell.

    Outside of a notebook it prints as `PrintReport` does.

    Args:
        entries: Names of the columns.
        log_report: Name of the registered `LogReport`, or one of its own.
        out: Where to print when there is no notebook.

    Source: the extension of that name in pytorch-pfn-extras.

    Example:
        >>> report = minigrad.training.extensions.PrintReportNotebook(['epoch'])
        >>> report.to_html([{'epoch': 1}])
        '<table><tr><th>epoch</th></tr><tr><td>1</td></tr></table>'
    """

    def __init__(
        self, entries: Any, log_report: Any = 'LogReport', out: TextIO | None = None
    ) -> None:
        super().__init__(entries, log_report, out)
        self._display_: Any = None

    def initialize(self, trainer: TrainerProtocol) -> None:
        """Opens the display, if this is a notebook."""
        if in_notebook():
            display = importlib.import_module('IPython.display')
            self._display_ = display.display(display.HTML(''), display_id=True)

    def __call__(self, trainer: TrainerProtocol) -> None:
        """Shows the rows so far."""
        if self._display_ is None:
            super().__call__(trainer)
            return
        display = importlib.import_module('IPython.display')
        self._display_.update(display.HTML(self.to_html(self._get_log_(trainer))))

    def to_html(self, log: list[dict[str, Any]]) -> str:
        """Returns rows as an HTML table."""
        head = ''.join([f'<th>{html.escape(entry)}</th>' for entry in self._entries])
        rows = [f'<tr>{head}</tr>']
        for row in log:
            cells = [html.escape(show(row, e)) for e in self._entries]
            rows.append(f'<tr>{"".join([f"<td>{cell}</td>" for cell in cells])}</tr>')
        return f'<table>{"".join(rows)}</table>'


def in_notebook() -> bool:
    """Tells whether the code runs in the kernel of a notebook."""
    if 'IPython' not in sys.modules:  # importing it takes a third of a second
        return False
    shell = importlib.import_module('IPython').get_ipython()
    return type(shell).__name__ == 'ZMQInteractiveShell'
