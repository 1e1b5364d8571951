"""Cholesky decomposition."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions.array.transpose import transpose
from minigrad.functions.math.inv import inv, widened
from minigrad.functions.math.matmul import matmul
from minigrad.types import Array
from minigrad.variable import Variable


class Cholesky(FunctionNode):
    arg_names = ('a',)
    label = 'cholesky'

    def check_type_forward(self, in_types: InputTypes) -> None:
        (a,) = in_types
        if a.dtype.kind != 'f':
            raise self.refuse("a.dtype.kind == 'f'", a.dtype)
        if a.ndim != 2:
            raise self.refuse('a.ndim == 2', a.ndim)
        if len(a) != a.shape[1]:
            raise self.refuse('a square matrix', a.shape)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (a,) = inputs
        self.retain_outputs((0,))
        try:
            y = get_array_module(a).linalg.cholesky(widened(a))
        except numpy.linalg.LinAlgError:
            raise ValueError('cholesky: the matrix is not positive definite') from None
        return y.astype(a.dtype, copy=False)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        # Murray 2016, "Differentiation of the Cholesky decomposition", eq. 10: of
        # y^T gy the lower triangle with half of its diagonal, between inverses.
        (y,) = self.get_retained_outputs()
        xp, n = y.xp, len(y)
        half = xp.tri(n, dtype=y.dtype) - 0.5 * xp.eye(n, dtype=y.dtype)
        inner = matmul(y, grad_outputs[0], transa=True) * half
        y_inv = inv(y)
        g = matmul(matmul(y_inv, inner, transa=True), y_inv)
        return (g + transpose(g)) * 0.5


def cholesky(a: Any) -> Variable:
    """Decomposes a symmetric positive definite matrix into ``y y^T``.

    Args:
        a: Variable or array, float, shape ``(N, N)``; only its lower triangle is read.

    Returns:
        Variable, shape and dtype of ``a``: the lower triangular ``y``.

    Raises:
        InvalidType: ``a`` is no square float matrix.
        ValueError: ``a`` is not positive definite.

    Gradient: symmetric, as if both triangles of ``a`` changed together.
    Double backprop: yes.
    Kernels: reference.
    Source: Murray 2016; compatible with chainer.functions.cholesky.

    Example:
        >>> F.cholesky(np.array([[4., 2.], [2., 5.]])).array
        array([[2., 0.],
               [1., 2.]])
    """
    return Cholesky().apply((a,))[0]
