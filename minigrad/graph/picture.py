"""What everything that can be drawn shares: files, notebooks, Graphviz objects."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

from minigrad.graph.engines import EngineError, render_dot


class Picture(ABC):
    """Something with a DOT text: it can be saved in all formats and shows itself."""

    @abstractmethod
    def to_dot(self) -> str:
        """Returns the graph in DOT language."""

    def to_html(self) -> str:
        """Returns a page that stands alone."""
        raise ValueError(
            f'a {type(self).__name__} has no HTML page; choose .svg, .png, .pdf or .dot'
        )

    def render(
        self, path: str | os.PathLike[str], *, timeout: float = 60, **options: Any
    ) -> Path:
        """Writes the picture; the suffix of the file chooses the format.

        Args:
            path: File ending in ``.svg``, ``.png``, ``.pdf``, ``.html`` or ``.dot``.
            timeout: Seconds that the drawing engine may take.
            options: As for ``to_dot``; ``.html`` takes none.

        Returns:
            The path.

        Raises:
            EngineError: No installed engine can draw it; says what to install.
            ValueError: The suffix is unknown.
        """
        path = Path(path)
        suffix = path.suffix.lower()
        if suffix in ('.dot', '.gv'):
            content = self.to_dot(**options).encode()
        elif suffix in ('.html', '.htm'):
            content = self.to_html(**options).encode()
        elif suffix in ('.svg', '.png', '.pdf'):
            content = render_dot(self.to_dot(**options), suffix[1:], timeout)
        else:
            raise ValueError(
                f'render: cannot write {path.name!r}; choose .svg, .png, .pdf, .html or '
                '.dot'
            )
        path.write_bytes(content)
        return path

    def to_graphviz(self, **options: Any) -> Any:
        """Returns a ``graphviz.Source``, for users of that package."""
        import graphviz

        return graphviz.Source(self.to_dot(**options))

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None
    ) -> dict[str, str]:
        """Draws itself in a notebook; without an engine it says what is missing."""
        try:
            return {
                'image/svg+xml': render_dot(self.to_dot()).decode(),
                'text/plain': repr(self),
            }
        except EngineError as error:
            return {'text/plain': f'{self.to_dot()}\n{error}'}
