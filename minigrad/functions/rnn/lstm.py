"""The cell of a long short-term memory."""

from __future__ import annotations

from typing import Any

from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions.rnn._gates import (
    concat,
    interleave,
    interleaved_gates,
    of_input,
    of_memory,
    of_output,
    or_zeros,
    sigmoid,
    tanh,
)
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class LSTM(FunctionNode):
    arg_names = ('c', 'x')
    on_arrays = True

    def check_type_forward(self, in_types: InputTypes) -> None:
        c, x = in_types
        if c.dtype.kind != 'f':
            raise self.refuse("c.dtype.kind == 'f'", c.dtype)
        if x.dtype != c.dtype:
            raise self.refuse('x.dtype == c.dtype', f'{x.dtype} != {c.dtype}')
        if c.ndim < 2:
            raise self.refuse('c.ndim >= 2 (N, U, ...)', c.ndim)
        if x.ndim != c.ndim or x.shape[2:] != c.shape[2:]:
            raise self.refuse(
                'the axes of x after the first two to be those of c',
                f'{x.shape} and {c.shape}',
            )
        if x.shape[1] != 4 * c.shape[1]:
            raise self.refuse(
                'x.shape[1] == 4 * c.shape[1], four gates for each unit',
                f'{x.shape[1]} != 4 * {c.shape[1]}',
            )
        if x.shape[0] > c.shape[0]:
            raise self.refuse(
                'len(x) <= len(c)',
                f'{x.shape[0]} > {c.shape[0]}',
                'a batch may only get smaller from one time to the next: sort '
                'sequences from long to short',
            )

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 1))
        self.retain_outputs((0,))
        c_prev, x = inputs
        n = len(x)
        a, i, f, o = interleaved_gates(x)
        c = tanh(a) * sigmoid(i) + sigmoid(f) * c_prev[:n]
        h = sigmoid(o) * tanh(c)
        if n < len(c_prev):
            c = concat([c, c_prev[n:]], 0)
        return c, h

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        c_prev, x = self.get_retained_inputs()
        (c,) = self.get_retained_outputs()
        n = len(x)
        gc = or_zeros(grad_outputs[0], c)
        partial = n < len(c)
        if partial:
            c_prev, c, gc, gc_rest = c_prev[:n], c[:n], gc[:n], gc[n:]
        gh = or_zeros(grad_outputs[1], c)

        a, i, f, o = interleaved_gates(x)
        a, i, f, o = tanh(a), sigmoid(i), sigmoid(f), sigmoid(o)
        gc, go = of_output(c, o, gc, gh)
        ga, gi = of_input(a, i, gc)
        gc_prev, gf = of_memory(c_prev, f, gc)
        if partial:
            gc_prev = concat([gc_prev, gc_rest], 0)
        return gc_prev, interleave([ga, gi, gf, go])


@checks_arguments
def lstm(c_prev: Any, x: Any) -> tuple[Variable, Variable]:
    """One step of a long short-term memory, after its linear transformation.

    ``c = tanh(a) sigmoid(i) + c_prev sigmoid(f)`` and ``h = tanh(c) sigmoid(o)``, where
    ``a, i, f, o`` take turns along the second axis of ``x``: ``x[:, 4 * u + k]`` is gate
    ``k`` of unit ``u``. Where ``x`` has fewer samples than ``c_prev``, the sequences of
    the others have ended, and their cells stay as they are.

    Args:
        c_prev: Former cells, float, shape ``(N, U, ...)``.
        x: Sources of the gates, dtype of ``c_prev``, shape ``(n, 4 * U, ...)`` with
            ``n <= N``.

    Returns:
        Two Variables: the new cells, shape of ``c_prev``, and the output,
        shape ``(n, U, ...)``.

    Raises:
        InvalidType: The inputs are not float, or their shapes do not fit.

    Gradient: to ``c_prev`` and ``x``.
    Double backprop: yes, to any order.
    Kernels: reference, numba.
    Source: Gers et al. 2000; compatible with chainer.functions.lstm.

    Example:
        >>> c, h = F.lstm(np.ones((2, 1)), np.zeros((2, 4)))
        >>> c.array.ravel(), h.shape
        (array([0.5, 0.5]), (2, 1))
    """
    c, h = LSTM().apply((c_prev, x))
    return c, h
