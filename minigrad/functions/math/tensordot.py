"""Sums of products over chosen axes of two arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions._axis import is_int
from minigrad.functions.array.cast import cast
from minigrad.functions.array.transpose import transpose
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class TensorDot(FunctionNode):
    arg_names = ('a', 'b')
    public_name = 'tensordot'

    def __init__(self, axes: Any = 2) -> None:
        if isinstance(axes, Sequence) and not isinstance(axes, str):
            if len(axes) != 2:
                raise ValueError(
                    f'tensordot: axes must be a pair of sequences of ints, got {axes!r}'
                )
            axes = tuple([(e,) if is_int(e) else tuple(e) for e in axes])
        elif not is_int(axes):
            raise TypeError(
                'tensordot: axes must be an int or a pair of sequences of ints, got '
                f'{axes!r}'
            )
        self.axes = axes

    def check_type_forward(self, in_types: InputTypes) -> None:
        a, b = in_types
        if not a.dtype.kind == b.dtype.kind == 'f':
            raise self.refuse('float arrays', f'{a.dtype} and {b.dtype}')

    def _read_axes(self, a: Array, b: Array) -> None:
        """Sets the summed and the other axes of both, all counted from zero."""
        if is_int(self.axes):
            n = self.axes
            if n > min(a.ndim, b.ndim):
                raise ValueError(
                    f'tensordot: cannot sum over {n} axes of arrays of shapes {a.shape} '
                    f'and {b.shape}'
                )
            a_axes, b_axes = range(a.ndim - n, a.ndim), range(n)
        else:
            a_axes, b_axes = self.axes
            if len(a_axes) != len(b_axes):
                raise ValueError(
                    f'tensordot: axes must name as many axes of a as of b, got {self.axes}'
                )
        # Tuples: CuPy takes no others for an array of no axes.
        self._a_axes = tuple([axis % a.ndim for axis in a_axes])
        self._b_axes = tuple([axis % b.ndim for axis in b_axes])
        for i, j in zip(self._a_axes, self._b_axes, strict=True):
            if a.shape[i] != b.shape[j]:
                raise ValueError(
                    f'tensordot: axis {i} of a has length {a.shape[i]}, but axis {j} of '
                    f'b {b.shape[j]}'
                )
        self._a_rest = [i for i in range(a.ndim) if i not in self._a_axes]
        self._b_rest = [i for i in range(b.ndim) if i not in self._b_axes]

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 1))
        a, b = inputs
        self._read_axes(a, b)
        return get_array_module(a, b).tensordot(a, b, (self._a_axes, self._b_axes))

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        a, b = self.get_retained_inputs()
        (gy,) = grad_outputs
        ga = gb = None
        n_rest = len(self._a_rest)
        # Summed axes come back in the order of the other array's axes.
        if 0 in indexes:
            ga = tensordot(gy, b, (range(n_rest, gy.ndim), self._b_rest))
            summed = [
                i for _, i in sorted(zip(self._b_axes, self._a_axes, strict=True))
            ]
            ga = _arrange(ga, [*self._a_rest, *summed], a)
        if 1 in indexes:
            gb = tensordot(a, gy, (self._a_rest, range(n_rest)))
            summed = [
                i for _, i in sorted(zip(self._a_axes, self._b_axes, strict=True))
            ]
            gb = _arrange(gb, [*summed, *self._b_rest], b)
        return ga, gb


def _arrange(gradient: Variable, axes: list[int], x: Variable) -> Variable:
    """Puts axis i of the gradient at ``axes[i]``, and casts it to the dtype of x."""
    if axes != list(range(len(axes))):
        gradient = transpose(gradient, [axes.index(i) for i in range(len(axes))])
    return gradient if gradient.dtype == x.dtype else cast(gradient, x.dtype)


@checks_arguments
def tensordot(a: Any, b: Any, axes: Any = 2) -> Variable:
    """Sums the products of two arrays over pairs of axes.

    Args:
        a: Variable or array, float.
        b: Variable or array, float.
        axes: An int ``n``: the last ``n`` axes of ``a`` and the first ``n`` of ``b``; or a
            pair of ints or sequences of ints: the axes of ``a`` and those of ``b``.

    Returns:
        Variable: the other axes of ``a``, then the other axes of ``b``.

    Raises:
        InvalidType: The arrays are not float.
        TypeError: ``axes`` is of another type.
        ValueError: The numbers or the lengths of paired axes differ.

    Gradient: ``gy`` and the other array, summed over the other array's free axes.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.tensordot.

    Example:
        >>> F.tensordot(np.ones((5, 3, 2)), np.ones((3, 2, 4)), axes=2).shape
        (5, 4)
    """
    return TensorDot(axes).apply((a, b))[0]
