"""The Fourier transform, summed term by term, and products with sparse matrices."""

import numpy as np

import minigrad.functions as F
from minigrad import utils
from minigrad.backend import get_array_module
from minigrad.errors import InvalidType
from minigrad.testing.op_case import ErrorCase, OpCase, Sample, integers


def transform(sign, factor):
    def oracle(real, imag):
        n = real.shape[-1]
        y = np.zeros(real.shape, complex)
        for k in range(n):
            for j in range(n):
                angle = sign * 2j * np.pi * j * k / n
                y[..., k] += (real[..., j] + 1j * imag[..., j]) * np.exp(angle)
        y *= factor(n)
        return y.real, y.imag

    return oracle


def fourier(name, sign, factor):
    function = getattr(F, name)
    return OpCase(
        name,
        call=lambda real, imag: function((real, imag)),
        oracle=transform(sign, factor),
        samples=[
            Sample((2, 5), (2, 5)),
            Sample((4,), (4,)),
            Sample((2, 1, 3), (2, 1, 3)),
        ],
        tol={'e': 4e-2},
        empty=Sample((0, 4), (0, 4)),
        errors=[
            ErrorCase((2, 3), (2, 4), raises=InvalidType, match=f'^{name}: .*shape'),
            ErrorCase((), (), raises=InvalidType, match='real.ndim >= 1'),
            ErrorCase(
                (2,), np.ones(2, 'f'), raises=InvalidType, match='dtype == imag.dtype'
            ),
            ErrorCase(
                integers((2,), 3), integers((2,), 3), raises=InvalidType, match='kind'
            ),
        ],
    )


# Two places of the second matrix and one of the first are padding; one place stands
# twice, and its values add up.
ROW = np.array([[0, 2, 2, -1], [1, 1, -1, -1]], 'i')
COL = np.array([[3, 0, 1, -1], [2, 2, -1, -1]], 'i')


def dense_of(values, row=ROW, col=COL):
    single = values.ndim == 1
    stack = values[None] if single else values
    rows, cols = (row[None], col[None]) if single else (row, col)
    dense = np.zeros((len(stack), 3, 4))
    for b, k in np.ndindex(stack.shape):
        if rows[b, k] >= 0:
            dense[b, rows[b, k], cols[b, k]] += stack[b, k]
    return dense[0] if single else dense


def sparse_of(values, row, col):
    """Makes a sparse matrix whose values are a Variable of the graph."""
    xp = get_array_module(values)
    matrix = utils.CooMatrix(
        xp.zeros(values.shape, values.dtype),
        xp.asarray(row),
        xp.asarray(col),
        (3, 4),
    )
    matrix.data = values
    return matrix


def call(values, dense, left=True, transa=False, transb=False, row=ROW, col=COL):
    sparse = sparse_of(values, row, col)
    a, b = (sparse, dense) if left else (dense, sparse)
    return F.sparse_matmul(a, b, transa, transb)


def oracle(values, dense, left=True, transa=False, transb=False, row=ROW, col=COL):
    sparse = dense_of(values, row, col)
    a, b = (sparse, dense) if left else (dense, sparse)
    a = np.moveaxis(a, -1, -2) if transa else a
    b = np.moveaxis(b, -1, -2) if transb else b
    return np.matmul(a, b)


ONE = {'row': ROW[0], 'col': COL[0]}

CASES = [
    fourier('fft', -1, lambda n: 1),
    fourier('ifft', 1, lambda n: 1 / n),
    OpCase(
        'sparse_matmul',
        call=call,
        oracle=oracle,
        samples=[
            Sample((4,), (4, 2), **ONE),
            Sample((4,), (3, 2), transa=True, **ONE),
            Sample((4,), (2, 4), transb=True, **ONE),
            Sample((4,), (2, 3), left=False, **ONE),
            Sample((4,), (3, 2), left=False, transa=True, **ONE),
            Sample((4,), (2, 4), left=False, transb=True, **ONE),
            Sample((2, 4), (2, 4, 5)),
            Sample((2, 4), (2, 5, 3), transa=True, transb=True),
            Sample((2, 4), (2, 4, 5), left=False, transa=True, transb=True),
        ],
        empty=Sample((4,), (4, 0), **ONE),
        errors=[
            ErrorCase((2, 4), (4, 5), raises=InvalidType, match='dn.ndim == 3'),
            ErrorCase((2, 4), (3, 4, 5), raises=InvalidType, match='2 matrices'),
            ErrorCase((4,), (3, 2), raises=InvalidType, match='== 4', **ONE),
            ErrorCase(
                (4,), integers((4, 2), 3), raises=InvalidType, match="'f'", **ONE
            ),
        ],
    ),
]
