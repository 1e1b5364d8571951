"""The Swish layer."""

from __future__ import annotations

from typing import Any

from minigrad.functions.activation.swish import swish
from minigrad.initializers import Constant
from minigrad.link import Link
from minigrad.parameter import Parameter
from minigrad.variable import Variable, as_variable


class Swish(Link):
    """Computes ``x * sigmoid(beta x)`` with a trained ``beta``.

    Args:
        beta_shape: Shape of ``beta``; None takes it from the first input's sample.
        beta_init: First value of ``beta``.

    Attributes:
        beta: The parameter.

    Source: Ramachandran et al. 2017; compatible with chainer.links.Swish.

    Example:
        >>> L.Swish(())(np.zeros((1, 2), 'f')).array
        array([[0., 0.]], dtype=float32)
    """

    def __init__(self, beta_shape: Any, beta_init: Any = 1.0) -> None:
        super().__init__()
        with self.init_scope():
            if beta_shape is None:
                self.beta = Parameter(Constant(beta_init))
            else:
                self.beta = Parameter(beta_init, beta_shape)

    def forward(self, x: Any) -> Variable:
        """Applies the layer to an input of any shape that begins with the batch."""
        if self.beta.array is None:
            self.beta.initialize(as_variable(x).shape[1:])
        return swish(x, self.beta)
