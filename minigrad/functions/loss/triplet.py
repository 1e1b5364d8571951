"""The triplet loss."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions._edges import masked
from minigrad.functions.array.expand_dims import expand_dims
from minigrad.functions.loss._labels import check_reduce
from minigrad.functions.loss._pair import wide
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class Triplet(FunctionNode):
    arg_names = ('anchor', 'positive', 'negative')

    def __init__(self, margin: float, reduce: str = 'mean') -> None:
        if margin <= 0:
            raise ValueError(f'triplet: expected margin > 0, got {margin}')
        check_reduce('triplet', reduce, 'mean', 'no')
        self.margin = margin
        self.reduce = reduce

    def check_type_forward(self, in_types: InputTypes) -> None:
        anchor = in_types[0]
        if anchor.dtype.kind != 'f':
            raise self.refuse("anchor.dtype.kind == 'f'", anchor.dtype)
        for name, x in zip(self.arg_names[1:], in_types[1:], strict=True):
            if x.dtype != anchor.dtype or x.shape != anchor.shape:
                raise self.refuse(
                    f'{name} of the shape and dtype of anchor', f'{x.dtype} {x.shape}'
                )
        if anchor.ndim < 2 or len(anchor) == 0:
            raise self.refuse('anchor.ndim >= 2 and len(anchor) > 0', anchor.shape)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 1, 2))
        anchor, positive, negative = inputs
        xp, dtype = get_array_module(anchor), wide(anchor.dtype)
        near = (anchor - positive).astype(dtype)
        far = (anchor - negative).astype(dtype)
        loss = (near * near - far * far).sum(axis=1) + dtype.type(self.margin)
        loss = xp.maximum(loss, 0)
        self.active = loss > 0
        loss = loss.sum() / len(anchor) if self.reduce == 'mean' else loss
        return loss.astype(anchor.dtype)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        anchor, positive, negative = self.get_retained_inputs()
        (gy,) = grad_outputs
        if self.reduce == 'mean':
            gy = gy / len(anchor)
        g = gy * 2.0 if self.reduce == 'mean' else expand_dims(gy * 2.0, 1)
        active = self.active[:, None]
        return tuple(
            [
                masked(g * difference, active)
                for difference in (
                    negative - positive,
                    positive - anchor,
                    anchor - negative,
                )
            ]
        )


@checks_arguments
def triplet(
    anchor: Any,
    positive: Any,
    negative: Any,
    margin: float = 0.2,
    reduce: str = 'mean',
) -> Variable:
    """Triplet loss: samples of a class lie closer than others, by a margin at least.

    ``max(|anchor - positive| ** 2 - |anchor - negative| ** 2 + margin, 0)``

    Args:
        anchor: Samples, float, shape ``(N, K)``.
        positive: Samples of the same classes, the same shape and dtype.
        negative: Samples of other classes, the same shape and dtype.
        margin: Positive number.
        reduce: ``'mean'`` or ``'no'``.

    Returns:
        Variable of that dtype, shape ``()`` or, with ``reduce='no'``, ``(N,)``.

    Raises:
        InvalidType: The inputs are not float, or not alike, or there is no sample.
        ValueError: ``margin`` is not positive, or ``reduce`` not one of the above.

    Gradient: twice the differences of the other two, where the loss is positive.
    Double backprop: yes.
    Kernels: reference.
    Source: Wang et al. 2014; compatible with chainer.functions.triplet.

    Example:
        >>> a, p, n = np.array([[0., 0.]]), np.array([[1., 0.]]), np.array([[0., 2.]])
        >>> F.triplet(a, p, n, margin=4.)
        variable(1.)
    """
    return Triplet(margin, reduce).apply((anchor, positive, negative))[0]
