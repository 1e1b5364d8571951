"""The graph behind a variable, as DOT text: Chainer's view of it.

Built in time linear in its size, and written in an order that depends on nothing but
the computation, so that the DOT files of two versions of a model can be compared. For
graphs of real runs, grouped by link, with time and memory, see `minigrad.trace`.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy

from minigrad.function_node import FunctionNode
from minigrad.graph.dot import attributes, room_for
from minigrad.graph.model import Call, Recording, Value
from minigrad.graph.picture import Picture
from minigrad.named_arguments import checks_arguments
from minigrad.variable import Variable, VariableNode

Node = VariableNode | FunctionNode
Edge = tuple[Node, Node]

_VARIABLE_STYLE = {'shape': 'octagon', 'fillcolor': '#E0E0E0', 'style': 'filled'}
_FUNCTION_STYLE = {'shape': 'record', 'fillcolor': '#6495ED', 'style': 'filled'}


class ComputationalGraph(Picture):
    """Functions and variables, and who feeds whom.

    Args:
        nodes: `VariableNode` and `FunctionNode` objects.
        edges: Pairs of them.
        variable_style: DOT attributes of variables; None for a plain oval.
        function_style: DOT attributes of functions; None for a plain box.
        rankdir: Where the graph runs: 'TB', 'BT', 'LR' or 'RL'.
        remove_variable: Draw functions alone.
        show_name: Put the names of variables into their labels.

    Raises:
        ValueError: ``rankdir`` is none of the four.

    Source: compatible with chainer.computational_graph.ComputationalGraph, with stable
    ids, escaped labels, and all consumers when variables are removed.

    Example:
        >>> from minigrad.computational_graph import build_computational_graph
        >>> y = F.exp(minigrad.Variable(np.ones((2, 3), 'f')))
        >>> build_computational_graph([y]).dump().startswith('digraph')
        True
    """

    def __init__(
        self,
        nodes: Iterable[Node],
        edges: Iterable[Edge],
        variable_style: Mapping[str, str] | str | None = 'default',
        function_style: Mapping[str, str] | str | None = 'default',
        rankdir: str = 'TB',
        remove_variable: bool = False,
        show_name: bool = True,
    ) -> None:
        if rankdir not in ('TB', 'BT', 'LR', 'RL'):
            raise ValueError(f'rankdir must be in TB, BT, LR or RL, got {rankdir!r}')
        self.nodes = list(nodes)
        self.edges = list(edges)
        self.variable_style = _style(variable_style, _VARIABLE_STYLE)
        self.function_style = _style(function_style, _FUNCTION_STYLE)
        self.rankdir = rankdir
        self.remove_variable = remove_variable
        self.show_name = show_name

    def __repr__(self) -> str:
        functions = sum(isinstance(node, FunctionNode) for node in self.nodes)
        return f'<{type(self).__name__} with {functions} functions>'

    def dump(self, format: str = 'dot') -> str:
        """Returns the graph as text.

        Args:
            format: ``'dot'``, the only one.

        Raises:
            NotImplementedError: Another format was asked for.

        Example:
            >>> from minigrad.computational_graph import build_computational_graph
            >>> y = F.relu(minigrad.Variable(np.ones(3, 'f'), name='x'))
            >>> print(build_computational_graph(y, function_style=None).dump())
            digraph graphname{rankdir=TB;
            v0 [label="x: (3), float32",shape="octagon",fillcolor="#E0E0E0",style="filled"];
            f0 [label="ReLU",shape="box"];
            v1 [label="(3), float32",shape="octagon",fillcolor="#E0E0E0",style="filled"];
            v0 -> f0;
            f0 -> v1;
            }
        """
        if format != 'dot':
            raise NotImplementedError('Currently, only dot format is supported.')
        return self.to_dot()

    def to_dot(self) -> str:
        """Returns the graph in DOT language."""
        ids: dict[Node, str] = {}
        counts = {'v': 0, 'f': 0}
        lines = [f'digraph graphname{{rankdir={self.rankdir};']
        for node in self.nodes:
            letter = 'v' if isinstance(node, VariableNode) else 'f'
            ids[node] = f'{letter}{counts[letter]}'
            counts[letter] += 1
            if letter == 'f' or not self.remove_variable:
                lines.append(f'{ids[node]} {attributes(self._attributes(node))};')
        edges = self._between_functions() if self.remove_variable else self.edges
        drawn = dict.fromkeys([(ids[a], ids[b]) for a, b in edges])
        lines += [f'{a} -> {b};' for a, b in drawn]
        return '\n'.join([*lines, '}'])

    def to_html(self) -> str:
        """Returns a page to explore the functions in."""
        from minigrad.graph.page import page

        return page(self._record())

    def _record(self) -> Recording:
        """Puts the nodes into the form of a recorded graph, without its numbers."""
        recording = Recording('graph')
        ids: dict[Node, str] = {}
        outputs: dict[Node, list[Node]] = {}
        for head, tail in self.edges:
            if isinstance(head, FunctionNode):
                outputs.setdefault(head, []).append(tail)
        made = {node for nodes in outputs.values() for node in nodes}
        for node in self.nodes:
            if isinstance(node, VariableNode):
                shape, dtype = node.shape or (), numpy.dtype(node.dtype)
                value = Value(
                    id=f'v{len(ids)}',
                    kind='output' if node in made else 'input',
                    shape=shape,
                    dtype=str(dtype),
                    nbytes=math.prod(shape) * dtype.itemsize,
                    name=node.name,
                )
                ids[node] = value.id
                recording.values[value.id] = value
        for node in self.nodes:
            if isinstance(node, FunctionNode):
                inputs = node.inputs or ()
                call = Call(
                    id=f'f{len(recording.calls)}',
                    name=str(node.public_name),
                    label=str(node.label),
                    arg_names=tuple(node._names_(inputs)),
                    inputs=[ids[x] for x in inputs if x in ids],
                    outputs=[ids[y] for y in outputs.get(node, ())],
                )
                recording.calls.append(call)
        return recording

    def _attributes(self, node: Node) -> dict[str, object]:
        label = str(node.label)
        if isinstance(node, FunctionNode):
            shown: dict[str, object] = {'label': label, 'shape': 'box'}
            style = self.function_style
        else:
            if self.show_name and node.name is not None:
                label = f'{node.name}: {label}'
            shown = {'label': label, 'shape': 'oval'}
            style = self.variable_style
        return {**shown, **room_for(label, 14), **style}

    def _between_functions(self) -> list[Edge]:
        """Joins each function to the functions that consume its outputs."""
        consumers: dict[Node, list[Node]] = {}
        for head, tail in self.edges:
            if isinstance(head, VariableNode):
                consumers.setdefault(head, []).append(tail)
        return [
            (head, consumer)
            for head, tail in self.edges
            if isinstance(head, FunctionNode)
            for consumer in consumers.get(tail, ())
        ]


def _style(style: Mapping[str, str] | str | None, default: dict[str, str]) -> Any:
    if style is None:
        return {}
    return dict(default) if isinstance(style, str) else dict(style)


def _place(node: Node, count: int) -> tuple[int, bool, int, Node]:
    """Sorts a function before its inputs, which may have the same rank."""
    return -node.rank, isinstance(node, VariableNode), count, node


@checks_arguments
def build_computational_graph(
    outputs: Any,
    remove_split: bool = True,
    variable_style: Mapping[str, str] | str | None = 'default',
    function_style: Mapping[str, str] | str | None = 'default',
    rankdir: str = 'TB',
    remove_variable: bool = False,
    show_name: bool = True,
) -> ComputationalGraph:
    """Collects everything that outputs were computed from.

    Args:
        outputs: A Variable, a node of a variable or function, or several of them.
        remove_split: Must be True; kept for old programs.
        variable_style: DOT attributes of variables; None for a plain oval.
        function_style: DOT attributes of functions; None for a plain box.
        rankdir: Where the graph runs: 'TB', 'BT', 'LR' or 'RL'.
        remove_variable: Draw functions alone.
        show_name: Put the names of variables into their labels.

    Returns:
        A `ComputationalGraph`: ``dump()`` gives DOT text, ``render('x.svg')`` a picture.

    Raises:
        TypeError: An output is none of these.
        ValueError: ``remove_split`` is False, or ``rankdir`` is unknown.

    Source: compatible with chainer.computational_graph.build_computational_graph.

    Example:
        >>> from minigrad.computational_graph import build_computational_graph
        >>> x = minigrad.Variable(np.ones(3, 'f'))
        >>> graph = build_computational_graph(F.sum(x * x))
        >>> len(graph.nodes), len(graph.edges)
        (5, 4)
    """
    if not remove_split:
        raise ValueError('remove_split=False is not supported anymore')
    kinds = (Variable, VariableNode, FunctionNode)
    if isinstance(outputs, kinds):
        outputs = [outputs]
    roots: list[Node] = []
    for output in outputs:
        if not isinstance(output, kinds):
            raise TypeError(
                'element of outputs must be either Variable, VariableNode, or '
                f'FunctionNode, got {type(output).__name__}'
            )
        roots.append(output.node if isinstance(output, Variable) else output)

    # Nodes far from the leaves first, so a node comes after everything it feeds; what
    # is returned is the reverse: the order of the computation.
    seen = dict.fromkeys(roots)
    heap = [_place(node, i) for i, node in enumerate(seen)]
    heapq.heapify(heap)
    edges: dict[Edge, None] = {}
    order: list[Node] = []
    while heap:
        node = heapq.heappop(heap)[3]
        order.append(node)
        if isinstance(node, FunctionNode):
            sources: Iterable[Node] = reversed(node.inputs or ())
        else:
            sources = () if node.creator_node is None else (node.creator_node,)
        for source in sources:
            edges[source, node] = None
            if source not in seen:
                seen[source] = None
                heapq.heappush(heap, _place(source, len(seen)))
    return ComputationalGraph(
        reversed(order),
        reversed(edges),
        variable_style,
        function_style,
        rankdir,
        remove_variable,
        show_name,
    )
