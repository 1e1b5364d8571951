"""Affine transformation: three matrix products, each other's derivatives."""

from __future__ import annotations

import math
from typing import Any

import numpy

from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions._derivative import derive
from minigrad.functions.math.sum_to import sum_array_to, sum_to
from minigrad.kernels import kernels_for
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable, as_variable


class LinearFunction(FunctionNode):
    """``y = x W^T + b``, in the dtype of ``x``."""

    arg_names = ('x', 'W', 'b')
    fresh_gradients = True
    on_arrays = True
    public_name = 'linear'

    def check_type_forward(self, in_types: InputTypes) -> None:
        x, W = in_types[:2]
        if x.dtype.kind != 'f':
            raise self.refuse("x.dtype.kind == 'f'", x.dtype)
        if W.dtype.kind != 'f':
            raise self.refuse("W.dtype.kind == 'f'", W.dtype)
        if x.ndim != 2:
            raise self.refuse('x.ndim == 2 (N, K)', x.ndim)
        if W.ndim != 2:
            raise self.refuse('W.ndim == 2 (M, K)', W.ndim)
        if x.shape[1] != W.shape[1]:
            raise self.refuse(
                'x.shape[1] == W.shape[1]',
                f'{x.shape[1]} != {W.shape[1]}',
                f'W takes {W.shape[1]} values per sample, but x has {x.shape[1]}',
            )
        if len(in_types) == 3:
            b = in_types[2]
            if b.dtype != x.dtype:
                raise self.refuse('b.dtype == x.dtype', f'{b.dtype} != {x.dtype}')
            if b.shape != W.shape[:1]:
                raise self.refuse(f'b.shape == {W.shape[:1]}', b.shape)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 1))
        x, W = inputs[:2]
        y = kernels_for(x).matmul(x, W.T).astype(x.dtype, copy=False)
        if len(inputs) == 3:
            y += inputs[2]
        return y

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        x, W = self.get_retained_inputs()
        (gy,) = grad_outputs
        gradients: list[Any] = []
        if 0 in indexes:
            gradients += derive(LinearGradData(x.dtype), W, gy)
        if 1 in indexes:
            gradients += derive(LinearGradWeight(W.dtype), x, gy)
        if 2 in indexes:
            sum_up = sum_to if isinstance(gy, Variable) else sum_array_to
            gradients.append(sum_up(gy, (W.shape[0],)))
        return gradients


class LinearGradData(FunctionNode):
    """``gx = gy W``."""

    arg_names = ('W', 'gy')
    on_arrays = True

    def __init__(self, dtype: Any) -> None:
        self._dtype = dtype

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 1))
        W, gy = inputs
        return kernels_for(gy).matmul(gy, W).astype(self._dtype, copy=False)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        W, gy = self.get_retained_inputs()
        (ggx,) = grad_outputs
        gradients: list[Any] = []
        if 0 in indexes:
            gradients += derive(LinearGradWeight(W.dtype), ggx, gy)
        if 1 in indexes:
            gradients += derive(LinearFunction(), ggx, W)
        return gradients


class LinearGradWeight(FunctionNode):
    """``gW = gy^T x``."""

    arg_names = ('x', 'gy')
    on_arrays = True

    def __init__(self, dtype: Any) -> None:
        self._dtype = dtype

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 1))
        x, gy = inputs
        # Weights wider than the samples keep that width in the sum over the batch.
        dtype = numpy.promote_types(x.dtype, self._dtype)
        x, gy = x.astype(dtype, copy=False), gy.astype(dtype, copy=False)
        return kernels_for(x).matmul(gy.T, x).astype(self._dtype, copy=False)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        x, gy = self.get_retained_inputs()
        (ggW,) = grad_outputs
        gradients: list[Any] = []
        if 0 in indexes:
            gradients += derive(LinearGradData(x.dtype), ggW, gy)
        if 1 in indexes:
            gradients += derive(LinearFunction(), x, ggW)
        return gradients


@checks_arguments
def linear(x: Any, W: Any, b: Any = None, n_batch_axes: int = 1) -> Variable:
    """Affine transformation ``y = x W^T + b``, the fully connected layer.

    Args:
        x: Samples, float, shape ``(N, K)``; the axes after the first ``n_batch_axes``
            are flattened, the batch axes come back in ``y``.
        W: Weights, float, shape ``(M, K)``.
        b: Biases, dtype of ``x``, shape ``(M,)``; None for none.
        n_batch_axes: Number of leading axes that count samples, at least 1.

    Returns:
        Variable, dtype of ``x``, shape ``(N, M)``, or ``(*batch_axes, M)``.

    Raises:
        InvalidType: An input is not float, or the shapes do not fit.
        ValueError: ``n_batch_axes`` is not positive.

    Gradient: ``gx = gy W``, ``gW = gy^T x``, ``gb`` the sum of ``gy`` over the batch.
    Double backprop: yes, to any order.
    Kernels: reference, numba, cupy.
    Source: compatible with chainer.functions.linear.

    Example:
        >>> x, W, b = np.eye(2, 3), np.arange(6.).reshape(2, 3), np.ones(2)
        >>> F.linear(x, W, b).array
        array([[1., 4.],
               [2., 5.]])
    """
    if n_batch_axes <= 0:
        raise ValueError(f'linear: n_batch_axes must be positive, got {n_batch_axes}')
    if not isinstance(x, Variable):
        x = as_variable(x)
    batch_shape = x.shape[:n_batch_axes]
    if n_batch_axes > 1 or x.ndim > 2:
        # Not -1, which NumPy cannot infer for an empty batch.
        x = x.reshape((math.prod(batch_shape), math.prod(x.shape[n_batch_axes:])))
    (y,) = LinearFunction().apply((x, W) if b is None else (x, W, b))
    return y.reshape((*batch_shape, W.shape[0])) if n_batch_axes > 1 else y
