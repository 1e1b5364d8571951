"""What is checked of inputs, outputs and gradients, always and in debug mode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy

from minigrad import backend
from minigrad.errors import describe
from minigrad.input_hints import conversion
from minigrad.types import Array

if TYPE_CHECKING:
    from minigrad.function_node import FunctionNode


def check_inputs(function: FunctionNode, inputs: tuple[Any, ...]) -> None:
    """Refuses inputs that were not initialised or live on different devices.

    A program's own function is given None for such an input, as in Chainer, and may make
    the values by itself.

    Raises:
        RuntimeError: A parameter has no array yet.
        DeviceMismatch: The devices differ.
    """
    # An optional last input, such as a bias, leaves its name over.
    for name, array in zip(function._names_(inputs), inputs, strict=False):
        if array is None and _is_ours(function):
            raise RuntimeError(
                f'{function.public_name}: {name} is uninitialised; give the parameter a '
                'shape, or call the link once so that it can infer one'
            )
    arrays = tuple([array for array in inputs if array is not None])
    if arrays:
        backend.check_same_backend(
            function.public_name,
            lambda: describe(function._names_(inputs), inputs),
            arrays,
        )


def _is_ours(function: FunctionNode) -> bool:
    old = function.old_function
    written = type(function if old is None else old).__module__
    return written.partition('.')[0] == __name__.partition('.')[0]


def admitted(data: Any) -> Any:
    """Returns the array of a new Variable, in the byte order of this machine.

    Raises:
        TypeError: It is no array, or a masked one, whose mask no function sees.
    """
    if data is None:
        return None
    if not backend.is_array(data) or type(data).__name__ == 'MaskedArray':
        raise TypeError(
            'Variable: expected numpy.ndarray or cupy.ndarray, got '
            f'{type(data).__name__}\n  hint: {conversion(data)}'
        )
    return data if data.dtype.isnative else data.astype(data.dtype.newbyteorder('='))


def as_arrays(function: FunctionNode, ys: Any) -> tuple[Any, ...]:
    """Returns what forward returned as a tuple of arrays.

    NumPy scalars, which 0-d arithmetic gives, become arrays again.

    Raises:
        TypeError: Something else is among the outputs, or modules are mixed.
    """
    several = isinstance(ys, tuple)
    ys = tuple(ys) if several else (ys,)  # not the inputs' own type
    if all([y.__class__ is numpy.ndarray for y in ys]):  # noqa: C419 - faster
        return ys  # type: ignore[no-any-return]
    arrays = [numpy.asarray(y) if isinstance(y, numpy.generic) else y for y in ys]
    present = [y for y in arrays if y is not None]  # None: an output left out
    for y in present if several else arrays:
        if not backend.is_array(y):
            raise TypeError(
                f'{function.public_name}: forward must return an array or a tuple of '
                f'arrays, got {type(y).__name__}'
            )
    if not backend.is_arrays_compatible(present):
        raise TypeError(
            f'{function.public_name}: forward returned arrays of different modules\n'
            + describe((), present)
        )
    return tuple(arrays)


def check_gradient(
    array: Array, gradient: Array, function: FunctionNode | None = None
) -> None:
    """Raises unless ``gradient`` can be the gradient of ``array``.

    ``array`` may be anything with ``dtype`` and ``shape``, such as a VariableNode.

    Raises:
        TypeError: The gradient is no array, or of another module or dtype.
        ValueError: The gradient has another shape.
    """
    if array is None or array.dtype is None:
        return
    where = '' if function is None else f'{function.public_name}: '
    if not backend.is_array(gradient):
        raise TypeError(
            f'{where}expected an array as gradient, got {type(gradient).__name__}'
        )
    if backend.is_array(array) and not backend.is_arrays_compatible((array, gradient)):
        raise TypeError(
            f'{where}the data is a {type(array).__module__} array, but its gradient a '
            f'{type(gradient).__module__} array'
        )
    if gradient.dtype != array.dtype:
        raise TypeError(
            f'{where}expected a gradient of dtype {array.dtype}, as the data has, got '
            f'{gradient.dtype}'
        )
    if gradient.shape != array.shape:
        raise ValueError(
            f'{where}expected a gradient of shape {array.shape}, as the data has, got '
            f'{gradient.shape}'
        )


# -- debug mode ------------------------------------------------------------------------


def check_nan(function: FunctionNode, ys: tuple[Array, ...]) -> None:
    """Refuses NaN in the outputs of a function."""
    if any(backend.contains_nan(y) for y in ys):
        raise RuntimeError(
            f'NaN is detected on forward computation of {function.label}'
        )
