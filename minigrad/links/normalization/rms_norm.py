"""The layer that divides by the root of the mean square."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.functions.array.cast import cast
from minigrad.functions.math.average import mean
from minigrad.functions.math.elementary import rsqrt, square
from minigrad.initializers import _get_initializer
from minigrad.link import Link
from minigrad.parameter import Parameter
from minigrad.variable import Variable, as_variable


class RMSNorm(Link):
    """Divides vectors by the root of their mean square, and scales them.

    ``y = gamma * x / sqrt(mean(x**2) + eps)`` along the last axis.

    Args:
        size: Length of the vectors; None takes it from the first input.
        eps: Added to the mean square.
        initial_gamma: Initializer, array or number for ``gamma``; None is 1.

    Attributes:
        gamma: Scale, shape ``(size,)``.

    Source: Zhang and Sennrich 2019; as torch.nn.RMSNorm.

    Example:
        >>> L.RMSNorm()(np.array([[3., 4.]], 'f')).array.round(3)
        array([[0.849, 1.131]], dtype=float32)
    """

    def __init__(
        self, size: int | None = None, eps: float = 1e-6, initial_gamma: Any = None
    ) -> None:
        super().__init__()
        self.eps = eps
        gamma = 1 if initial_gamma is None else initial_gamma
        with self.init_scope():
            self.gamma = Parameter(_get_initializer(gamma), size)

    def forward(self, x: Any) -> Variable:
        """Applies the layer to an input of shape ``(..., size)``."""
        x = as_variable(x)
        if self.gamma.array is None:
            self.gamma.initialize(x.shape[-1])
        # Squares of float16 leave its range from 256 on.
        wide = numpy.promote_types(x.dtype, numpy.float32)
        square_mean = mean(square(cast(x, wide)), axis=-1, keepdims=True)
        scale = cast(rsqrt(square_mean + self.eps), x.dtype)
        return x * scale * self.gamma  # type: ignore[no-any-return]
