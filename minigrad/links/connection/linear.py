"""The fully connected layer."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from minigrad.functions.connection.linear import linear
from minigrad.initializers import _get_initializer
from minigrad.link import Link
from minigrad.links._arguments import bias_parameter
from minigrad.parameter import Parameter
from minigrad.variable import Variable, as_array, as_variable


class Linear(Link):
    """A fully connected layer, ``y = x W^T + b``.

    ``Linear(n)`` is ``Linear(None, n)``: the size of the input is taken from the first
    one.

    Args:
        in_size: Numbers in one sample; None takes them from the first input.
        out_size: Numbers in one output.
        nobias: If True there is no ``b``.
        initialW: Initializer, array or number for ``W``; None is LeCunNormal.
        initial_bias: The same for ``b``; None is 0.

    Attributes:
        W: Weights, shape ``(out_size, in_size)``.
        b: Bias, shape ``(out_size,)``, or None.

    Source: compatible with chainer.links.Linear.

    Example:
        >>> layer = L.Linear(None, 2)
        >>> layer(np.zeros((4, 1, 5, 5), 'f')).shape, layer.W.shape
        ((4, 2), (2, 25))
    """

    def __init__(
        self,
        in_size: int | None,
        out_size: int | None = None,
        nobias: bool = False,
        initialW: Any = None,
        initial_bias: Any = None,
    ) -> None:
        super().__init__()
        if out_size is None:
            in_size, out_size = None, in_size
        self.in_size = in_size
        self.out_size = out_size
        with self.init_scope():
            self.W: Any = Parameter(_get_initializer(initialW))
            if in_size is not None:
                self._initialize_params(in_size)
            self.b = None if nobias else bias_parameter(initial_bias, out_size)

    def _initialize_params(self, in_size: int) -> None:
        self.W.initialize((self.out_size, in_size))

    @classmethod
    def from_params(cls, W: Any, b: Any = None, nobias: bool = False) -> Linear:
        """Makes the layer around given arrays or Variables.

        Args:
            W: Weights, shape ``(out_size, in_size)``.
            b: Bias, shape ``(out_size,)``; None is zeros.
            nobias: If True there is no bias.

        Raises:
            ValueError: the lengths of ``W`` and ``b`` differ.
        """
        out_size, in_size = W.shape
        if b is not None and b.size != out_size:
            raise ValueError(
                f'Linear: W has {out_size} outputs, but b has {b.size} elements'
            )
        return cls(in_size, out_size, nobias, as_array(W), as_array(b))

    @property
    def printable_specs(self) -> Iterator[tuple[str, Any]]:
        """Names and values of the arguments that describe this link."""
        yield 'in_size', self.in_size
        yield 'out_size', self.out_size
        yield 'nobias', self.b is None

    def forward(self, x: Any, n_batch_axes: int = 1) -> Variable:
        """Applies the layer.

        Args:
            x: Input, float; all axes after the batch axes are one sample.
            n_batch_axes: Number of leading axes that count samples.

        Returns:
            Variable, shape ``x.shape[:n_batch_axes] + (out_size,)``.
        """
        if self.W.array is None:
            x = as_variable(x)
            self._initialize_params(math.prod(x.shape[n_batch_axes:]))
        return linear(x, self.W, self.b, n_batch_axes=n_batch_axes)
