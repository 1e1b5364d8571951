"""Determinants of matrices."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions.array.get_item import get_item
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
        gy = reshape(grad_outputs[0], (-1, 1, 1))
        if _invertible(a.array):
            cofactors = broadcast_to(reshape(y, (-1, 1, 1)), a.shape)
            cofactors = cofactors * batch_inv(swapaxes(a, 1, 2))
        else:
            cofactors = _cofactors(a)
        return broadcast_to(gy, a.shape) * cofactors


def _invertible(a: Array) -> bool:
    """Tells whether every matrix of a batch has an inverse with digits to trust."""
    xp, a = get_array_module(a), widened(a)
    if a.size == 0:
        return True
    values = xp.linalg.svd(a, compute_uv=False)
    least = float(numpy.finfo(a.dtype).eps) ** 0.5
    return bool((values[:, -1] > least * values[:, 0]).all())


def _cofactors(a: Variable) -> Any:
    """Returns the determinants of what is left without a row and a column, signed.

    They exist for every matrix, and are determinants again, so that every order of
    derivative works; ``N**2`` of them take ``N**2`` times as long as one.
    """
    N = a.shape[-1]
    xp = get_array_module(a.array)
    if N == 1:
        return Variable(xp.ones_like(a.array))
    others = xp.array([[j for j in range(N) if j != i] for i in range(N)])
    # (B, N, N, N - 1, N - 1): of each pair of a row and a column the rest
    minors = get_item(a, (slice(None), others[:, None, :, None], others[:, None]))
    signs = (-1) ** xp.arange(N)
    signs = (signs[:, None] * signs).astype(a.dtype)
    return reshape(batch_det(reshape(minors, (-1, N - 1, N - 1))), a.shape) * signs


def batch_det(a: Any) -> Variable:
    """Computes the determinant of each matrix of a batch.

    Args:
        a: Variable or array, float, shape ``(B, N, N)``.

    Returns:
        Variable, dtype of ``a``, shape ``(B,)``.

    Raises:
        InvalidType: ``a`` does not hold square float matrices.

    Gradient: ``gy * y * a^-T``; of singular matrices ``gy`` times the cofactors.
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
        a: Variable or array, float, shape ``(N, N)``, or ``(N, N, 1, 1)`` as the filters
            of a convolution over single pixels have it.

    Returns:
        Variable, dtype of ``a``, shape ``()``.

    Raises:
        InvalidType: ``a`` is no square float matrix.

    Gradient: ``gy * y * a^-T``; of singular matrices ``gy`` times the cofactors.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.det.

    Example:
        >>> F.det(np.array([[1., 2.], [3., 4.]])).array.round(6)
        np.float64(-2.0)
    """
    a = as_variable(a)
    shape = a.shape
    while len(shape) > 2 and shape[-1] == 1:
        shape = shape[:-1]
    return reshape(batch_det(reshape(a, (1, *shape))), ())
