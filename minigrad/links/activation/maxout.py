"""The maxout layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from minigrad.backend import is_array
from minigrad.chain import Chain
from minigrad.functions.activation.maxout import maxout
from minigrad.initializer import Initializer
from minigrad.links.connection.linear import Linear
from minigrad.types import Array
from minigrad.variable import Variable


class Maxout(Chain):
    """A fully connected layer each of whose outputs is the largest of several.

    Args:
        in_size: Numbers in one sample; None takes them from the first input.
        out_size: Numbers in one output.
        pool_size: Numbers to take the largest of.
        initialW: Initializer or number; or an array or a function, for the shape
            ``(out_size, pool_size, in_size)``. None is LeCunNormal.
        initial_bias: The same, for the shape ``(out_size, pool_size)``; None is no bias.

    Attributes:
        linear: The `Linear` link that computes ``out_size * pool_size`` numbers.

    Raises:
        ValueError: an array has not as many axes as that.

    Source: Goodfellow et al. 2013; compatible with chainer.links.Maxout.

    Example:
        >>> L.Maxout(3, 4, 2)(np.zeros((5, 3), 'f')).shape
        (5, 4)
    """

    def __init__(
        self,
        in_size: int | None,
        out_size: int,
        pool_size: int,
        initialW: Any = None,
        initial_bias: Any = 0,
    ) -> None:
        super().__init__()
        self.out_size = out_size
        self.pool_size = pool_size
        pools = (out_size, pool_size)
        with self.init_scope():
            self.linear = Linear(
                in_size,
                out_size * pool_size,
                nobias=initial_bias is None,
                initialW=_flattened('initialW', initialW, pools, 3),
                initial_bias=_flattened('initial_bias', initial_bias, pools, 2),
            )

    def forward(self, x: Any) -> Variable:
        """Applies the layer to samples of shape ``(N, in_size)``."""
        return maxout(self.linear(x), self.pool_size)


def _flattened(
    argument: str, initial: Any, pools: tuple[int, int], ndim: int
) -> Any | Callable[[Array], None]:
    # Users speak of (out_size, pool_size, ...), Linear of (out_size * pool_size, ...).
    if is_array(initial):
        if initial.ndim != ndim:
            raise ValueError(f'Maxout: {argument}.ndim should be {ndim}')
        return initial.reshape(-1, *initial.shape[2:])
    if initial is None or numpy.isscalar(initial) or isinstance(initial, Initializer):
        return initial

    def fill(array: Array) -> None:
        initial(array.reshape(*pools, *array.shape[1:]))  # a view of a new array

    return fill
