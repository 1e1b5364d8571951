"""Flattening."""

from __future__ import annotations

from typing import Any

from minigrad.functions.array.reshape import reshape
from minigrad.variable import Variable, as_variable


def flatten(x: Any) -> Variable:
    """Puts all elements along one axis.

    Args:
        x: Variable or array.

    Returns:
        Variable of shape ``(x.size,)``.

    Gradient: reshaped back.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.flatten.

    Example:
        >>> F.flatten(np.ones((2, 3))).shape
        (6,)
    """
    x = as_variable(x)
    return reshape(x, (x.size,))
