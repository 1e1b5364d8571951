"""Concatenation along an axis, and splitting: each other's derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

from minigrad.backend import get_array_module, is_array
from minigrad.configuration import config
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions._axis import is_int
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class Concat(FunctionNode):
    def __init__(self, axis: int = 1) -> None:
        if not isinstance(axis, int):
            raise TypeError(f'{self.public_name}: axis must be an int, got {axis!r}')
        self.axis = axis

    def check_type_forward(self, in_types: InputTypes) -> None:
        if not in_types:
            raise self.refuse('at least one input', 'none')
        first = in_types[0]
        ndim = first.ndim
        if not -ndim <= self.axis < ndim:
            raise self.refuse(f'-{ndim} <= axis < {ndim}', self.axis)
        axis = self.axis % ndim
        before, after = first.shape[:axis], first.shape[axis + 1 :]
        for x in in_types[1:]:
            if x.dtype != first.dtype:
                raise self.refuse(
                    'inputs of one dtype',
                    f'{first.dtype} and {x.dtype}',
                    'cast one of them with F.cast(x, dtype)',
                )
            if (
                x.ndim != ndim
                or x.shape[:axis] != before
                or x.shape[axis + 1 :] != after
            ):
                raise self.refuse(
                    f'shapes that differ in axis {axis} only',
                    f'{first.shape} and {x.shape}',
                )

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self._sizes = [x.shape[self.axis] for x in inputs]
        return get_array_module(*inputs).concatenate(inputs, self.axis)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        if len(self._sizes) == 1:
            return grad_outputs
        ends = list(accumulate(self._sizes[:-1]))
        return split_axis(grad_outputs[0], ends, self.axis)


def same_ndim(xs: list[Variable]) -> bool:
    """Whether all have as many axes; if not, `Concat` says so."""
    return all(x.ndim == xs[0].ndim for x in xs)


@checks_arguments
def concat(xs: Any, axis: int = 1) -> Variable:
    """Joins variables along an axis.

    Args:
        xs: Tuple or list of Variables or arrays of one dtype, whose shapes are equal
            but for ``axis``.
        axis: The axis along which to join; the channels by default.

    Returns:
        Variable; its length along ``axis`` is the sum of the lengths.

    Raises:
        InvalidType: Dtypes or shapes do not fit, or ``xs`` is empty.
        TypeError: ``axis`` is no int.

    Gradient: ``gy``, split again.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.concat.

    Example:
        >>> F.concat([np.array([[1., 2.]]), np.array([[3.]])]).array
        array([[1., 2., 3.]])
    """
    return Concat(axis).apply(xs)[0]


def _read_places(places: Any) -> tuple[list[int] | None, int]:
    """Returns the places at which to split, or None and the number of equal parts."""
    if is_array(places):
        if places.ndim > 1 or (places.dtype.kind not in 'iu' and places.size > 0):
            raise TypeError(
                'split_axis: indices_or_sections must be integers in one axis, got '
                f'{places.dtype} {places.shape}'
            )
        places = places.tolist()  # an int if it has no axes
    if is_int(places):
        if places < 1:
            raise ValueError(f'split_axis: sections must be at least 1, got {places}')
        return None, places
    if not isinstance(places, Sequence) or isinstance(places, str):
        raise TypeError(
            'split_axis: indices_or_sections must be an integer or a 1-D array, got '
            f'{type(places).__name__}'
        )
    places = [int(place) for place in places]
    if config.debug and places != sorted(places):
        raise ValueError(f'split_axis: indices_or_sections must be sorted: {places}')
    return places, 0


class SplitAxis(FunctionNode):
    arg_names = ('x',)

    def __init__(self, indices_or_sections: Any, axis: int) -> None:
        self.indices, self.sections = _read_places(indices_or_sections)
        self.axis = axis

    def check_type_forward(self, in_types: InputTypes) -> None:
        (x,) = in_types
        if not -x.ndim <= self.axis < x.ndim:
            raise self.refuse(f'-{x.ndim} <= axis < {x.ndim}', self.axis)
        size = x.shape[self.axis]
        if self.indices is None:
            if size % self.sections:
                raise self.refuse(
                    f'x.shape[{self.axis}] that divides into {self.sections} sections',
                    size,
                )
        elif self.indices and self.indices[-1] > size:
            raise self.refuse(
                f'x.shape[{self.axis}] >= {self.indices[-1]}, the last index', size
            )

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        size = x.shape[self.axis]
        if self.indices is None:
            step = size // self.sections
            bounds = [i * step for i in range(self.sections + 1)]
        else:
            bounds = [0, *self.indices, size]
        before = (slice(None),) * (self.axis % x.ndim)
        ys = tuple(
            [x[(*before, slice(start, stop))] for start, stop in pairwise(bounds)]
        )
        self._shapes = [y.shape for y in ys]
        return ys

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        known = next(gy for gy in grad_outputs if gy is not None)
        xp, dtype = get_array_module(known), known.dtype
        parts = [
            xp.zeros(shape, dtype) if gy is None else gy
            for gy, shape in zip(grad_outputs, self._shapes, strict=True)
        ]
        return concat(parts, self.axis)


@checks_arguments
def split_axis(
    x: Any, indices_or_sections: Any, axis: int, force_tuple: bool = True
) -> Any:
    """Splits a variable along an axis.

    Args:
        x: Variable or array.
        indices_or_sections: Number of equal parts, or sorted places at which to split.
        axis: The axis to split.
        force_tuple: If False, a single part is returned without a tuple around it.

    Returns:
        Tuple of Variables, views of ``x``.

    Raises:
        InvalidType: ``x`` has no such axis, or its length does not fit.
        TypeError: ``indices_or_sections`` is neither an int nor a sequence of ints.
        ValueError: The number of parts is not positive; in debug mode also if the
            places are not sorted.

    Gradient: the parts' gradients, concatenated; zeros for a part without one.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.split_axis.

    Example:
        >>> [y.array.tolist() for y in F.split_axis(np.arange(4.), [1, 3], axis=0)]
        [[0.0], [1.0, 2.0], [3.0]]
    """
    ys = SplitAxis(indices_or_sections, axis).apply((x,))
    return ys if force_tuple or len(ys) != 1 else ys[0]
