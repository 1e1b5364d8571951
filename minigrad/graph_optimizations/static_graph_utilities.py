"""Mark of code that runs in every pass through a static chain."""

from __future__ import annotations

from typing import Any


def static_code(*args: Any, **kwargs: Any) -> Any:
    """Marks a function that a static chain calls; the function runs as it is.

    Args:
        args: The function, as in ``@static_code``; nothing, as in ``@static_code()``.
        kwargs: Chainer's option ``func_name``, which has no effect.

    Returns:
        The function itself, or a decorator that returns it.

    Source: compatible with chainer.static_code; see `static_graph`.

    Example:
        >>> @minigrad.static_code
        ... def count(numbers):
        ...     numbers[0] += 1
        >>> numbers = [0]
        >>> count(numbers)
        >>> numbers
        [1]
    """
    if len(args) == 1 and not kwargs and callable(args[0]):
        return args[0]
    return lambda function: function
