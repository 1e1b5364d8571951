"""The cell of a long short-term memory over two children."""

from __future__ import annotations

from typing import Any

from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions.rnn._gates import (
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


class SLSTM(FunctionNode):
    arg_names = ('c_prev1', 'c_prev2', 'x1', 'x2')
    on_arrays = True

    def check_type_forward(self, in_types: InputTypes) -> None:
        c1, c2, x1, x2 = in_types
        if c1.dtype.kind != 'f':
            raise self.refuse("c_prev1.dtype.kind == 'f'", c1.dtype)
        if not c1.dtype == c2.dtype == x1.dtype == x2.dtype:
            raise self.refuse('one dtype', ', '.join([str(x.dtype) for x in in_types]))
        if c1.ndim < 2:
            raise self.refuse('c_prev1.ndim >= 2 (N, U, ...)', c1.ndim)
        if c2.shape != c1.shape:
            raise self.refuse(f'c_prev2.shape == {c1.shape}', c2.shape)
        wanted = (c1.shape[0], 4 * c1.shape[1], *c1.shape[2:])
        for name, x in (('x1', x1), ('x2', x2)):
            if x.shape != wanted:
                raise self.refuse(
                    f'{name}.shape == {wanted}, four gates for each unit', x.shape
                )

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 1, 2, 3))
        self.retain_outputs((0,))
        c1, c2, x1, x2 = inputs
        a1, i1, f1, o1 = interleaved_gates(x1)
        a2, i2, f2, o2 = interleaved_gates(x2)
        c = tanh(a1) * sigmoid(i1) + tanh(a2) * sigmoid(i2)
        c = c + sigmoid(f1) * c1 + sigmoid(f2) * c2
        return c, sigmoid(o1 + o2) * tanh(c)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        c1, c2, x1, x2 = self.get_retained_inputs()
        (c,) = self.get_retained_outputs()
        gc, gh = [or_zeros(gradient, c) for gradient in grad_outputs]
        a1, i1, f1, o1 = interleaved_gates(x1)
        a2, i2, f2, o2 = interleaved_gates(x2)
        gc, go = of_output(c, sigmoid(o1 + o2), gc, gh)
        gc_prev = []
        gx = []
        for c_prev, a, i, f in ((c1, a1, i1, f1), (c2, a2, i2, f2)):
            ga, gi = of_input(tanh(a), sigmoid(i), gc)
            gc_child, gf = of_memory(c_prev, sigmoid(f), gc)
            gc_prev.append(gc_child)
            gx.append(interleave([ga, gi, gf, go]))
        return (*gc_prev, *gx)


@checks_arguments
def slstm(c_prev1: Any, c_prev2: Any, x1: Any, x2: Any) -> tuple[Variable, Variable]:
    """One step of a long short-term memory that joins two children, as in a tree.

    ``c`` is the sum over the children of ``tanh(a) sigmoid(i) + c_prev sigmoid(f)``, and
    ``h = tanh(c) sigmoid(o1 + o2)``. The gates lie in ``x1`` and ``x2`` as in `lstm`.

    Args:
        c_prev1: Cells of the first child, float, shape ``(N, U, ...)``.
        c_prev2: Cells of the second child, the same shape and dtype.
        x1: Sources of the gates from the first child, that dtype, shape
            ``(N, 4 * U, ...)``.
        x2: Sources of the gates from the second child, likewise.

    Returns:
        Two Variables, shape and dtype of ``c_prev1``: the new cells and the output.

    Raises:
        InvalidType: The inputs are not float, or their shapes do not fit.

    Gradient: to all inputs.
    Double backprop: yes, to any order.
    Kernels: reference.
    Source: Zhu et al. 2015; compatible with chainer.functions.slstm.

    Example:
        >>> x = np.zeros((2, 4))
        >>> c, h = F.slstm(np.ones((2, 1)), np.ones((2, 1)), x, x)
        >>> c.array.ravel(), h.shape
        (array([1., 1.]), (2, 1))
    """
    c, h = SLSTM().apply((c_prev1, c_prev2, x1, x2))
    return c, h
