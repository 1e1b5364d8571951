"""Products of matrices, vectors, and stacks of matrices."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions.array.cast import cast
from minigrad.functions.array.reshape import reshape
from minigrad.functions.math.sum_to import sum_to
from minigrad.kernels import kernels_for
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class MatMul(FunctionNode):
    arg_names = ('a', 'b')
    fresh_gradients = True
    public_name = 'matmul'

    def __init__(self, transa: bool = False, transb: bool = False) -> None:
        self.transa = transa
        self.transb = transb

    def check_type_forward(self, in_types: InputTypes) -> None:
        a, b = in_types
        if not (a.dtype.kind == b.dtype.kind == 'f'):
            raise self.refuse('float arrays', f'{a.dtype} and {b.dtype}')
        if a.ndim == 0 or b.ndim == 0:
            raise self.refuse(
                'a.ndim >= 1 and b.ndim >= 1',
                f'{a.ndim} and {b.ndim}',
                'multiply by a number with *',
            )
        columns = a.shape[-2 if self.transa and a.ndim > 1 else -1]
        rows = b.shape[-1 if self.transb or b.ndim == 1 else -2]
        if columns != rows:
            raise self.refuse(
                'as many columns of a as rows of b', f'{columns} != {rows}'
            )
        if a.ndim > 2 and b.ndim > 2:
            for n, m in zip(a.shape[-3::-1], b.shape[-3::-1], strict=False):
                if n != m and n != 1 and m != 1:
                    raise self.refuse(
                        'stacks whose shapes broadcast',
                        f'{a.shape[:-2]} and {b.shape[:-2]}',
                    )

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 1))
        a, b = inputs
        if self.transa and a.ndim > 1:
            a = a.swapaxes(-1, -2)
        if self.transb and b.ndim > 1:
            b = b.swapaxes(-1, -2)
        if a.ndim == b.ndim == 2:
            return kernels_for(a).matmul(a, b)
        return get_array_module(a).matmul(a, b)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        a, b = self.get_retained_inputs()
        (gy,) = grad_outputs
        transa, transb = self.transa, self.transb
        row, column = a, b
        # A vector on the left is a matrix of one row, on the right of one column.
        if b.ndim == 1:
            gy, column, transb = reshape(gy, (*gy.shape, 1)), reshape(b, (-1, 1)), False
        if a.ndim == 1:
            # Here gy has lost its row axis: it stood before the last one.
            shape = (*gy.shape[:-1], 1, gy.shape[-1])
            gy, row, transa = reshape(gy, shape), reshape(a, (1, -1)), False
        ga = gb = None
        if 0 in indexes:
            ga = (
                matmul(column, gy, transb, True)
                if transa
                else matmul(gy, column, False, not transb)
            )
            ga = _fit(ga, row, a)
        if 1 in indexes:
            gb = (
                matmul(gy, row, True, transa)
                if transb
                else matmul(row, gy, not transa, False)
            )
            gb = _fit(gb, column, b)
        return ga, gb


def _fit(gradient: Variable, matrix: Variable, x: Variable) -> Variable:
    """Gives the gradient of ``matrix``, of which ``x`` is a view, shape and dtype of x."""
    gradient = reshape(sum_to(gradient, matrix.shape), x.shape)
    return gradient if gradient.dtype == x.dtype else cast(gradient, x.dtype)


@checks_arguments
def matmul(a: Any, b: Any, transa: bool = False, transb: bool = False) -> Variable:
    """Multiplies two matrices, or two stacks of matrices.

    Of arrays with more than two axes the last two are the matrices; the others
    broadcast. A vector is a row on the left, a column on the right, and that axis does
    not appear in the result.

    Args:
        a: Variable or array, float, shape ``(..., M, K)`` or ``(K,)``.
        b: Variable or array, float, shape ``(..., K, N)`` or ``(K,)``.
        transa: If True, each matrix of ``a`` is transposed first; a vector stays.
        transb: If True, each matrix of ``b`` is transposed first; a vector stays.

    Returns:
        Variable of shape ``(..., M, N)``.

    Raises:
        InvalidType: The arrays are not float, or their shapes do not fit.

    Gradient: ``ga = gy b^T`` and ``gb = a^T gy``, summed over broadcast axes.
    Double backprop: yes.
    Kernels: reference, numba.
    Source: compatible with chainer.functions.matmul.

    Example:
        >>> a = np.array([[1., 2.], [3., 4.]])
        >>> F.matmul(a, np.array([[1., 0.], [1., 1.]]), transb=True).array
        array([[1., 3.],
               [3., 7.]])
    """
    return MatMul(transa, transb).apply((a, b))[0]
