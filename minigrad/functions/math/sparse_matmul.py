"""Products of a sparse and a dense matrix, and the product that is known in places.

A sparse matrix comes as a list of values with their rows and columns. Two nodes are
each other's derivatives: values times a dense matrix, and two dense matrices whose
product is wanted at the places of the values only.
"""

from __future__ import annotations

import math
from typing import Any

import numpy

from minigrad.backend import get_array_module, is_array
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.kernels import kernels_for
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.utils.sparse import CooMatrix
from minigrad.variable import Variable


def _transposed(x: Array, transpose: bool) -> Array:
    return x.swapaxes(-1, -2) if transpose else x


def _rows(x: Array) -> Array:
    """Returns the rows of all matrices of a stack, one after the other."""
    return x.reshape(math.prod(x.shape[:-1]), x.shape[-1])


class _AtPlaces(FunctionNode):
    """Knows the rows and columns of the values of a sparse matrix.

    They have shape ``(nnz,)``, or ``(B, nnz)`` for a stack; those of padding are -1.
    """

    public_name = 'sparse_matmul'

    def __init__(
        self,
        sp_row: Array,
        sp_col: Array,
        sp_shape: tuple[int, int],
        sp_order: str = 'other',
        transa: bool = False,
        transb: bool = False,
        transc: bool = False,
        dtype: Any = None,
    ) -> None:
        if sp_row.shape != sp_col.shape or sp_row.ndim not in (1, 2):
            raise ValueError(
                'sparse_matmul: expected rows and columns of one shape, (nnz,) or '
                f'(B, nnz), got {sp_row.shape} and {sp_col.shape}'
            )
        if len(sp_shape) != 2:
            raise ValueError(
                f'sparse_matmul: expected the shape of a matrix, got {sp_shape}'
            )
        self.sp_row, self.sp_col, self.sp_shape = sp_row, sp_col, sp_shape
        self.sp_order = sp_order
        self.transa, self.transb, self.transc = transa, transb, transc
        self.dtype = dtype

    def _places(self, transpose: bool) -> tuple[Array, Array, Array]:
        """Returns the rows and columns in a stack laid out flat, and which are real."""
        row, col = self.sp_row, self.sp_col
        height, width = self.sp_shape
        valid = (row >= 0) & (col >= 0)
        xp = get_array_module(row)
        if row.ndim == 2:
            batch = xp.arange(len(row), dtype=row.dtype)[:, None]
            row, col = row + batch * height, col + batch * width
        row = xp.where(valid, row, 0).ravel()
        col = xp.where(valid, col, 0).ravel()
        valid = valid.ravel()
        return (col, row, valid) if transpose else (row, col, valid)

    def _apply_(
        self,
        node: type[_AtPlaces],
        inputs: tuple[Any, Any],
        transa: bool,
        transb: bool,
        transc: bool,
        dtype: Any,
    ) -> Variable:
        """Applies another node to the same places."""
        row, col, shape, order = self.sp_row, self.sp_col, self.sp_shape, self.sp_order
        function = node(row, col, shape, order, transa, transb, transc, dtype)
        return function.apply(inputs)[0]

    def _check(
        self, in_types: InputTypes, name: str, x: Any, ndim: int, size: int, axis: int
    ) -> None:
        if x.dtype.kind != 'f':
            raise self.refuse(f"{name}.dtype.kind == 'f'", x.dtype)
        if x.ndim != ndim:
            raise self.refuse(f'{name}.ndim == {ndim}', x.ndim)
        if x.shape[axis] != size:
            raise self.refuse(f'{name}.shape[{axis}] == {size}', x.shape)
        if self.sp_row.ndim == 2 and len(x) != len(self.sp_row):
            raise self.refuse(
                f'{name} of {len(self.sp_row)} matrices, as many as the sparse ones',
                len(x),
            )


class CooMatMul(_AtPlaces):
    """``op_c(op_a(sp) op_b(dn))``, where each op transposes or does nothing."""

    arg_names = ('sp', 'dn')

    def check_type_forward(self, in_types: InputTypes) -> None:
        sp, dn = in_types
        ndim, inner = self.sp_row.ndim, self.sp_shape[0 if self.transa else 1]
        self._check(in_types, 'sp', sp, ndim, self.sp_row.shape[-1], -1)
        self._check(in_types, 'dn', dn, ndim + 1, inner, -1 if self.transb else -2)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 1))
        sp, dn = inputs
        xp = get_array_module(sp)
        dtype = numpy.promote_types(sp.dtype, dn.dtype)
        wide = numpy.promote_types(dtype, numpy.float32)  # sums of float16 in float32
        row, col, valid = self._places(self.transa)
        dn = _transposed(dn, self.transb)
        values = xp.where(valid, sp.ravel(), 0).astype(wide)
        height = self.sp_shape[1 if self.transa else 0]
        shape = (*dn.shape[:-2], height, dn.shape[-1])
        y = xp.zeros(shape, wide)
        kernels_for(y).add_rows(_rows(y), row, values[:, None] * _rows(dn)[col])
        y = _transposed(y, self.transc)
        return y.astype(dtype if self.dtype is None else self.dtype, copy=False)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        sp, dn = self.get_retained_inputs()
        (gy,) = grad_outputs
        gsp = gdn = None
        if 0 in indexes:
            gsp = self._apply_(
                CooMatMulGradSP,
                (gy, dn),
                self.transc,
                not self.transb,
                self.transa,
                sp.dtype,
            )
        if 1 in indexes:
            gdn = self._apply_(
                CooMatMul, (sp, gy), not self.transa, self.transc, self.transb, dn.dtype
            )
        return gsp, gdn


class CooMatMulGradSP(_AtPlaces):
    """The elements of ``op_a(a) op_b(b)`` at the places of ``op_c(sp)``."""

    arg_names = ('a', 'b')

    def check_type_forward(self, in_types: InputTypes) -> None:
        a, b = in_types
        ndim = self.sp_row.ndim + 1
        height, width = self.sp_shape[::-1] if self.transc else self.sp_shape
        self._check(in_types, 'a', a, ndim, height, -1 if self.transa else -2)
        self._check(in_types, 'b', b, ndim, width, -2 if self.transb else -1)
        inner = a.shape[-2 if self.transa else -1]
        self._check(in_types, 'b', b, ndim, inner, -1 if self.transb else -2)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 1))
        a, b = inputs
        xp = get_array_module(a)
        dtype = numpy.promote_types(a.dtype, b.dtype)
        wide = numpy.promote_types(dtype, numpy.float32)
        row, col, valid = self._places(self.transc)
        a = _transposed(a, self.transa)
        b = _transposed(b, not self.transb)  # so that its columns are rows
        a, b = _rows(a)[row], _rows(b)[col]
        sp = xp.einsum('ij,ij->i', a.astype(wide), b.astype(wide))
        sp = xp.where(valid, sp, 0).reshape(self.sp_row.shape)
        return sp.astype(dtype if self.dtype is None else self.dtype, copy=False)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        a, b = self.get_retained_inputs()
        (gsp,) = grad_outputs
        ga = gb = None
        if 0 in indexes:
            ga = self._apply_(
                CooMatMul, (gsp, b), self.transc, not self.transb, self.transa, a.dtype
            )
        if 1 in indexes:
            gb = self._apply_(
                CooMatMul,
                (gsp, a),
                not self.transc,
                self.transa,
                not self.transb,
                b.dtype,
            )
        return ga, gb


@checks_arguments
def sparse_matmul(
    a: Any, b: Any, transa: bool = False, transb: bool = False
) -> Variable:
    """Multiplies a sparse and a dense matrix, in either order, or stacks of them.

    Args:
        a: Left matrix or matrices ``(..., M, K)``: a `CooMatrix`, or a float Variable or
            array.
        b: Right matrix or matrices ``(..., K, N)``: the other of the two.
        transa: If True, each matrix of ``a`` is transposed first.
        transb: If True, each matrix of ``b`` is transposed first.

    Returns:
        Variable, dense, shape ``(..., M, N)``, the wider of the two dtypes.

    Raises:
        InvalidType: The arrays are not float, or their shapes do not fit.
        ValueError: Not one of the two is sparse and the other dense.

    Gradient: dense to the dense matrix; to the values of the sparse one, if it was made
        with ``requires_grad=True``.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.sparse_matmul, which needs SciPy.

    Example:
        >>> a = minigrad.utils.to_coo(np.array([[0., 2.], [0., 0.], [3., 0.]]))
        >>> F.sparse_matmul(a, np.array([[1., 10.], [2., 20.]])).array
        array([[ 4., 40.],
               [ 0.,  0.],
               [ 3., 30.]])
    """
    if isinstance(a, CooMatrix) and _is_dense(b):
        function = CooMatMul(a.row, a.col, a.shape, a.order, transa, transb, False)
        return function.apply((a.data, b))[0]
    if _is_dense(a) and isinstance(b, CooMatrix):
        # a b = (b^T a^T)^T
        function = CooMatMul(
            b.row, b.col, b.shape, b.order, not transb, not transa, True
        )
        return function.apply((b.data, a))[0]
    raise ValueError(
        'sparse_matmul: expected one CooMatrix and one Variable or array, got '
        f'{type(a).__name__} and {type(b).__name__}\n'
        '  hint: minigrad.utils.to_coo(x) makes a sparse matrix of an array'
    )


def _is_dense(x: Any) -> bool:
    return isinstance(x, Variable) or is_array(x)
