"""The graph of a real run, as users hold it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from minigrad.graph.draw import describe, draw, totals
from minigrad.graph.errors import UnreadableModel
from minigrad.graph.fold import view
from minigrad.graph.metrics import nbytes, number, operations, seconds, share
from minigrad.graph.model import Recording
from minigrad.graph.page import frame, page
from minigrad.graph.picture import Picture
from minigrad.graph.table import format_table

if TYPE_CHECKING:
    from minigrad.graph.diff import GraphDiff


class Graph(Recording, Picture):
    """Functions of a real run with their links, shapes, times and bytes.

    Made by `minigrad.trace`. It can be printed, drawn (`render`), saved (`save`),
    loaded (`load`) and compared (`diff`); in a notebook it shows its picture.

    Attributes:
        calls: The functions in the order of execution, see `minigrad.graph.Call`.
        values: The arrays between them by id, see `minigrad.graph.Value`.
        critical_path: The chain of functions that takes longest.
        first_nan: Where the first NaN came from, see `minigrad.graph.Trouble`.

    Example:
        >>> with minigrad.trace() as graph:
        ...     _ = F.exp(np.zeros((2, 3), 'f'))
        >>> [call.name for call in graph.calls], type(graph).__name__
        (['exp'], 'Graph')
    """

    def __repr__(self) -> str:
        return f'<Graph {self.title}: {totals(self)}>'

    def __str__(self) -> str:
        return self.table()

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None
    ) -> dict[str, str]:
        """Shows its page in a notebook, and its picture where pages are not shown."""
        bundle = super()._repr_mimebundle_(include, exclude)
        if 'text/html' not in (exclude or ()):
            bundle['text/html'] = frame(self.to_html())
        return bundle

    def table(self, fold: str | int | None = 'auto') -> str:
        """Returns the functions as a text table, and what stands out below it.

        Args:
            fold: What to show as one line: 'auto', 'links', a depth, or None.
        """
        rows = []
        for node in view(self, fold).nodes:
            calls = node.calls
            outputs = [self.values[v].text for v in calls[-1].outputs]
            arguments = '' if node.folded else describe(calls[0].arguments)
            what = f'{node.title} ({arguments})' if arguments else node.title
            if node.folded:
                what = f'{len(calls)} functions'
                if node.times > 1:
                    what += f', {node.times} calls'
            where = (*node.path, node.title) if node.folded else node.path
            row = ['/'.join(where), what, ', '.join(outputs)]
            for key, write, fold_by in (
                ('forward_time', seconds, sum),
                ('backward_time', seconds, sum),
                ('flops', operations, sum),
                ('kept', nbytes, sum),
                ('gradient_norm', number, max),
                ('zeros', share, max),
            ):
                known = [getattr(c, key) for c in calls if getattr(c, key) is not None]
                row.append(write(fold_by(known)) if known else '')
            rows.append(row)
        head = ['link', 'function', 'output', 'forward', 'backward', 'FLOP', 'kept']
        lines = [format_table([*head, 'grad norm', 'zeros'], rows, 3)] if rows else []
        lines.append(totals(self))
        if any(call.time for call in self.calls):
            lines.append(self.measured)
        path = self.marked_path
        if path:
            took = seconds(sum(call.time or 0 for call in path))
            lines.append(f'critical path: {len(path)} functions, {took}')
        for trouble in (self.first_nan, self.first_inf):
            if trouble is not None:
                lines.append(str(trouble))
        return '\n'.join(lines)

    def to_dot(
        self,
        *,
        metric: str | None = None,
        fold: str | int | None = 'auto',
        rankdir: str = 'TB',
    ) -> str:
        """Returns the graph in DOT language.

        Args:
            metric: What functions are coloured by: 'time', 'forward_time',
                'backward_time', 'flops', 'allocated', 'kept', 'peak', 'gradient_norm'
                or 'zeros'; None for the time.
            fold: 'auto' folds links that were called often, and all links above 300
                nodes; 'links', a depth, or None for every function.
            rankdir: Where the graph runs: 'TB', 'BT', 'LR' or 'RL'.

        Raises:
            ValueError: An argument is unknown.
        """
        return draw(self, metric=metric, fold=fold, rankdir=rankdir)

    def to_html(self, *, metric: str | None = None) -> str:
        """Returns a page that stands alone: zoom, search, fold, switch colours."""
        return page(self, metric)

    def diff(self, other: Recording, **limits: Any) -> GraphDiff:
        """Compares this graph with another: a second model, or a second run.

        Args:
            other: The newer graph.
            limits: See `minigrad.graph.diff.compare`.
        """
        from minigrad.graph.diff import compare

        return compare(self, other, **limits)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Reads a graph that `save` wrote.

        Raises:
            FileNotFoundError: There is no such file.
            UnreadableModel: The file is damaged, or no such graph (also a ValueError).
        """
        content = Path(path).read_bytes()
        graph = cls()
        try:
            graph._fill(json.loads(content))
        except Exception as error:  # what is in a file can be anything
            raise UnreadableModel(
                f'{os.fspath(path)}: not a graph saved by minigrad '
                f'({type(error).__name__}: {error})'
            ) from error
        return graph
