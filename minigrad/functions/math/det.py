"""Determinants of matrices."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions.array.reshape import reshape
from minigrad.functions.array.swapaxes import swapaxes
from minigrad.functions.math.inv import batch_inv, widened
from minigrad.functions.math.sum_to import broadcast_to
from minigrad.types import Array
from minigrad.variable import Variable, as_variable


class BatchDet(FunctionNode):
    arg_names = ('a',)
    label = 'det'

    def check_type_forward(self, in_types: InputTypes) -> None:
        (a,) = in_types
        if a.dtype.kind != 'f':
            raise self.refuse("a.dtype.kind == 'f'", a.dtype)
        if a.ndim != 3:
            raise self.refuse('a.ndim == 3', a.ndim)
        if a.shape[-2] != a.shape[-1]:
            raise self.refuse('square matrices', a.shape)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (a,) = inputs
        self.retain_inputs((0,))
        self.retain_outputs((0,))
        y = get_array_module(a).linalg.det(widened(a))
        return y.astype(a.dtype, copy=False)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (a,) = self.get_retained_inputs()
        (y,) = self.get_retained_outputs()
        scale = reshape(grad_outputs[0] * y, (-1, 1, 1))
        return broadcast_to(scale, a.shape) * batch_inv(swapaxes(a, 1, 2))


def batch_det(a: Any) -> Variable:
    """Computes the determinant of each matrix of a batch.

    Args:
        a: Variable or array, float, shape ``(B, N, N)``.

    Returns:
        Variable, dtype of ``a``, shape ``(B,)``.

    Raises:
        InvalidType: ``a`` does not hold square float matrices.
        ValueError: The gradient of a singular matrix was asked for.

    Gradient: ``gy * y * a^-T``.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.batch_det.

    Example:
        >>> F.batch_det(np.array([[[1., 2.], [3., 4.]], np.eye(2)])).array.round(6)
        array([-2.,  1.])
    """
    return BatchDet().apply((a,))[0]


def det(a: Any) -> Variable:
    """Computes the determinant of a matrix.

    Args:
        a: Variable or array, float, shape ``(N, N)``.

    Returns:
        Variable, dtype of ``a``, shape ``()``.

    Raises:
        InvalidType: ``a`` is no square float matrix.
        ValueError: The gradient of a singular matrix was asked for.

    Gradient: ``gy * y * a^-T``.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.det.

    Example:
        >>> F.det(np.array([[1., 2.], [3., 4.]])).array.round(6)
        np.float64(-2.0)
    """
    a = as_variable(a)
    return reshape(batch_det(reshape(a, (1, *a.shape))), ())
