"""What differs between two recorded graphs: two models, or two runs of one."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from minigrad.graph.draw import DIFFERENCES, draw
from minigrad.graph.metrics import METRICS, nbytes, operations, seconds
from minigrad.graph.model import Call, Path_, Recording
from minigrad.graph.page import page
from minigrad.graph.picture import Picture


@dataclass
class Change:
    """A function of either graph.

    Attributes:
        kind: 'same', 'changed', 'added' or 'removed'.
        old: The function in the first graph, None if it was added.
        new: The function in the second graph, None if it was removed.
        notes: What changed, one line each.
    """

    kind: str
    old: Call | None
    new: Call | None
    notes: list[str] = field(default_factory=list)

    @property
    def where(self) -> str:
        """Link path and name."""
        call = self.old if self.new is None else self.new
        return '' if call is None else call.where

    def __str__(self) -> str:
        notes = f': {"; ".join(self.notes)}' if self.notes else ''
        return f'{self.kind} {self.where}{notes}'


class GraphDiff(Picture):
    """The difference of two graphs; it can be printed and drawn.

    Attributes:
        changes: All functions of both, in the order of execution.
        merged: Both graphs in one; ids of what is gone begin with ``old_``.
    """

    def __init__(
        self, before: Recording, after: Recording, changes: list[Change]
    ) -> None:
        self.before = before
        self.after = after
        self.changes = changes
        self.merged, self._ids = _merge(before, after, changes)

    def of_kind(self, kind: str) -> list[Change]:
        """Returns the changes of one kind."""
        return [change for change in self.changes if change.kind == kind]

    @property
    def added(self) -> list[Call]:
        """Functions of the second graph alone."""
        return [c.new for c in self.of_kind('added') if c.new is not None]

    @property
    def removed(self) -> list[Call]:
        """Functions of the first graph alone."""
        return [c.old for c in self.of_kind('removed') if c.old is not None]

    @property
    def changed(self) -> list[Change]:
        """Functions whose shapes, arguments or costs differ."""
        return self.of_kind('changed')

    def __bool__(self) -> bool:
        return any(change.kind != 'same' for change in self.changes)

    def __repr__(self) -> str:
        return f'<GraphDiff {self.merged.title}: {self._counts()}>'

    def _counts(self) -> str:
        return ', '.join(f'{len(self.of_kind(kind))} {kind}' for kind in DIFFERENCES)

    def __str__(self) -> str:
        signs = {'added': '+', 'removed': '-', 'changed': '~'}
        lines = []
        for change in self.changes:
            if change.kind in signs:
                notes = f': {"; ".join(change.notes)}' if change.notes else ''
                lines.append(f'{signs[change.kind]} {change.where}{notes}')
        for key in ('flops', 'forward_time', 'backward_time', 'kept'):
            old, new = (METRICS[key].of(g.calls) for g in (self.before, self.after))
            if old is not None and new is not None and old != new:
                metric = METRICS[key]
                lines.append(
                    f'total {metric.title}: {metric.write(old)} → {metric.write(new)}'
                )
        return '\n'.join(lines) if lines else 'no difference'

    def _marks(self) -> dict[str, tuple[str, str]]:
        return {
            self._ids[i]: (change.kind, '\n'.join(change.notes))
            for i, change in enumerate(self.changes)
            if change.kind != 'same'
        }

    def to_dot(self, *, fold: str | int | None = 'auto', rankdir: str = 'TB') -> str:
        """Returns both graphs in one, in DOT language.

        Args:
            fold: What to show as one, as in `Graph.to_dot`.
            rankdir: Where the graph runs: 'TB', 'BT', 'LR' or 'RL'.
        """
        return draw(self.merged, fold=fold, rankdir=rankdir, marks=self._marks())

    def to_html(self) -> str:
        """Returns a page that stands alone, coloured by the difference."""
        marks = self._marks()
        return page(self.merged, None, marks, DIFFERENCES, self._counts())


def compare(
    before: Recording, after: Recording, *, slower: float = 1.5, least: float = 0.02
) -> GraphDiff:
    """Compares two graphs.

    Functions are matched by the link that called them and, within it, by name and
    order.

    Args:
        before: The first graph.
        after: The second graph.
        slower: A time has changed if the ratio is at least this, either way;
            ``float('inf')`` ignores times.
        least: ... and if the difference is at least this share of the whole time.

    Returns:
        A `GraphDiff`.
    """
    least_time = least * (METRICS['time'].of(before.calls) or 0)
    changes: dict[str, Change] = {}
    matched: dict[str, str] = {}  # ids, new to old
    strip = _roots_differ(before, after)
    old_by_path = _by_path(before.calls, strip)
    new_by_path = _by_path(after.calls, strip)
    for path, new in new_by_path.items():
        old = old_by_path.get(path, [])
        for a, b in _align([c.name for c in old], [c.name for c in new]):
            matched[new[b].id] = old[a].id
    old_by_id = {call.id: call for call in before.calls}
    for call in after.calls:
        if call.id not in matched:
            changes[call.id] = Change('added', None, call)
            continue
        partner = old_by_id[matched[call.id]]
        notes = _notes(before, after, partner, call, slower, least_time)
        changes[call.id] = Change('changed' if notes else 'same', partner, call, notes)
    return GraphDiff(before, after, _in_order(before, after, changes, matched))


def _roots_differ(before: Recording, after: Recording) -> bool:
    """Tells whether two models are compared, each with one root of another name."""
    roots = [{c.path[0] for c in g.calls if c.path} for g in (before, after)]
    return len(roots[0]) == len(roots[1]) == 1 and roots[0] != roots[1]


def _by_path(calls: list[Call], strip: bool) -> dict[Path_, list[Call]]:
    found: dict[Path_, list[Call]] = {}
    for call in calls:
        path = ('', *call.path[1:]) if strip and call.path else call.path
        found.setdefault(path, []).append(call)
    return found


def _align(old: list[str], new: list[str]) -> list[tuple[int, int]]:
    if old == new:
        return [(i, i) for i in range(len(old))]
    if len(old) * len(new) > 1_000_000:  # the search is quadratic: match by the count
        places: dict[tuple[str, int], int] = {}
        counts: dict[str, int] = {}
        for i, name in enumerate(old):
            counts[name] = counts.get(name, -1) + 1
            places[name, counts[name]] = i
        counts = {}
        pairs = []
        for j, name in enumerate(new):
            counts[name] = counts.get(name, -1) + 1
            if (name, counts[name]) in places:
                pairs.append((places[name, counts[name]], j))
        return pairs
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    return [(m.a + i, m.b + i) for m in blocks for i in range(m.size)]


def _notes(
    before: Recording,
    after: Recording,
    old: Call,
    new: Call,
    slower: float,
    least_time: float,
) -> list[str]:
    notes = []
    for what in ('inputs', 'outputs'):
        names = new.arg_names if what == 'inputs' else ()
        olds = [before.values[v] for v in getattr(old, what)]
        news = [after.values[v] for v in getattr(new, what)]
        if len(olds) != len(news):
            notes.append(f'{len(olds)} → {len(news)} {what}')
            continue
        for i, (a, b) in enumerate(zip(olds, news, strict=True)):
            if (a.shape, a.dtype) != (b.shape, b.dtype):
                name = names[i] if i < len(names) else 'output'
                notes.append(f'{name} {a.text} → {b.text}')
    for key in dict.fromkeys([*old.arguments, *new.arguments]):
        was, now = old.arguments.get(key), new.arguments.get(key)
        if was != now:
            notes.append(f'{key} {was} → {now}')
    for key, write in (('flops', operations), ('kept', nbytes)):
        was, now = getattr(old, key), getattr(new, key)
        if was is not None and now is not None and was != now:
            kept = ' kept' if key == 'kept' else ''
            notes.append(f'{write(was)} → {write(now)}{kept}')
    if old.kernels != new.kernels:
        notes.append(f'{", ".join(old.kernels)} → {", ".join(new.kernels)}')
    if old.time and new.time and abs(new.time - old.time) >= least_time:
        ratio = new.time / old.time
        if max(ratio, 1 / ratio) >= slower:
            notes.append(f'{seconds(old.time)} → {seconds(new.time)}')
    if bool(old.nan) != bool(new.nan):
        notes.append('NaN came' if new.nan else 'NaN went')
    return notes


def _in_order(
    before: Recording,
    after: Recording,
    changes: dict[str, Change],
    matched: dict[str, str],
) -> list[Change]:
    """Puts what was removed after what it came after."""
    new_of = {old: new for new, old in matched.items()}
    following: dict[str | None, list[Change]] = {}
    last: str | None = None
    for call in before.calls:
        if call.id in new_of:
            last = new_of[call.id]
        else:
            following.setdefault(last, []).append(Change('removed', call, None))
    ordered = list(following.get(None, []))
    for call in after.calls:
        ordered += [changes[call.id], *following.get(call.id, [])]
    return ordered


def _merge(
    before: Recording, after: Recording, changes: list[Change]
) -> tuple[Recording, list[str]]:
    """Puts both graphs into one; returns it, and the id of each change's function."""
    title = after.title
    if before.title != after.title:
        title = f'{before.title} → {after.title}'
    merged = Recording(title)
    merged.values = dict(after.values)
    merged.parameters = after.parameters
    now: dict[str, str] = {}  # values of the first graph in the merged one
    root = next((c.path[:1] for c in after.calls if c.path), ())
    for change in changes:
        old, new = change.old, change.new
        if old is not None and new is not None:
            now.update(zip(old.outputs, new.outputs, strict=False))
            for a, b in zip(old.inputs, new.inputs, strict=False):
                if before.values[a].kind != 'output':
                    now[a] = b
    gone = {
        v
        for change in changes
        if change.kind == 'removed' and change.old is not None
        for v in change.old.outputs
    }

    def value(v: str) -> str:
        if v not in now:
            now[v] = f'old_{v}'
            kept = copy.copy(before.values[v])
            kept.id = now[v]
            merged.values[now[v]] = kept
        return now[v]

    ids = []
    for change in changes:
        if change.new is not None:
            call = copy.copy(change.new)
            if change.old is not None:
                call.inputs = [
                    *call.inputs,
                    *[value(v) for v in change.old.inputs if v in gone],
                ]
        elif change.old is not None:
            call = copy.copy(change.old)
            call.id = f'old_{call.id}'
            call.inputs = [value(v) for v in call.inputs]
            call.outputs = [value(v) for v in call.outputs]
            if call.path and root:
                call.path = (*root, *call.path[1:])
        merged.calls.append(call)
        ids.append(call.id)
    return merged, ids
