"""``with minigrad.trace(model) as graph:``."""

from __future__ import annotations

import contextlib
import statistics as numbers
from collections.abc import Callable, Iterator
from typing import Any

from minigrad.graph.graph import Graph
from minigrad.graph.recorder import Recorder
from minigrad.link import Link
from minigrad.named_arguments import checks_arguments


@contextlib.contextmanager
@checks_arguments
def trace(
    model: Link | None = None,
    *,
    title: str | None = None,
    statistics: bool = True,
    memory: bool = False,
) -> Iterator[Graph]:
    """Records every function that runs in the block, forward and backward.

    Put it around a forward pass, forward and backward, or a whole training step. Per
    function it notes the links that called it, shapes, dtypes, times, operations,
    bytes, kernels, norms of gradients, zeros, NaN and infinity. Outside the block
    nothing is recorded and nothing costs anything.

    Args:
        model: Root of the names of links and parameters; None goes by class names.
        title: Title of the pictures; by default the model's class.
        statistics: Look into the arrays (zeros, NaN, norms); this takes a few passes
            over each, whose time is not counted.
        memory: Measure the most memory that each function held, which slows Python
            down.

    Yields:
        The `minigrad.graph.Graph`; it is complete after the block.

    Raises:
        RuntimeError: Another trace is running in this thread.

    Example:
        >>> model = L.Linear(3, 2)
        >>> with minigrad.trace(model) as graph:
        ...     loss = F.sum(F.relu(model(np.ones((1, 3), 'f'))))
        ...     loss.backward()
        >>> [call.where for call in graph.calls]
        ['Linear: linear', 'relu', 'sum']
        >>> graph.calls[0].flops, graph.first_nan
        (14, None)
    """
    if title is None:
        title = 'graph' if model is None else type(model).__name__
    graph = Graph(title)
    with Recorder(graph, model, statistics=statistics, memory=memory):
        yield graph


@checks_arguments
def trace_step(
    step: Callable[[], Any],
    model: Link | None = None,
    repeat: int = 5,
    *,
    title: str | None = None,
    statistics: bool = True,
) -> Graph:
    """Records a step several times, after one that warms up, and gives median times.

    A single trace times each function once: kernels that are compiled, memory that is
    taken for the first time and whatever else the machine does then look like the
    function's own time. Pictures of the graph say which it was.

    Args:
        step: Called without arguments; it does the same each time.
        model: As for `trace`.
        repeat: How often to record.
        title: As for `trace`.
        statistics: As for `trace`.

    Returns:
        The graph of the last step, with the median times of all; ``n_steps`` says of how
        many. Where the steps ran different functions, the times are those of the last.

    Raises:
        ValueError: ``repeat`` is below 1.

    Example:
        >>> model, x = L.Linear(3, 2), np.ones((1, 3), 'f')
        >>> graph = minigrad.graph.trace_step(lambda: F.sum(model(x)).backward(), model)
        >>> graph.n_steps, [call.name for call in graph.calls]
        (5, ['linear', 'sum'])
    """
    if repeat < 1:
        raise ValueError(f'trace_step: expected repeat >= 1, got {repeat}')
    step()
    graphs = []
    for _ in range(repeat):
        with trace(model, title=title, statistics=statistics) as graph:
            step()
        graphs.append(graph)
    last = graphs[-1]
    names = [call.name for call in last.calls]
    if any([call.name for call in graph.calls] != names for graph in graphs):
        return last
    last.n_steps = repeat
    for i, call in enumerate(last.calls):
        for key in ('forward_time', 'backward_time'):
            times = [getattr(graph.calls[i], key) for graph in graphs]
            if None not in times:
                setattr(call, key, numbers.median(times))
    walls = [graph.wall_time for graph in graphs if graph.wall_time is not None]
    if walls:
        last.wall_time = numbers.median(walls)
    return last
