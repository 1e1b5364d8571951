"""Padding."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions._check import Checker
from minigrad.functions.array.get_item import get_item
from minigrad.functions.array.reshape import reshape
from minigrad.named_arguments import checks_arguments
from minigrad.suggestions import unknown_argument
from minigrad.types import Array
from minigrad.utils.array import check_padding
from minigrad.variable import Variable, as_variable

# Modes that repeat elements of x, so that padding is selecting.
OPTIONS = ('constant_values', 'end_values', 'reflect_type', 'stat_length')
SELECTING = ('edge', 'reflect', 'symmetric', 'wrap')


class Pad(FunctionNode):
    arg_names = ('x',)

    def __init__(self, pad_width: Any, mode: Any, **keywords: Any) -> None:
        self.pad_width = pad_width
        self.mode = mode
        self.keywords = keywords

    def check_type_forward(self, in_types: InputTypes) -> None:
        (x,) = in_types
        if x.dtype.kind != 'f':
            raise self.refuse("x.dtype.kind == 'f'", x.dtype)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        self._in_shape = x.shape
        check_padding('pad', self.keywords.get('constant_values', 0), x.dtype)
        return get_array_module(x).pad(x, self.pad_width, self.mode, **self.keywords)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        if self.mode != 'constant':
            raise NotImplementedError(
                f'pad: mode {self.mode!r} has no gradient\n'
                f"  hint: modes that have one are 'constant' and {SELECTING}"
            )
        shape = self._in_shape
        widths = self.pad_width
        middle = [slice(w[0], w[0] + n) for w, n in zip(widths, shape, strict=True)]
        return get_item(grad_outputs[0], tuple(middle))


@checks_arguments
def pad(x: Any, pad_width: Any, mode: Any, **keywords: Any) -> Variable:
    """Pads an array as ``numpy.pad`` does.

    Args:
        x: Variable or array, float.
        pad_width: ``p``, ``(before, after)``, or one such pair for each axis.
        mode: ``'constant'``, ``'edge'``, ``'reflect'``, ``'symmetric'``, ``'wrap'``, or
            another mode of ``numpy.pad``, which then has no gradient.
        keywords: What ``numpy.pad`` takes for that mode, such as ``constant_values``.

    Returns:
        Variable, dtype of ``x``.

    Raises:
        InvalidType: ``x`` is not float.
        TypeError: ``numpy.pad`` has no such keyword.
        ValueError: The dtype cannot hold ``constant_values``.
        NotImplementedError: The gradient of a mode without one was asked for.

    Gradient: ``gy`` without the padding; for modes that repeat elements, added up at
        every element that was repeated.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.pad.

    Example:
        >>> F.pad(np.array([1., 2.]), (1, 2), 'constant', constant_values=0).array
        array([0., 1., 2., 0., 0.])
    """
    for name in keywords:
        if name not in OPTIONS:
            own = ['x', 'pad_width', 'mode', *OPTIONS]
            raise TypeError(unknown_argument('pad', name, own))
    x = as_variable(x)
    pairs = [x.ndim, 2]  # CuPy does not spread a column over them by itself
    pad_width = numpy.broadcast_to(pad_width, pairs).tolist()
    for name in ('constant_values', 'end_values', 'stat_length'):
        if numpy.ndim(keywords.get(name, 0)):
            keywords[name] = numpy.broadcast_to(keywords[name], pairs).tolist()
    if mode in SELECTING and keywords.get('reflect_type', 'even') == 'even':
        if x.dtype.kind != 'f':
            raise Checker('pad', x=x).refuse("x.dtype.kind == 'f'", x.dtype)
        places = x.xp.arange(x.size).reshape(x.shape)
        places = x.xp.pad(places, pad_width, mode, **keywords)
        return get_item(reshape(x, (x.size,)), places)
    return Pad(pad_width, mode, **keywords).apply((x,))[0]
