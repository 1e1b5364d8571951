"""JSON that strict readers take: it has no words for NaN and infinity."""

from __future__ import annotations

import json
import math
from typing import Any

_PLUS, _MINUS = '\x00+infinity', '\x00-infinity'


def dumps(data: Any, **options: Any) -> str:
    """Returns data as JSON; NaN is null, and infinity a number too large for a float.

    Every reader takes 1e999 for infinity again.

    Args:
        data: Dictionaries, lists, texts and numbers.
        options: See `json.dumps`.

    Example:
        >>> print(dumps({'loss': [float('nan'), float('inf'), 0.5]}))
        {"loss": [null, 1e999, 0.5]}
        >>> json.loads('[1e999, -1e999]')
        [inf, -inf]
    """
    text = json.dumps(_strict(data), allow_nan=False, **options)
    for word, number in ((_PLUS, '1e999'), (_MINUS, '-1e999')):
        text = text.replace(json.dumps(word), number)
    return text


def _strict(data: Any) -> Any:
    if isinstance(data, float) and not math.isfinite(data):
        return None if math.isnan(data) else _PLUS if data > 0 else _MINUS
    if isinstance(data, dict):
        return {key: _strict(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_strict(value) for value in data]
    return data
