"""Linear interpolation."""

from __future__ import annotations

from typing import Any

from minigrad.function_node import FunctionNode, InputTypes
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class LinearInterpolate(FunctionNode):
    arg_names = ('p', 'x', 'y')

    def check_type_forward(self, in_types: InputTypes) -> None:
        p, x, y = in_types
        if p.dtype.kind != 'f':
            raise self.refuse("p.dtype.kind == 'f'", p.dtype)
        if not p.dtype == x.dtype == y.dtype:
            raise self.refuse('one dtype', f'{p.dtype}, {x.dtype} and {y.dtype}')
        if not p.shape == x.shape == y.shape:
            raise self.refuse('one shape', f'{p.shape}, {x.shape} and {y.shape}')

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 1, 2))
        p, x, y = inputs
        return p * x + (1 - p) * y

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        p, x, y = self.get_retained_inputs()
        (gz,) = grad_outputs
        gx = gz * p
        return gz * (x - y), gx, gz - gx


@checks_arguments
def linear_interpolate(p: Any, x: Any, y: Any) -> Variable:
    """Interpolates between two arrays: ``p * x + (1 - p) * y``.

    Args:
        p: Variable or array, float: the share of ``x``.
        x: Variable or array, shape and dtype of ``p``.
        y: Variable or array, shape and dtype of ``p``.

    Returns:
        Variable, shape and dtype of ``p``.

    Raises:
        InvalidType: The shapes or dtypes differ, or are not float.

    Gradient: ``gz * (x - y)`` for ``p``, ``gz * p`` and ``gz * (1 - p)`` for the others.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.linear_interpolate.

    Example:
        >>> F.linear_interpolate(np.array([.5]), np.array([2.]), np.array([4.])).array
        array([3.])
    """
    return LinearInterpolate().apply((p, x, y))[0]
