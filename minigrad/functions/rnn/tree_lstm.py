"""The cell of a long short-term memory over any number of children."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions.rnn._gates import (
    concat,
    of_input,
    of_memory,
    of_output,
    or_zeros,
    sigmoid,
    tanh,
)
from minigrad.types import Array
from minigrad.variable import Variable


class TreeLSTM(FunctionNode):
    on_arrays = True

    def _names_(self, values: Sequence[Array]) -> tuple[str, ...]:
        return (*[f'c{i}' for i in range(1, len(values))], 'x')

    def check_type_forward(self, in_types: InputTypes) -> None:
        if len(in_types) < 2:
            raise self.refuse(
                'the cells of one child at least, and x', f'{len(in_types)} inputs'
            )
        *cs, x = in_types
        c = cs[0]
        if c.dtype.kind != 'f':
            raise self.refuse("c1.dtype.kind == 'f'", c.dtype)
        if c.ndim < 2:
            raise self.refuse('c1.ndim >= 2 (N, U, ...)', c.ndim)
        for k, other in enumerate(cs[1:], 2):
            if other.shape != c.shape or other.dtype != c.dtype:
                raise self.refuse(
                    f'c{k} of the shape and dtype of c1', f'{other.dtype} {other.shape}'
                )
        wanted = (c.shape[0], (3 + len(cs)) * c.shape[1], *c.shape[2:])
        if x.shape != wanted or x.dtype != c.dtype:
            raise self.refuse(
                f'x of {c.dtype} {wanted}, three gates and one for each child',
                f'{x.dtype} {x.shape}',
            )

    def _gates(self, x: Any, U: int, n_children: int) -> list[Any]:
        # a, i, o, then the forget gate of each child; one block of the axis for each
        a, *others = [x[:, k * U : (k + 1) * U] for k in range(3 + n_children)]
        return [tanh(a), *[sigmoid(gate) for gate in others]]

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs(range(len(inputs)))
        self.retain_outputs((0,))
        *cs, x = inputs
        a, i, o, *fs = self._gates(x, cs[0].shape[1], len(cs))
        c = a * i
        for f, c_prev in zip(fs, cs, strict=True):
            c += f * c_prev
        return c, o * tanh(c)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        *cs, x = self.get_retained_inputs()
        (c,) = self.get_retained_outputs()
        gc, gh = [or_zeros(gradient, c) for gradient in grad_outputs]
        a, i, o, *fs = self._gates(x, c.shape[1], len(cs))
        gc, go = of_output(c, o, gc, gh)
        gcs, gfs = zip(
            *[of_memory(c_prev, f, gc) for c_prev, f in zip(cs, fs, strict=True)],
            strict=True,
        )
        ga, gi = of_input(a, i, gc)
        return (*gcs, concat([ga, gi, go, *gfs], 1))


def tree_lstm(*inputs: Any) -> tuple[Variable, Variable]:
    """One step of a long short-term memory over the children of a node of a tree.

    ``c = tanh(a) sigmoid(i) + sum_k c_k sigmoid(f_k)`` and ``h = tanh(c) sigmoid(o)``,
    where ``a, i, o, f_1, f_2, ...`` follow each other along the second axis of ``x``;
    unlike in `lstm`, each is one block of ``U``.

    Args:
        inputs: The cells ``c_1, c_2, ...`` of one child or more, float, shape
            ``(N, U, ...)``; then ``x``, that dtype, shape ``(N, (3 + K) * U, ...)`` for
            ``K`` children.

    Returns:
        Two Variables, shape and dtype of ``c_1``: the new cells and the output.

    Raises:
        InvalidType: The inputs are not float, or their shapes do not fit.

    Gradient: to all inputs.
    Double backprop: yes, to any order (Chainer: none).
    Kernels: reference.
    Source: Tai et al. 2015; compatible with chainer.functions.tree_lstm.

    Example:
        >>> c1, c2, x = np.ones((2, 1)), np.ones((2, 1)), np.zeros((2, 5))
        >>> c, h = F.tree_lstm(c1, c2, x)
        >>> c.array.ravel(), h.shape
        (array([1., 1.]), (2, 1))
    """
    c, h = TreeLSTM().apply(inputs)
    return c, h
