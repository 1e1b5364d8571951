"""The layer that multiplies, and adds."""

from __future__ import annotations

from typing import Any

from minigrad.chain import Chain
from minigrad.functions.math.scale import scale
from minigrad.links.connection.bias import Bias
from minigrad.parameter import Parameter
from minigrad.variable import Variable


class Scale(Chain):
    """Multiplies by an array along some axes, and may add another.

    Args:
        axis: First axis of the input that the arrays stand for.
        W_shape: Shape of the factors ``W``, which start at 1; None makes no parameter,
            and they are given in the call.
        bias_term: If True, a child ``bias`` adds a parameter after that.
        bias_shape: Its shape, needed where ``W_shape`` is None.

    Attributes:
        W: The parameter, if ``W_shape`` is given.
        bias: The `Bias` link, if ``bias_term``.

    Raises:
        ValueError: ``bias_term`` without any shape.

    Source: compatible with chainer.links.Scale.

    Example:
        >>> L.Scale(1, (3,), bias_term=True)(np.zeros((2, 3, 4), 'f')).shape
        (2, 3, 4)
    """

    def __init__(
        self,
        axis: int = 1,
        W_shape: Any = None,
        bias_term: bool = False,
        bias_shape: Any = None,
    ) -> None:
        super().__init__()
        self.axis = axis
        with self.init_scope():
            if W_shape is not None:
                self.W = Parameter(1, W_shape)
                bias_shape = W_shape
            if bias_term:
                if bias_shape is None:
                    raise ValueError(
                        'bias_shape should be given if W is not learnt parameter and '
                        'bias_term is True.'
                    )
                self.bias = Bias(axis, bias_shape)

    def forward(self, *xs: Any) -> Variable:
        """Multiplies the first input by ``W``, or else by the second input."""
        if hasattr(self, 'W'):
            (x,) = xs
            y = scale(x, self.W, self.axis)
        else:
            x, W = xs
            y = scale(x, W, self.axis)
        if hasattr(self, 'bias'):
            y = self.bias(y)
        return y
