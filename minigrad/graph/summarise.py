"""A model in numbers: what each link gives, holds and costs."""

from __future__ import annotations

import contextlib
import sys
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from html import escape
from typing import Any, TextIO

import numpy

from minigrad.backend import is_array
from minigrad.configuration import no_backprop_mode, using_config
from minigrad.graph.fold import Shown, view
from minigrad.graph.graph import Graph
from minigrad.graph.metrics import METRICS, nbytes, operations
from minigrad.graph.model import Path_
from minigrad.graph.table import format_table
from minigrad.graph.tracing import trace
from minigrad.link import Link
from minigrad.named_arguments import checks_arguments
from minigrad.variable import Variable


@dataclass(frozen=True)
class Row:
    """A link, or a function that a chain called itself.

    Attributes:
        path: The link, ``'LeNet/conv1'``.
        function: Class of the link, or name of the function.
        output_shape: Shape of what it gave last; None if it was not called.
        parameters: Numbers in its parameters, each counted where it came first.
        flops: Operations of its forward.
        activation_bytes: Bytes of the arrays that its functions gave.
        calls: How often it was called.
    """

    path: str
    function: str
    output_shape: tuple[int, ...] | None
    parameters: int
    flops: int
    activation_bytes: int
    calls: int = 1


@dataclass(frozen=True, repr=False)
class ModelSummary:
    """What `summary` returns; printed, it is the table.

    Attributes:
        rows: The links, in the order of execution.
        parameters: Numbers in all parameters.
        parameter_bytes: Bytes of all parameters.
        flops: Operations of a forward pass.
        activation_bytes: Bytes of all arrays that functions gave.

    Example:
        >>> import contextlib, io
        >>> with contextlib.redirect_stdout(io.StringIO()):
        ...     summary = minigrad.summary(L.Linear(3, 2), (1, 3))
        >>> summary.parameters, summary.parameter_bytes
        (8, 32)
    """

    title: str
    input_shapes: tuple[tuple[int, ...], ...]
    rows: tuple[Row, ...]
    parameters: int
    parameter_bytes: int
    flops: int
    activation_bytes: int
    shown: bool = field(default=False, compare=False)  # whether it has been printed

    def to_dict(self) -> dict[str, Any]:
        """Returns everything as dicts, lists and numbers."""
        entries = asdict(self)
        del entries['shown']
        return entries

    def __repr__(self) -> str:
        return f'<ModelSummary {self.title}: {self.parameters:,} parameters>'

    def _repr_html_(self) -> str | None:
        # Below the printed table, a second one would be one too many.
        if self.shown:
            return None
        head, rows = self._cells()
        lines = [''.join([f'<th>{escape(cell)}</th>' for cell in head])]
        lines += [''.join([f'<td>{escape(c)}</td>' for c in row]) for row in rows]
        body = ''.join([f'<tr>{line}</tr>' for line in lines])
        return f'<table>{body}</table><p>{escape(self._last_line)}</p>'

    @property
    def _last_line(self) -> str:
        size = nbytes(self.parameter_bytes)
        return f'{self.parameters:,} parameters, {size}'

    def _cells(self) -> tuple[list[str], list[list[str]]]:
        rows = []
        for row in self.rows:
            shape = '' if row.output_shape is None else str(row.output_shape)
            called = (
                f'{row.function}, {row.calls} calls' if row.calls > 1 else row.function
            )
            rows.append(
                [
                    row.path,
                    called if row.calls else f'{row.function}, not called',
                    shape,
                    f'{row.parameters:,}' if row.parameters else '',
                    operations(row.flops) if row.flops else '',
                    nbytes(row.activation_bytes) if row.activation_bytes else '',
                ]
            )
        rows.append(
            [
                'total',
                '',
                '',
                f'{self.parameters:,}',
                operations(self.flops),
                nbytes(self.activation_bytes),
            ]
        )
        head = ['link', 'function', 'output shape', 'parameters', 'FLOP', 'activations']
        return head, rows

    def __str__(self) -> str:
        shapes = ', '.join(map(str, self.input_shapes))
        table = format_table(*self._cells(), 3)
        return f'{self.title} for an input of {shapes}\n\n{table}\n\n{self._last_line}'


@checks_arguments
def summary(
    model: Link,
    input_shape: Any,
    *,
    dtype: Any = numpy.float32,
    file: TextIO | None = None,
    show: bool = True,
) -> ModelSummary:
    """Prints what each link of a model gives, holds and costs, and returns it.

    Runs one forward pass as in testing. A model with parameters that wait for their
    first input is copied before, so it stays as it is, and so does the state of
    ``numpy.random``.

    Args:
        model: The model.
        input_shape: Shape of the input with the batch, ``(1, 3, 227, 227)``; a list of
            shapes for several inputs; arrays are taken as they are.
        dtype: Dtype of the input; integers are zeros.
        file: Where to print; None is ``sys.stdout``.
        show: Print.

    Returns:
        A `ModelSummary` with ``rows``, ``parameters``, ``flops``, ``activation_bytes``.

    Example:
        >>> data = minigrad.summary(L.Linear(3, 2), (1, 3))
        Linear for an input of (1, 3)
        <BLANKLINE>
        link    function  output shape  parameters     FLOP  activations
        ------  --------  ------------  ----------  -------  -----------
        Linear  Linear    (1, 2)                 8  14 FLOP          8 B
        total                                    8  14 FLOP          8 B
        <BLANKLINE>
        8 parameters, 32 B
        >>> data.parameters
        8
    """
    inputs = make_inputs(model, input_shape, dtype)
    model, graph = trace_forward(model, inputs)
    shapes = tuple([tuple(x.shape) for x in inputs])
    result = replace(_summarise(model, graph, shapes), shown=show)
    if show:
        print(result, file=sys.stdout if file is None else file)
    return result


def make_inputs(model: Link, input_shape: Any, dtype: Any = numpy.float32) -> list[Any]:
    """Returns arrays of the given shapes on the model's device."""
    several = isinstance(input_shape, (list, tuple)) and any(
        is_array(one) or isinstance(one, (list, tuple)) for one in input_shape
    )
    shapes: Sequence[Any] = input_shape if several else [input_shape]
    rng = numpy.random.default_rng(0)
    inputs = []
    for shape in shapes:
        if is_array(shape):
            x = shape
        elif numpy.dtype(dtype).kind == 'f':
            x = rng.standard_normal(shape).astype(dtype)
        else:
            x = numpy.zeros(shape, dtype)
        inputs.append(model.device.send(x))
    return inputs


def trace_forward(model: Link, inputs: Sequence[Any]) -> tuple[Link, Graph]:
    """Runs a forward pass as in testing; returns the model that ran, and its graph."""
    with _untouched(model) as ran:
        kind = trace(ran, statistics=False)
        with using_config('train', False), no_backprop_mode(), kind as graph:
            ran(*[Variable(x) for x in inputs])
    return ran, graph


@contextlib.contextmanager
def _untouched(model: Link) -> Iterator[Link]:
    """Gives the model, or a copy if running would initialise it."""
    if all(param.is_initialized for param in model.params()):
        yield model
        return
    state = numpy.random.get_state()
    try:
        yield model.copy('copy')
    finally:
        numpy.random.set_state(state)


def _summarise(
    model: Link, graph: Graph, shapes: tuple[tuple[int, ...], ...]
) -> ModelSummary:
    title = type(model).__name__
    links: dict[Path_, Link] = {
        (title, *[name for name in path.split('/') if name]): link
        for path, link in model.namedlinks()
    }
    counted: set[int] = set()
    shown = view(graph, 'links').nodes
    rows: list[Row] = []
    covered: set[Path_] = set()
    for node in shown:
        path = (*node.path, node.title) if node.folded else node.path
        link = links.get(path) if node.folded else None
        parameters = 0 if link is None else _count(link.params(), counted)
        if node.folded:
            covered.add(path)
        rows.append(_row(graph, node, path, link, parameters))
    for path, link in links.items():
        if any(path[:depth] in covered for depth in range(1, len(path) + 1)):
            continue
        parameters = _count((vars(link)[name] for name in link._params), counted)
        if parameters:  # a chain's own, or a link's that was not called
            called = any(call.path[: len(path)] == path for call in graph.calls)
            name = type(link).__name__
            rows.append(Row('/'.join(path), name, None, parameters, 0, 0, int(called)))
    params = [p for p in model.params() if p.is_initialized]
    return ModelSummary(
        title=title,
        input_shapes=shapes,
        rows=tuple(rows),
        parameters=sum(row.parameters for row in rows),
        parameter_bytes=sum(
            p.array.nbytes for p in {id(p): p for p in params}.values()
        ),
        flops=sum(row.flops for row in rows),
        activation_bytes=sum(row.activation_bytes for row in rows),
    )


def _row(
    graph: Graph, node: Shown, path: Path_, link: Link | None, parameters: int
) -> Row:
    last = node.calls[-1].outputs
    return Row(
        path='/'.join(path),
        function=node.title if link is None else type(link).__name__,
        output_shape=graph.values[last[0]].shape if last else None,
        parameters=parameters,
        flops=int(METRICS['flops'].of(node.calls) or 0),
        activation_bytes=int(METRICS['allocated'].of(node.calls) or 0),
        calls=node.times,
    )


def _count(params: Any, counted: set[int]) -> int:
    total = 0
    for param in params:
        if id(param) in counted:
            continue
        counted.add(id(param))
        if param.is_initialized:
            total += int(param.size)
        else:
            warnings.warn(
                f'summary: parameter {param.name} is not initialized, so it is not counted',
                stacklevel=4,
            )
    return total
