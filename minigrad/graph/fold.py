"""Which functions a picture shows one by one, and which it shows as one.

Functions are grouped by the links that called them. The rule: a picture opens as deep as
40 boxes allow. A graph of no more than 40 functions shows them all; another is folded at
the deepest level of its links where no more than 40 boxes remain, at least at the links
right below the model. A link that was called four times or more, and all but the first of
four or more links in a row that do the same, are folded whatever the number.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from minigrad.graph.model import Call, Path_, Recording, Value, union

OPEN = 40  # boxes that a picture opens with, if folding its links can do it
LARGE = 300  # boxes; above, neighbours of one link share a box
REPEATED = 4  # calls of one link, or links alike in a row; from here on they fold


@dataclass
class Shown:
    """A node of a picture: one function, or all functions of a folded link.

    Attributes:
        id: Name of the node.
        title: First line of its label.
        path: The boxes it stands in.
        calls: The functions.
        folded: True if it stands for a link or a run of functions.
        times: How often the link was called.
    """

    id: str
    title: str
    path: Path_
    calls: list[Call] = field(default_factory=list)
    folded: bool = False
    times: int = 1


@dataclass
class View:
    """The nodes and edges that a picture shows.

    Attributes:
        nodes: The nodes, in the order of execution.
        edges: Giver, taker and a value that goes there.
        inputs: Values that come from outside, with the nodes that take them.
    """

    nodes: list[Shown]
    edges: list[tuple[Shown, Shown, Value]]
    inputs: list[tuple[Value, list[Shown]]]


def view(recording: Recording, fold: str | int | None = 'auto') -> View:
    """Chooses what to show.

    Args:
        recording: The graph.
        fold: 'auto' folds what is repeated or large; 'links' folds every innermost
            link; a number folds the links at that depth (1 is the model itself); None
            shows every function.

    Raises:
        ValueError: ``fold`` is none of these.
    """
    calls = recording.calls
    if fold is None:
        folded: set[Path_] = set()
    elif fold == 'auto':
        folded = _choose(calls)
    elif fold == 'links':
        folded = _innermost(calls)
    elif isinstance(fold, int) and fold >= 1:
        folded = {call.path[:fold] for call in calls if len(call.path) >= fold}
    else:
        raise ValueError(
            f"fold: expected 'auto', 'links', a depth from 1 on, or None, got {fold!r}"
        )
    nodes = _group(calls, folded)
    if fold == 'auto' and len(nodes) > LARGE:
        nodes = _runs(nodes)
    return _connect(recording, nodes)


def folded_paths(calls: list[Call]) -> list[Path_]:
    """Returns the links that are folded unless somebody chooses, in order."""
    chosen = _choose(calls)
    return [path for path in union(call.path for call in calls) if path in chosen]


def _choose(calls: list[Call]) -> set[Path_]:
    folded = {path for path, n in _times(calls).items() if n >= REPEATED}
    folded |= _alike(calls)
    depth = max((len(call.path) for call in calls), default=0)
    while depth > 1 and len(_group(calls, folded)) > OPEN:
        folded |= {call.path[:depth] for call in calls if len(call.path) >= depth}
        depth -= 1
    if len(_group(calls, folded)) > LARGE:
        folded |= {call.path[:1] for call in calls if call.path}
    return folded


def _alike(calls: list[Call]) -> set[Path_]:
    """Returns all but the first of links in a row that run the same functions."""
    runs: dict[Path_, list[tuple[Path_, str]]] = {}
    for call in calls:
        for depth in range(1, len(call.path) + 1):
            did = (call.path[depth:], call.name)
            runs.setdefault(call.path[:depth], []).append(did)
    rows: dict[Path_, list[list[Path_]]] = {}
    for path, functions in runs.items():
        row = rows.setdefault(path[:-1], [])
        if row and len(functions) > 1 and runs[row[-1][0]] == functions:
            row[-1].append(path)
        else:
            row.append([path])
    alike = [same for row in rows.values() for same in row if len(same) >= REPEATED]
    return {path for same in alike for path in same[1:]}


def _innermost(calls: list[Call]) -> set[Path_]:
    paths = {call.path for call in calls if call.path}
    above = {path[:depth] for path in paths for depth in range(len(path))}
    return paths - above


def _times(calls: list[Call]) -> dict[Path_, int]:
    """Counts how often each link was called."""
    turns: dict[Path_, set[int]] = {}
    for call in calls:
        for depth, turn in enumerate(call.turns, 1):
            turns.setdefault(call.path[:depth], set()).add(turn)
    return {path: len(seen) for path, seen in turns.items()}


def _group(calls: list[Call], folded: set[Path_]) -> list[Shown]:
    nodes: dict[Path_ | str, Shown] = {}
    times = _times(calls)
    for call in calls:
        at = next(
            (
                call.path[:depth]
                for depth in range(1, len(call.path) + 1)
                if call.path[:depth] in folded
            ),
            None,
        )
        if at is None:
            nodes[call.id] = Shown(call.id, call.name, call.path, [call])
            continue
        if at not in nodes:
            node_id = f'link{sum(node.folded for node in nodes.values())}'
            nodes[at] = Shown(node_id, at[-1], at[:-1], [], True, times[at])
        nodes[at].calls.append(call)
    return list(nodes.values())


def _runs(nodes: list[Shown]) -> list[Shown]:
    """Puts neighbours in the order of execution, of one link, into one node."""
    length = -(-len(nodes) // (LARGE // 2))
    runs: list[Shown] = []
    for node in nodes:
        last = runs[-1] if runs else None
        fits = last is not None and last.path == node.path and not node.folded
        if fits and last is not None and len(last.calls) < length and last.id[0] == 'r':
            last.calls += node.calls
        elif node.folded:
            runs.append(node)
        else:
            runs.append(Shown(f'r{node.id}', '', node.path, list(node.calls)))
    for run in runs:
        names = list(dict.fromkeys(call.name for call in run.calls))
        if not run.folded and len(run.calls) > 1:
            run.folded = True
            run.title = ', '.join(names[:3]) + (' ...' if len(names) > 3 else '')
        elif not run.folded:
            run.title = names[0]
    return runs


def _connect(recording: Recording, nodes: list[Shown]) -> View:
    shown_in = {call.id: node for node in nodes for call in node.calls}
    edges: dict[tuple[str, str], tuple[Shown, Shown, Value]] = {}
    for giver, taker, value in recording.edges():
        a, b = shown_in[giver.id], shown_in[taker.id]
        if a is not b:
            edges.setdefault((a.id, b.id), (a, b, value))
    takers: dict[str, dict[str, Shown]] = {}
    for call in recording.calls:
        for v in call.inputs:
            if recording.values[v].kind == 'input':
                node = shown_in[call.id]
                takers.setdefault(v, {})[node.id] = node
    inputs = [(recording.values[v], list(t.values())) for v, t in takers.items()]
    return View(nodes, list(edges.values()), inputs)
