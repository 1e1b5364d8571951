"""Views of an array's memory with any shape and strides."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from minigrad.backend import address_of, get_array_module, memory_view, owner_of
from minigrad.function_node import FunctionNode
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array, Ints
from minigrad.variable import Variable


class Layout(NamedTuple):
    """Where the elements of an array lie in its memory, in elements, not bytes."""

    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int

    @classmethod
    def of(cls, x: Array) -> Layout:
        """Returns the layout of an array in the memory that it is a view of."""
        offset = address_of(x) - address_of(owner_of(x))
        strides = [stride // x.itemsize for stride in x.strides]
        return cls(x.shape, tuple(strides), offset // x.itemsize)

    def bounds(self) -> tuple[int, int]:
        """Returns the first and the last place; for no elements, both the offset."""
        if 0 in self.shape:
            return self.offset, self.offset
        steps = [
            (n - 1) * stride for n, stride in zip(self.shape, self.strides, strict=True)
        ]
        return (
            self.offset + sum([min(step, 0) for step in steps]),
            self.offset + sum([max(step, 0) for step in steps]),
        )

    def places(self, xp: Any, origin: int) -> Array:
        """Returns the place of every element, counted from ``origin``, flat."""
        index = xp.full((1,) * len(self.shape), self.offset - origin)
        for axis, (n, stride) in enumerate(zip(self.shape, self.strides, strict=True)):
            shape = [1] * len(self.shape)
            shape[axis] = n
            index = index + (xp.arange(n) * stride).reshape(shape)
        return index.ravel()


class AsStrided(FunctionNode):
    """A view of the memory of ``x``."""

    arg_names = ('x',)

    def __init__(
        self, shape: Any, strides: Any, storage_offset: int | None = None
    ) -> None:
        self.shape = tuple(shape)
        self.strides = tuple(strides)
        self.storage_offset = storage_offset

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        self.x_layout = Layout.of(x)
        offset = self.storage_offset
        if offset is None:
            offset = self.x_layout.offset
        self.y_layout = Layout(self.shape, self.strides, offset)
        return _stride_array(x, *self.y_layout)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return Relayout(self.y_layout, self.x_layout, self.x_layout).apply(grad_outputs)


class Relayout(FunctionNode):
    """Adds elements up in a memory by one layout, and reads it by another.

    Where several elements of ``shared`` lie in one place, each gets an equal share.
    """

    arg_names = ('gy',)
    label, public_name = 'AsStridedGrad', 'as_strided'

    def __init__(self, source: Layout, target: Layout, shared: Layout) -> None:
        self.source = source
        self.target = target
        self.shared = shared

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (gy,) = inputs
        if gy.dtype.kind != 'f':
            raise TypeError(f'as_strided: only floats have gradients, got {gy.dtype}')
        xp = get_array_module(gy)
        bounds = [layout.bounds() for layout in (self.source, self.target)]
        first = min(low for low, _ in bounds)
        memory = xp.zeros(max(high for _, high in bounds) - first + 1, gy.dtype)
        xp.add.at(memory, self.source.places(xp, first), gy.ravel())
        count = xp.zeros(memory.shape, gy.dtype)
        xp.add.at(count, self.shared.places(xp, first), count.dtype.type(1))
        memory /= xp.maximum(count, 1)
        return memory[self.target.places(xp, first)].reshape(self.target.shape)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return Relayout(self.target, self.source, self.shared).apply(grad_outputs)


def _stride_array(array: Array, shape: Any, strides: Any, storage_offset: int) -> Array:
    """Returns a view of the memory of an array; strides and offset in elements."""
    layout = Layout(tuple(shape), tuple(strides), storage_offset)
    first, last = layout.bounds()
    # A view, because an array that owns its memory has no gaps.
    memory = owner_of(array).ravel(order='K').view(array.dtype)
    if math.prod(layout.shape) and (first < 0 or last >= memory.size):
        raise ValueError(
            f'as_strided: out of buffer: elements {first} to {last} of {memory.size}, '
            f'with shape={layout.shape}, strides={layout.strides} and '
            f'storage_offset={storage_offset}'
        )
    return memory_view(memory, layout.shape, layout.strides, storage_offset)


@checks_arguments
def as_strided(
    x: Any, shape: Ints, strides: Ints, storage_offset: int | None = None
) -> Variable:
    """Views the memory of an array with another shape and other strides.

    The shape and strides of ``x`` do not matter, only the memory that it lies in: for a
    view of a larger array, that of the larger array.

    Args:
        x: Variable or array.
        shape: Shape of the view.
        strides: Distance in memory between neighbours on each axis, in elements, not
            bytes; may be zero or negative.
        storage_offset: Place of the view's first element in the memory; None is that of
            the first element of ``x``.

    Returns:
        Variable that shares the memory of ``x``.

    Raises:
        ValueError: The view reaches beyond the memory.
        TypeError: (in backward) ``x`` is not float.

    Gradient: the sum of ``gy`` over the places where an element of ``x`` is seen; where
        elements of ``x`` share a place, an equal share for each.
    Double backprop: yes, to any order.
    Kernels: reference.
    Source: compatible with chainer.functions.as_strided.

    Example:
        >>> F.as_strided(np.arange(4.), (3, 2), (1, 1)).array
        array([[0., 1.],
               [1., 2.],
               [2., 3.]])
    """
    return AsStrided(shape, strides, storage_offset).apply((x,))[0]
