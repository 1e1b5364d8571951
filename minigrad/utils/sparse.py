"""Sparse matrices as lists of values with their rows and columns."""

from __future__ import annotations

from minigrad.backend import get_array_module
from minigrad.types import Array


class CooMatrix:
    """A sparse matrix in coordinate format, or a stack of them.

    Args:
        data: Values, shape ``(nnz,)``, or ``(B, nnz)`` for a stack.
        row: Their rows, integers of that shape; -1 marks padding.
        col: Their columns, likewise.
        shape: Shape of one matrix, as if it were dense.
        order: ``'C'`` if the values are sorted by row, ``'F'`` if by column,
            ``'other'``, or None to find out.
        requires_grad: If True, gradients flow to the values.

    Attributes:
        data: The values, a Variable.
        row: Their rows.
        col: Their columns.
        shape: Shape of one matrix.
        order: ``'C'``, ``'F'`` or ``'other'``.

    Raises:
        ValueError: The arrays do not fit together, or an argument is not one of those.

    Source: compatible with chainer.utils.CooMatrix.

    Example:
        >>> values, row, col = np.array([5., 6.]), np.array([0, 1]), np.array([1, 1])
        >>> minigrad.utils.CooMatrix(values, row, col, (2, 2)).to_dense()
        array([[0., 5.],
               [0., 6.]])
    """

    def __init__(
        self,
        data: Array,
        row: Array,
        col: Array,
        shape: tuple[int, int],
        order: str | None = None,
        requires_grad: bool = False,
    ) -> None:
        from minigrad.variable import Variable  # which lies above the helpers

        if not data.ndim == row.ndim == col.ndim or data.ndim not in (1, 2):
            raise ValueError(
                'CooMatrix: expected data, row and col with one axis each, or two, got '
                f'{data.ndim}, {row.ndim} and {col.ndim}'
            )
        if len(shape) != 2 or not (shape[0] > 0 and shape[1] > 0):
            raise ValueError(
                f'CooMatrix: expected a shape of two positive numbers, got {shape}'
            )
        if order not in ('C', 'F', 'other', None):
            raise ValueError(
                f"CooMatrix: expected order='C', 'F', 'other' or None, got {order!r}"
            )
        self.data = Variable(data, requires_grad=requires_grad)
        self.row = row
        self.col = col
        self.shape = shape
        self.order = get_order(row, col) if order is None else order

    def to_dense(self) -> Array:
        """Returns the matrix, or the stack, as an array; values at one place add up."""
        data: Array = self.data.array
        xp = get_array_module(data)
        valid = (self.row >= 0) & (self.col >= 0)
        place: tuple[Array, ...] = (self.row[valid], self.col[valid])
        if data.ndim == 2:
            place = (valid.nonzero()[0], *place)
        dense = xp.zeros((*data.shape[:-1], *self.shape), data.dtype)
        xp.add.at(dense, place, data[valid])
        return dense


def to_coo(x: Array, ldnz: int | None = None, requires_grad: bool = False) -> CooMatrix:
    """Makes a sparse matrix of the elements of an array that are not zero.

    Args:
        x: A matrix ``(M, N)``, or a stack of them ``(B, M, N)``.
        ldnz: Least number of places for values; the rest is padding.
        requires_grad: If True, gradients flow to the values.

    Returns:
        `CooMatrix` with values sorted by row; each matrix of a stack is padded to the
        number of values of the fullest.

    Raises:
        ValueError: ``x`` has neither 2 nor 3 axes.

    Example:
        >>> x = minigrad.utils.to_coo(np.array([[0, 2, 0], [-1, 0, 0]], 'f'))
        >>> x.data.array, x.row, x.col
        (array([ 2., -1.], dtype=float32), array([0, 1], dtype=int32), array([1, 0], dtype=int32))
    """
    if x.ndim not in (2, 3):
        raise ValueError(f'to_coo: expected x.ndim == 2 or 3, got {x.ndim}')
    xp = get_array_module(x)
    matrices = x if x.ndim == 3 else x[None]
    places = [xp.nonzero(matrix) for matrix in matrices]
    size = max([0 if ldnz is None else ldnz, *[len(row) for row, _ in places]])
    data = xp.zeros((len(places), size), x.dtype)
    rows = xp.full((len(places), size), -1, 'i')
    cols = xp.full((len(places), size), -1, 'i')
    for i, (row, col) in enumerate(places):
        n = len(row)
        data[i, :n] = matrices[i][row, col]
        rows[i, :n], cols[i, :n] = row, col
    if x.ndim == 2:
        data, rows, cols = data[0], rows[0], cols[0]
    return CooMatrix(data, rows, cols, x.shape[-2:], requires_grad=requires_grad)


def get_order(row: Array, col: Array) -> str:
    """Returns ``'C'`` if places are sorted by row, ``'F'`` if by column, else ``'other'``.

    Raises:
        ValueError: The shapes differ, or of one place only one of the two is padding.

    Example:
        >>> minigrad.utils.get_order(np.array([0, 0, 1]), np.array([0, 2, 1]))
        'C'
    """
    if row.shape != col.shape:
        raise ValueError(
            f'get_order: row has shape {row.shape}, but col has {col.shape}'
        )
    if bool(((row < 0) != (col < 0)).any()):
        raise ValueError('get_order: a place has a row without a column, or vice versa')
    if _is_sorted(row, col):
        return 'C'
    return 'F' if _is_sorted(col, row) else 'other'


def _is_sorted(major: Array, minor: Array) -> bool:
    if major.ndim == 2:
        return all(_is_sorted(a, b) for a, b in zip(major, minor, strict=True))
    major, minor = major[major >= 0], minor[major >= 0]
    steps, substeps = major[1:] - major[:-1], minor[1:] - minor[:-1]
    return not bool(((steps < 0) | ((steps == 0) & (substeps < 0))).any())
