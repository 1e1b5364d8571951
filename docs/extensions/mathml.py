"""Formulas as MathML, which browsers draw without asking another host."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from latex2mathml.converter import convert


def _inline(translator: Any, node: Any) -> None:
    translator.body.append(convert(node.astext()))
    raise nodes.SkipNode


def _block(translator: Any, node: Any) -> None:
    translator.body.append(f'<p>{convert(node.astext(), display="block")}</p>')
    raise nodes.SkipNode


def setup(app: Any) -> dict[str, bool]:
    """Offers the renderer; ``html_math_renderer`` chooses it."""
    app.add_html_math_renderer('mathml', (_inline, None), (_block, None))
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
