"""The parametric ReLU layer."""

from __future__ import annotations

from typing import Any

from minigrad.functions.activation.prelu import prelu
from minigrad.link import Link
from minigrad.parameter import Parameter
from minigrad.variable import Variable


class PReLU(Link):
    """Multiplies negative numbers by a trained slope ``W``.

    Args:
        shape: Shape of ``W``: that of the input's axes from the second on, as many as
            shall have slopes of their own; ``()`` is one slope for all.
        init: Initializer, array or number for ``W``.

    Attributes:
        W: The slopes.

    Source: He et al. 2015; compatible with chainer.links.PReLU.

    Example:
        >>> L.PReLU()(np.array([[-1., 2.]], 'f')).array
        array([[-0.25,  2.  ]], dtype=float32)
    """

    def __init__(self, shape: Any = (), init: Any = 0.25) -> None:
        super().__init__()
        with self.init_scope():
            self.W = Parameter(init, shape)

    def forward(self, x: Any) -> Variable:
        """Applies the layer to an input of any shape that begins with the batch."""
        return prelu(x, self.W)
