"""Sequences of different lengths in one array."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions.array.get_item import get_item
from minigrad.functions.array.stack import separate
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.utils.array import check_padding
from minigrad.variable import Variable


class PadSequence(FunctionNode):
    def __init__(self, length: int | None, padding: float) -> None:
        self.length = length
        self.padding = padding

    def check_type_forward(self, in_types: InputTypes) -> None:
        if not in_types:
            raise self.refuse('at least one sequence', 'none')
        first = in_types[0]
        for x in in_types:
            if x.ndim == 0 or x.dtype != first.dtype or x.shape[1:] != first.shape[1:]:
                raise self.refuse(
                    'sequences that differ in their first axis only',
                    f'{first.dtype} {first.shape} and {x.dtype} {x.shape}',
                )
            if self.length is not None and len(x) > self.length:
                raise self.refuse(f'sequences of length {self.length} at most', len(x))

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        xp = get_array_module(*inputs)
        self._lengths = [len(x) for x in inputs]
        check_padding('pad_sequence', self.padding, inputs[0].dtype)
        length = max(self._lengths) if self.length is None else self.length
        shape = (len(inputs), length, *inputs[0].shape[1:])
        y = xp.full(shape, self.padding, inputs[0].dtype)
        for row, x in zip(y, inputs, strict=True):
            row[: len(x)] = x
        return y

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        rows = separate(grad_outputs[0], axis=0)
        return tuple(
            [
                get_item(row, slice(None, n))
                for row, n in zip(rows, self._lengths, strict=True)
            ]
        )


@checks_arguments
def pad_sequence(xs: Any, length: int | None = None, padding: float = 0) -> Variable:
    """Joins sequences of different lengths in one array, padded at the end.

    Args:
        xs: Tuple or list of Variables or arrays of shapes ``(L_i, ...)``, equal but for
            the first axis.
        length: Length of the result; by default that of the longest sequence.
        padding: The number to pad with.

    Returns:
        Variable of shape ``(len(xs), length, ...)``.

    Raises:
        InvalidType: A sequence is longer than ``length``, or shapes or dtypes do not
            fit.
        ValueError: The dtype cannot hold ``padding``.

    Gradient: of each sequence its part of ``gy``.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.pad_sequence.

    Example:
        >>> F.pad_sequence([np.array([1., 2.]), np.array([3.])]).array
        array([[1., 2.],
               [3., 0.]])
    """
    return PadSequence(length, padding).apply(xs)[0]
