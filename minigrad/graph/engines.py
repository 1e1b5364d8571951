"""From DOT text to pictures, by whichever Graphviz engine is installed.

In order: the program ``dot``; ``graphviz-pure``, a single binary that comes as a wheel;
``pygraphviz``, whose wheel bundles Graphviz. Programs get their arguments as a list,
never through a shell, the text on standard input, and a limited time.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
import subprocess
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path

from minigrad.graph.dark import with_dark_mode

FORMATS = ('svg', 'png', 'pdf')
HINT = 'pip install graphviz graphviz-pure'
PDF_HINT = 'pip install pygraphviz  (or the system package: apt install graphviz)'


class EngineError(RuntimeError):
    """No installed engine can draw this; the message says what to install."""


def render_dot(text: str, format: str = 'svg', timeout: float = 60) -> bytes:
    """Draws DOT text.

    Args:
        text: The graph in DOT language.
        format: ``'svg'``, ``'png'`` or ``'pdf'``.
        timeout: Seconds that an engine may take.

    Returns:
        The picture; an SVG is dark where the reader's system is.

    Raises:
        EngineError: No engine that knows the format is installed, or it failed.
        ValueError: The format is unknown.

    Example:
        >>> render_dot('digraph { a -> b }')[:5]  # doctest: +SKIP
        b'<?xml'
    """
    if format not in FORMATS:
        raise ValueError(
            f'render_dot: unknown format {format!r}; choose one of {", ".join(FORMATS)}'
        )
    names = []
    for name, draw in _engines():
        names.append(name)
        if format == 'pdf' and name == 'graphviz-pure':
            continue
        picture = draw(text, format, timeout)
        return with_dark_mode(picture) if format == 'svg' else picture
    if not names:
        hint = PDF_HINT if format == 'pdf' else HINT
        raise EngineError(
            f'no Graphviz engine is installed to draw {format.upper()}\n  hint: {hint}\n'
            '  .dot and .html files need no engine'
        )
    raise EngineError(
        f'{names[0]} cannot write PDF, and no other engine is installed\n'
        f'  hint: {PDF_HINT}'
    )


def engine_name() -> str | None:
    """Returns the name of the engine that draws SVG; None if there is none."""
    return next((name for name, _ in _engines()), None)


_Draw = Callable[[str, str, float], bytes]


def _engines() -> Iterator[tuple[str, _Draw]]:
    dot = shutil.which('dot')
    if dot is not None:
        yield 'dot', _program(dot)
    pure = _find_graphviz_pure()
    if pure is not None:
        yield 'graphviz-pure', _program(pure)
    if importlib.util.find_spec('pygraphviz') is not None:
        yield 'pygraphviz', _pygraphviz


def _find_graphviz_pure() -> str | None:
    """Looks beside the interpreter first: an environment need not be activated."""
    for folder in (sysconfig.get_path('scripts'), None):
        found = shutil.which('graphviz-pure', path=folder)
        if found is not None:
            return found
    return None


def _program(path: str) -> _Draw:
    def draw(text: str, format: str, timeout: float) -> bytes:
        name = Path(path).name
        # Neither the layout plugins' folder nor the font path may come from outside.
        environment = {
            key: value for key, value in os.environ.items() if not key.startswith('GV')
        }
        try:
            done = subprocess.run(
                [path, f'-T{format}'],
                input=text.encode(),
                capture_output=True,
                timeout=timeout,
                env=environment,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise EngineError(
                f'{name} took longer than {timeout:g} s\n'
                '  hint: fold the graph (fold="links"), or look at it as .html, which '
                'lays itself out'
            ) from None
        if done.returncode or not done.stdout:
            message = done.stderr.decode(errors='replace').strip()
            raise EngineError(f'{name} failed with status {done.returncode}: {message}')
        return done.stdout

    return draw


def _pygraphviz(text: str, format: str, timeout: float) -> bytes:
    pygraphviz = importlib.import_module('pygraphviz')
    picture = pygraphviz.AGraph(string=text).draw(format=format, prog='dot')
    return picture.encode() if isinstance(picture, str) else bytes(picture)
