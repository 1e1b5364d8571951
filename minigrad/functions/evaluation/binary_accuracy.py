"""The share of binary labels that are predicted right."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class BinaryAccuracy(FunctionNode):
    arg_names = ('y', 't')
    ignore_label = -1

    def check_type_forward(self, in_types: InputTypes) -> None:
        y, t = in_types
        if y.dtype.kind != 'f':
            raise self.refuse("y.dtype.kind == 'f'", y.dtype)
        if t.dtype.kind != 'i':
            raise self.refuse("t.dtype.kind == 'i'", t.dtype)
        if y.shape != t.shape:
            raise self.refuse('y.shape == t.shape', f'{y.shape} != {t.shape}')

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        y, t = inputs
        xp = get_array_module(y)
        # -1 equals neither answer, so what is ignored is never right.
        right = ((y >= 0) == t).sum()
        count = (t != self.ignore_label).sum()
        return xp.asarray(right / xp.maximum(count, 1), dtype=y.dtype)


@checks_arguments
def binary_accuracy(y: Any, t: Any) -> Variable:
    """Share of binary labels on whose side of zero the score lies.

    Args:
        y: Scores, float, any shape; 0 or more predicts the label 1.
        t: Labels 0 and 1, signed integers, the same shape; -1 is not counted.

    Returns:
        Variable, dtype of ``y``, shape ``()``; 0 if nothing is counted.

    Raises:
        InvalidType: A dtype is wrong or the shapes differ.

    Gradient: none.
    Double backprop: no.
    Kernels: reference.
    Source: compatible with chainer.functions.binary_accuracy.

    Example:
        >>> F.binary_accuracy(np.array([-2., 3., .5, 1.]), np.array([0, 1, 0, -1])).array
        array(0.66666667)
    """
    return BinaryAccuracy().apply((y, t))[0]
