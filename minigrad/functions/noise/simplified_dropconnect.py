"""A fully connected layer that loses weights at random."""

from __future__ import annotations

import math
from typing import Any

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions.array.cast import cast
from minigrad.functions.array.expand_dims import expand_dims
from minigrad.functions.array.reshape import reshape
from minigrad.functions.math.matmul import matmul
from minigrad.functions.math.sum import sum as sum_of
from minigrad.kernels import kernels_for
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable, as_array


class SimplifiedDropconnect(FunctionNode):
    arg_names = ('x', 'W', 'b')

    def __init__(
        self, ratio: float, mask: Any = None, use_batchwise_mask: bool = True
    ) -> None:
        if not 0 <= ratio < 1:
            raise ValueError(
                f'simplified_dropconnect: expected 0 <= ratio < 1, got {ratio}'
            )
        self.ratio = ratio
        self.mask = as_array(mask)
        self.use_batchwise_mask = use_batchwise_mask

    def check_type_forward(self, in_types: InputTypes) -> None:
        x, W = in_types[:2]
        if x.dtype.kind != 'f':
            raise self.refuse("x.dtype.kind == 'f'", x.dtype)
        if W.dtype.kind != 'f':
            raise self.refuse("W.dtype.kind == 'f'", W.dtype)
        if x.ndim < 2 or W.ndim != 2 or math.prod(x.shape[1:]) != W.shape[1]:
            raise self.refuse(
                'x (N, ...) with as many values in a sample as W (M, K) has columns',
                f'{x.shape} and {W.shape}',
            )
        if len(in_types) == 3:
            b = in_types[2]
            if b.dtype != x.dtype or b.shape != W.shape[:1]:
                raise self.refuse(f'b {x.dtype} {W.shape[:1]}', f'{b.dtype} {b.shape}')
        shape = self._mask_shape(x, W)
        if self.mask is not None and self.mask.shape != shape:
            raise self.refuse(f'mask.shape == {shape}', self.mask.shape)

    def _mask_shape(self, x: Any, W: Any) -> tuple[int, ...]:
        return (len(x), *W.shape) if self.use_batchwise_mask else W.shape

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 1))
        x, W = inputs[:2]
        xp = get_array_module(x)
        if self.mask is None:
            drawn = kernels_for(x).uniform(self._mask_shape(x, W))
            self.mask = drawn >= self.ratio
        self.factor = self.mask.astype(W.dtype) * W.dtype.type(1 / (1 - self.ratio))
        column = x.reshape(len(x), W.shape[1], 1)
        y = xp.matmul(W * self.factor, column)[..., 0].astype(x.dtype, copy=False)
        if len(inputs) == 3:
            y += inputs[2]
        return y

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        x, W = self.get_retained_inputs()
        (gy,) = grad_outputs
        gradients: list[Any] = []
        if 0 in indexes:
            gx = matmul(expand_dims(cast(gy, W.dtype), 1), W * self.factor)
            gradients.append(cast(reshape(gx, x.shape), x.dtype))
        if 1 in indexes:
            row = reshape(cast(x, W.dtype), (len(x), 1, W.shape[1]))
            gW = expand_dims(cast(gy, W.dtype), 2) * row * self.factor
            gradients.append(sum_of(gW, axis=0))
        if 2 in indexes:
            gradients.append(sum_of(gy, axis=0))
        return gradients


@checks_arguments
def simplified_dropconnect(
    x: Any,
    W: Any,
    b: Any = None,
    ratio: float = 0.5,
    train: bool = True,
    mask: Any = None,
    use_batchwise_mask: bool = True,
) -> Variable:
    """Affine transformation whose weights are zero at random, and scaled up otherwise.

    Simplified: the original draws what comes out from a Gaussian, instead of drawing
    the weights.

    Args:
        x: Samples, float, shape ``(N, ...)`` with ``K`` values each.
        W: Weights, float, shape ``(M, K)``.
        b: Biases, dtype of ``x``, shape ``(M,)``; None for none.
        ratio: Probability that a weight is zero, below 1.
        train: If False, ``ratio`` is taken as zero.
        mask: Which weights stay, shape ``(N, M, K)``, or ``(M, K)`` without
            ``use_batchwise_mask``; None draws them.
        use_batchwise_mask: If True every sample loses weights of its own.

    Returns:
        Variable, dtype of ``x``, shape ``(N, M)``.

    Raises:
        InvalidType: An input is not float, or the shapes do not fit.
        ValueError: ``ratio`` is out of range.

    Gradient: as that of `linear`, through the weights that stayed.
    Double backprop: yes.
    Kernels: reference.
    Source: Wan et al. 2013; compatible with
        chainer.functions.simplified_dropconnect.

    Example:
        >>> x, W, mask = np.ones((1, 2)), np.ones((1, 2)), np.array([[[True, False]]])
        >>> F.simplified_dropconnect(x, W, mask=mask).array
        array([[2.]])
    """
    function = SimplifiedDropconnect(ratio if train else 0, mask, use_batchwise_mask)
    return function.apply((x, W) if b is None else (x, W, b))[0]
