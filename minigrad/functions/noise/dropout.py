"""Dropout."""

from __future__ import annotations

from typing import Any

from minigrad.configuration import config
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions._edges import masked
from minigrad.functions.noise._draw import uniform_like
from minigrad.kernels import kernels_for
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.utils import argument
from minigrad.variable import as_variable


class Dropout(FunctionNode):
    fresh_gradients = True
    arg_names = ('x',)
    on_arrays = True

    def __init__(self, dropout_ratio: float, mask: Array | None = None) -> None:
        if not 0 <= dropout_ratio < 1:
            raise ValueError(f'dropout: expected 0 <= ratio < 1, got {dropout_ratio}')
        self.dropout_ratio = dropout_ratio
        self.mask = mask

    def check_type_forward(self, in_types: InputTypes) -> None:
        (x,) = in_types
        if x.dtype.kind != 'f':
            raise self.refuse("x.dtype.kind == 'f'", x.dtype)
        mask = self.mask
        if mask is not None and mask.shape != x.shape:
            raise self.refuse('mask.shape == x.shape', f'{mask.shape} != {x.shape}')

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        if self.mask is not None:
            self.mask = self.mask.astype(x.dtype, copy=False)
            return masked(x * self.mask, self.mask != 0)
        y, self.mask = kernels_for(x).dropout(x, uniform_like(x), self.dropout_ratio)
        return y

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        mask: Any = self.mask
        return masked(grad_outputs[0] * mask, mask != 0)


@checks_arguments
def dropout(
    x: Any,
    ratio: float = 0.5,
    *,
    mask: Array | None = None,
    return_mask: bool = False,
    **kwargs: Any,
) -> Any:
    """Sets elements to zero at random and scales the others by ``1 / (1 - ratio)``.

    Outside training (``config.train`` is False) it returns ``x`` itself. A seed of
    ``numpy.random`` gives the same mask as in Chainer.

    Args:
        x: Variable or array, float, any shape.
        ratio: Probability of an element to be dropped, ``0 <= ratio < 1``.
        mask: Array like ``x`` to multiply by, instead of a random one.
        return_mask: Return the mask too; None outside training.
        kwargs: None; ``train`` is refused with a hint.

    Returns:
        Variable of the same shape and dtype; with ``return_mask`` a pair.

    Raises:
        InvalidType: ``x`` is not float, or the mask has another shape.
        ValueError: ``ratio`` is out of range.

    Gradient: ``gy`` times the mask.
    Double backprop: yes.
    Kernels: reference, numba, cupy.
    Source: Srivastava et al. 2014; compatible with chainer.functions.dropout.

    Example:
        >>> y, mask = F.dropout(np.ones(1000, 'f'), .2, return_mask=True)
        >>> np.unique(y.array)
        array([0.  , 1.25], dtype=float32)
        >>> with minigrad.using_config('train', False):
        ...     F.dropout(np.ones(2, 'f'))
        variable([1., 1.])
    """
    if kwargs:
        argument.parse_kwargs(kwargs, train=argument.NO_TRAIN)
    if config.train:
        node = Dropout(ratio, mask)
        (y,) = node.apply((x,))
        mask = node.mask
    else:
        y, mask = as_variable(x), None
    return (y, mask) if return_mask else y
