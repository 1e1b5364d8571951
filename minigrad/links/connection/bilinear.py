"""The bilinear layer."""

from __future__ import annotations

from typing import Any

from minigrad.functions.connection.bilinear import bilinear
from minigrad.initializers import _get_initializer
from minigrad.link import Link
from minigrad.parameter import Parameter
from minigrad.variable import Variable


class Bilinear(Link):
    """A layer that multiplies two inputs with each other.

    Output ``k`` is ``sum_ij e1_i e2_j W_ijk``, plus ``e1 V1 + e2 V2 + b`` unless
    ``nobias``.

    Args:
        left_size: Numbers in one sample of the first input.
        right_size: Numbers in one sample of the second input.
        out_size: Numbers in one output.
        nobias: If True there are no ``V1``, ``V2`` and ``b``.
        initialW: Initializer, array or number for ``W``; None is LeCunNormal.
        initial_bias: A tuple of the same for ``V1``, ``V2`` and ``b``; None is
            LeCunNormal twice and 0.

    Attributes:
        W: Shape ``(left_size, right_size, out_size)``.
        V1: Shape ``(left_size, out_size)``.
        V2: Shape ``(right_size, out_size)``.
        b: Shape ``(out_size,)``.

    Raises:
        ValueError: ``initial_bias`` is not a tuple, or an array has another shape.

    Source: Socher et al. 2013; compatible with chainer.links.Bilinear.

    Example:
        >>> layer = L.Bilinear(3, 4, 5)
        >>> layer(np.zeros((2, 3), 'f'), np.zeros((2, 4), 'f')).shape
        (2, 5)
    """

    def __init__(
        self,
        left_size: int,
        right_size: int,
        out_size: int,
        nobias: bool = False,
        initialW: Any = None,
        initial_bias: tuple[Any, Any, Any] | None = None,
    ) -> None:
        super().__init__()
        self.in_sizes = (left_size, right_size)
        self.nobias = nobias
        if initial_bias is None:
            initial_bias = (None, None, 0)
        elif not isinstance(initial_bias, tuple):
            raise ValueError(
                'Bilinear: initial_bias must be a tuple (V1, V2, b) or None, '
                f'got {type(initial_bias).__name__}'
            )
        with self.init_scope():
            self.W = _parameter('initialW', initialW, (left_size, right_size, out_size))
            if not nobias:
                V1, V2, b = initial_bias
                self.V1 = _parameter('initial_bias[0]', V1, (left_size, out_size))
                self.V2 = _parameter('initial_bias[1]', V2, (right_size, out_size))
                self.b = _parameter('initial_bias[2]', b, (out_size,))

    def forward(self, e1: Any, e2: Any) -> Variable:
        """Applies the layer.

        Args:
            e1: First input, shape ``(N, left_size)``, or any that has as many numbers.
            e2: Second input, shape ``(N, right_size)``, or any that has as many numbers.

        Returns:
            Variable, shape ``(N, out_size)``.
        """
        if self.nobias:
            return bilinear(e1, e2, self.W)
        return bilinear(e1, e2, self.W, self.V1, self.V2, self.b)


def _parameter(argument: str, initializer: Any, shape: tuple[int, ...]) -> Parameter:
    got = getattr(initializer, 'shape', shape)
    if got not in (shape, ()):
        raise ValueError(f'Bilinear: {argument} must have shape {shape}, got {got}')
    return Parameter(_get_initializer(initializer), shape)
