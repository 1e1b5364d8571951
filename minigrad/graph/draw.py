"""The picture of a recorded graph, as DOT text: nested boxes, colours, a legend."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape

from minigrad.graph.dot import Html, attributes, clean, padded, quote, room_for
from minigrad.graph.fold import Shown, View, view
from minigrad.graph.metrics import (
    METRICS,
    PALETTE,
    Metric,
    Scale,
    ink,
    metric_named,
    nbytes,
    operations,
    seconds,
)
from minigrad.graph.model import Call, Path_, Recording, Value, union

FONT = 'Helvetica'  # engines know its widths; viewers add their own Japanese font
INK, GREY, BOX, FILL = '#1f2328', '#57606a', '#8c959f', ('#f6f8fa', '#ffffff')
PATH, NAN = '#0550ae', '#cf222e'
NO_BREAK = '\N{NO-BREAK SPACE}'
DIFFERENCES = {'added': '#aceebb', 'removed': '#ffcecb', 'changed': '#fae17d'}

_NODE = {
    'shape': 'box',
    'style': 'rounded,filled',
    'fontname': FONT,
    'fontsize': 11,
    'color': GREY,
    'margin': '0.12,0.06',
}
_EDGE = {'color': GREY, 'arrowsize': 0.7}


def best_metric(recording: Recording) -> str:
    """Returns what to colour by where nobody chose: the time, if it is known."""
    known = (key for key in METRICS if METRICS[key].of(recording.calls) is not None)
    return next(known, 'time')


def draw(
    recording: Recording,
    *,
    metric: str | None = None,
    fold: str | int | None = 'auto',
    rankdir: str = 'TB',
    marks: Mapping[str, tuple[str, str]] | None = None,
) -> str:
    """Returns the DOT text of a recorded graph.

    Args:
        recording: The graph.
        metric: What functions are coloured by: a key of `METRICS`; None for the time.
        fold: What to show as one, see `minigrad.graph.fold.view`.
        rankdir: Where the graph runs: 'TB', 'BT', 'LR' or 'RL'.
        marks: Kind of difference and text, by a function's id; they are coloured
            instead of a metric.

    Raises:
        ValueError: An argument is unknown.
    """
    if rankdir not in ('TB', 'BT', 'LR', 'RL'):
        raise ValueError(f'rankdir must be in TB, BT, LR or RL, got {rankdir!r}')
    chosen = metric_named(best_metric(recording) if metric is None else metric)
    shown = view(recording, fold)
    scale = Scale(chosen, [chosen.of(node.calls) for node in shown.nodes])
    path = [call.id for call in recording.marked_path]
    critical = set(path) if marks is None else set()
    if all(critical & {call.id for call in node.calls} for node in shown.nodes):
        path, critical = [], set()  # there is no other path in the picture
    node_of = {call.id: node.id for node in shown.nodes for call in node.calls}
    on_path = [node_of[call] for call in path]
    steps = set(itertools.pairwise(on_path)) if marks is None else set()
    lines = [
        'digraph minigrad {',
        f'graph {attributes(_graph_attributes(recording, scale, rankdir, marks, bool(path)))};',
        f'node {attributes(_NODE)};',
        f'edge {attributes(_EDGE)};',
    ]

    def write(node: Shown) -> dict[str, object]:
        style = _node(node, recording, chosen, scale, critical)
        return (
            style
            if marks is None
            else style | _marked(node, str(style['label']), marks)
        )

    lines += _boxes(shown, write)
    for value, takers in shown.inputs:
        lines.append(f'{value.id} {attributes(_input(value, recording))};')
        for node in takers:
            lines.append(f'{value.id} -> {node.id} {attributes(_edge(value))};')
    for a, b, value in shown.edges:
        style = _edge(value)
        if (a.id, b.id) in steps:
            style |= {'color': PATH, 'penwidth': 2.2}
        lines.append(f'{a.id} -> {b.id} {attributes(style)};')
    return '\n'.join([*lines, '}'])


def _boxes(shown: View, write: Callable[[Shown], dict[str, object]]) -> Iterable[str]:
    """Yields the nodes inside the boxes of their links, in the order of execution."""
    inside: dict[Path_, list[Shown | Path_]] = {}
    for path in union(node.path for node in shown.nodes):
        inside.setdefault(path[:-1], [])
        inside[path] = inside.get(path, [])
    placed: set[Path_] = set()
    for node in shown.nodes:
        for path in union([node.path]):
            if path not in placed:
                placed.add(path)
                inside[path[:-1]].append(path)
        inside.setdefault(node.path, []).append(node)

    def emit(path: Path_) -> Iterable[str]:
        for item in inside.get(path, ()):
            if isinstance(item, Shown):
                yield f'{item.id} {attributes(write(item))};'
                continue
            name = quote(f'cluster_{"/".join(item)}')
            yield f'subgraph {name} {{'
            yield f'graph {attributes(_box(item))};'
            yield from emit(item)
            yield '}'

    return emit(())


def _box(path: Path_) -> dict[str, object]:
    return {
        # As much room to the right: edges come in at the middle, beside the title.
        'label': padded(path[-1]) + 2 * len(path[-1]) * ' ',
        'labeljust': 'l',
        'style': 'rounded,filled',
        'fillcolor': FILL[len(path) % 2],
        'color': BOX,
        'fontsize': 11,
        'fontcolor': INK,
        'tooltip': '/'.join(path),
    }


def _node(
    node: Shown,
    recording: Recording,
    metric: Metric,
    scale: Scale,
    critical: set[str],
) -> dict[str, object]:
    calls = node.calls
    value = metric.of(calls)
    lines = [node.title]
    if node.folded:
        lines.append(functions_of(calls, node.times))
    else:
        text = describe(calls[0].arguments)
        if text:
            lines.append(text)
    outputs = [recording.values[v].text for v in calls[-1].outputs]
    if outputs:
        lines.append(
            '→ ' + ', '.join(outputs[:3]) + (' ...' if len(outputs) > 3 else '')
        )
    if value is not None:
        lines.append(metric.write(value))
    fill = scale.colour(value)
    style: dict[str, object] = {'fillcolor': fill, 'fontcolor': ink(fill)}
    if critical & {call.id for call in calls}:
        style |= {'color': PATH, 'penwidth': 2.2}
    trouble = recording.first_nan
    if trouble is not None and trouble.call in calls:
        lines.append(
            'NaN starts here' if trouble.source is None else 'NaN comes in here'
        )
        style |= {'color': NAN, 'penwidth': 4, 'peripheries': 2}
    elif any(call.nan or call.gradient_nan for call in calls):
        lines.append('NaN')
        style |= {'color': NAN}
    elif any(call.inf or call.gradient_inf for call in calls):
        lines.append('infinity')
    label = '\n'.join(lines)
    where = '/'.join([*node.path, node.title])
    return {'label': label, **style, **room_for(label, 11), 'tooltip': where}


def _marked(
    node: Shown, label: str, marks: Mapping[str, tuple[str, str]]
) -> dict[str, object]:
    """Returns what a difference changes about a node."""
    found = [marks[call.id] for call in node.calls if call.id in marks]
    kinds = {kind for kind, _ in found}
    if not kinds:
        return {'fillcolor': '#ffffff', 'fontcolor': INK}
    alike = len(kinds) == 1 and len(found) == len(node.calls)
    kind = kinds.pop() if alike else 'changed'
    notes = [note for _, note in found if note] if len(node.calls) == 1 else []
    fill = DIFFERENCES[kind]
    style: dict[str, object] = {'fillcolor': fill, 'fontcolor': ink(fill)}
    style['label'] = '\n'.join([label.split('\n')[0], kind, *notes])
    if kind == 'removed':
        style['style'] = 'rounded,filled,dashed'
    return style


def describe(arguments: dict[str, object]) -> str:
    """Returns the arguments worth a line of a picture: ``'5x5, stride 2'``."""
    parts = []
    if 'ksize' in arguments:
        size = str(arguments['ksize'])
        parts.append(size if 'x' in size else f'{size}x{size}')
    for key, plain in (('stride', '1'), ('pad', '0'), ('dilate', '1'), ('groups', 1)):
        if arguments.get(key, plain) != plain:
            parts.append(f'{key} {arguments[key]}')
    for key in ('dropout_ratio', 'axis', 'value', 'n'):
        if arguments.get(key) is not None:
            parts.append(f'{key.split("_")[-1]} {arguments[key]}')
    return ', '.join(parts)


def functions_of(calls: Sequence[Call], times: int = 1) -> str:
    """Returns what a folded link holds: its only function, or how many."""
    if len(calls) == 1:
        text = describe(calls[0].arguments)
        return f'{calls[0].name} {text}'.rstrip()
    functions = f'{len(calls)} functions'
    return f'{functions}, {times} calls' if times > 1 else functions


def _input(value: Value, recording: Recording) -> dict[str, object]:
    name = f'{recording.name_of(value)}\n'
    style: dict[str, object] = {'shape': 'ellipse', 'fillcolor': '#ddf4ff'}
    if value.nan:
        style |= {'color': NAN, 'penwidth': 3}
    label = name + value.text + ('\nholds NaN' if value.nan else '')
    return {'label': label, **style, **room_for(label, 11)}


def _edge(value: Value) -> dict[str, object]:
    tip = f'{value.text}, {nbytes(value.nbytes)}'
    return {'tooltip': tip, 'edgetooltip': tip}


def _graph_attributes(
    recording: Recording,
    scale: Scale,
    rankdir: str,
    marks: Mapping[str, tuple[str, str]] | None,
    has_path: bool,
) -> dict[str, object]:
    return {
        'rankdir': rankdir,
        'label': Html(_legend(recording, scale, marks, has_path)),
        'labelloc': 't',
        'fontname': FONT,
        'fontcolor': INK,
        'bgcolor': '#ffffff',
        'nodesep': 0.3,
        'ranksep': 0.35,
        'compound': 'true',
    }


def totals(recording: Recording) -> str:
    """Returns a line that sums the graph up."""
    calls = recording.calls
    parts = [f'{len(calls)} functions']
    if recording.parameters is not None:
        parts.append(f'{recording.parameters:,} parameters')
    if METRICS['flops'].of(calls) is not None:
        parts.append(operations(recording.total('flops')))
    for key, what in (('forward_time', 'forward'), ('backward_time', 'backward')):
        if METRICS[key].of(calls) is not None:
            parts.append(f'{what} {seconds(recording.total(key))}')
    if recording.total('kept'):
        parts.append(f'{nbytes(recording.total("kept"))} kept for backward')
    return ', '.join(parts)


def _legend(
    recording: Recording,
    scale: Scale,
    marks: Mapping[str, tuple[str, str]] | None,
    has_path: bool,
) -> str:
    rows = [_row(recording.title, 15)]
    if marks is not None:
        counts = [kind for kind, _ in marks.values()]
        cells = ''.join(
            f'<TD BGCOLOR="{colour}"><FONT POINT-SIZE="10"> {counts.count(kind)} {kind} '
            '</FONT></TD>'
            for kind, colour in DIFFERENCES.items()
        )
        return _table([*rows, f'<TR>{cells}</TR>'])
    rows += [_row(line, 10) for line in _lines(totals(recording))]
    if scale.high > 0:
        low = scale.metric.write(scale.low) if scale.low else '0'
        cells = ''.join(
            f'<TD BGCOLOR="{colour}" WIDTH="22" HEIGHT="10" FIXEDSIZE="TRUE"></TD>'
            for colour in PALETTE
        )
        rows.append(
            f'<TR><TD><FONT POINT-SIZE="10">{_html(scale.metric.title)}: {low}</FONT></TD>'
            f'{cells}<TD><FONT POINT-SIZE="10">{_html(scale.most)}'
            '</FONT></TD></TR>'
        )
    if scale.metric.write is seconds and scale.high > 0:
        rows.append(_row(recording.measured, 10, GREY))
    if has_path:
        rows.append(_row('thick blue: the critical path', 10, PATH))
    trouble = recording.first_nan or recording.first_inf
    if trouble is not None:
        rows += [_row(line, 11, NAN) for line in _lines(str(trouble), 70)]
    return _table(rows)


def _table(rows: list[str]) -> str:
    body = ''.join(rows)
    return f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0">{body}</TABLE>'


def _row(text: str, size: int, colour: str = INK) -> str:
    font = f'<FONT POINT-SIZE="{size}" COLOR="{colour}">{_html(text)}</FONT>'
    return f'<TR><TD COLSPAN="10">{font}</TD></TR>'


def _lines(text: str, width: int = 60) -> list[str]:
    """Breaks a line after commas and colons."""
    whole = text.replace(' ', NO_BREAK).replace(f',{NO_BREAK}', ', ')
    whole = whole.replace(f':{NO_BREAK}', ': ')
    lines = textwrap.wrap(whole, width, break_long_words=False, break_on_hyphens=False)
    return [line.replace(NO_BREAK, ' ') for line in lines]


def _html(text: str) -> str:
    return escape(padded(clean(text)), quote=False)
