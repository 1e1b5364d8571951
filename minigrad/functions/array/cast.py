"""Change of dtype."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.configuration import config
from minigrad.dtypes import is_float
from minigrad.function_node import FunctionNode
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable, as_variable


class Cast(FunctionNode):
    arg_names = ('x',)

    def __init__(self, typ: Any) -> None:
        self.type = typ

    def takes_bfloat16(self, inputs: tuple[Any, ...]) -> bool:
        return True

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        self._in_type = x.dtype
        return x.astype(self.type, copy=False)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        if not is_float(self._in_type):
            return None
        return cast(grad_outputs[0], self._in_type)


@checks_arguments
def cast(x: Any, typ: Any) -> Variable:
    """Casts a variable to another dtype.

    Args:
        x: Variable or array.
        typ: Dtype, or its name or character.

    Returns:
        Variable of that dtype; it shares the memory of ``x`` if it has that dtype
        already.

    Gradient: cast back; none if ``x`` is not float.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.cast.

    Example:
        >>> F.cast(np.array([1, 2]), 'float32').array
        array([1., 2.], dtype=float32)
    """
    x = as_variable(x)
    if x.dtype == numpy.dtype(typ) and not config.enable_backprop:
        return as_variable(x)
    return Cast(typ).apply((x,))[0]
