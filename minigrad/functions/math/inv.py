"""Inverses of matrices."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions.math.matmul import matmul
from minigrad.types import Array
from minigrad.variable import Variable


def widened(x: Array) -> Array:
    """Returns ``x`` as LAPACK takes it: there is none for float16."""
    return x.astype(numpy.float32) if x.dtype == numpy.float16 else x


class Inv(FunctionNode):
    arg_names = ('a',)
    ndim = 2

    def check_type_forward(self, in_types: InputTypes) -> None:
        (a,) = in_types
        if a.dtype.kind != 'f':
            raise self.refuse("a.dtype.kind == 'f'", a.dtype)
        if a.ndim != self.ndim:
            raise self.refuse(f'a.ndim == {self.ndim}', a.ndim)
        if a.shape[-2] != a.shape[-1]:
            raise self.refuse('square matrices', a.shape)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (a,) = inputs
        self.retain_outputs((0,))
        try:
            y = get_array_module(a).linalg.inv(widened(a))
        except numpy.linalg.LinAlgError:
            raise ValueError(f'{self.public_name}: a matrix is singular') from None
        return y.astype(a.dtype, copy=False)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (y,) = self.get_retained_outputs()
        return -matmul(matmul(y, grad_outputs[0], transa=True), y, transb=True)


class BatchInv(Inv):
    ndim = 3


def inv(a: Any) -> Variable:
    """Inverts a matrix.

    Args:
        a: Variable or array, float, shape ``(N, N)``.

    Returns:
        Variable, shape and dtype of ``a``.

    Raises:
        InvalidType: ``a`` is no square float matrix.
        ValueError: ``a`` is singular.

    Gradient: ``-y^T gy y^T``, with ``y`` the inverse.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.inv.

    Example:
        >>> F.inv(np.array([[2., 0.], [0., 4.]])).array
        array([[0.5 , 0.  ],
               [0.  , 0.25]])
    """
    return Inv().apply((a,))[0]


def batch_inv(a: Any) -> Variable:
    """Inverts each matrix of a batch.

    Args:
        a: Variable or array, float, shape ``(B, N, N)``.

    Returns:
        Variable, shape and dtype of ``a``.

    Raises:
        InvalidType: ``a`` does not hold square float matrices.
        ValueError: A matrix is singular.

    Gradient: ``-y^T gy y^T`` for each, with ``y`` the inverse.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.batch_inv.

    Example:
        >>> F.batch_inv(np.array([[[2.]], [[4.]]])).array.ravel()
        array([0.5 , 0.25])
    """
    return BatchInv().apply((a,))[0]
