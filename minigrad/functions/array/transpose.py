"""Permutation of axes."""

from __future__ import annotations

from typing import Any

from minigrad.function_node import FunctionNode, InputTypes
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array, Ints
from minigrad.variable import Variable


class Transpose(FunctionNode):
    arg_names = ('x',)

    def __init__(self, axes: tuple[int, ...] | None = None) -> None:
        self.axes = axes

    def check_type_forward(self, in_types: InputTypes) -> None:
        (x,) = in_types
        if self.axes is not None:
            wrapped = sorted(a + x.ndim if a < 0 else a for a in self.axes)
            if wrapped != list(range(x.ndim)):
                raise self.refuse(
                    f'axes that are a permutation of 0..{x.ndim - 1}', self.axes
                )

    def takes_bfloat16(self, inputs: tuple[Any, ...]) -> bool:
        return True

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        return inputs[0].transpose(self.axes)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        axes = self.axes
        if axes is None:
            return transpose(grad_outputs[0])
        inverse = [0] * len(axes)
        for i, axis in enumerate(axes):
            inverse[axis] = i
        return transpose(grad_outputs[0], tuple(inverse))


@checks_arguments
def transpose(x: Any, axes: Ints = None) -> Variable:
    """Permutes the axes of a variable.

    Args:
        x: Variable or array.
        axes: Tuple of ints: axis ``i`` of the output is axis ``axes[i]`` of ``x``. None
            reverses the axes.

    Returns:
        Variable, a view of ``x``.

    Raises:
        InvalidType: ``axes`` is no permutation.

    Gradient: permuted back.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.transpose.

    Example:
        >>> F.transpose(np.ones((2, 3, 4)), (2, 0, 1)).shape
        (4, 2, 3)
    """
    return Transpose(None if axes is None else tuple(axes)).apply((x,))[0]
