"""Text tables."""

from __future__ import annotations

from collections.abc import Sequence

from minigrad.graph.dot import is_wide


def _length(text: str) -> int:
    return sum(2 if is_wide(c) else 1 for c in text)


def format_table(
    head: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1
) -> str:
    """Returns aligned columns, the first ``left`` to the left, the others to the right.

    Example:
        >>> print(format_table(['name', 'size'], [['conv1', '150'], ['fc', '9']]))
        name   size
        -----  ----
        conv1   150
        fc        9
    """
    widths = [max(map(_length, column)) for column in zip(head, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        parts = []
        for i, (cell, width) in enumerate(zip(cells, widths, strict=True)):
            blanks = ' ' * (width - _length(cell))
            parts.append(cell + blanks if i < left else blanks + cell)
        return '  '.join(parts).rstrip()

    rule = '  '.join('-' * width for width in widths)
    return '\n'.join([line(head), rule, *[line(row) for row in rows]])
