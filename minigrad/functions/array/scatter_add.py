"""Adding into indexed places."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions.array.get_item import get_item, read_index
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class ScatterAdd(FunctionNode):
    arg_names = ('a', 'b')

    def __init__(self, slices: Any) -> None:
        self.slices = read_index(slices, 'scatter_add')

    def check_type_forward(self, in_types: InputTypes) -> None:
        a = in_types[0]
        n = len([s for s in self.slices if s is not None and s is not Ellipsis])
        if a.ndim < n:
            raise self.refuse(f'a.ndim >= {n}', a.ndim)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        a, b = inputs
        y = a.copy()
        shape = y[self.slices].shape
        if shape != b.shape:
            raise ValueError(
                f'scatter_add: the index selects shape {shape}, but b has {b.shape}\n'
                '  hint: b is not broadcast; use F.broadcast_to'
            )
        get_array_module(a).add.at(y, self.slices, b)
        return y

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (gy,) = grad_outputs
        return gy, get_item(gy, self.slices) if 1 in indexes else None


@checks_arguments
def scatter_add(a: Any, slices: Any, b: Any) -> Variable:
    """Adds values at the places that an index selects.

    Args:
        a: Variable or array.
        slices: The index, anything that `get_item` takes.
        b: Variable or array of the shape of ``a[slices]``.

    Returns:
        Variable, shape and dtype of ``a``; where the index selects a place twice, both
        values are added.

    Raises:
        InvalidType: The index has more axes than ``a``.
        ValueError: ``b`` has another shape than ``a[slices]``.

    Gradient: ``gy`` for ``a``, ``gy[slices]`` for ``b``.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.scatter_add.

    Example:
        >>> F.scatter_add(np.zeros(3), [0, 0, 2], np.array([1., 2., 3.])).array
        array([3., 0., 3.])
    """
    return ScatterAdd(slices).apply((a, b))[0]
