"""The layer that adds."""

from __future__ import annotations

from typing import Any

from minigrad.functions.math.bias import bias
from minigrad.link import Link
from minigrad.parameter import Parameter
from minigrad.variable import Variable


class Bias(Link):
    """Adds an array along some axes: a parameter ``b``, or a second input.

    Args:
        axis: First axis of the input that the array stands for.
        shape: Shape of ``b``, which starts at 0; None makes no parameter, and the array
            is given in the call.

    Attributes:
        b: The parameter, if ``shape`` is given.

    Source: compatible with chainer.links.Bias.

    Example:
        >>> L.Bias(1, (3,))(np.zeros((2, 3, 4), 'f')).shape
        (2, 3, 4)
    """

    def __init__(self, axis: int = 1, shape: Any = None) -> None:
        super().__init__()
        self.axis = axis
        if shape is not None:
            with self.init_scope():
                self.b = Parameter(0, shape)

    def forward(self, *xs: Any) -> Variable:
        """Adds to the first input ``b``, or else the second input."""
        if hasattr(self, 'b'):
            (x,) = xs
            return bias(x, self.b, self.axis)
        x, y = xs
        return bias(x, y, self.axis)
