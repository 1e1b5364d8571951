"""Pictures of graphs in dark mode: an SVG that follows the reader's colours.

Graphviz writes colours as attributes, which a style sheet of the picture overrides where
the system is dark: paper, boxes, arrows and the text between them change. What is
coloured by a metric, a difference or a program's own style stays, with its text.
"""

from __future__ import annotations

import re

# The colours of `minigrad.graph.draw`, and Graphviz's own, and theirs in the dark.
COLOURS = {
    '#ffffff': '#0d1117',
    'white': '#0d1117',
    '#f6f8fa': '#161b22',
    '#1f2328': '#e6edf3',
    'black': '#e6edf3',
    '#57606a': '#9198a1',
    '#8c959f': '#656c76',
    '#0550ae': '#58a6ff',
    '#cf222e': '#ff7b72',
}

# Text on a colour of its own keeps the ink that reads well on it.
_PLAIN = ', '.join(
    f'> {shape}[fill="{fill}"], > g > a > {shape}[fill="{fill}"]'
    for shape in ('path', 'polygon', 'ellipse')
    for fill in ('#ffffff', 'white', 'none')
)
_TEXT = f':is(text:not(.node *), .node:has({_PLAIN}) text)'


def _style() -> str:
    rules = [
        f'svg.minigrad {_TEXT}:not([fill]) {{ fill: {COLOURS["black"]} }}',
    ]
    for light, dark in COLOURS.items():
        rules += [
            f'svg.minigrad :not(text)[fill="{light}"] {{ fill: {dark} }}',
            f'svg.minigrad [stroke="{light}"] {{ stroke: {dark} }}',
        ]
        if light not in ('#ffffff', 'white', '#f6f8fa'):
            rules.append(f'svg.minigrad {_TEXT}[fill="{light}"] {{ fill: {dark} }}')
    return '@media (prefers-color-scheme: dark) {\n' + '\n'.join(rules) + '\n}'


def with_dark_mode(svg: bytes) -> bytes:
    """Returns an SVG by Graphviz that is dark where the reader's system is.

    Its rules are bound to a class, so that they leave the rest of a page alone.

    Args:
        svg: The picture; what is no SVG is returned as it is.

    Example:
        >>> picture = with_dark_mode(b'<svg width="4pt"><text fill="black">a</text></svg>')
        >>> picture.startswith(b'<svg class="minigrad" width="4pt">')
        True
        >>> b'@media (prefers-color-scheme: dark)' in picture
        True
    """
    style = f'\n<style type="text/css"><![CDATA[\n{_style()}\n]]></style>'
    found = re.search(rb'<svg\b([^>]*)>', svg)
    if found is None:
        return svg
    root = b'<svg class="minigrad"' + found[1] + b'>' + style.encode()
    return svg[: found.start()] + root + svg[found.end() :]
