"""Mark of a chain whose graph never changes."""

from __future__ import annotations

from typing import Any


def static_graph(*args: Any, **kwargs: Any) -> Any:
    """Marks the forward method of a chain; the method runs as it is.

    Chainer keeps a schedule of the first run and replays it. Here every run builds its
    graph: what it computes is the same, and nothing is saved between runs.
    `minigrad.cuda_graph.Replay` is what replays a step on a GPU.

    Args:
        args: The method, as in ``@static_graph``; nothing, as in ``@static_graph()``.
        kwargs: Chainer's options, which have no effect: ``force_test_define_by_run``,
            ``minimize_cache_size``, ``verbosity_level`` and ``enable_double_backprop``.

    Returns:
        The method itself, or a decorator that returns it.

    Source: compatible with chainer.static_graph, without its schedules.

    Example:
        >>> class Twice(minigrad.Chain):
        ...     @minigrad.static_graph
        ...     def forward(self, x):
        ...         return 2 * x
        >>> Twice()(np.ones(2, 'f'))
        array([2., 2.], dtype=float32)
    """
    if len(args) == 1 and not kwargs and callable(args[0]):
        return args[0]
    return lambda method: method
