"""Inverses, determinants, decompositions of matrices."""

import itertools
import warnings

import numpy as np

import minigrad.functions as F
from minigrad.errors import InvalidType
from minigrad.testing.op_case import ErrorCase, OpCase, Sample, const

INTS = np.ones((3, 3), 'i')
SINGULAR = np.array([[1.0, 2.0], [2.0, 4.0]])


def regular(*shape):
    """Matrices far from singular ones."""
    return lambda rng: rng.uniform(-1, 1, shape) + 3 * np.eye(shape[-1])


def definite(n):
    """The lower triangle of a positive definite matrix and more, made symmetric by call."""

    def draw(rng):
        x = rng.uniform(-1, 1, (n, n))
        return x @ x.T + 2 * np.eye(n)

    return draw


def det(a):
    """Leibniz' formula."""
    n = a.shape[-1]
    total = 0.0
    for order in itertools.permutations(range(n)):
        pairs = itertools.combinations(order, 2)
        sign = (-1) ** len([1 for i, j in pairs if i > j])
        product = sign * np.ones(a.shape[:-2])
        for i, j in enumerate(order):
            product = product * a[..., i, j]
        total = total + product
    return total


def inv(a):
    """Cramer's rule."""
    n = a.shape[-1]
    y = np.empty(a.shape)
    for i, j in np.ndindex(n, n):
        minor = np.delete(np.delete(a, j, axis=-2), i, axis=-1)
        y[..., i, j] = (-1) ** (i + j) * det(minor)
    return y / np.asarray(det(a))[..., None, None]


def cholesky(a):
    y = np.zeros(a.shape)
    for i in range(len(a)):
        for j in range(i + 1):
            rest = a[i, j] - sum(y[i, k] * y[j, k] for k in range(j))
            y[i, j] = rest**0.5 if i == j else rest / y[j, j]
    return y


def call_batch_matmul(a, b, **kwargs):
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', DeprecationWarning)
        return F.batch_matmul(a, b, **kwargs)


def batch_matmul(a, b, transa=False, transb=False):
    a, b = [x[..., None] if x.ndim == 2 else x for x in (a, b)]
    left = 'nki' if transa else 'nik'
    right = 'njk' if transb else 'nkj'
    return np.einsum(f'{left},{right}->nij', a, b)


def square_errors(ndim):
    other = (2, 2) if ndim == 3 else (2, 2, 2)
    return [
        ErrorCase(np.ones((3,) * ndim, 'i'), raises=InvalidType, match='dtype'),
        ErrorCase(other, raises=InvalidType, match=r'a\.ndim == '),
        ErrorCase(
            (2, 3) if ndim == 2 else (2, 2, 3), raises=InvalidType, match='square'
        ),
    ]


CASES = [
    OpCase(
        'inv',
        samples=[Sample(regular(3, 3)), Sample(regular(1, 1))],
        oracle=inv,
        empty=Sample((0, 0)),
        errors=[
            *square_errors(2),
            ErrorCase(const(SINGULAR), raises=ValueError, match='^inv: .* singular'),
        ],
    ),
    OpCase(
        'batch_inv',
        samples=[Sample(regular(2, 3, 3))],
        oracle=inv,
        empty=Sample((0, 2, 2)),
        errors=[
            *square_errors(3),
            ErrorCase(const(SINGULAR[None]), raises=ValueError, match='^batch_inv: '),
        ],
    ),
    OpCase(
        'det',
        samples=[
            Sample(regular(3, 3)),
            Sample((2, 2)),
            # Singular: their gradient is made of cofactors, which need no inverse.
            Sample(const([[1.0, 2.0], [2.0, 4.0]])),
            Sample(const([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]])),
            Sample(const(np.zeros((3, 3)))),
            Sample(const([[0.0]])),
        ],
        oracle=lambda a: np.asarray(det(a)),
        errors=[
            ErrorCase(INTS, raises=InvalidType, match='dtype'),
            ErrorCase((2, 3), raises=InvalidType, match='square'),
        ],
    ),
    OpCase(
        'batch_det',
        samples=[
            Sample(regular(2, 3, 3)),
            Sample(const([np.eye(2), np.ones((2, 2))])),
        ],
        oracle=det,
        empty=Sample((0, 2, 2)),
        errors=square_errors(3),
    ),
    OpCase(
        'cholesky',
        # Only symmetric changes keep the matrix symmetric.
        call=lambda a: F.cholesky((a + F.transpose(a)) * 0.5),
        samples=[Sample(definite(3)), Sample(definite(1))],
        oracle=cholesky,
        errors=[
            ErrorCase(const(-np.eye(2)), raises=ValueError, match='positive definite')
        ],
    ),
    OpCase(
        'batch_matmul',
        call=call_batch_matmul,
        samples=[
            Sample((5, 2, 3), (5, 3, 4)),
            Sample((5, 3, 2), (5, 4, 3), transa=True, transb=True),
            Sample((5, 2, 3), (5, 3)),
            Sample((5, 3), (5, 3), transa=True),
            Sample((5, 2), (5, 3), transb=True),
        ],
        oracle=batch_matmul,
        empty=Sample((0, 2, 3), (0, 3, 1)),
        errors=[
            ErrorCase((2,), (2, 2), raises=InvalidType, match='two or three axes'),
            ErrorCase(INTS, INTS, raises=InvalidType, match='float arrays'),
            ErrorCase((2, 2, 3), (2, 2, 3), raises=InvalidType, match='3 != 2'),
        ],
    ),
]
