"""Moving of axes to other places."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions._axis import is_int
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array, Ints
from minigrad.variable import Variable


class Moveaxis(FunctionNode):
    arg_names = ('x',)

    def __init__(self, source: Any, destination: Any) -> None:
        self.source = (source,) if is_int(source) else source
        self.destination = (destination,) if is_int(destination) else destination

    def check_type_forward(self, in_types: InputTypes) -> None:
        (x,) = in_types
        if x.dtype.kind != 'f':
            raise self.refuse("x.dtype.kind == 'f'", x.dtype)
        for axis in (*self.source, *self.destination):
            if not -x.ndim <= axis < x.ndim:
                raise self.refuse(f'-{x.ndim} <= axis < {x.ndim}', axis)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        try:
            return get_array_module(x).moveaxis(x, self.source, self.destination)
        except ValueError as error:
            raise ValueError(f'moveaxis: {error}') from None

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return moveaxis(grad_outputs[0], self.destination, self.source)


@checks_arguments
def moveaxis(x: Any, source: Ints, destination: Ints) -> Variable:
    """Moves axes to other places; the other axes keep their order.

    Args:
        x: Variable or array, float.
        source: The axes to move, an int or a tuple of ints.
        destination: Where they are in the result, an int or a tuple of ints.

    Returns:
        Variable, a view of ``x``.

    Raises:
        InvalidType: ``x`` is not float, or has no such axis.
        ValueError: There are more axes than places, or an axis stands twice.

    Gradient: moved back.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.moveaxis.

    Example:
        >>> F.moveaxis(np.ones((2, 3, 4)), 0, -1).shape
        (3, 4, 2)
    """
    return Moveaxis(source, destination).apply((x,))[0]
