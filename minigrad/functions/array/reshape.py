"""Reshaping."""

from __future__ import annotations

import math
from typing import Any

from minigrad.function_node import FunctionNode, InputTypes
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array, Ints
from minigrad.variable import Variable, as_variable


class Reshape(FunctionNode):
    arg_names = ('x',)

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape

    def check_type_forward(self, in_types: InputTypes) -> None:
        (x,) = in_types
        known = math.prod(n for n in self.shape if n != -1)
        unknown = self.shape.count(-1)
        fits = x.size % known == 0 if unknown and known else x.size == known
        if not (fits and unknown <= 1):
            raise self.refuse(
                f'a shape for {x.size} elements, with at most one -1', self.shape
            )

    def takes_bfloat16(self, inputs: tuple[Any, ...]) -> bool:
        return True

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        self._in_shape = x.shape
        return x.reshape(self.shape)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return reshape(grad_outputs[0], self._in_shape)


@checks_arguments
def reshape(x: Any, shape: Ints) -> Variable:
    """Gives a variable another shape with the same elements.

    Args:
        x: Variable or array.
        shape: Tuple of ints; one of them may be -1 and is inferred.

    Returns:
        Variable of that shape; ``x`` itself if it has that shape already.

    Raises:
        InvalidType: The number of elements differs.

    Gradient: reshaped back.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.reshape.

    Example:
        >>> F.reshape(np.arange(4.), (2, -1)).shape
        (2, 2)
    """
    shape = tuple(shape)
    variable = as_variable(x)
    if variable.shape == shape:
        return variable
    return Reshape(shape).apply((variable,))[0]
