"""DOT text: quoting, statements, and widths for scripts that engines cannot measure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

_FORBIDDEN = re.compile('[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]')
_ENTITY = re.compile(r'&(?=#?\w+;)')
_RECORDS = ('record', 'Mrecord')


def quote(text: object, special: str = '"\\') -> str:
    r"""Returns ``text`` as a quoted DOT string that shows exactly these characters.

    Line breaks become ``\n``, so every statement stays on one line. What looks like an
    entity, such as ``&lt;``, is shown as it is; see also `clean`.

    Args:
        text: What to show.
        special: Characters that need a backslash.

    Example:
        >>> print(quote('say "hi"'))
        "say \"hi\""
    """
    shown = _ENTITY.sub('&amp;', clean(str(text)))
    escaped = ''.join(f'\\{c}' if c in special else c for c in shown)
    return '"' + escaped.replace('\r', '').replace('\n', '\\n') + '"'


def clean(text: str) -> str:
    r"""Returns a text that XML and UTF-8 can hold: signs that cannot be are replaced.

    Those are control characters, and halves of surrogate pairs.

    Example:
        >>> clean('a' + chr(0) + 'b') == 'a\N{REPLACEMENT CHARACTER}b'
        True
    """
    return _FORBIDDEN.sub('\N{REPLACEMENT CHARACTER}', text)


def quote_label(text: object, shape: object = None) -> str:
    r"""Returns ``text`` as a label; in record shapes the signs of fields are escaped.

    Example:
        >>> print(quote_label('|_|', 'record'))
        "\|_\|"
    """
    return quote(text, '"\\{}|<>') if shape in _RECORDS else quote(text)


def attributes(values: Mapping[str, object]) -> str:
    """Returns ``[key="value",...]``; ready-made HTML labels are passed through.

    Example:
        >>> attributes({'shape': 'box', 'penwidth': 2})
        '[shape="box",penwidth="2"]'
    """
    parts = []
    for key, value in values.items():
        if isinstance(value, Html):
            parts.append(f'{key}=<{value}>')
        elif key == 'label':
            parts.append(f'label={quote_label(value, values.get("shape"))}')
        else:
            parts.append(f'{key}={quote(value)}')
    return f'[{",".join(parts)}]'


class Html(str):
    """A label in the HTML-like language of DOT."""

    __slots__ = ()


def is_wide(char: str) -> bool:
    """Tells whether a character takes the room of two, as Japanese does."""
    return unicodedata.east_asian_width(char) in 'WF'


def has_wide(text: str) -> bool:
    """Tells whether any character of ``text`` is wide."""
    return not text.isascii() and any(map(is_wide, text))


def width_of(text: str, size: float) -> float:
    """Returns about how many points the longest line of ``text`` takes."""
    return max(
        sum(size if is_wide(c) else 0.56 * size for c in line)
        for line in text.split('\n')
    )


def room_for(text: str, size: float) -> dict[str, object]:
    """Returns a node's minimal width where an engine would measure it too small.

    Engines without the system's fonts take a Japanese character for a blank.
    """
    if not has_wide(text):
        return {}
    return {'width': f'{(width_of(text, size) + 18) / 72:.2f}'}


def padded(text: str) -> str:
    """Pads a box's title with blanks in place of the room that wide characters need."""
    wide = sum(map(is_wide, text)) if not text.isascii() else 0
    return text + ' ' * (3 * wide)
