"""``with minigrad.trace(model) as graph:``."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from minigrad.graph.graph import Graph
from minigrad.graph.recorder import Recorder
from minigrad.link import Link


@contextlib.contextmanager
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
