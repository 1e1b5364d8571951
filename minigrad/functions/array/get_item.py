"""Indexing, and its transpose: adding into the indexed places."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.backend import get_array_module, is_array
from minigrad.function_node import FunctionNode
from minigrad.functions._axis import is_int
from minigrad.kernels import kernels_for
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


def read_index(slices: Any, function: str = 'get_item') -> tuple[Any, ...]:
    """Returns an index as a tuple.

    A list selects, as in NumPy 2; one that holds slices, None or Ellipsis is a tuple, as
    in Chainer.
    """
    if isinstance(slices, list):
        if any(s is None or s is Ellipsis or isinstance(s, slice) for s in slices):
            slices = tuple(slices)
        elif not all(isinstance(s, int) for s in slices):
            slices = numpy.array(slices)
    index: tuple[Any, ...] = slices if isinstance(slices, tuple) else (slices,)
    if len([s for s in index if s is Ellipsis]) > 1:
        raise ValueError(f'{function}: only one Ellipsis is allowed')
    return index


def _selects_once(index: tuple[Any, ...]) -> bool:
    """Whether no element can be selected twice, so that adding is assigning."""
    return all(
        s is None or s is Ellipsis or isinstance(s, slice) or is_int(s) for s in index
    ) and not any(isinstance(s, bool) for s in index)


def _is_int_array(index: Any) -> bool:
    if isinstance(index, list):
        return bool(index) and all(type(i) is int for i in index)
    return is_array(index) and index.dtype.kind in 'iu'


class GetItem(FunctionNode):
    arg_names = ('x',)

    def __init__(self, slices: Any) -> None:
        self.slices = read_index(slices)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        self._in_shape = x.shape
        try:
            return x[self.slices]
        except IndexError as error:
            raise IndexError(f'get_item: {error}; x has shape {x.shape}') from None

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return GetItemGrad(self.slices, self._in_shape).apply(grad_outputs)


class GetItemGrad(FunctionNode):
    arg_names = ('gy',)

    def __init__(self, slices: tuple[Any, ...], in_shape: tuple[int, ...]) -> None:
        self.slices = slices
        self._in_shape = in_shape

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (gy,) = inputs
        xp = get_array_module(gy)
        gx = xp.zeros(self._in_shape, gy.dtype)
        if _selects_once(self.slices):
            gx[self.slices] = gy
        elif len(self.slices) == 1 and _is_int_array(self.slices[0]):
            kernels_for(gx).add_rows(gx, xp.asarray(self.slices[0]), gy)
        else:
            xp.add.at(gx, self.slices, gy)
        return gx

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return GetItem(self.slices).apply(grad_outputs)


@checks_arguments
def get_item(x: Any, slices: Any) -> Variable:
    """Selects elements by any index that NumPy knows; ``x[slices]`` is short for it.

    Args:
        x: Variable or array.
        slices: Int, slice, Ellipsis, None, array or list of ints, array of bools, or a
            tuple of them.

    Returns:
        Variable; a view of ``x`` if the index holds no arrays.

    Raises:
        IndexError: The index does not fit the shape of ``x``.
        ValueError: There are two Ellipses.

    Gradient: ``gy`` at the selected places, added up where one was selected twice, and
        zero elsewhere.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.get_item.

    Example:
        >>> x = np.arange(6.).reshape(2, 3)
        >>> F.get_item(x, (slice(None), [0, 0, 2])).array
        array([[0., 0., 2.],
               [3., 3., 5.]])
    """
    return GetItem(slices).apply((x,))[0]
