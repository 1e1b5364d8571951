"""What is checked of inputs, outputs and gradients, always and in debug mode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import finalize

import numpy

from minigrad import backend
from minigrad.errors import describe
from minigrad.types import Array

if TYPE_CHECKING:
    from minigrad.function_node import FunctionNode


def check_inputs(function: FunctionNode, inputs: tuple[Any, ...]) -> None:
    """Refuses inputs that were not initialised or live on different devices.

    Raises:
        RuntimeError: A parameter has no array yet.
        DeviceMismatch: The devices differ.
    """
    # An optional last input, such as a bias, leaves its name over.
    for name, array in zip(function._names_(inputs), inputs, strict=False):
        if array is None:
            raise RuntimeError(
                f'{function.public_name}: {name} is uninitialised; give the parameter a '
                'shape, or call the link once so that it can infer one'
            )
    backend.check_same_backend(
        function.public_name,
        lambda: describe(function._names_(inputs), inputs),
        inputs,
    )


def as_arrays(function: FunctionNode, ys: Any) -> tuple[Array, ...]:
    """Returns what forward returned as a tuple of arrays.

    NumPy scalars, which 0-d arithmetic gives, become arrays again.

    Raises:
        TypeError: Something else is among the outputs, or modules are mixed.
    """
    ys = tuple(ys) if isinstance(ys, tuple) else (ys,)  # not the inputs' own type
    if all([y.__class__ is numpy.ndarray for y in ys]):  # noqa: C419 - faster
        return ys  # type: ignore[no-any-return]
    arrays = [numpy.asarray(y) if isinstance(y, numpy.generic) else y for y in ys]
    for y in arrays:
        if not backend.is_array(y):
            raise TypeError(
                f'{function.public_name}: forward must return an array or a tuple of '
                f'arrays, got {type(y).__name__}'
            )
    if not backend.is_arrays_compatible(arrays):
        raise TypeError(
            f'{function.public_name}: forward returned arrays of different modules\n'
            + describe((), arrays)
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


def protect_retained(function: FunctionNode) -> None:
    """Makes retained NumPy arrays read-only until their function is released.

    An accidental in-place edit between forward and backward then raises at the edit
    instead of corrupting a gradient.
    """
    arrays = [*function._retained_inputs_, *(function._retained_outputs_ or ())]
    for array in arrays:
        if isinstance(array, numpy.ndarray) and array.flags.writeable:
            array.flags.writeable = False
            finalize(function, _make_writeable, array)


def _make_writeable(array: numpy.ndarray[Any, Any]) -> None:
    array.flags.writeable = True
