"""One element of each row."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.backend import get_array_module
from minigrad.configuration import config
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class SelectItem(FunctionNode):
    arg_names = ('x', 't')

    def check_type_forward(self, in_types: InputTypes) -> None:
        x, t = in_types
        if t.dtype.kind != 'i':
            raise self.refuse("t.dtype.kind == 'i'", t.dtype)
        if x.ndim != 2:
            raise self.refuse('x.ndim == 2', x.ndim)
        if t.ndim != 1:
            raise self.refuse('t.ndim == 1', t.ndim)
        if len(x) != len(t):
            raise self.refuse('len(x) == len(t)', f'{len(x)} != {len(t)}')

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        x, t = inputs
        self.retain_inputs((1,))
        self._in_shape = x.shape
        on_cpu = isinstance(
            t, numpy.ndarray
        )  # reading a GPU's memory would wait for it
        if (on_cpu or config.debug) and not ((t >= 0) & (t < x.shape[1])).all():
            raise ValueError(
                f'select_item: expected 0 <= t < {x.shape[1]}, the columns of x, got '
                f'{int(t.min())} ... {int(t.max())}'
            )
        return x[get_array_module(x).arange(len(t)), t]

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (t,) = self.get_retained_inputs()
        return Assign(self._in_shape, t.array).apply(grad_outputs)[0], None


class Assign(FunctionNode):
    arg_names = ('gy',)

    def __init__(self, shape: tuple[int, ...], t: Array) -> None:
        self.shape = shape
        self.t = t

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (gy,) = inputs
        xp = get_array_module(gy)
        gx = xp.zeros(self.shape, gy.dtype)
        gx[xp.arange(len(gy)), self.t] = gy
        return gx

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return select_item(grad_outputs[0], self.t)


@checks_arguments
def select_item(x: Any, t: Any) -> Variable:
    """Selects from each row the element in a given column.

    Args:
        x: Variable or array, shape ``(N, C)``.
        t: Variable or array, int, shape ``(N,)``: the columns.

    Returns:
        Variable of shape ``(N,)``: ``x[i, t[i]]``.

    Raises:
        InvalidType: The shapes do not fit, or ``t`` is not int.
        ValueError: A column is out of range (on a GPU only checked in debug mode).

    Gradient: ``gy`` at the selected places, zero elsewhere.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.select_item.

    Example:
        >>> F.select_item(np.array([[1., 2.], [3., 4.]]), np.array([1, 0])).array
        array([2., 3.])
    """
    return SelectItem().apply((x, t))[0]
