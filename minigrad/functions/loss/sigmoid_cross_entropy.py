"""Sigmoid and cross entropy in one step."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions._edges import masked
from minigrad.functions.activation.sigmoid import sigmoid, sigmoid_array
from minigrad.functions.loss._labels import check_reduce
from minigrad.functions.loss._pair import wide
from minigrad.kernels import kernels_for
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class SigmoidCrossEntropy(FunctionNode):
    arg_names = ('x', 't')
    on_arrays = True
    fresh_gradients = True
    ignore_label = -1

    def __init__(self, normalize: bool = True, reduce: str = 'mean') -> None:
        check_reduce('sigmoid_cross_entropy', reduce, 'mean', 'no')
        self.normalize = normalize
        self.reduce = reduce
        self.count: Any = None

    def check_type_forward(self, in_types: InputTypes) -> None:
        x, t = in_types
        if x.dtype.kind != 'f':
            raise self.refuse("x.dtype.kind == 'f'", x.dtype)
        if t.dtype.kind != 'i':
            hint = 'targets are whole numbers, 0 and 1: t.astype(numpy.int32)'
            raise self.refuse("t.dtype.kind == 'i'", t.dtype, hint)
        if x.shape != t.shape:
            raise self.refuse('x.shape == t.shape', f'{x.shape} != {t.shape}')

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0,))
        x, t = inputs
        xp = get_array_module(x)
        self.valid = t != self.ignore_label
        self.t = t.astype(x.dtype)
        loss = kernels_for(x).elementwise(_losses, x, self.t)
        if self.reduce == 'no':
            return loss
        dtype = wide(x.dtype)
        count = self.valid.sum(dtype=dtype) if self.normalize else dtype.type(len(x))
        self.count = xp.maximum(count, dtype.type(1))
        return (loss.sum(dtype=dtype) / self.count).astype(x.dtype)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (x,) = self.get_retained_inputs()
        (gy,) = grad_outputs
        if self.reduce == 'mean':
            gy = gy * (1 / self.count).astype(x.dtype)
        if not isinstance(x, Variable):
            slope = kernels_for(x).elementwise(_slope, x, self.t)
            return gy * slope, None
        return masked(gy * (sigmoid(x) - self.t), self.valid), None


def _losses(xp: Any, x: Any, t: Any) -> Any:
    """``log(1 + exp(x)) - t * x``, without infinity less itself or times 0."""
    above = xp.where(t == 1, 0, xp.maximum(x, 0)) * (1 - t)
    below = xp.where(t == 0, 0, xp.minimum(x, 0)) * t
    loss = above - below + xp.log1p(xp.exp(-abs(x)))
    return xp.where(t == SigmoidCrossEntropy.ignore_label, 0, loss)


def _slope(xp: Any, x: Any, t: Any) -> Any:
    return xp.where(t == SigmoidCrossEntropy.ignore_label, 0, sigmoid_array(x) - t)


@checks_arguments
def sigmoid_cross_entropy(
    x: Any, t: Any, normalize: bool = True, reduce: str = 'mean'
) -> Variable:
    """Cross entropy between binary labels and the sigmoid of scores.

    Args:
        x: Scores before the sigmoid, float, any shape.
        t: Labels 0 and 1, signed integers, the same shape; -1 is ignored.
        normalize: Divide the sum by the number of labels that are not ignored;
            otherwise by ``len(x)``.
        reduce: ``'mean'`` for a scalar, ``'no'`` for one loss per label.

    Returns:
        Variable, dtype of ``x``, shape ``()`` or, with ``reduce='no'``, that of ``x``.

    Raises:
        InvalidType: A dtype is wrong or the shapes differ.
        ValueError: ``reduce`` is not one of the above.

    Gradient: ``sigmoid(x) - t`` times ``gy``, and divided as the sum is; none for ``t``.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.sigmoid_cross_entropy.

    Example:
        >>> F.sigmoid_cross_entropy(np.array([0., 1000., 9.]), np.array([1, 1, -1]))
        variable(0.34657359)
    """
    return SigmoidCrossEntropy(normalize, reduce).apply((x, t))[0]
