"""Sequences of samples as sequences of batches."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.types import Array
from minigrad.variable import Variable


class TransposeSequence(FunctionNode):
    def __init__(self, length: int) -> None:
        self.length = length

    def check_type_forward(self, in_types: InputTypes) -> None:
        for former, x in pairwise(in_types):
            if len(former) < len(x) or former.shape[1:] != x.shape[1:]:
                raise self.refuse(
                    'sequences from long to short whose other axes are equal',
                    f'{former.shape} before {x.shape}',
                )

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        xp = get_array_module(*inputs)
        empty = inputs[0][:0]
        ys = []
        for t in range(self.length):
            batch = [x[t] for x in inputs if len(x) > t]
            ys.append(xp.stack(batch) if batch else empty)
        self._shapes = [y.shape for y in ys]
        return tuple(ys)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        known = next(gy for gy in grad_outputs if gy is not None)
        xp, dtype = get_array_module(known), known.dtype
        gys = [
            xp.zeros(shape, dtype) if gy is None else gy
            for gy, shape in zip(grad_outputs, self._shapes, strict=True)
        ]
        return TransposeSequence(len(self.inputs or ())).apply(gys)


def transpose_sequence(xs: Any) -> tuple[Variable, ...]:
    """Turns sequences of samples into a sequence of batches, one for each time.

    Args:
        xs: Tuple or list of Variables or arrays of shapes ``(L_i, ...)``, from the
            longest to the shortest.

    Returns:
        Tuple of ``L_0`` Variables; the one of time ``t`` holds the elements ``t`` of all
        sequences that are long enough.

    Raises:
        InvalidType: The sequences are not sorted, or their other axes differ.

    Gradient: transposed back.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.transpose_sequence.

    Example:
        >>> ys = F.transpose_sequence([np.array([1., 2.]), np.array([3.])])
        >>> [y.array.tolist() for y in ys]
        [[1.0, 3.0], [2.0]]
    """
    if not len(xs):
        return ()
    return TransposeSequence(len(xs[0])).apply(xs)
