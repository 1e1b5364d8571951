"""The page to explore a graph in: one file, nothing from the network."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from minigrad.graph.dot import clean
from minigrad.graph.draw import best_metric, describe, totals
from minigrad.graph.fold import LARGE, folded_paths
from minigrad.graph.metrics import METRICS, OUTLIER, PALETTE, metric_named
from minigrad.graph.model import Recording, Value

_FOLDER = Path(__file__).parent / 'viewer'
_SCRIPTS = (
    'numbers',
    'model',
    'layout',
    'scene',
    'paint',
    'navigate',
    'panels',
    'main',
)
_UNITS = {
    'seconds': 'seconds',
    'nbytes': 'bytes',
    'operations': 'operations',
    'share': 'share',
    'number': 'number',
}
# Which number a metric is when forward and backward are shown apart.
_PASSES = {
    'time': ('forward_time', 'backward_time'),
    'forward_time': ('forward_time', None),
    'backward_time': (None, 'backward_time'),
    'flops': ('flops', 'backward_flops'),
    'gradient_norm': (None, 'gradient_norm'),
}


def page(
    recording: Recording,
    metric: str | None = None,
    marks: Mapping[str, tuple[str, str]] | None = None,
    colours: Mapping[str, str] | None = None,
    summary: str | None = None,
) -> str:
    """Returns the page.

    Args:
        recording: The graph.
        metric: What functions are coloured by at first; None for the time.
        marks: Kind and text of a difference, by the id of the function.
        colours: Colour of each kind.
        summary: A line for the top; by default the totals.

    Raises:
        ValueError: The metric is unknown.
    """
    chosen = best_metric(recording) if metric is None else metric_named(metric).key
    metrics: list[dict[str, Any]] = [
        {
            'key': m.key,
            'title': m.title,
            'unit': _UNITS[m.write.__name__],
            'fold': m.fold.__name__.strip('_'),
            'logarithmic': m.logarithmic,
            'forward': _PASSES.get(m.key, (m.key, None))[0],
            'backward': _PASSES.get(m.key, (m.key, None))[1],
        }
        for m in METRICS.values()
        if m.key == chosen or m.of(recording.calls) is not None
    ]
    if marks is not None:
        metrics.insert(0, {'key': 'difference', 'title': 'difference', 'marks': True})
        if metric is None:
            chosen = 'difference'
    trouble = recording.first_nan or recording.first_inf
    calls, folded = _calls(recording, marks or {})
    data = {
        'title': recording.title,
        'totals': totals(recording) if summary is None else summary,
        'metric': chosen,
        'metrics': metrics,
        'palette': PALETTE,
        'calls': calls,
        'values': {
            v.id: {**_named(v, recording), 'text': v.text}
            for v in recording.values.values()
        },
        'folded': folded,
        'critical': [c.id for c in recording.marked_path],
        'measured': recording.measured,
        'outlier': OUTLIER,
        'marks': {'colours': dict(colours or {})},
        'trouble': None
        if trouble is None
        else {
            'text': str(trouble),
            'kind': trouble.kind,
            'call': trouble.call.id,
            'came': trouble.source is not None,
        },
    }
    text = json.dumps(_finite(data), ensure_ascii=False, separators=(',', ':'))
    parts = {
        '@title@': escape(clean(recording.title)),
        '@style@': _read('style.css'),
        '@script@': ''.join(_read(f'{name}.js') for name in _SCRIPTS),
        # "</script>" and "<!--" must not occur inside the element.
        '@data@': clean(text).replace('<', '\\u003c'),
    }
    # All at once: a title may hold the mark of another part.
    pattern = '|'.join(parts)
    return re.sub(pattern, lambda mark: parts[mark[0]], _read('page.html'))


def _named(value: Value, recording: Recording) -> dict[str, Any]:
    record = dataclasses.asdict(value)
    if value.kind == 'input':
        record['name'] = recording.name_of(value)
    return record


def frame(html: str, height: int = 620) -> str:
    """Returns a page inside a frame, for a cell of a notebook."""
    return (
        f'<iframe sandbox="allow-scripts" style="width: 100%; height: {height}px; '
        f'border: 1px solid #8c959f" srcdoc="{escape(html)}"></iframe>'
    )


def _calls(
    recording: Recording, marks: Mapping[str, tuple[str, str]]
) -> tuple[list[dict[str, Any]], list[list[str]]]:
    """Returns the functions, and the paths that are folded at first."""
    crowded: dict[tuple[str, ...], int] = {}
    for call in recording.calls:
        crowded[call.path] = crowded.get(call.path, 0) + 1
    passed: dict[tuple[str, ...], int] = {}
    folded = [list(path) for path in folded_paths(recording.calls)]
    records = []
    for call in recording.calls:
        path, turns = list(call.path), list(call.turns)
        total = crowded[call.path]
        if total > LARGE:  # too many for one box: a hundred to a box of its own
            n = passed[call.path] = passed.get(call.path, 0) + 1
            first = (n - 1) // 100 * 100 + 1
            path.append(f'functions {first} to {min(first + 99, total)}')
            turns.append(0)
            if n == first:
                folded.append(path)
        kind, note = marks.get(call.id, ('', ''))
        records.append(
            {
                **dataclasses.asdict(call),
                'time': call.time,
                'path': path,
                'turns': turns,
                'text': describe(call.arguments),
                'mark': kind,
                'note': note,
            }
        )
    return records, folded


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding='utf-8')


def _finite(data: Any) -> Any:
    """Replaces NaN and infinity, which JSON has no words for, by null."""
    if isinstance(data, float) and not math.isfinite(data):
        return None
    if isinstance(data, dict):
        return {key: _finite(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_finite(value) for value in data]
    return data
