"""The contrastive loss of pairs of samples."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions._edges import masked
from minigrad.functions.activation.relu import relu
from minigrad.functions.array.expand_dims import expand_dims
from minigrad.functions.loss._labels import check_reduce
from minigrad.functions.loss._pair import wide
from minigrad.functions.math.elementary import sqrt
from minigrad.functions.math.maximum import maximum
from minigrad.functions.math.sum import sum as sum_of
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class Contrastive(FunctionNode):
    arg_names = ('x0', 'x1', 'y')

    def __init__(self, margin: float, reduce: str = 'mean') -> None:
        if margin <= 0:
            raise ValueError(f'contrastive: expected margin > 0, got {margin}')
        check_reduce('contrastive', reduce, 'mean', 'no')
        self.margin = margin
        self.reduce = reduce

    def check_type_forward(self, in_types: InputTypes) -> None:
        x0, x1, y = in_types
        if x0.dtype.kind != 'f':
            raise self.refuse("x0.dtype.kind == 'f'", x0.dtype)
        if y.dtype.kind != 'i':
            raise self.refuse("y.dtype.kind == 'i'", y.dtype)
        if x0.dtype != x1.dtype or x0.shape != x1.shape:
            raise self.refuse(
                'x0 and x1 of one shape and dtype',
                f'{x0.dtype} {x0.shape} and {x1.dtype} {x1.shape}',
            )
        if x0.ndim != 2 or len(x0) == 0:
            raise self.refuse('x0.ndim == 2 and len(x0) > 0', x0.shape)
        if y.shape != x0.shape[:1]:
            raise self.refuse('y.shape == (len(x0),)', y.shape)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 1))
        x0, x1, y = inputs
        xp, dtype = get_array_module(x0), wide(x0.dtype)
        self.similar = y.astype(dtype)
        diff = (x0 - x1).astype(dtype)
        square = (diff * diff).sum(axis=1)
        gap = xp.maximum(dtype.type(self.margin) - xp.sqrt(square), 0)
        loss = self.similar * masked(square, y != 0) + (1 - self.similar) * gap * gap
        loss = loss.mean() if self.reduce == 'mean' else loss
        return (dtype.type(0.5) * loss).astype(x0.dtype)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        x0, x1 = self.get_retained_inputs()
        (gy,) = grad_outputs
        gy = gy / len(x0) if self.reduce == 'mean' else expand_dims(gy, 1)
        diff = x0 - x1
        square = sum_of(diff * diff, axis=1, keepdims=True)
        # Equal samples have no direction to be pushed in; 1e-7 is no float16.
        least = 5e-3 if x0.dtype == numpy.float16 else 1e-7
        distance = sqrt(maximum(square, x0.xp.full_like(square.array, least**2)))
        similar = self.similar[:, None].astype(x0.dtype)
        push = (1 - similar) * (relu(self.margin - distance) / distance)
        moves = (similar != 0) | (distance.array < self.margin)
        gx0 = gy * ((similar - push) * masked(diff, moves))
        return gx0, -gx0 if 1 in indexes else None, None


@checks_arguments
def contrastive(
    x0: Any, x1: Any, y: Any, margin: float = 1, reduce: str = 'mean'
) -> Variable:
    """Contrastive loss: similar samples attract, others repel each other to a margin.

    With the distance ``d`` of two samples it is ``d ** 2 / 2`` where they are similar,
    else ``max(margin - d, 0) ** 2 / 2``.

    Args:
        x0: First samples, float, shape ``(N, K)``.
        x1: Second samples, the same shape and dtype.
        y: 1 where two samples are similar, 0 where not; signed integers, ``(N,)``.
        margin: Distance at which dissimilar samples leave each other alone, positive.
        reduce: ``'mean'`` or ``'no'``.

    Returns:
        Variable, dtype of ``x0``, shape ``()`` or, with ``reduce='no'``, ``(N,)``.

    Raises:
        InvalidType: A dtype is wrong, or the shapes do not fit.
        ValueError: ``margin`` is not positive, or ``reduce`` not one of the above.

    Gradient: along the difference of the samples; none where dissimilar ones are equal.
    Double backprop: yes.
    Kernels: reference.
    Source: Hadsell, Chopra and LeCun 2006; compatible with
        chainer.functions.contrastive.

    Example:
        >>> x0, x1 = np.array([[0., 0.], [3., 4.]]), np.array([[1., 0.], [0., 0.]])
        >>> F.contrastive(x0, x1, np.array([1, 0]), margin=7., reduce='no').array
        array([0.5, 2. ])
    """
    return Contrastive(margin, reduce).apply((x0, x1, y))[0]
