"""A parameter that is a layer without input."""

from __future__ import annotations

from minigrad.functions.array.copy import copy
from minigrad.link import Link
from minigrad.parameter import Parameter as _Parameter
from minigrad.types import Array
from minigrad.variable import Variable


class Parameter(Link):
    """Holds one parameter and returns it when called.

    Args:
        array: Its first values.

    Attributes:
        W: The parameter.

    Source: compatible with chainer.links.Parameter.

    Example:
        >>> L.Parameter(np.ones((2, 3), 'f'))().shape
        (2, 3)
    """

    def __init__(self, array: Array) -> None:
        super().__init__()
        with self.init_scope():
            self.W = _Parameter(array)
        self._device = self.W.device

    def forward(self) -> Variable:
        """Returns the parameter, as a Variable of the graph."""
        return copy(self.W, self.device)
