"""The arithmetic of gated cells, the same on arrays and on Variables.

A cell is computed on arrays. Its derivative is written once, with what stands here: on
arrays it is a few passes over memory, on Variables it is a graph, which can be
differentiated to any order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigrad.backend import get_array_module
from minigrad.functions.activation.sigmoid import sigmoid as sigmoid_of_variable
from minigrad.functions.activation.sigmoid import sigmoid_array
from minigrad.functions.activation.tanh import tanh as tanh_of_variable
from minigrad.functions.array.concat import concat as concat_variables
from minigrad.functions.array.stack import stack as stack_variables
from minigrad.kernels import kernels_for
from minigrad.variable import Variable, as_array


def tanh(x: Any) -> Any:
    """Hyperbolic tangent of an array or a Variable."""
    if isinstance(x, Variable):
        return tanh_of_variable(x)
    return kernels_for(x).elementwise(_tanh, x)


def _tanh(xp: Any, x: Any) -> Any:
    return xp.tanh(x)


def sigmoid(x: Any) -> Any:
    """Logistic sigmoid of an array or a Variable."""
    if isinstance(x, Variable):
        return sigmoid_of_variable(x)
    return kernels_for(x).elementwise(_sigmoid, x)


def _sigmoid(xp: Any, x: Any) -> Any:
    return sigmoid_array(x)


def concat(xs: Sequence[Any], axis: int) -> Any:
    """Joins arrays or Variables along an axis."""
    if any(isinstance(x, Variable) for x in xs):
        return concat_variables(xs, axis)
    return get_array_module(*xs).concatenate(xs, axis)


def interleaved_gates(x: Any) -> list[Any]:
    """Takes ``a, i, f, o`` out of ``(N, 4U, ...)``, where they take turns."""
    N, U = x.shape[0], x.shape[1] // 4
    x = x.reshape((N, U, 4, *x.shape[2:]))
    return [x[:, :, k] for k in range(4)]


def interleave(gates: Sequence[Any]) -> Any:
    """Puts the four gates back into one array ``(N, 4U, ...)``."""
    N, U, *rest = gates[0].shape
    if any(isinstance(gate, Variable) for gate in gates):
        return stack_variables(gates, 2).reshape((N, 4 * U, *rest))
    return get_array_module(*gates).stack(gates, 2).reshape((N, 4 * U, *rest))


def or_zeros(gradient: Any, y: Any) -> Any:
    """Returns the gradient of ``y``, zeros if nothing came."""
    if gradient is not None:
        return gradient
    return get_array_module(y).zeros_like(as_array(y))


def of_output(c: Any, o: Any, gc: Any, gh: Any) -> tuple[Any, Any]:
    """Derives ``h = o tanh(c)``, where ``o`` is a sigmoid.

    Returns:
        The whole gradient of ``c``, and that of the source of ``o``.
    """
    co = tanh(c)
    return gc + gh * o * (1 - co * co), gh * co * (o * (1 - o))


def of_input(a: Any, i: Any, gc: Any) -> tuple[Any, Any]:
    """Derives the term ``a i`` of ``c`` by the sources of its tanh and its sigmoid."""
    return gc * i * (1 - a * a), gc * a * (i * (1 - i))


def of_memory(c_prev: Any, f: Any, gc: Any) -> tuple[Any, Any]:
    """Derives the term ``f c_prev`` of ``c`` by ``c_prev`` and the source of ``f``."""
    return gc * f, gc * c_prev * (f * (1 - f))
